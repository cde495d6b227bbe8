"""Start an execution, with the same care as everything in perform.py.

AWS takes a name and a payload twice without starting twice, so every start has a name: one whose answer was lost shows
in the list by it.
"""

import datetime as dt
import time
from typing import Any

import orjson
import structlog
from django.db import transaction

from executions import schemas
from executions.actions import permissions, records
from executions.actions.perform import Kind, NotAllowed, Outcome, send
from executions.actions.records import LATEST, Actor
from executions.actions.results import BadValue
from executions.domain.lanes import Lane
from executions.gateway import budget, deadline, lambda_api
from executions.models import ActionRecord, Execution, Function, InputSchema, PreparedEvent
from executions.sync import hasten
from executions.sync.columns import text

log = structlog.get_logger(__name__)
MOST_BYTES = 1_048_576
"""Of a payload that AWS takes asynchronously."""
MOST_SAID = 5
GRACE = dt.timedelta(seconds=90)
CLOCKS = dt.timedelta(seconds=5)
"""AWS's clock and ours may differ a little; what is older was there before."""


def start(
    actor: Actor, function: Function, *, qualifier: str, name: str, payload: str, now: dt.datetime
) -> ActionRecord:
    """Start an execution asynchronously; the record has its ARN when AWS has said it."""
    body = check_payload(payload, schema_of(function))
    name = name or f"web-{actor.token.hex}"
    request = {
        "FunctionName": function.arn,
        "Qualifier": qualifier,
        "InvocationType": "Event",
        "DurableExecutionName": name,
        "Payload": payload,
    }
    until = time.time() + LATEST
    if repeated := records.sent_before(actor, Kind.START, request=request, function=function):
        return repeated
    if not (allowed := permissions.can_start(actor.user, function)):
        raise NotAllowed(allowed)
    record, new = records.write_down(actor, Kind.START, request=request, now=now, durable=True, function=function)
    if not new:
        return record
    with budget.lane(Lane.INTERACTIVE), deadline.sending_before(until):
        answer = send(
            record,
            function.connection.name,
            lambda at: lambda_api.start_execution(at, function.arn, qualifier=qualifier, name=name, payload=body),
        )
    if answer:
        record.execution_arn = text(answer.fields.get("DurableExecutionArn"), 1024)
    records.conclude(record)
    hasten.listing(function.pk, now=now)
    log.info("action", kind=Kind.START, outcome=record.outcome, execution_arn=record.execution_arn)
    return record


def schema_of(function: Function) -> dict[str, Any] | None:
    """What its input must be like; None without a schema, or with one that cannot be read any more."""
    row = InputSchema.objects.filter(function=function).first()
    try:
        return schemas.compiled(row.text) if row else None
    except schemas.BadSchema:
        return None


def describe(actor: Actor, function: Function, *, text: str, now: dt.datetime) -> InputSchema | None:
    """Store what its input must be like, as JSON Schema; "" removes it. Raises BadValue, NotAllowed."""
    _may_prepare(actor, function)
    try:
        if text.strip():
            schemas.compiled(text)
    except schemas.BadSchema as error:
        raise BadValue("schema", str(error)) from error
    with transaction.atomic():
        had = InputSchema.objects.select_for_update().filter(function=function).first()
        about = {"FunctionName": function.arn, "Before": had.text if had else "", "Schema": text.strip() and text}
        records.note(actor, Kind.DESCRIBE, request=about, now=now, function=function)
        if not text.strip():
            InputSchema.objects.filter(function=function).delete()
            return None
        values = {"text": text, "username": actor.user.get_username(), "changed_at": now}
        return InputSchema.objects.update_or_create(function=function, defaults=values)[0]


def check_payload(payload: str, schema: dict[str, Any] | None = None) -> bytes:
    """The bytes that AWS gets; raises BadValue with a sentence for the form."""
    try:
        body = payload.encode()
        orjson.loads(body)
    except UnicodeEncodeError as error:
        raise BadValue("payload", "This contains half of a character, which cannot be sent.") from error
    except orjson.JSONDecodeError as error:
        raise BadValue("payload", f"This is not JSON: {error}.") from error
    if len(body) > MOST_BYTES:
        raise BadValue("payload", f"This is {len(body):,} bytes; AWS takes at most {MOST_BYTES:,}.")
    if schema is not None and (found := schemas.problems(schema, payload)):
        said = "; ".join(str(one) for one in found[:MOST_SAID])
        raise BadValue("payload", f"This does not fit the schema of its input: {said}.")
    return body


def prepare(actor: Actor, function: Function, *, name: str, payload: str, now: dt.datetime) -> PreparedEvent:
    """Store a payload under a name, in the place of the one that had it. Raises BadValue, NotAllowed."""
    check_payload(payload)
    _may_prepare(actor, function)
    values = {"payload": payload, "username": actor.user.get_username(), "created_at": now}
    with transaction.atomic():
        records.note(actor, Kind.PREPARE, request=_about(function, name, payload), now=now, function=function)
        return PreparedEvent.objects.update_or_create(function=function, name=name, defaults=values)[0]


def forget(actor: Actor, function: Function, event: PreparedEvent, *, now: dt.datetime) -> None:
    """Remove a prepared event. Raises NotAllowed."""
    _may_prepare(actor, function)
    with transaction.atomic():
        about = _about(function, event.name, event.payload)
        records.note(actor, Kind.UNPREPARE, request=about, now=now, function=function)
        event.delete()


def _may_prepare(actor: Actor, function: Function) -> None:
    if not (allowed := permissions.can_prepare(actor.user, function)):
        raise NotAllowed(allowed)


def _about(function: Function, name: str, payload: str) -> dict[str, Any]:
    return {"FunctionName": function.arn, "Event": name, "Payload": payload}


def settle_starts(*, now: dt.datetime) -> None:
    """Starts whose answer was lost: AWS's list tells, once it has been read well after them."""
    unsettled = ActionRecord.objects.filter(
        kind=Kind.START, outcome__in=(Outcome.SENDING, Outcome.UNCONFIRMED), created_at__lt=now - GRACE
    )
    for record in unsettled.select_related("function"):
        name, since = record.request["DurableExecutionName"], record.created_at - CLOCKS
        named = Execution.objects.filter(function=record.function, name=name, started_at__gte=since)
        if found := named.order_by("started_at").first():
            record.outcome, record.answer = Outcome.ACCEPTED, "Confirmed by the list: there is such an execution."
            record.execution_arn = found.arn
        elif record.function is None or record.function.gone_at:
            record.outcome, record.answer = Outcome.UNKNOWN, "Nobody will know: the function is gone."
        elif record.function.listed_at and record.function.listed_at > record.created_at + GRACE:
            record.outcome, record.answer = Outcome.REFUSED, "AWS lists no execution of that name that began then."
        else:
            continue
        record.finished_at = now
        records.conclude(record)
