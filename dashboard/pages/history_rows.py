"""The table of events as HTML: in windows, flat or under the operation that they belong to.

Written with f-strings for the same reason as dashboard/pages/timeline_rows.py; what comes from outside is escaped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from dashboard.pages import gaps
from dashboard.pages.digest import payload_size
from dashboard.pages.drawer import Place
from dashboard.pages.history_state import HistoryState
from dashboard.pages.tab import Subject
from dashboard.pages.timeline_rows import kind_icon, kind_words, said, spacer_html
from dashboard.templatetags.durascope import icon, status_badge, time_tag
from executions.domain.diagnosis import error_words
from executions.domain.events import Event
from executions.domain.history import Operation
from executions.domain.words import count, duration, size

CHUNK = 50
ROW_HEIGHT, NARROW_HEIGHT = 31, 50  # as in static/css/execution.css
_TONES = {"Failed": "bad", "TimedOut": "bad", "Stopped": "grey", "Cancelled": "grey", "Succeeded": "ok"}
_LENGTHS = (("Duration", "waits"), ("Timeout", "times out after"), ("ExecutionTimeout", "times out after"))
_FAMILIES = {"Execution": "The execution", "Invocation": "Invocations"}


@dataclass(frozen=True)
class Group:
    """The line above the events of one operation, or (without one) of the execution itself, of the invocations ..."""

    title: str
    operation: Operation | None
    event_count: int
    first: int


Line = Event | Group


def lines_of(subject: Subject, state: HistoryState) -> list[Line]:
    """What is listed, top to bottom."""
    events = subject.history.events
    found = state.filtered(events) if state.is_filtered else list(events)
    return _grouped(subject, found) if state.grouped else list(found)


def _grouped(subject: Subject, events: Iterable[Event]) -> list[Line]:
    """Groups by their first event; those of the execution and of its invocations hold what belongs to no operation."""
    groups: dict[str, list[Event]] = {}
    for event in events:
        key = event.operation_id or ""
        groups.setdefault(key if key in subject.history.operations else f"-{event.family}", []).append(event)
    lines: list[Line] = []
    for key, inside in groups.items():
        operation = subject.history.operations.get(key)
        title = operation.label if operation else _FAMILIES.get(inside[0].family, "Of no operation")
        lines += [Group(title, operation, len(inside), inside[0].id), *inside]
    return lines


def chosen(lines: Sequence[Line], state: HistoryState) -> int | None:
    """The index of the line whose drawer is open."""
    for index, line in enumerate(lines):
        if isinstance(line, Event):
            if line.id == state.event or (not state.grouped and state.op and line.operation_id == state.op):
                return index
        elif state.op and line.operation is not None and line.operation.id == state.op:
            return index
    return None


class TableWriter:
    """Writes the windows of one table."""

    def __init__(self, subject: Subject, state: HistoryState, lines: Sequence[Line]):
        self._subject, self._state, self._lines = subject, state, lines
        self._place = Place(subject, state.bare)
        self._url, self._query = subject.url("execution-history"), escape(state.bare)
        self._gaps = gaps.gaps_of(subject)
        self._chosen = chosen(lines, state)

    def all(self, wanted: Iterable[int]) -> str:
        """Every window: those with one of the lines `wanted` in full, of the others the place."""
        full = {number // CHUNK * CHUNK for number in (*wanted, self._state.start, self._chosen or 0)}
        return "".join(
            self.window(first) if first in full else self._gap(first) for first in range(0, len(self._lines), CHUNK)
        )

    def window(self, first: int) -> str:
        keep = f'<input type="hidden" class="keep" name="have" value="{first}">'
        shown = self._lines[first : first + CHUNK]
        parts = [
            self._missing_before(first + offset) + self._line(first + offset, line, keep if offset == 0 else "")
            for offset, line in enumerate(shown)
        ]
        return f'<tbody id="events-{first}">{"".join(parts)}</tbody>'

    def _missing_before(self, index: int) -> str:
        """What is missing between this event and the one above it; of groups, all of it on top."""
        if not self._gaps:
            return ""
        if self._state.grouped:
            return "".join(map(gaps.row_html, self._gaps)) if index == 0 else ""
        line, above = self._lines[index], self._lines[index - 1] if index else None
        before, after = (one.id if isinstance(one, Event) else 0 for one in (above, line))
        return "".join(gaps.row_html(gap) for gap in self._gaps if before < gap.first and gap.last < after)

    def _gap(self, first: int) -> str:
        joined = f"{self._url}?{self._query}{'&amp;' if self._query else ''}"
        number = min(CHUNK, len(self._lines) - first)
        short = number < CHUNK  # the stylesheet knows the height of a whole one
        spacer = spacer_html(number - 1, ROW_HEIGHT, NARROW_HEIGHT) if short else ""
        return (
            f'<tbody id="events-{first}" class="gap-rows{" is-short" if short else ""}"'
            f' data-window="{joined}part=rows&amp;from={first}"><tr><td colspan="5">'
            f'<a href="{joined}from={first}">rows {first + 1:,} to {first + number:,}</a>{spacer}</td></tr></tbody>'
        )

    def _line(self, index: int, line: Line, keep: str) -> str:
        return self._row(index, line, keep) if isinstance(line, Event) else self._head(index, line, keep)

    def _row(self, index: int, event: Event, keep: str) -> str:
        tone = _TONES.get(event.verb, "none")
        mark, current = self._selected(index)
        key, what = event.operation_id or "", self._owner(event)
        return (
            f'<tr id="event-{event.id}"{mark} data-execution-id="{self._subject.execution.pk}"'
            f' data-operation-id="{escape(key)}" data-event-id="{event.id}" data-status="{escape(event.verb.upper())}">'
            f'<td class="n">{keep}<a class="pick" href="{escape(self._place.event(event.id, "").url)}"{current}>'
            f'{event.id}</a></td><td class="at">{time_tag(event.at, "clock")}</td>'
            f'<td class="type"><span class="tone-{tone}">{escape(event.type or "(no type)")}</span></td>'
            f'<td class="of">{what}</td><td class="what">{escape(summary(event))}</td></tr>'
        )

    def _owner(self, event: Event) -> str:
        """The operation of an event, as a link; nothing where it stands above already."""
        if self._state.grouped:
            return ""
        what = "–" if event.family in _FAMILIES else escape(event.name or event.subtype or "–")
        operation = self._subject.history.operations.get(event.operation_id or "")
        if operation is None:
            return what
        return f'<a class="owner" href="{escape(self._place.operation(operation.id, "").url)}">{what}</a>'

    def _selected(self, index: int) -> tuple[str, str]:
        return (' class="is-selected"', ' aria-current="true"') if index == self._chosen else ("", "")

    def _head(self, index: int, group: Group, keep: str) -> str:
        operation, events = group.operation, count(group.event_count, "event")
        title, mark = f"<bdi>{escape(group.title)}</bdi>", " is-selected" if index == self._chosen else ""
        if operation is None:
            shape = icon("invocation" if group.title == _FAMILIES["Invocation"] else "executions")
            note, badge, data, link = events, "", "", f"<span>{title}</span>"
        else:
            shape = icon(kind_icon(operation.kind, operation.subtype))
            note = f"{kind_words(operation.kind, operation.subtype)} · {events}{_took(operation)}"
            badge = status_badge(operation.status, said(operation.status))
            data = f' data-operation-id="{escape(operation.id)}" data-status="{escape(operation.status)}"'
            url = escape(self._place.operation(operation.id, "").url)
            link = f'<a class="pick" href="{url}"{self._selected(index)[1]}>{title}</a>'
        return (
            f'<tr id="group-{group.first}" class="group{mark}" data-execution-id="{self._subject.execution.pk}"{data}>'
            f'<td colspan="5">{keep}{shape}{link}<span class="note">{escape(note)}</span>{badge}</td></tr>'
        )


def _took(operation: Operation) -> str:
    if operation.started_at is None or operation.ended_at is None or operation.started_at == operation.ended_at:
        return ""
    return f" · {duration(operation.ended_at - operation.started_at)}"


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
