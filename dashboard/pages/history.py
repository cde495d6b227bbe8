"""The history tab: every event as AWS told it, in windows, and the drawer of one event."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Any, Self
from urllib.parse import quote

from django.http import Http404
from django.utils.safestring import SafeString, mark_safe

from dashboard.pages import gaps
from dashboard.pages.digest import payload_size
from dashboard.pages.history_state import HistoryState
from dashboard.pages.operation import Pair, Step, event_box
from dashboard.pages.payload_box import PayloadBox, box
from dashboard.pages.tab import Subject
from dashboard.templatetags.durascope import time_tag
from executions.domain.diagnosis import error_words
from executions.domain.events import Event, Payload
from executions.domain.words import duration, size
from executions.history_pages import CutText

CHUNK = 50
ROW_HEIGHT, NARROW_HEIGHT = 31, 50  # as in static/css/execution.css
_TONES = {"Failed": "bad", "TimedOut": "bad", "Stopped": "grey", "Cancelled": "grey", "Succeeded": "ok"}
_LENGTHS = (("Duration", "waits"), ("Timeout", "times out after"), ("ExecutionTimeout", "times out after"))
_PAYLOADS = frozenset({"Result", "Error", "Input"})


@dataclass(frozen=True)
class TypeOption:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class EventDrawer:
    event: Event
    execution_id: int
    pairs: list[Pair]
    details: PayloadBox | None
    payload: PayloadBox | None
    previous_url: str
    next_url: str
    links: list[Step]
    close_url: str

    @classmethod
    def of(cls, subject: Subject, number: int, query: str) -> Self | None:
        event = subject.history.event(number)
        if event is None:
            return None
        page = subject.url("execution-history")
        joined = f"&{query}" if query else ""

        def neighbour(step: int) -> str:
            return f"{page}?event={number + step}{joined}" if subject.history.event(number + step) else ""

        return cls(
            event=event,
            execution_id=subject.execution.pk,
            pairs=list(_pairs(event)),
            details=_details(event),
            payload=event_box(subject, event) if event.payload is not None else None,
            previous_url=neighbour(-1),
            next_url=neighbour(1),
            links=_links(subject, event),
            close_url=f"{page}?{query}" if query else page,
        )


@dataclass(frozen=True)
class HistoryPage:
    """`missing`: the number of an event that was asked for and is not there; else 0."""

    execution_id: int
    url: str
    events_url: str
    json_url: str
    fragment: str
    query: str
    state: HistoryState
    types: list[TypeOption]
    total: int
    shown: int
    body: SafeString
    is_live: bool
    drawer: EventDrawer | None
    missing: int

    @classmethod
    def of(cls, subject: Subject, state: HistoryState, have: Iterable[int] = ()) -> Self:
        events = subject.history.events
        found = state.filtered(events) if state.is_filtered else list(events)
        drawer = EventDrawer.of(subject, state.event, state.query(event=0)) if state.event else None
        url, query = subject.url("execution-history"), state.query(event=0)
        return cls(
            execution_id=subject.execution.pk,
            url=url,
            events_url=url.removesuffix("history/") + "events/",
            json_url=subject.url("history-json"),
            fragment=f"{url}?{query}{'&' if query else ''}part=list",
            query=query,
            state=state,
            types=_types(events, state),
            total=len(events),
            shown=len(found),
            body=_body(subject, state, found, have),
            is_live=subject.is_live,
            drawer=drawer,
            missing=state.event if state.event and drawer is None else 0,
        )


def event_or_404(subject: Subject, number: int, query: str) -> EventDrawer:
    drawer = EventDrawer.of(subject, number, query)
    if drawer is None:
        raise Http404("This history has no such event.")
    return drawer


def rows(subject: Subject, state: HistoryState) -> SafeString:
    """One window of events."""
    events = subject.history.events
    found = state.filtered(events) if state.is_filtered else list(events)
    first = state.start // CHUNK * CHUNK
    return mark_safe(_chunk(subject, state, found, first))  # noqa: S308 - escaped where it is written


def _types(events: tuple[Event, ...], state: HistoryState) -> list[TypeOption]:
    numbers = Counter(event.type for event in events)
    options = [TypeOption("", "all types", not state.kind)]
    options += [TypeOption(kind, f"{kind} ({seen:,})", kind == state.kind) for kind, seen in sorted(numbers.items())]
    if state.kind and state.kind not in numbers:
        options.append(TypeOption(state.kind, f"{state.kind} (0)", True))
    return options


def _body(subject: Subject, state: HistoryState, found: list[Event], have: Iterable[int]) -> SafeString:
    wanted = {number // CHUNK * CHUNK for number in (state.start, *have)}
    chosen = next((index for index, event in enumerate(found) if event.id == state.event), None)
    if chosen is not None:
        wanted.add(chosen // CHUNK * CHUNK)
    parts = [
        _chunk(subject, state, found, first) if first in wanted else _gap(subject, state, first, len(found))
        for first in range(0, len(found), CHUNK)
    ]
    return mark_safe("".join(parts))  # noqa: S308 - escaped where it is written


def _chunk(subject: Subject, state: HistoryState, found: list[Event], first: int) -> str:
    keep = f'<input type="hidden" class="keep" name="have" value="{first}">'
    shown = found[first : first + CHUNK]
    before = [event.id for event in found[max(0, first - 1) : first + CHUNK]] if first else [0, *(e.id for e in shown)]
    lines = [
        _gaps(subject, last, event.id) + _row(subject, state, event, keep if index == 0 else "")
        for index, (last, event) in enumerate(zip(before, shown, strict=False))
    ]
    return f'<tbody id="events-{first}">{"".join(lines)}</tbody>\n'


def _gaps(subject: Subject, before: int, after: int) -> str:
    """What is missing between two events that are listed one after the other."""
    if not subject.history.gaps:
        return ""
    return "".join(gaps.row_html(gap) for gap in gaps.gaps_of(subject) if before < gap.first and gap.last < after)


def _gap(subject: Subject, state: HistoryState, first: int, total: int) -> str:
    url, query = subject.url("execution-history"), state.query(event=0)
    joined = f"{url}?{query}{'&' if query else ''}"
    number = min(CHUNK, total - first)
    return (
        f'<tbody id="events-{first}" class="gap-rows" hx-get="{escape(joined)}part=rows&amp;from={first}"'
        f' hx-trigger="intersect rootMargin:1100px once" hx-target="this" hx-swap="outerHTML"><tr><td colspan="5">'
        f'<a href="{escape(joined)}from={first}">rows {first + 1:,} to {first + number:,}</a>'
        f'<svg class="wide" width="1" height="{(number - 1) * ROW_HEIGHT}" aria-hidden="true"></svg>'
        f'<svg class="narrow" width="1" height="{(number - 1) * NARROW_HEIGHT}" aria-hidden="true"></svg>'
        f"</td></tr></tbody>\n"
    )


def _row(subject: Subject, state: HistoryState, event: Event, keep: str) -> str:
    tone = _TONES.get(event.verb, "none")
    page, query = subject.url("execution-history"), escape(state.query(event=event.id))
    mark, current = (' class="is-selected"', ' aria-current="true"') if event.id == state.event else ("", "")
    key = event.operation_id or ""
    operation = subject.history.operations.get(key)
    what = "–" if event.family in ("Execution", "Invocation") else escape(event.name or event.subtype or "–")
    if operation is not None:
        what = f'<a href="{subject.url("execution")}?op={quote(key)}">{what}</a>'
    return (
        f'<tr id="event-{event.id}"{mark} data-execution-id="{subject.execution.pk}"'
        f' data-operation-id="{escape(key)}" data-event-id="{event.id}" data-status="{escape(event.verb.upper())}">'
        f'<td class="n">{keep}<a class="pick" href="{page}?{query}"{current}>{event.id}</a></td>'
        f'<td class="at">{time_tag(event.at, "clock")}</td>'
        f'<td class="type"><span class="tone-{tone}">{escape(event.type or "(no type)")}</span></td>'
        f'<td class="of">{what}</td><td class="what">{escape(summary(event))}</td></tr>\n'
    )


def summary(event: Event) -> str:
    """What the event adds, in a few words."""
    payload, details = event.payload, event.details
    parts = []
    if payload is not None and payload.role == "error":
        parts.append(error_words(payload))
    elif payload is not None:
        parts.append(f"{payload.role} of {size(payload_size(payload))}")
    retry = details.get("RetryDetails")
    if isinstance(retry, dict):
        delay = retry.get("NextAttemptDelaySeconds")
        if retry.get("CurrentAttempt") != 1 or event.verb == "Failed":
            parts.append(f"attempt {retry.get('CurrentAttempt', '?')}")
        if isinstance(delay, int | float) and delay > 0:
            parts.append(f"next in {duration(delay)}")
    for key, words in _LENGTHS:
        value = details.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            parts.append(f"{words} {duration(value)}")
    if event.family == "Invocation":
        start, end = details.get("StartTimestamp"), details.get("EndTimestamp")
        if isinstance(start, int | float) and isinstance(end, int | float):
            parts.append(f"code ran {duration(max(0.0, end - start))}")
    return " · ".join(part for part in parts if part)


def _pairs(event: Event) -> list[Pair]:
    """The fields of the event but its details, as AWS wrote them."""
    pairs = [Pair("EventTimestamp", at=event.at)]
    for key, value in event.raw.items():
        if key == "EventTimestamp" or isinstance(value, dict):
            continue
        text = str(value)
        long = len(text) > 24 and " " not in text
        pairs.append(Pair(key, f"{text[:17]}…" if long else text, mono=True, copy=text if long else ""))
    return pairs


def _details(event: Event) -> PayloadBox | None:
    """The details without the payload, which has a box of its own."""
    shown: dict[str, Any] = {
        key: value for key, value in event.details.items() if key not in _PAYLOADS and not isinstance(value, CutText)
    }
    if not shown:
        return None
    return box(Payload("details", shown), title="Details", element_id=f"details-{event.id}")


def _links(subject: Subject, event: Event) -> list[Step]:
    found = []
    key = event.operation_id or ""
    if key in subject.history.operations:
        found.append(Step("its operation", f"{subject.url('execution')}?op={quote(key)}"))
    own = f"&op={quote(key)}" if key in subject.history.operations else ""
    change = f"{subject.url('execution-checkpoints')}?a={event.id - 1}&b={event.id}{own}"
    return [*found, Step("what it changed", change)]
