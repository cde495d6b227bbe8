"""Take a callback on, so that the others see it; give it back; and keep it alive for who has taken it on.

One person at a time has a callback; somebody else may take it over, and both are on record. Heartbeats for it are one
record when they begin and one when they end, with their number: hundreds of lines would hide what people did.
"""

import datetime as dt
import time
import uuid
from typing import TypeAlias

from django.conf import settings
from django.db import transaction
from django.db.models import F

from executions.actions import permissions, records
from executions.actions.perform import NotAllowed
from executions.actions.records import Actor
from executions.actions.results import BadValue
from executions.domain.lanes import Lane
from executions.gateway import budget, lambda_api
from executions.gateway.connections import reach
from executions.gateway.errors import GatewayError
from executions.models import ActionRecord, Callback, Claim

Kind: TypeAlias = ActionRecord.Kind
PART = 0.4
"""After this part of the heartbeat timeout the next one is sent: one may get lost on its way."""
AT_ONCE = 50
SECONDS = 10.0
"""How long one turn lasts: AWS may be slow, and what is left is due at the next."""


def claim(actor: Actor, callback: Callback, *, over: bool, now: dt.datetime) -> ActionRecord:
    """Take it on. `over`: also from somebody else. Raises NotAllowed, or BadValue when somebody else has it."""
    if not (allowed := permissions.can_claim(actor.user, callback)):
        raise NotAllowed(allowed)
    with transaction.atomic():
        _lock(callback)
        had = Claim.objects.filter(callback=callback).first()
        if had and had.user_id == actor.user.pk:
            return _last(callback, Kind.CLAIM) or _note(actor, Kind.CLAIM, callback, now)
        if had and not over:
            raise BadValue("over", f"{had.username} has claimed this. Say that you take it over, or leave it.")
        if had:
            _end(had, f"{actor.user.get_username()} took the callback over", now)
        words = f"Taken over from {had.username}." if had else ""
        record = _note(actor, Kind.CLAIM, callback, now, words)
        Claim.objects.create(callback=callback, user=actor.user, username=actor.user.get_username(), since=now)
    return record


def release(actor: Actor, callback: Callback, *, now: dt.datetime) -> ActionRecord | None:
    """Give it back; None when this person does not have it."""
    with transaction.atomic():
        _lock(callback)
        had = Claim.objects.filter(callback=callback, user=actor.user).first()
        if had is None:
            return None
        _end(had, "the callback was released", now)
        return _note(actor, Kind.RELEASE, callback, now)


def keep_alive(actor: Actor, callback: Callback, *, on: bool, now: dt.datetime) -> bool:
    """Have heartbeats sent while it is claimed, or no longer. False when this person does not have it, or when it takes
    no heartbeats. Raises NotAllowed.
    """
    if on and not (allowed := permissions.can_heartbeat(actor.user, callback)):
        raise NotAllowed(allowed)
    with transaction.atomic():
        _lock(callback)
        had = Claim.objects.filter(callback=callback, user=actor.user).first()
        if had is None or not callback.heartbeat_seconds or (on and not settings.KEEP_ALIVE_HOURS):
            return False
        if on and had.alive_since is None:
            words = f"At the most for {settings.KEEP_ALIVE_HOURS:g} hours."
            _note(actor, Kind.KEEP_ALIVE, callback, now, words)
            Claim.objects.filter(pk=had.pk).update(alive_since=now, beat_due_at=now, beats=0)
        elif not on:
            _let_lapse(had, "no longer wanted", now)
    return True


def send_heartbeats(*, now: dt.datetime) -> int:
    """Send those that are due -> how many. Of several workers at once one sends each."""
    sent, until = 0, time.monotonic() + SECONDS
    due = Claim.objects.filter(beat_due_at__lte=now)
    for one in due.select_related("callback__execution__function__connection", "user").order_by("beat_due_at")[
        :AT_ONCE
    ]:
        if time.monotonic() >= until:
            break
        if why := _over(one, now):
            with transaction.atomic():
                _let_lapse(one, why, now)
            continue
        # Said again soon when it did not get there; the next one is far enough away for the call to end.
        soon = now + dt.timedelta(seconds=max(1.0, (one.callback.heartbeat_seconds or 1) * PART))
        mine = Claim.objects.filter(pk=one.pk, beat_due_at=one.beat_due_at).update(beat_due_at=soon)
        if mine and _beat(one.callback):
            Claim.objects.filter(pk=one.pk).update(beat_at=now, beats=F("beats") + 1)
            sent += 1
    return sent


def _beat(callback: Callback) -> bool:
    try:
        with budget.lane(Lane.INTERACTIVE):
            lambda_api.callback_heartbeat(reach(callback.execution.function.connection.name), callback.callback_id)
    except GatewayError:
        return False  # it is due again soon; what has ended is seen when its history is read
    return True


def _over(one: Claim, now: dt.datetime) -> str:
    """Why no more heartbeats are sent; "" while they are."""
    answer = permissions.answer_of(one.callback)
    if not one.callback.is_open or (answer and answer.outcome == ActionRecord.Outcome.ACCEPTED):
        return "the callback has been answered, or has ended"
    if one.alive_since is None or now - one.alive_since >= dt.timedelta(hours=settings.KEEP_ALIVE_HOURS):
        return f"the limit of {settings.KEEP_ALIVE_HOURS:g} hours was reached"
    if not one.user.is_active or not permissions.can_heartbeat(one.user, one.callback):
        return f"{one.username} may no longer send heartbeats"
    return ""


def _end(had: Claim, why: str, now: dt.datetime) -> None:
    _let_lapse(had, why, now)
    Claim.objects.filter(pk=had.pk).delete()


def _let_lapse(had: Claim, why: str, now: dt.datetime) -> None:
    """End the heartbeats, if there are any, and write down how many there were. Once, whoever is first."""
    had.refresh_from_db()
    ended = Claim.objects.filter(pk=had.pk, alive_since__isnull=False).update(alive_since=None, beat_due_at=None)
    if ended:
        actor = Actor(user=had.user, address=None, token=uuid.uuid4())
        words = f"{had.beats:,} heartbeats were sent; {why}."
        _note(actor, Kind.LET_LAPSE, had.callback, now, words)


def _note(actor: Actor, kind: ActionRecord.Kind, callback: Callback, now: dt.datetime, words: str = "") -> ActionRecord:
    about = {"callback": callback, "execution": callback.execution}
    return records.note(actor, kind, request={"CallbackId": callback.callback_id}, now=now, answer=words, **about)[0]


def _lock(callback: Callback) -> None:
    """Whoever claims or releases the same callback waits; SQLite has one writer anyway."""
    Callback.objects.select_for_update().filter(pk=callback.pk).first()


def _last(callback: Callback, kind: str) -> ActionRecord | None:
    return ActionRecord.objects.filter(callback=callback, kind=kind).order_by("-pk").first()
