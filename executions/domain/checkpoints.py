"""The state of an execution after any of its events, and what changed between two of them.

A *checkpoint N* is the state of all operations after event N; a *batch* is what AWS stored at one moment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from executions.domain.events import Event, Payload, in_order
from executions.domain.history import ExecutionFacts, History, Operation
from executions.domain.operations import fold
from executions.domain.words import count, duration


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive events of one timestamp. `number` counts from 1."""

    number: int
    first_event_id: int
    last_event_id: int
    at: float
    event_count: int
    summary: str


@dataclass(frozen=True, slots=True)
class OperationState:
    """An operation (or the execution) at a checkpoint. `attempt` is the number of the latest attempt, 0 when none."""

    status: str
    attempt: int
    attempt_status: str | None
    started_at: float | None
    ended_at: float | None
    children: int
    children_done: int
    input: Payload | None
    result: Payload | None
    error: Payload | None

    @property
    def payload(self) -> Payload | None:
        """The latest there is: the result, else the error, else the input."""
        return self.result or self.error or self.input


@dataclass(frozen=True, slots=True)
class Change:
    """`what`: appeared, changed, finished or unchanged. `operation_id` is '' for the execution itself."""

    operation_id: str
    name: str
    kind: str
    subtype: str | None
    what: str
    before: OperationState | None
    after: OperationState | None
    payload_changed: bool
    words: str


def state_at(events: Sequence[Event], event_id: int) -> History:
    """The history as it was right after event `event_id`; what was in flight then is STARTED or PENDING."""
    return fold([event for event in events if event.id <= event_id], settle=False)


def batches(events: Sequence[Event]) -> tuple[Batch, ...]:
    made = []
    for number, (at, group) in enumerate(groupby(in_order(list(events)), key=lambda event: event.at), 1):
        members = list(group)
        made.append(Batch(number, members[0].id, members[-1].id, at, len(members), _summary(members)))
    return tuple(made)


def batch_count(events: Sequence[Event]) -> int:
    """How many `batches` there are, without making them; `events` in order."""
    return sum(one.at != other.at for one, other in pairwise(events)) + bool(events)


def _summary(members: list[Event]) -> str:
    """What the batch did, the last word on each operation, at most three of them."""
    latest: dict[str, str] = {}
    for event in members:
        if event.family == "Invocation":
            latest["invocation"] = "invocation completed"
        else:
            name = "execution" if event.family == "Execution" else event.name or event.subtype or event.operation_id
            key = event.operation_id or event.type
            latest[key] = f"{name or ''} {_verb(event)}".strip()
    shown = list(latest.values())
    rest = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return ", ".join(shown[:3]) + rest


def _verb(event: Event) -> str:
    return "timed out" if event.verb == "TimedOut" else event.verb if event.family == "Unknown" else event.verb.lower()


def changes(events: Sequence[Event], a: int, b: int) -> tuple[Change, ...]:
    """What changed from checkpoint `a` to checkpoint `b`, a <= b; `a` of 0 is before anything.

    The execution first, then all operations that exist at `b`, in order of first appearance, the unchanged included.
    """
    before, after = state_at(events, a), state_at(events, b)
    return (_execution_change(before, after), *_operation_changes(before, after))


def _execution_change(before: History, after: History) -> Change:
    old = _execution_state(before) if before.events else None
    new = _execution_state(after) if after.events else None
    status = {"before": old.status if old else None, "after": new.status if new else None}
    what, words = "unchanged", "unchanged"
    if old is None and new is not None:
        what, words = "appeared", "started" if new.ended_at is None else f"started, {_plain(new.status)}"
    elif old is not None and new is not None and old.status != new.status:
        what = "finished" if new.ended_at is not None else "changed"
        words = f"{_plain(status['before'] or '')} → {_plain(status['after'] or '')}"
    elif old is not None and new is not None and after.last_event_id > before.last_event_id:
        words = f"{count(len(after.events) - len(before.events), 'event')}, still {_plain(new.status)}"
    name = after.execution.name or "execution"
    return Change("", name, "Execution", None, what, old, new, _payload_changed(old, new), words)


def _execution_state(history: History) -> OperationState:
    facts: ExecutionFacts = history.execution
    done = sum(operation.ended_at is not None for operation in history.operations.values())
    return OperationState(
        status=facts.status,
        attempt=len(history.invocations),
        attempt_status=None,
        started_at=facts.started_at,
        ended_at=facts.ended_at,
        children=len(history.operations),
        children_done=done,
        input=facts.input,
        result=facts.result,
        error=facts.error,
    )


def _operation_changes(before: History, after: History) -> Iterator[Change]:
    for key, operation in after.operations.items():
        earlier = before.operations.get(key)
        new = _state(operation, after)
        old = None if earlier is None else _state(earlier, before)
        what = _what(old, new)
        words = "unchanged" if what == "unchanged" else _words(operation, old, new)
        yield Change(
            key, operation.label, operation.kind, operation.subtype, what, old, new, _payload_changed(old, new), words
        )


def _state(operation: Operation, history: History) -> OperationState:
    last = operation.attempts[-1] if operation.attempts else None
    done = sum(history.operations[child].ended_at is not None for child in operation.children)
    return OperationState(
        status=operation.status,
        attempt=last.number if last else 0,
        attempt_status=last.status if last else None,
        started_at=operation.started_at,
        ended_at=operation.ended_at,
        children=len(operation.children),
        children_done=done,
        input=operation.input,
        result=operation.result or (last.result if last else None),
        error=operation.error or (last.error if last else None),
    )


def _what(old: OperationState | None, new: OperationState) -> str:
    if old is None:
        return "appeared"
    if old == new:
        return "unchanged"
    return "finished" if old.ended_at is None and new.ended_at is not None else "changed"


def _payload_changed(old: OperationState | None, new: OperationState | None) -> bool:
    def parts(state: OperationState | None) -> tuple[Payload | None, ...]:
        return (None, None, None) if state is None else (state.input, state.result, state.error)

    return parts(old) != parts(new)


def _plain(status: str) -> str:
    return status.lower().replace("_", " ")


def _attempt_words(state: OperationState) -> str:
    return f"attempt {state.attempt} {_plain(state.attempt_status or 'STARTED')}"


def _words(operation: Operation, old: OperationState | None, new: OperationState) -> str:
    if old is None:
        return _words_of_new(operation, new)
    if old.attempt != new.attempt:
        return f"{_attempt_words(old)} → {_attempt_words(new)}"
    if old.attempt and old.attempt_status != new.attempt_status and new.attempt > 1:
        return f"attempt {old.attempt} {_plain(old.attempt_status or 'STARTED')} → {_plain(new.attempt_status or '')}"
    if old.status != new.status:
        return f"{_plain(old.status)} → {_plain(new.status)}"
    if old.children_done != new.children_done:
        return f"{old.children_done} → {new.children_done} of {new.children} done inside"
    if old.children != new.children:
        return f"{count(new.children - old.children, 'more operation')} inside"
    return "details changed"


def _words_of_new(operation: Operation, new: OperationState) -> str:
    if new.ended_at is None:
        if operation.wait is not None and operation.wait.duration_seconds is not None:
            return f"appeared, sleeping {duration(operation.wait.duration_seconds)}"
        if new.status == "PENDING":
            return f"appeared, {_attempt_words(new)}"
        ending = "waiting for an answer" if operation.kind == "Callback" else _plain(new.status)
        inside = f": {_children_words(operation)}" if new.children else f", {ending}"
        return f"appeared{inside}"
    if new.children:
        return f"appeared: {_children_words(operation)}, {_plain(new.status)}"
    return f"appeared, {_attempt_words(new) if new.attempt > 1 else _plain(new.status)}"


def _children_words(operation: Operation) -> str:
    number = len(operation.children)
    if operation.subtype == "Parallel":
        return count(number, "branch", "branches")
    return count(number, "item" if operation.subtype == "Map" else "operation")
