"""Actions whose answer from AWS was lost, settled from what AWS says afterwards; never sent again blindly."""

import contextlib
import datetime as dt
from typing import Any

from django.db.models import Q

from executions import histories
from executions.actions import records
from executions.actions.records import GRACE
from executions.domain.events import Payload
from executions.domain.jsontext import parse
from executions.domain.statuses import is_terminal
from executions.gateway.errors import GatewayError
from executions.models import ActionRecord, Execution
from executions.sync import executions, retention

Kind, Outcome = ActionRecord.Kind, ActionRecord.Outcome
GONE = "Nobody will know whether AWS carried it out: the execution is gone, and what was read of it does not tell."
DELETION_TAKES = dt.timedelta(days=1)
"""How long a deletion is followed after AWS has accepted it."""
AT_ONCE = 20


def settle(execution_id: int, *, now: dt.datetime) -> None:
    """Call it after a history was read. A reading older than the grace after the request decides nothing."""
    unsettled = ActionRecord.objects.filter(_unsettled(now), execution_id=execution_id).exclude(kind=Kind.DELETE)
    if not (found := list(unsettled.select_related("callback"))):
        return
    execution = Execution.objects.get(pk=execution_id)
    for record in found:
        read_at = execution.history_read_at
        late_enough = execution.history_complete or (read_at is not None and read_at >= record.created_at + GRACE)
        if told := _found_in_history(record, execution):
            record.outcome, record.answer = told
        elif execution.gone_at and not execution.history_complete:
            record.outcome, record.answer = Outcome.UNKNOWN, GONE
        elif not late_enough:
            continue
        elif record.kind == Kind.HEARTBEAT:
            record.outcome, record.answer = (
                Outcome.UNKNOWN,
                "Nobody knows whether AWS got it: heartbeats leave no trace.",
            )
        else:
            record.outcome, record.answer = (
                Outcome.REFUSED,
                "The history shows that AWS never got it: it can be sent again.",
            )
        record.finished_at = now
        records.conclude(record)


def settle_left(*, now: dt.datetime) -> None:
    """Settle what no reading will: the history was complete before the grace was over, or AWS has the execution no
    longer, or we have it no longer.
    """
    left = ActionRecord.objects.filter(_unsettled(now), created_at__lt=now - GRACE).exclude(kind=Kind.DELETE)
    left.exclude(kind=Kind.START).filter(execution=None).update(outcome=Outcome.UNKNOWN, answer=GONE, finished_at=now)
    never_read_again = Q(execution__history_complete=True) | Q(execution__gone_at__isnull=False)
    for execution_id in left.filter(never_read_again).values_list("execution_id", flat=True).distinct():
        if execution_id is not None:
            settle(execution_id, now=now)


def settle_deletions(*, now: dt.datetime) -> None:
    """No history tells of a deletion: AWS is asked whether it still has the execution. Our own copies of what people
    had purged are removed, also when listing has brought one back.
    """
    deletions = ActionRecord.objects.filter(kind=Kind.DELETE)
    lost = deletions.filter(_unsettled(now), created_at__lt=now - GRACE)
    # Others each time: those that cannot be asked about do not keep the rest from it.
    for record in lost.select_related("execution__function__connection").order_by("?")[:AT_ONCE]:
        _settle_deletion(record, now=now)
    recent = deletions.filter(outcome=Outcome.ACCEPTED, finished_at__gte=now - DELETION_TAKES)
    purged = recent.filter(purge=True).values("execution_arn")
    if back := list(Execution.objects.filter(arn__in=purged).values_list("pk", flat=True)):
        retention.remove(back)
    going = recent.filter(purge=False, execution__isnull=False, execution__gone_at=None)
    for record in going.select_related("execution__function__connection").order_by("?")[:AT_ONCE]:
        with contextlib.suppress(GatewayError):  # asked again at the next turn
            _still_there(record, now=now)


def _settle_deletion(record: ActionRecord, *, now: dt.datetime) -> None:
    try:
        going = _still_there(record, now=now)
    except GatewayError:
        return  # asked again at the next turn
    if going:
        record.outcome, record.answer = Outcome.REFUSED, "AWS still has the execution: it can be deleted again."
    else:
        record.outcome, record.answer = Outcome.ACCEPTED, "Confirmed: AWS has deleted it, or is doing so."
    record.finished_at = now
    records.conclude(record)


def _still_there(record: ActionRecord, *, now: dt.datetime) -> bool:
    """Whether AWS has the execution and is not deleting it. Raises GatewayError."""
    if record.execution is None:
        return False
    found = executions.ask_again(record.execution, now=now)
    return found is not None and found.status != "DELETING"


def _unsettled(now: dt.datetime) -> Q:
    return Q(outcome=Outcome.UNCONFIRMED) | Q(outcome=Outcome.SENDING, created_at__lt=now - GRACE)


def _found_in_history(record: ActionRecord, execution: Execution) -> tuple[str, str] | None:
    if record.kind == Kind.STOP:
        if execution.status == "STOPPED":
            if not _is_this(record, _end_of(execution, None)):
                return Outcome.REFUSED, "The execution was stopped, but not by this: the history tells another error."
            return Outcome.ACCEPTED, "Confirmed by the history: the execution was stopped."
        return (Outcome.REFUSED, "The execution ended by itself.") if is_terminal(execution.status) else None
    if record.kind in (Kind.PAUSE, Kind.RESUME):
        return _paused_or_resumed(record, execution)
    callback = record.callback
    if callback is None or callback.is_open or record.kind == Kind.HEARTBEAT:
        return None
    if callback.status == "NEVER_FINISHED" and not execution.history_complete:
        return None  # its execution has ended; how the callback did is not read yet
    expected = "SUCCEEDED" if record.kind == Kind.SUCCEED else "FAILED"
    if callback.status != expected:
        return Outcome.REFUSED, "The callback ended otherwise."
    if not _is_this(record, _end_of(execution, callback.operation_id)):
        return Outcome.REFUSED, "The callback was answered, but not with this: the history tells another answer."
    return Outcome.ACCEPTED, "Confirmed by the history."


def _end_of(execution: Execution, operation_id: str | None) -> Payload | None:
    """What the history says that a callback, or without one the execution, ended with."""
    history = histories.history_of(execution)
    if operation_id is None:
        ends = [one.id for one in history.events if one.type == "ExecutionStopped"]
    else:
        operation = history.operations.get(operation_id)
        ends = list(operation.event_ids) if operation else []
    event = histories.event_with_payload(execution, ends[-1]) if ends else None
    return event.payload if event else None


def _is_this(record: ActionRecord, told: Payload | None) -> bool:
    """Whether AWS's history tells what was sent; also when it tells nothing, or only begins to."""
    sent = record.request.get("Result", record.request.get("Error"))
    if told is None or sent is None:
        return True
    if isinstance(sent, dict) and isinstance(told.source, dict):
        return all(_same(sent.get(key), told.source.get(key), told) for key in ("ErrorType", "ErrorMessage"))
    return _same(sent, told.source, told)


def _same(sent: Any, told: Any, payload: Payload) -> bool:
    if not isinstance(sent, str) or not isinstance(told, str) or sent == told:
        return True
    if payload.truncated:
        return sent.startswith(told)
    (is_json, one), (also_json, other) = parse(sent), parse(told)
    return is_json and also_json and one == other


def _paused_or_resumed(record: ActionRecord, execution: Execution) -> tuple[str, str] | None:
    event = "ExecutionPaused" if record.kind == Kind.PAUSE else "ExecutionResumed"
    # AWS's clock and ours may differ a little, and only one of these is under way at a time.
    since = record.created_at.timestamp() - 5
    seen = any(one.type == event and one.at >= since for one in histories.history_of(execution).events)
    going, paused = not is_terminal(execution.status), execution.status in ("PAUSING", "PAUSED")
    if seen or (going and paused == (record.kind == Kind.PAUSE)):
        return Outcome.ACCEPTED, "Confirmed by the history."
    if is_terminal(execution.status):
        return Outcome.REFUSED, "The execution ended before that."
    return None
