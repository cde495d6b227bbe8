"""What all actions share, and the simplest of them: each at most once at AWS, each on record.

The record is committed before AWS is called, so that a crash in between leaves a trace; unique constraints on it (the
form's token, one answer a callback, one stop an execution) are what makes double clicks, repeated POSTs and two
people at once harmless.
"""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import structlog
from django.db import IntegrityError

from executions.actions import permissions, records
from executions.actions.records import LATEST, Actor
from executions.actions.results import BadValue
from executions.domain.diagnosis import STOPPED_HERE
from executions.domain.lanes import Lane
from executions.gateway import budget, deadline, lambda_api
from executions.gateway.answers import Answer
from executions.gateway.connections import Connection, reach
from executions.gateway.errors import CallbackClosed, GatewayError, NotSupported
from executions.models import ActionRecord, Callback, Execution, MissingOperation
from executions.models import Connection as ConnectionRow
from executions.sync import hasten
from executions.sync.columns import text

log = structlog.get_logger(__name__)
Kind: TypeAlias = ActionRecord.Kind
Outcome: TypeAlias = ActionRecord.Outcome
MAX_ERROR_TEXT = 16_384


class NotAllowed(Exception):
    """The message says why; `forbidden` when it is the person who may not, not the moment."""

    def __init__(self, verdict: permissions.Verdict):
        super().__init__(verdict.why)
        self.forbidden = verdict.forbidden


class AlreadyDone(Exception):
    """Somebody else was first; `record` is what they did."""

    def __init__(self, record: ActionRecord):
        super().__init__(f"{record.username} {record.get_kind_display()} already ({record.get_outcome_display()}).")
        self.record = record


def stop(actor: Actor, execution: Execution, *, error_type: str, error_message: str, now: dt.datetime) -> ActionRecord:
    """Stop an execution. Code that runs goes on to its next checkpoint."""
    error = error_of(error_type or STOPPED_HERE, actor.signed(error_message))
    return carry_out(
        actor,
        Kind.STOP,
        execution,
        None,
        verdict=lambda: permissions.can_stop(actor.user, execution),
        request={"DurableExecutionArn": execution.arn, "Error": error},
        call=lambda connection: lambda_api.stop_execution(connection, execution.arn, error),
        now=now,
    )


def heartbeat(actor: Actor, callback: Callback, *, now: dt.datetime) -> ActionRecord:
    """Tell AWS that somebody is still at it: the heartbeat timeout starts anew."""
    return carry_out(
        actor,
        Kind.HEARTBEAT,
        callback.execution,
        callback,
        verdict=lambda: permissions.can_heartbeat(actor.user, callback),
        request={"CallbackId": callback.callback_id},
        call=lambda connection: lambda_api.callback_heartbeat(connection, callback.callback_id),
        now=now,
    )


def error_of(error_type: str, error_message: str) -> dict[str, Any]:
    for field, typed in (("error_type", error_type), ("error_message", error_message)):
        if len(typed) > MAX_ERROR_TEXT:
            raise BadValue(field, f"This is {len(typed):,} characters; at most {MAX_ERROR_TEXT:,} are sent.")
    return {"ErrorType": error_type, "ErrorMessage": error_message}


def carry_out(
    actor: Actor,
    kind: Kind,
    execution: Execution,
    callback: Callback | None = None,
    *,
    verdict: Callable[[], permissions.Verdict],
    request: dict[str, Any],
    call: Callable[[Connection], Answer],
    now: dt.datetime,
    **more: Any,
) -> ActionRecord:
    """Permit, write down (with `more` columns), call, write down the outcome, have the mirror look. Raises NotAllowed,
    AlreadyDone, BadValue.
    """
    until = time.time() + LATEST
    about: dict[str, Any] = {"request": request, "execution": execution, "callback": callback}
    if repeated := records.sent_before(actor, kind, **about):
        return repeated
    if not (allowed := verdict()):
        raise NotAllowed(allowed)
    try:
        record, new = records.write_down(actor, kind, now=now, durable=True, **about, **more)
    except IntegrityError:
        first = permissions.answer_of(callback) if callback else _first_of(kind, execution)
        if first is None:
            raise
        raise AlreadyDone(first) from None
    if not new:
        return record
    with budget.lane(Lane.WARM if actor.one_of_many else Lane.INTERACTIVE), deadline.sending_before(until):
        send(record, execution.function.connection.name, call, actor.refused)
    records.conclude(record)
    hasten.history(execution.pk, now=now, watch=not actor.one_of_many)
    if kind in (Kind.PAUSE, Kind.RESUME) and not actor.one_of_many:
        hasten.listing(execution.function_id, now=now, unfinished=True)
    log.info(
        "action", kind=kind, outcome=record.outcome, execution_arn=execution.arn, aws_request_id=record.aws_request_id
    )
    return record


def _first_of(kind: Kind, execution: Execution) -> ActionRecord | None:
    """What keeps this one from being done: the same, or one of a pair that are not done at the same time."""
    if kind in (Kind.PAUSE, Kind.RESUME):
        under_way = execution.actions.filter(kind__in=(Kind.PAUSE, Kind.RESUME))
        return under_way.filter(outcome__in=(Outcome.SENDING, Outcome.UNCONFIRMED)).first()
    return execution.actions.filter(kind=kind).exclude(outcome=Outcome.REFUSED).first()


def send(
    record: ActionRecord,
    connection: str,
    call: Callable[[Connection], Answer],
    refused: Callable[[GatewayError], None] | None = None,
) -> Answer | None:
    """Call AWS and put its answer into the record. Whatever is not understood counts as "may have been carried out".

    -> the answer, None when there is none.
    """
    answer = None
    try:
        answer = call(reach(connection))
    except NotSupported as error:
        record.outcome, record.answer = Outcome.REFUSED, text(f"The backend cannot do this. {error}", 1000)
        _remember_missing(connection, record.kind)
    except GatewayError as error:
        record.outcome = Outcome.UNCONFIRMED if error.maybe_done else Outcome.REFUSED
        closed = _why_closed(record) if isinstance(error, CallbackClosed) else ""
        record.answer, record.aws_request_id = text(closed or str(error), 1000), text(error.request_id, 100)
        if refused:
            refused(error)
    except Exception as error:
        record.outcome, record.answer = Outcome.UNCONFIRMED, f"Unexpected: {type(error).__name__}"[:1000]
        log.exception("action.failed", kind=record.kind, execution_arn=record.execution_arn)
    else:
        record.outcome, record.answer = Outcome.ACCEPTED, "AWS accepted it."
        record.aws_request_id = text(answer.request_id, 100)
    record.finished_at = dt.datetime.now(tz=dt.UTC)
    return answer


def _why_closed(record: ActionRecord) -> str:
    """AWS says only that a callback takes no answer; "" when nothing here tells why."""
    stops = ActionRecord.objects.filter(execution=record.execution_id, kind=Kind.STOP, outcome=Outcome.ACCEPTED)
    stopped = stops.first() if record.execution_id else None
    return f"The callback is closed: {stopped.username} has stopped the execution." if stopped else ""


def _remember_missing(connection: str, kind: str) -> None:
    """So that its button says so from now on."""
    row = ConnectionRow.objects.get(name=connection)
    MissingOperation.objects.update_or_create(connection=row, kind=kind, defaults={"since": dt.datetime.now(tz=dt.UTC)})
