"""What stands out in a history: what is open, what failed first and deepest, and how much there is of everything."""

from executions.domain.events import Payload
from executions.domain.history import History, Operation

_LONGEST_MESSAGE = 160


def open_callbacks(history: History) -> tuple[Operation, ...]:
    """The callbacks that can still be answered, the nearest deadline first and those without one last."""
    found = [one for one in history.operations.values() if one.kind == "Callback" and one.status == "STARTED"]
    return tuple(sorted(found, key=_urgency))


def _urgency(operation: Operation) -> tuple[float, float]:
    deadline = operation.callback.deadline if operation.callback is not None else None
    return (float("inf") if deadline is None else deadline, operation.first_at)


def error_words(error: Payload | None) -> str:
    """ "PaymentError: declined", on one line and cut to a readable length; empty when there is nothing to say."""
    if error is None:
        return ""
    parts = [part for part in (error.error_type, error.error_message) if part]
    line = " ".join(": ".join(parts).split()) if parts else ""
    return line if len(line) <= _LONGEST_MESSAGE else line[: _LONGEST_MESSAGE - 1] + "…"


def root_cause(history: History) -> Operation | None:
    """The operation whose failure ended the execution, as deep down as it can be followed; None when none did.

    A failure that the code caught is not a cause: the error at the top has to be the execution's, as the SDKs hand the
    message of an error up unchanged, or has to be the last thing that happened.
    """
    if history.execution.status != "FAILED":
        return None
    message = history.execution.error.error_message if history.execution.error else None
    failed = [history.operations[key] for key in history.roots if history.operations[key].is_bad]
    failed.sort(key=lambda operation: operation.last_event_id)
    found = next((one for one in reversed(failed) if _says(one, message)), None)
    if found is None:
        last = _last_operation_event(history)
        found = next((one for one in reversed(failed) if one.last_event_id == last), None)
    return None if found is None else _deepest(history, found, message)


def _says(operation: Operation, message: str | None) -> bool:
    own = operation.error.error_message if operation.error else None
    return bool(own and message and (own in message or message in own))


def _last_operation_event(history: History) -> int:
    for event in reversed(history.events):
        if event.family not in ("Execution", "Invocation"):
            return event.id
    return 0


def _deepest(history: History, operation: Operation, message: str | None) -> Operation:
    while True:
        failed = [history.operations[key] for key in operation.children if history.operations[key].is_bad]
        if not failed:
            return operation
        matching = [child for child in failed if _says(child, message)]
        operation = max(matching or failed, key=lambda child: child.last_event_id)


def waiting_on(history: History) -> list[Operation]:
    """The open operations that hold the execution up, the most telling first: those with nothing open inside them."""
    order = {"Callback": 0, "Step": 2, "ChainedInvoke": 3, "Wait": 4, "Context": 5}
    found = []
    for operation in history.operations.values():
        if operation.is_open and not any(history.operations[child].is_open for child in operation.children):
            # A step that failed and will be retried is the likelier reason for a delay than one that runs.
            rank = 1 if operation.status == "PENDING" and operation.last_error else order.get(operation.kind, 6)
            found.append((rank, _ends(operation), operation.first_at, operation))
    found.sort(key=lambda item: item[:3])
    return [item[3] for item in found]


def _ends(operation: Operation) -> float:
    if operation.callback is not None and operation.callback.deadline is not None:
        return operation.callback.deadline
    if operation.wait is not None and operation.wait.scheduled_end is not None:
        return operation.wait.scheduled_end
    return float("inf")


def progress_around(history: History, operation: Operation) -> Operation | None:
    """The outermost map or parallel around an operation, if more than one of its branches is still open."""
    found = None
    at: Operation | None = operation
    steps = 0
    while at is not None and not at.orphan and at.parent_id is not None and steps <= operation.depth:
        at, steps = history.operations.get(at.parent_id), steps + 1
        if at is not None and at.subtype in ("Map", "Parallel") and at.is_open:
            found = at if sum(history.operations[child].is_open for child in at.children) > 1 else found
    return found


def done_of(history: History, operation: Operation) -> str:
    done = sum(history.operations[child].ended_at is not None for child in operation.children)
    return f"{done:,} / {len(operation.children):,}"


def unfinished(history: History) -> Operation | None:
    """What was in progress when the execution was cut off: the latest without unfinished parts of its own."""
    found = [
        operation
        for operation in history.operations.values()
        if operation.status == "NEVER_FINISHED"
        and not any(history.operations[child].status == "NEVER_FINISHED" for child in operation.children)
    ]
    return found[-1] if found else None


def contexts_around(history: History, operation: Operation) -> list[Operation]:
    """The contexts around it, the outermost first."""
    found: list[Operation] = []
    at: Operation | None = operation
    while at is not None and not at.orphan and at.parent_id is not None and len(found) <= operation.depth:
        at = history.operations.get(at.parent_id)
        if at is not None:
            found.append(at)
    return found[::-1]
