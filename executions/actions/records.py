"""Who acts, and the record of it: written down once for each form, and concluded once.

All that people do is written down here, whether AWS is called or not. The token of a form belongs to what it was first
sent for: the same form sent again finds its first self, and nothing else passes for it.
"""

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from executions import live
from executions.actions.results import BadValue
from executions.gateway.errors import GatewayError
from executions.models import ActionRecord, Function
from executions.sync.columns import fits, text

log = structlog.get_logger(__name__)
GRACE = dt.timedelta(seconds=60)
"""A request still on its way is not taken for lost before this."""
LATEST = GRACE.total_seconds() / 2
"""Seconds after which a request does not go out any more: the rest of the grace is for it to arrive and be answered."""
MAX_REASON = 1000
_IDENTITY = ("execution", "callback", "function")
_CONCLUSION = ("outcome", "answer", "aws_request_id", "execution_arn", "finished_at")
OPEN = (ActionRecord.Outcome.SENDING, ActionRecord.Outcome.UNCONFIRMED)
"""Not decided yet."""


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


def sent_before(
    actor: Actor,
    kind: ActionRecord.Kind,
    *,
    request: dict[str, Any],
    same: tuple[str, ...] | None = None,
    **values: Any,
) -> ActionRecord | None:
    """What this very form did. Raises BadValue when its token was used for something else: that must not look like
    success. `same`: the keys of the request that have to be alike; all of them without.
    """
    record = ActionRecord.objects.filter(token=actor.token).first()
    if record is None:
        return None
    whose = (record.kind, record.user_id) == (kind, actor.user.pk)
    asked = _identity(values)
    where = all(getattr(record, f"{name}_id") == getattr(asked[name], "pk", None) for name in _IDENTITY)
    if not (whose and where and _alike(record.request, request, same)):
        raise BadValue("token", "This form was already sent for something else: open it again.")
    return record


def write_down(
    actor: Actor,
    kind: ActionRecord.Kind,
    *,
    request: dict[str, Any],
    now: dt.datetime,
    same: tuple[str, ...] | None = None,
    durable: bool = False,
    **values: Any,
) -> tuple[ActionRecord, bool]:
    """-> its record, and whether it is new; `values` are further columns. Raises BadValue as `sent_before` does and
    for what no database stores, IntegrityError when something else than the token is in its way.
    """
    check_storable(actor.reason, request)
    where = _identity(values)
    if repeated := sent_before(actor, kind, request=request, same=same, **where):
        return repeated, False
    about = about_function(where["function"]) if where["function"] else {}
    try:
        with transaction.atomic(durable=durable):
            record = ActionRecord.objects.create(
                token=actor.token,
                kind=kind,
                user=actor.user,
                username=actor.user.get_username(),
                address=actor.address,
                user_agent=text(actor.user_agent, 300),
                execution_arn=where["execution"].arn if where["execution"] else "",
                request=request,
                reason=actor.reason,
                created_at=now,
                **{**values, **about},
            )
            _tell_inboxes(record)
    except IntegrityError:
        if repeated := sent_before(actor, kind, request=request, same=same, **where):
            return repeated, False
        raise
    return record, True


def about_function(function: Function) -> dict[str, Any]:
    """The columns by which it is known whom a record concerns, also when what it is about is gone."""
    return {"function": function, "covers": f"{function.connection.name}/{function.name}"}


def note(
    actor: Actor, kind: ActionRecord.Kind, *, request: dict[str, Any], now: dt.datetime, answer: str = "", **values: Any
) -> tuple[ActionRecord, bool]:
    """Write down what is done here alone, as `write_down` does."""
    done: dict[str, Any] = {"outcome": ActionRecord.Outcome.DONE, "answer": text(answer, 1000), "finished_at": now}
    record, new = write_down(actor, kind, request=request, now=now, **done, **values)
    if new:
        log.info("action", kind=kind, outcome=record.outcome, execution_arn=record.execution_arn, record=record.pk)
    return record, new


def conclude(record: ActionRecord) -> bool:
    """Store what came of it. What somebody else has decided meanwhile stays, is told by the log, and is read into
    `record`; then False.
    """
    values = {name: getattr(record, name) for name in _CONCLUSION}
    if ActionRecord.objects.filter(pk=record.pk, outcome__in=OPEN).update(**values):
        _tell_inboxes(record)
        return True
    log.error(
        "action.decided_before",
        kind=record.kind,
        record=record.pk,
        outcome=record.outcome,
        answer=record.answer,
        execution_arn=record.execution_arn,
        aws_request_id=record.aws_request_id,
    )
    record.refresh_from_db(fields=_CONCLUSION)
    return False


def _identity(values: dict[str, Any]) -> dict[str, Any]:
    """What a record is about: of an execution its function, too."""
    named = {name: values.get(name) for name in _IDENTITY}
    return named | {"function": named["execution"].function if named["execution"] else named["function"]}


def _tell_inboxes(record: ActionRecord) -> None:
    if record.callback_id:
        transaction.on_commit(live.inbox_changed)


def _alike(stored: dict[str, Any], request: dict[str, Any], same: tuple[str, ...] | None) -> bool:
    asked = json.loads(json.dumps(request))  # as the database gives it back: lists for tuples
    return stored == asked if same is None else all(stored.get(key) == asked.get(key) for key in same)


def check_storable(reason: str, request: dict[str, Any]) -> None:
    """Raises BadValue for what no database keeps."""
    if not fits(reason, MAX_REASON):
        limit = f"at most {MAX_REASON:,} characters, without NUL characters and halves of surrogate pairs"
        raise BadValue("reason", f"This reason cannot be kept: it may have {limit}.")
    for field, value in _texts(request):
        if not fits(value, len(value)):
            raise BadValue(field, "This holds a NUL character or half of a surrogate pair, which cannot be kept.")


def _texts(value: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """Every text in it, with the form's field that it came from as far as its key tells."""
    if isinstance(value, str):
        yield _FIELDS.get(field, field), value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(key, field)
            yield from _texts(one, key)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one, field)


_FIELDS = {
    "Result": "result",
    "ErrorType": "error_type",
    "ErrorMessage": "error_message",
    "Payload": "payload",
    "DurableExecutionName": "name",
    "Qualifier": "qualifier",
    "Reason": "reason",
}
"""The forms' fields by the keys under which AWS gets them."""
