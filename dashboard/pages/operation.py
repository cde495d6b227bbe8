"""The drawer of one operation: its facts, attempts and payloads, and where to go from here."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

from django.http import Http404
from django.urls import reverse

from dashboard.pages.drawer import Pair, Place
from dashboard.pages.drawer import Step as Step
from dashboard.pages.execution import OpenCallback, open_callback
from dashboard.pages.operation_logs import OperationLogs
from dashboard.pages.payload_box import PayloadBox, box, reveal_url
from dashboard.pages.tab import NAMES, Subject
from dashboard.pages.timeline_rows import ONE_BATCH, kind_icon, kind_words, said
from executions import histories, queries
from executions.actions.permissions import answer_of
from executions.domain.diagnosis import error_words
from executions.domain.events import Event
from executions.domain.handovers import handovers
from executions.domain.history import Attempt, Operation
from executions.domain.words import duration
from executions.history_pages import CutText
from executions.models import Callback

MOST_ATTEMPTS = 20
MOST_COMPARISONS = 8
MOST_EVENTS = 6


@dataclass(frozen=True)
class AttemptLine:
    number: int
    status: str
    status_text: str
    length: str
    error: str
    pause: str


@dataclass(frozen=True)
class Drawer:
    """`closed` says who answered, for a callback. `within`: the path of the unfolded child that `owner` leads to.
    `live`: the id of the stream that tells of changes, "" when there are none to come.
    """

    operation: Operation
    execution_id: int
    badge: str
    badge_text: str
    kind: str
    icon: str
    parent: Step | None
    events: list[Step]
    more_events: int
    pairs: list[Pair]
    attempts: list[AttemptLine]
    earlier_attempts: int
    error: str
    payloads: list[PayloadBox]
    checkpoints: list[Step]
    comparisons: list[Step]
    callback: OpenCallback | None
    closed: str
    logs: OperationLogs | None
    close_url: str
    zoom_url: str
    elsewhere: Step
    refresh_url: str
    within: str
    owner: Step | None
    live: str

    @classmethod
    def of(cls, place: Place, operation_id: str) -> Self | None:
        """None when the history has no such operation."""
        subject = place.shown
        operation = subject.history.operations.get(operation_id)
        if operation is None:
            return None
        row = queries.callback_of(subject.execution, operation_id) if operation.callback else None
        shown = _shown_events(operation)
        return cls(
            operation=operation,
            execution_id=subject.execution.pk,
            badge=_badge(operation),
            badge_text=said(operation.status),
            kind=kind_words(operation.kind, operation.subtype),
            icon=kind_icon(operation.kind, operation.subtype),
            parent=_parent(place, operation),
            events=[place.event(number, f"#{number}") for number in shown],
            more_events=len(operation.event_ids) - len(shown),
            pairs=_pairs(subject, operation),
            attempts=[_line(attempt, subject.seconds) for attempt in operation.attempts[-MOST_ATTEMPTS:]]
            if len(operation.attempts) > 1 or operation.last_error
            else [],
            earlier_attempts=max(0, len(operation.attempts) - MOST_ATTEMPTS),
            error=error_words(operation.last_error),
            payloads=_payloads(subject, operation),
            checkpoints=_checkpoints(subject, operation),
            comparisons=comparisons(subject, operation)[-MOST_COMPARISONS:],
            callback=open_callback(subject.user, row, subject.url("execution")) if row and row.is_open else None,
            closed=_closed(operation, row) if row and not row.is_open else "",
            logs=OperationLogs.of(subject, operation),
            close_url=place.closed,
            zoom_url=place.zoomed(_zoom(subject, operation), operation.id),
            elsewhere=_elsewhere(subject, operation),
            refresh_url=place.operation(operation_id, "").ask,
            within=place.within,
            owner=Step(subject.execution.name, f"{subject.url('execution')}?op={quote(operation.id)}")
            if place.child
            else None,
            live=(f"live-{subject.execution.pk}" if place.child else "live") if subject.is_live else "",
        )


def drawer_or_404(place: Place, operation_id: str) -> Drawer:
    drawer = Drawer.of(place, operation_id)
    if drawer is None:
        raise Http404("This execution has no such operation.")
    return drawer


def _badge(operation: Operation) -> str:
    """STARTED says less than what it means for each kind."""
    if operation.status != "STARTED":
        return operation.status
    return {"Callback": "OPEN", "Wait": "SLEEPING"}.get(operation.kind, "RUNNING")


def _zoom(subject: Subject, operation: Operation) -> str:
    """The axis around it, with a little room on either side."""
    end = operation.ended_at if operation.ended_at is not None else operation.last_at
    if operation.is_open:
        end = max(end, subject.seconds)
    room = max(0.05, (end - operation.first_at) * 0.1)
    return f"zoom={operation.first_at - room:.3f}~{end + room:.3f}"


def _parent(place: Place, operation: Operation) -> Step | None:
    parent = place.shown.history.operations.get(operation.parent_id or "")
    return place.operation(parent.id, parent.label) if parent else None


def _shown_events(operation: Operation) -> tuple[int, ...]:
    """All of a few; of many the first and the last."""
    numbers = operation.event_ids
    return numbers if len(numbers) <= MOST_EVENTS else (*numbers[:2], *numbers[2 - MOST_EVENTS :])


def _elsewhere(subject: Subject, operation: Operation) -> Step:
    """The same operation in the other tab."""
    if subject.tab == "timeline":
        return Step("In the history", f"{subject.url(NAMES['history'][1])}?group=operation&op={quote(operation.id)}")
    return Step("In the timeline", f"{subject.url(NAMES['timeline'][1])}?op={quote(operation.id)}")


def _pairs(subject: Subject, operation: Operation) -> list[Pair]:
    pairs = [Pair("Started", at=operation.started_at, value="not known")]
    if operation.ended_at is not None:
        pairs.append(Pair("Ended", at=operation.ended_at))
    if operation.started_at is not None and (operation.ended_at is not None or operation.is_open):
        end = operation.ended_at if operation.ended_at is not None else subject.seconds
        label = "Took" if operation.ended_at is not None else "Open for"
        batch = operation.ended_at == operation.started_at
        pairs.append(Pair(label, ONE_BATCH if batch else duration(max(0.0, end - operation.started_at))))
    if operation.retry_at is not None:
        pairs.append(Pair("Tried again", at=operation.retry_at))
    pairs += _kind_pairs(operation)
    if operation.children:
        pairs.append(Pair("Inside", f"{len(operation.children):,} operations"))
    return [*pairs, Pair("Operation id", f"{operation.id[:12]}…", mono=True, copy=operation.id)]


def _kind_pairs(operation: Operation) -> list[Pair]:
    pairs = []
    if operation.wait is not None:
        if operation.wait.duration_seconds is not None:
            pairs.append(Pair("Waits for", duration(operation.wait.duration_seconds)))
        if operation.is_open and operation.wait.scheduled_end is not None:
            pairs.append(Pair("Wakes", at=operation.wait.scheduled_end))
    if operation.callback is not None:
        facts = operation.callback
        limit = duration(facts.timeout_seconds) if facts.timeout_seconds else "none: it waits for ever"
        pairs.append(Pair("Timeout", limit))
        if operation.is_open and facts.deadline is not None:
            pairs.append(Pair("Times out", at=facts.deadline))
        if facts.heartbeat_seconds:
            every = f"every {duration(facts.heartbeat_seconds)}; when the last was, no event says"
            pairs.append(Pair("Heartbeat", every))
        if facts.callback_id:
            pairs.append(Pair("Callback id", f"{facts.callback_id[:14]}…", mono=True, copy=facts.callback_id))
    if operation.invoke is not None:
        invoke = operation.invoke
        if invoke.child_arn:
            url = reverse("arn", args=[invoke.child_arn])
            pairs.append(Pair("Child", invoke.function_name or "execution", url=url, copy=invoke.child_arn))
        elif invoke.function_name:
            pairs.append(Pair("Function", invoke.function_name))
        if invoke.executed_version:
            pairs.append(Pair("Version", invoke.executed_version))
    return pairs


def _line(attempt: Attempt, now: float) -> AttemptLine:
    end = now if attempt.ended_at is None and attempt.status == "STARTED" else attempt.ended_at
    known = attempt.started_at is not None and end is not None
    length = duration(max(0.0, (end or 0.0) - (attempt.started_at or 0.0))) if known else "–"
    if known and attempt.ended_at == attempt.started_at:
        length = "?"
    pause = f"then paused {duration(attempt.next_delay_seconds)}" if attempt.next_delay_seconds else ""
    return AttemptLine(attempt.number, attempt.status, said(attempt.status), length, error_words(attempt.error), pause)


def _payloads(subject: Subject, operation: Operation) -> list[PayloadBox]:
    """The input, the latest result and the latest error, each from the event that carries it."""
    by_role: dict[str, Event] = {}
    for number in operation.event_ids:
        event = subject.history.event(number)
        if event is not None and event.payload is not None:
            by_role[event.payload.role] = event
    return [event_box(subject, by_role[role]) for role in ("input", "result", "error") if role in by_role]


def event_box(subject: Subject, event: Event) -> PayloadBox:
    """The payload of an event. A long one is fetched: only its whole text can be searched for secrets."""
    payload = event.payload
    if payload is not None and is_cut(payload.source):
        whole = histories.event_with_payload(subject.execution, event.id)
        payload = whole.payload if whole else payload
    assert payload is not None  # noqa: S101 - the caller has looked
    url = subject.url("execution-payload", event.id)
    return box(
        payload,
        title=payload.role.capitalize(),
        element_id=f"payload-{event.id}",
        url=url,
        reveal=reveal_url(subject, event.id),
        explore=subject.url("execution-explore", event.id),
    )


def is_cut(source: object) -> bool:
    """Whether some of it has not been read."""
    if isinstance(source, dict):
        return any(isinstance(value, CutText) for value in source.values())
    return isinstance(source, CutText)


def _checkpoints(subject: Subject, operation: Operation) -> list[Step]:
    base, first, last = subject.url("execution-checkpoints"), operation.first_event_id, operation.last_event_id
    own = f"op={quote(operation.id)}"
    return [
        Step("before and after it", f"{base}?a={max(0, first - 1)}&b={last}&{own}"),
        Step("since then", f"{base}?a={last}&b={subject.history.last_event_id}&{own}"),
    ]


def comparisons(subject: Subject, operation: Operation, *, named: bool = False) -> list[Step]:
    """Links to the payloads that can be compared: of attempts or polls, and of a result with the next input."""
    url, prefix = subject.url("execution-diff"), f"{operation.label}: " if named else ""
    return [
        Step(prefix + one.words, f"{url}?a={one.before}&b={one.after}") for one in handovers(subject.history, operation)
    ]


def _closed(operation: Operation, row: Callback) -> str:
    if record := answer_of(row):
        return f"{record.username} {record.get_kind_display()} ({record.get_outcome_display()})."
    if operation.status == "NEVER_FINISHED":
        return "The execution ended before anybody answered."
    if operation.status == "TIMED_OUT":
        return "Nobody answered in time."
    return "It was answered, but not from here."
