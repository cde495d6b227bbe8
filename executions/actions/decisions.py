"""Answer a callback, as its decision form has it: who may, with what, and how many must agree before AWS is told.

Every path leads through `succeed` and `fail`. Where more than one approval is needed, each is a record of its own
("approved the callback") with the exact bytes; the vote that completes the quorum sends, through the same path as any
answer, so that the database lets one through. What counts is the policy at the time of the last vote, and of each
person their last vote, if they may still decide: votes stay when a policy changes, and no change of one sends anything.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog
from django.db.models import Count, Exists, Max, OuterRef

from executions.actions import permissions, records
from executions.actions.perform import AlreadyDone, NotAllowed, carry_out, error_of
from executions.actions.records import GRACE, Actor
from executions.actions.results import BadValue, check_result
from executions.actions.votes import VOTES, standing_of, vote_of
from executions.decision_forms import everything, form_of
from executions.domain.decisions import Form
from executions.gateway import answers, lambda_api
from executions.models import ActionRecord, Callback

log = structlog.get_logger(__name__)
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
    about: dict[str, Any] = {"request": request, "callback": callback, "execution": callback.execution}
    voted = records.sent_before(actor, kind, **about)
    if voted and (sent := ActionRecord.objects.filter(token=_final(voted.token)).first()):
        return sent
    if not (allowed := permissions.can_answer(actor.user, callback)):
        raise NotAllowed(allowed)
    record, _ = records.note(actor, kind, now=now, answer=f"{needed} are needed.", **about)
    # Read after the vote is committed: of two at once at least the later sees both, and only one answer gets through.
    callback = Callback.objects.select_related("execution__function__connection").get(pk=callback.pk)
    reached = standing_of(callback, form)
    if not reached.is_complete(vote_of(record)):
        return record
    return _send(_for_all(actor, record), callback, request, now)


def _for_all(actor: Actor, vote: ActionRecord) -> Actor:
    """Who cast the last vote sends for all; the same vote always with the same token, so that it sends once."""
    return replace(actor, token=_final(vote.token))


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


def send_left(*, clock: Callable[[], dt.datetime]) -> None:
    """Send what a quorum had decided when the process ended before it could: what was complete by the policy of then
    and still is. Which callbacks are looked at is drawn anew each time: those that wait keep none from its turn.
    """
    votes = ActionRecord.objects.filter(kind__in=VOTES, callback__status="STARTED")
    given = ActionRecord.objects.filter(callback=OuterRef("callback"), kind__in=permissions.ANSWERS)
    unanswered = votes.filter(~Exists(given.exclude(outcome=ActionRecord.Outcome.REFUSED)))
    # No quorum is of fewer than two people who want the same kind of answer.
    alike = unanswered.values("callback", "kind").annotate(
        people=Count("user", distinct=True), newest=Max("created_at")
    )
    likely = alike.filter(people__gte=2, newest__lt=clock() - GRACE).order_by("?").values_list("callback", flat=True)
    if not (chosen := set(likely[:AT_ONCE])):
        return
    forms = everything()
    for callback in Callback.objects.filter(pk__in=chosen).select_related("execution__function__connection"):
        try:
            _send_one_left(callback, forms, clock())
        except (NotAllowed, AlreadyDone, BadValue) as why:
            log.info("decision.not_sent", callback_id=callback.callback_id, why=str(why))


def _send_one_left(callback: Callback, forms: list[Form], now: dt.datetime) -> None:
    form = form_of(callback, forms)
    reached = standing_of(callback, form)
    for record in callback.actions.filter(kind__in=VOTES).select_related("user").order_by("-created_at", "-pk"):
        vote, needed, user = vote_of(record), int(record.answer.partition(" ")[0]), record.user
        complete = reached.is_complete(vote) and reached.alike(vote) >= needed
        if user is None or vote not in reached.votes or not complete:
            continue
        if callback.actions.filter(kind__in=permissions.ANSWERS, created_at__gte=record.created_at).exists():
            return  # it was sent, and AWS refused it
        if permissions.can_answer(user, callback, forms):
            actor = Actor(user, record.address, record.token, record.reason, record.user_agent)
            _send(_for_all(actor, record), callback, record.request, now)
            return
