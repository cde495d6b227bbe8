"""Answer a callback, as its decision form has it: who may, with what, and how many must agree before AWS is told.

Every path leads through `succeed` and `fail`. Where more than one approval is needed, each is a record of its own
("approved the callback") with the exact bytes; the vote that completes the quorum sends, through the same path as any
answer, so that the database lets one through. What counts is the policy at the time of the last vote, and of each
person their last vote, if they may still decide: votes stay when a policy changes, and no change of one sends anything.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

from executions.actions import permissions
from executions.actions.perform import Actor, NotAllowed, carry_out, error_of, note
from executions.actions.results import BadValue, check_result
from executions.actions.settle import GRACE
from executions.actions.votes import VOTES, standing_of, vote_of
from executions.decision_forms import everything, form_of
from executions.domain.decisions import Form
from executions.gateway import answers, lambda_api
from executions.models import ActionRecord, Callback

Kind = ActionRecord.Kind
AT_ONCE = 50
"""How many left behind by a crash are looked at in one turn."""


def succeed(
    actor: Actor, callback: Callback, *, result: str, is_json: bool, now: dt.datetime, twice: bool = False
) -> ActionRecord:
    """Answer with success, or approve where more are needed; the function gets `result` byte for byte.

    `twice`: a string that holds JSON is meant so.
    """
    form = form_of(callback)
    check_result(result, form, is_json=is_json, twice=twice)
    return _decide(actor, callback, form, Kind.APPROVE, {"Result": result}, now)


def fail(actor: Actor, callback: Callback, *, error_type: str, error_message: str, now: dt.datetime) -> ActionRecord:
    """Answer with failure, or refuse where more are needed."""
    error = error_of(error_type or "Rejected", error_message or f"Rejected by {actor.user.get_username()}")
    return _decide(actor, callback, form_of(callback), Kind.REFUSE, {"Error": error}, now)


def _decide(
    actor: Actor, callback: Callback, form: Form | None, kind: Kind, said: dict[str, Any], now: dt.datetime
) -> ActionRecord:
    request = {"CallbackId": callback.callback_id, **said}
    if form and form.reason_required and not actor.reason.strip():
        raise BadValue("reason", "A reason is needed for this decision.")
    needed = 1 if form is None else form.approvals if kind == Kind.APPROVE else form.refusals
    if needed == 1:
        return _send(actor, callback, request, now)
    if sent := ActionRecord.objects.filter(token=_final(actor.token), username=actor.user.get_username()).first():
        return sent
    if not (allowed := permissions.can_answer(actor.user, callback)):
        raise NotAllowed(allowed)
    record = note(actor, kind, callback, request=request, now=now, answer=f"{needed} are needed.")
    # Read after the vote is committed: of two at once at least the later sees both, and only one answer gets through.
    callback = Callback.objects.select_related("execution__function__connection").get(pk=callback.pk)
    reached = standing_of(callback, form)
    if not reached.is_complete(vote_of(record)):
        return record
    return _send(_for_all(actor, record), callback, request, now)


def _for_all(actor: Actor, vote: ActionRecord) -> Actor:
    """Who cast the last vote sends for all; the same vote always with the same token, so that it sends once."""
    return Actor(actor.user, actor.address, _final(vote.token), actor.reason, actor.user_agent)


def _final(token: uuid.UUID) -> uuid.UUID:
    return uuid.uuid5(token, "send")


def _send(actor: Actor, callback: Callback, request: dict[str, Any], now: dt.datetime) -> ActionRecord:
    answer = request.get("Result")
    is_success = isinstance(answer, str)

    def call(connection: Any) -> answers.Answer:
        if isinstance(answer, str):
            return lambda_api.callback_success(connection, callback.callback_id, answer.encode())
        return lambda_api.callback_failure(connection, callback.callback_id, request["Error"])

    return carry_out(
        actor,
        Kind.SUCCEED if is_success else Kind.FAIL,
        callback.execution,
        callback,
        verdict=lambda: permissions.can_answer(actor.user, callback),
        request=request,
        call=call,
        now=now,
    )


def send_left(*, now: dt.datetime) -> None:
    """Send what a quorum had decided when the process ended before it could: what was complete by the policy of then
    and still is.
    """
    votes = ActionRecord.objects.filter(kind__in=VOTES, callback__status="STARTED", created_at__lt=now - GRACE)
    forms = everything() if votes.exists() else []
    for record in _last_of_each(votes.select_related("callback__execution__function__connection", "user")):
        callback, user = record.callback, record.user
        if callback is None or user is None:
            continue
        form, needed = form_of(callback, forms), int(record.answer.partition(" ")[0])
        actor = _for_all(Actor(user, record.address, record.token, record.reason, record.user_agent), record)
        reached, vote = standing_of(callback, form), vote_of(record)
        sent = ActionRecord.objects.filter(token=actor.token).exists() or permissions.answer_of(callback)
        complete = reached.is_complete(vote) and reached.alike(vote) >= needed
        if not sent and complete and permissions.can_answer(user, callback, forms):
            _send(actor, callback, record.request, now)


def _last_of_each(votes: Any) -> Iterable[ActionRecord]:
    """The newest vote of each callback."""
    last: dict[int, ActionRecord] = {}
    for record in votes.order_by("created_at", "pk"):
        last[record.callback_id] = record
    return list(last.values())[:AT_ONCE]
