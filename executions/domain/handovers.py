"""Which payloads of one execution are worth comparing: of one attempt with the next, of a result with the next input.

AWS keeps the result or error of every attempt and, where the SDK sends it, the state of every poll of a
wait_for_condition. Of inputs it keeps those of the execution and of chained invokes.
"""

from dataclasses import dataclass
from itertools import pairwise

from executions.domain.events import Event, whole
from executions.domain.history import History, Operation


@dataclass(frozen=True, slots=True)
class Handover:
    """Two events with payloads, the earlier first, and in words what they are: "attempt 1 → 2"."""

    words: str
    before: int
    after: int


def handovers(history: History, operation: Operation) -> list[Handover]:
    """What can be compared of one operation, in order; empty when AWS has given no two payloads."""
    noun = "poll" if operation.subtype == "WaitForCondition" else "attempt"
    ends = attempts(history, operation)
    found = [
        Handover(f"{noun} {one} → {other}", before.id, after.id) for (one, before), (other, after) in pairwise(ends)
    ]
    received = next((event for event in _events(history, operation) if _role(event) == "input"), None)
    given = _result(history, operation)
    if received is not None and (source := _giver(history, operation)) is not None:
        found.append(Handover(f"{source[0]} → its input", source[1].id, received.id))
    if given is not None and (target := _receiver(history, operation)) is not None:
        found.append(Handover(f"its result → input of {target[0]}", given.id, target[1].id))
    return found


def attempts(history: History, operation: Operation) -> list[tuple[int, Event]]:
    """(number, event) of each attempt or poll of a step that ended with a payload."""
    found: list[tuple[int, Event]] = []
    number = 0
    for event in _events(history, operation):
        if event.family != "Step" or event.verb == "Started":
            continue
        retry = event.details.get("RetryDetails")
        told = whole(retry.get("CurrentAttempt")) if isinstance(retry, dict) else None
        number = told if told is not None and told > number else number + 1
        if event.payload is not None:
            found.append((number, event))
    return found


def _events(history: History, operation: Operation) -> list[Event]:
    return [event for event in map(history.event, operation.event_ids) if event is not None]


def _role(event: Event) -> str:
    return event.payload.role if event.payload is not None else ""


def _result(history: History, operation: Operation) -> Event | None:
    """The event of its final result."""
    if operation.result is None:
        return None
    return next((event for event in reversed(_events(history, operation)) if _role(event) == "result"), None)


def _siblings(history: History, operation: Operation) -> list[Operation]:
    parent = history.operations.get(operation.parent_id or "")
    return [history.operations[key] for key in (parent.children if parent else history.roots) if key != operation.id]


def _receiver(history: History, operation: Operation) -> tuple[str, Event] | None:
    """The first operation beside it that began later and whose input AWS has."""
    for other in _siblings(history, operation):
        if other.first_event_id > operation.last_event_id and other.input is not None:
            return next(((other.label, event) for event in _events(history, other) if _role(event) == "input"), None)
    return None


def _giver(history: History, operation: Operation) -> tuple[str, Event] | None:
    """The last operation beside it that ended before with a result; else the execution's own input."""
    before = [other for other in _siblings(history, operation) if other.last_event_id < operation.first_event_id]
    for other in sorted(before, key=lambda one: one.last_event_id, reverse=True):
        if (event := _result(history, other)) is not None:
            return f"result of {other.label}", event
    start = next((event for event in history.events if event.type == "ExecutionStarted"), None)
    return ("the execution's input", start) if start is not None and _role(start) == "input" else None
