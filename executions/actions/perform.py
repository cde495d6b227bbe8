"""What all actions share, and the simplest of them: each at most once at AWS, each on record.

The record is committed before AWS is called, so that a crash in between leaves a trace; unique constraints on it (the
form's token, one answer a callback, one stop an execution) are what makes double clicks, repeated POSTs and two
people at once harmless.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import structlog
from django.db import IntegrityError, transaction

from executions.actions import permissions
from executions.actions.results import BadValue
from executions.domain.lanes import Lane
from executions.gateway import budget, lambda_api
from executions.gateway.answers import Answer
from executions.gateway.connections import Connection, reach
from executions.gateway.errors import GatewayError, NotSupported
from executions.models import ActionRecord, Callback, Execution, MissingOperation
from executions.models import Connection as ConnectionRow
from executions.sync import hasten
from executions.sync.columns import text

log = structlog.get_logger(__name__)
Kind: TypeAlias = ActionRecord.Kind
Outcome: TypeAlias = ActionRecord.Outcome
MAX_ERROR_TEXT = 16_384


@dataclass(frozen=True)
class Actor:
    """Who acts, from where, why, and the token of the form that they sent."""

    user: Any
    address: str | None
    token: uuid.UUID
    reason: str = ""
    user_agent: str = ""
    one_of_many: bool = False
    """Nobody looks at this very execution: the mirror reads it at its turn."""
    refused: Callable[[GatewayError], None] | None = None
    """Told of what AWS did not do, beside the record."""

    def again(self) -> "Actor":
        """The same person in the same request, for a second record."""
        return replace(self, token=uuid.uuid4())

    def signed(self, words: str = "") -> str:
        """`words` and the reason with who says so, for the field that AWS has for it."""
        said = ": ".join(filter(None, [words, self.reason]))
        signature = f"by {self.user.get_username()}"
        return f"{said} ({signature})" if said else signature


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
    error = error_of(error_type or "StoppedByOperator", actor.signed(error_message))
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
    if repeated := _sent_before(actor, kind, execution, callback):
        return repeated
    if not (allowed := verdict()):
        raise NotAllowed(allowed)
    try:
        record = _write_down(actor, kind, execution, callback, request, now, more)
    except IntegrityError:
        return _who_was_first(actor, kind, execution, callback)
    with budget.lane(Lane.WARM if actor.one_of_many else Lane.INTERACTIVE):
        send(record, execution.function.connection.name, call, actor.refused)
    record.save()
    hasten.history(execution.pk, now=now, watch=not actor.one_of_many)
    log.info(
        "action", kind=kind, outcome=record.outcome, execution_arn=execution.arn, aws_request_id=record.aws_request_id
    )
    return record


def note(
    actor: Actor,
    kind: Kind,
    callback: Callback,
    *,
    request: dict[str, Any],
    now: dt.datetime,
    answer: str = "",
) -> ActionRecord:
    """Write down what is done here alone. The same form sent again finds its first self."""
    execution = callback.execution
    if repeated := _sent_before(actor, kind, execution, callback):
        return repeated
    more = {"outcome": Outcome.DONE, "answer": answer, "finished_at": now}
    try:
        return _write_down(actor, kind, execution, callback, request, now, more, durable=False)
    except IntegrityError:
        if repeated := _sent_before(actor, kind, execution, callback):
            return repeated
        raise


def _write_down(
    actor: Actor,
    kind: Kind,
    execution: Execution,
    callback: Callback | None,
    request: dict[str, Any],
    now: dt.datetime,
    more: dict[str, Any],
    *,
    durable: bool = True,
) -> ActionRecord:
    with transaction.atomic(durable=durable):
        return ActionRecord.objects.create(
            token=actor.token,
            kind=kind,
            user=actor.user,
            username=actor.user.get_username(),
            address=actor.address,
            user_agent=text(actor.user_agent, 300),
            execution=execution,
            execution_arn=execution.arn,
            callback=callback,
            request=request,
            reason=actor.reason,
            created_at=now,
            **more,
        )


def _who_was_first(actor: Actor, kind: Kind, execution: Execution, callback: Callback | None) -> ActionRecord:
    if repeated := _sent_before(actor, kind, execution, callback):
        return repeated
    first = permissions.answer_of(callback) if callback else _first_of(kind, execution)
    if first is None:
        raise IntegrityError(f"the record of this {kind} could not be written")
    raise AlreadyDone(first)


def _sent_before(actor: Actor, kind: Kind, execution: Execution, callback: Callback | None) -> ActionRecord | None:
    """What this very form did. Its token in another form is a mistake that must not look like success."""
    record = ActionRecord.objects.filter(token=actor.token).first()
    if record is None:
        return None
    same = (record.kind, record.execution_id, record.callback_id, record.username) == (
        kind,
        execution.pk,
        callback.pk if callback else None,
        actor.user.get_username(),
    )
    if not same:
        raise BadValue("token", "This form was already sent for something else: open it again.")
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
        record.answer, record.aws_request_id = text(str(error), 1000), text(error.request_id, 100)
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


def _remember_missing(connection: str, kind: str) -> None:
    """So that its button says so from now on."""
    row = ConnectionRow.objects.get(name=connection)
    MissingOperation.objects.update_or_create(connection=row, kind=kind, defaults={"since": dt.datetime.now(tz=dt.UTC)})
