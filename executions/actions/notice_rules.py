"""Write, test and remove notification rules: each on record, without what is secret of them."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from executions.actions import permissions, records
from executions.actions.perform import NotAllowed
from executions.actions.records import Actor
from executions.domain import addresses
from executions.models import ActionRecord, Delivery, NoticeRule
from executions.notices import delivering, finding, sealing
from executions.notices.terms import Wanted

Kind = ActionRecord.Kind
Channel = NoticeRule.Channel
_COVERS = ("group_id", "events", "connections", "functions", "callbacks", "claimed_minutes")
"""A change of these begins anew: what happened before is not told."""


@dataclass(frozen=True)
class Written:
    """`secret`: what a new signed webhook is signed with, to be shown once; "" else. `new`: this call wrote it."""

    rule: NoticeRule | None
    secret: str = ""
    new: bool = True


def write(actor: Actor, rule: NoticeRule, wanted: Wanted, *, now: dt.datetime) -> Written:
    """Write a new rule (one without a primary key, which knows its channel) or change one. Raises NotAllowed."""
    _allowed(actor, rule if rule.pk else None)
    _allowed(actor, wanted)
    before = NoticeRule.objects.filter(pk=rule.pk).first()
    secret = sealing.new_secret() if before is None and rule.channel == Channel.WEBHOOK else ""
    _fill(rule, wanted, actor, now)
    if secret:
        rule.secret = sealing.seal(secret)
    if before is None or _begins_anew(before, rule):
        rule.since = now
    with transaction.atomic():
        if rule.active and not NoticeRule.objects.filter(active=True).exists():
            finding.begin(now=now)
        if not _note(actor, Kind.NOTIFY, rule, "Changed." if before else "New.", now):
            return Written(None, new=False)
        rule.save()
        if before is not None:
            delivering.rule_changed(rule, now=now)
    return Written(rule, secret)


def remove(actor: Actor, rule: NoticeRule, *, now: dt.datetime) -> None:
    """With what it has told. Raises NotAllowed."""
    _allowed(actor, rule)
    with transaction.atomic():
        _note(actor, Kind.UNNOTIFY, rule, "Removed, with the log of its messages.", now)
        NoticeRule.objects.filter(pk=rule.pk).delete()


def test(actor: Actor, rule: NoticeRule, *, clock: Callable[[], dt.datetime]) -> Delivery | None:
    """Send a test message, now -> how it went; None when this very form has sent it before. Raises NotAllowed."""
    _allowed(actor, rule)
    if not _note(actor, Kind.NOTIFY_TEST, rule, "How it went is in the log of its messages.", clock()):
        return None
    return delivering.test(rule, clock=clock)


def send_again(actor: Actor, delivery: Delivery, *, now: dt.datetime) -> bool:
    """Try once more what was given up or perhaps sent. False when it cannot be. Raises NotAllowed."""
    _allowed(actor, delivery.rule)
    request = {"message": str(delivery.key), **_request(delivery.rule)}
    if records.sent_before(actor, Kind.NOTIFY_AGAIN, request=request):
        return True
    with transaction.atomic():
        done = delivering.send_again(delivery, now=now)
        if done:
            _note(actor, Kind.NOTIFY_AGAIN, delivery.rule, f"Message {delivery.key}.", now, request)
    return done


def new_secret(actor: Actor, rule: NoticeRule, *, now: dt.datetime) -> str:
    """-> the secret, to be shown once, from now on instead of the old one; "" when this form has made one before.
    Raises NotAllowed.
    """
    _allowed(actor, rule)
    secret = sealing.new_secret()
    with transaction.atomic():
        if not _note(actor, Kind.NOTIFY_SECRET, rule, "The old one is used no more.", now):
            return ""
        NoticeRule.objects.filter(pk=rule.pk).update(secret=sealing.seal(secret))
    return secret


def _allowed(actor: Actor, rule: NoticeRule | Wanted | None) -> None:
    if not (allowed := permissions.can_write_notices(actor.user, rule.group.pk if rule else None)):
        raise NotAllowed(allowed)


def _fill(rule: NoticeRule, wanted: Wanted, actor: Actor, now: dt.datetime) -> None:
    for name in wanted.__dataclass_fields__:
        if name != "target":
            setattr(rule, name, getattr(wanted, name))
    if wanted.target:
        rule.target = sealing.seal(wanted.target)
        rule.shown = wanted.target if rule.channel == Channel.EMAIL else addresses.shown(wanted.target)
    rule.username, rule.changed_at = actor.user.get_username(), now


def _begins_anew(before: NoticeRule, rule: NoticeRule) -> bool:
    woken = rule.active and not before.active
    return woken or any(getattr(before, name) != getattr(rule, name) for name in _COVERS)


def _note(
    actor: Actor, kind: Kind, rule: NoticeRule, words: str, now: dt.datetime, request: dict[str, Any] | None = None
) -> bool:
    """False when the form that this came from has been sent before."""
    answer = f"Rule “{rule.name}” of {rule.group.name}, by {rule.get_channel_display()} to {rule.shown}. {words}"
    return records.note(actor, kind, request=request or _request(rule), now=now, answer=answer, group=rule.group)[1]


def _request(rule: NoticeRule) -> dict[str, Any]:
    """The rule as it was written; of its receiver only what may be shown."""
    quiet = [f"{at:%H:%M}" if at else None for at in (rule.quiet_from, rule.quiet_to)]
    names = ("name", "channel", "shown", "events", "connections", "functions", "callbacks", "claimed_minutes")
    more = ("with_payload", "gather_seconds", "zone", "active")
    return {"rule": rule.pk, "group": rule.group.name, "quiet": quiet, **{n: getattr(rule, n) for n in names + more}}
