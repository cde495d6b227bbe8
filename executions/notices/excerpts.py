"""What a message says of payloads, where its rule allows any: without secrets, and only the beginning of long ones."""

from executions import histories
from executions.domain.messages import MOST_PAYLOAD
from executions.domain.redaction import redact_text
from executions.models import Callback, Execution
from executions.sharing import patterns


def of(execution: Execution, callback: Callback | None, *, error: bool) -> tuple[tuple[str, str], ...]:
    """(label, text) of what a callback is about, of the execution's input and, with `error`, of what it ended with."""
    found = [("About", callback.about)] if callback else []
    found.append(("Input", _text(execution, 1)))
    if error and execution.last_event_id > 1:
        found.append(("Error", _text(execution, _end(execution))))
    return tuple((label, text) for label, text in found if text)


def _end(execution: Execution) -> int:
    """The id of the event that ended it; an invocation's end may follow."""
    ends = (event.id for event in histories.history_of(execution).events if event.type == "ExecutionFailed")
    return next(ends, 0)


def _text(execution: Execution, event_id: int) -> str:
    event = histories.event_with_payload(execution, event_id)
    if event is None or event.payload is None:
        return ""
    return redact_text(event.payload.text, patterns())[0][:MOST_PAYLOAD]
