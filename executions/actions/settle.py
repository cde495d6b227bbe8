"""Actions whose answer from AWS was lost, settled from what the history says afterwards; never sent again blindly."""

import datetime as dt

from django.db.models import Q

from executions.domain.statuses import is_terminal
from executions.models import ActionRecord, Execution

Kind, Outcome = ActionRecord.Kind, ActionRecord.Outcome
GRACE = dt.timedelta(seconds=60)
"""A request still on its way is not taken for lost before this; it is longer than any of our time-outs."""


def settle(execution_id: int, *, now: dt.datetime) -> None:
    """Call it after a history was read. A reading older than the grace after the request decides nothing."""
    open_records = ActionRecord.objects.filter(_unsettled(now), execution_id=execution_id).select_related("callback")
    if not (records := list(open_records)):
        return
    execution = Execution.objects.get(pk=execution_id)
    for record in records:
        read_at = execution.history_read_at
        late_enough = execution.history_complete or (read_at is not None and read_at >= record.created_at + GRACE)
        if found := _found_in_history(record, execution):
            record.outcome, record.answer = found
        elif not late_enough:
            continue
        elif record.kind == Kind.HEARTBEAT:
            record.outcome, record.answer = (
                Outcome.REFUSED,
                "Nobody knows whether AWS got it: heartbeats leave no trace.",
            )
        else:
            record.outcome, record.answer = (
                Outcome.REFUSED,
                "The history shows that AWS never got it: it can be sent again.",
            )
        record.finished_at = now
        record.save(update_fields=["outcome", "answer", "finished_at"])


def settle_left(*, now: dt.datetime) -> None:
    """Settle what no reading will: a history that was complete before the grace was over is not read again."""
    left = ActionRecord.objects.filter(_unsettled(now), created_at__lt=now - GRACE, execution__history_complete=True)
    for execution_id in left.values_list("execution_id", flat=True).distinct():
        if execution_id is not None:
            settle(execution_id, now=now)


def _unsettled(now: dt.datetime) -> Q:
    return Q(outcome=Outcome.UNCONFIRMED) | Q(outcome=Outcome.SENDING, created_at__lt=now - GRACE)


def _found_in_history(record: ActionRecord, execution: Execution) -> tuple[str, str] | None:
    if record.kind == Kind.STOP:
        if execution.status == "STOPPED":
            return Outcome.ACCEPTED, "Confirmed by the history: the execution was stopped."
        return (Outcome.REFUSED, "The execution ended by itself.") if is_terminal(execution.status) else None
    callback = record.callback
    if callback is None or callback.is_open or record.kind == Kind.HEARTBEAT:
        return None
    expected = "SUCCEEDED" if record.kind == Kind.SUCCEED else "FAILED"
    if callback.status == expected:
        return Outcome.ACCEPTED, "Confirmed by the history."
    return Outcome.REFUSED, "The callback ended otherwise."
