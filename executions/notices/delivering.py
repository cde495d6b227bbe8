"""Messages: made of what waits to be told, sent by one worker each, tried again, given up.

A worker takes a message by moving it from WAITING to SENDING, and only then sends. When it dies in between, nobody
knows whether the message went out: an e-mail or a Slack message is then not sent again (at most once), but shown as
"perhaps sent"; a signed webhook is sent again under the same id (at least once), by which its receiver knows it. The
same goes for a line that breaks before the answer.
"""

import datetime as dt
import random
import uuid
from collections.abc import Callable
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from executions.domain.messages import Message
from executions.domain.notices import MOST_ATTEMPTS, Event, Terms, pause_before
from executions.domain.quiet import Quiet
from executions.models import Delivery, Notice, NoticeRule
from executions.notices import composing, sending
from executions.notices.sending import End, Outcome
from executions.notices.terms import with_terms

log = structlog.get_logger(__name__)
State = Delivery.State
HANDED_OUT = dt.timedelta(seconds=60)
"""A message that was handed to a worker is handed out again after this: the queue may have been lost."""
LEASE = dt.timedelta(minutes=5)
"""Longer than any attempt takes. Who has not said by then how it went is dead."""
AT_ONCE = 20
KEPT = dt.timedelta(days=90)
_CHANCE = random.SystemRandom()


def gather(rules: list[tuple[NoticeRule, Terms]], *, now: dt.datetime) -> None:
    """A message for every rule that has something to tell and no message under way."""
    waiting = set(Notice.objects.filter(delivery=None, moot="").values_list("rule", flat=True).distinct())
    mine = [rule for rule, _ in rules if rule.pk in waiting]
    if not mine:
        return
    under_way = Delivery.objects.filter(rule__in=mine, state__in=Delivery.UNDER_WAY, test=False)
    busy = set(under_way.values_list("rule", flat=True))
    made = [
        Delivery(rule=rule, key=uuid.uuid4(), created_at=now, due_at=when(rule, gathered_at(rule, now)))
        for rule in mine
        if rule.pk not in busy
    ]
    if made:
        Delivery.objects.bulk_create(made, ignore_conflicts=True)


def gathered_at(rule: NoticeRule, now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(seconds=rule.gather_seconds)


def when(rule: NoticeRule, at: dt.datetime) -> dt.datetime:
    """Then, or when the rule's quiet hours are over."""
    if rule.quiet_from is None or rule.quiet_to is None or rule.quiet_from == rule.quiet_to:
        return at
    return Quiet(rule.quiet_from, rule.quiet_to, ZoneInfo(rule.zone)).over(at)


def due(*, now: dt.datetime) -> list[int]:
    """The messages that workers are to send now, each handed out to one. What dead workers left is put in order."""
    handed = []
    rows = Delivery.objects.filter(state__in=Delivery.UNDER_WAY, due_at__lte=now).select_related("rule")
    for one in rows.order_by("due_at")[:AT_ONCE]:
        if one.state == State.SENDING:
            _abandoned(one, now)
            continue
        later = when(one.rule, now)
        until = later if later > now else now + HANDED_OUT
        mine = Delivery.objects.filter(pk=one.pk, state=State.WAITING, due_at=one.due_at).update(due_at=until)
        if mine and later == now:
            handed.append(one.pk)
    return handed


def deliver(pk: int, *, clock: Callable[[], dt.datetime]) -> None:
    """Send one message, if nobody else does."""
    now = clock()
    if (one := _take(pk, now)) is None:
        return
    [(rule, terms)] = with_terms([one.rule])
    try:
        message = composing.message(one, terms, now=now)
    except Exception as error:
        log.exception("notification.not_composed", rule=rule.pk, delivery=one.pk)
        _ended(one, Outcome(End.AGAIN, f"The message could not be made ({type(error).__name__})."), clock())
        return
    if message is None:
        _record(one, State.UNNEEDED, "What it was to tell was over by then.", clock())
        return
    _attempt(one, rule, message, clock)


def test(rule: NoticeRule, *, clock: Callable[[], dt.datetime]) -> Delivery:
    """Send a message that says it is a test, now, also in quiet hours, once."""
    now = clock()
    one = Delivery.objects.create(
        rule=rule, key=uuid.uuid4(), test=True, state=State.SENDING, attempts=1, due_at=now + LEASE, created_at=now,
        sending_since=now,
    )  # fmt: skip
    _attempt(one, rule, composing.test_message(one, now=now), clock)
    one.refresh_from_db()
    return one


def send_again(one: Delivery, *, now: dt.datetime) -> bool:
    """Try once more what was given up or perhaps sent, under the same id. False when there is nothing to try, or when
    another message of its rule is under way.
    """
    over = Delivery.objects.filter(pk=one.pk, state__in=[State.FAILED, State.UNSURE], test=False)
    busy = Delivery.objects.filter(rule=one.rule_id, state__in=Delivery.UNDER_WAY, test=False)
    with transaction.atomic():
        NoticeRule.objects.select_for_update().get(pk=one.rule_id)
        if not one.rule.active or busy.exists():
            return False
        return over.update(state=State.WAITING, due_at=now, attempts=0, finished_at=None) > 0


def rule_changed(rule: NoticeRule, *, now: dt.datetime) -> None:
    """What waits may be due earlier now, or is not to be told any more because the rule was switched off."""
    waiting = Delivery.objects.filter(rule=rule, state=State.WAITING)
    if rule.active:
        waiting.filter(attempts=0).update(due_at=gathered_at(rule, now))
        return
    off = "the rule was switched off"
    Notice.objects.filter(Q(delivery=None) | Q(delivery__in=waiting), rule=rule, moot="").update(moot=off)
    waiting.update(state=State.UNNEEDED, finished_at=now, words="The rule was switched off.")


def forget(*, now: dt.datetime) -> None:
    """Remove what was told long ago, unless what it told is still so and would be told anew."""
    old = Delivery.objects.filter(finished_at__lt=now - KEPT)
    claims = Notice.objects.filter(event=Event.CLAIMED, callback__status="STARTED", delivery=OuterRef("pk"))
    if pks := list(old.exclude(Exists(claims)).order_by("pk").values_list("pk", flat=True)[:500]):
        Delivery.objects.filter(pk__in=pks).delete()


def _take(pk: int, now: dt.datetime) -> Delivery | None:
    """The message, now SENDING and this worker's, with what waits to be told; None when it is somebody else's."""
    with transaction.atomic():
        free = Delivery.objects.filter(pk=pk, state=State.WAITING)
        if not free.update(state=State.SENDING, sending_since=now, due_at=now + LEASE):
            return None
        one = Delivery.objects.select_related("rule__group").get(pk=pk)
        one.attempts += 1
        Delivery.objects.filter(pk=pk).update(attempts=one.attempts)
        # Only once: a receiver that has had this id before would not look at what came later.
        if not one.notices.exists():
            Notice.objects.filter(rule=one.rule_id, delivery=None, moot="").update(delivery=pk)
    return one


def _attempt(one: Delivery, rule: NoticeRule, message: Message, clock: Callable[[], dt.datetime]) -> None:
    one.told = message.total
    try:
        outcome = sending.send(rule, message, one.key)
    except Exception as error:
        # What nobody has foreseen may have happened after it was sent.
        log.exception("notification.broken", rule=rule.pk, delivery=one.pk)
        end = End.AGAIN if rule.channel == NoticeRule.Channel.WEBHOOK else End.UNSURE
        outcome = Outcome(end, f"It broke here while it was being sent ({type(error).__name__}).")
    log.info("notification", rule=rule.pk, delivery=one.pk, end=outcome.end.name, attempt=one.attempts)
    _ended(one, outcome, clock())


def _ended(one: Delivery, outcome: Outcome, now: dt.datetime) -> None:
    if outcome.end == End.AGAIN and not one.test and one.attempts < MOST_ATTEMPTS:
        _wait(one, outcome, now)
        return
    ends = {End.SENT: State.SENT, End.UNSURE: State.UNSURE}
    gave_up = f" Given up after {one.attempts} attempts." if outcome.end == End.AGAIN and not one.test else ""
    _record(one, ends.get(outcome.end, State.FAILED), outcome.words + gave_up, now)


def _wait(one: Delivery, outcome: Outcome, now: dt.datetime) -> None:
    seconds = max(outcome.after, pause_before(one.attempts + 1, _CHANCE.random()))
    values = {"state": State.WAITING, "due_at": now + dt.timedelta(seconds=seconds), "sending_since": None}
    _mine(one).update(**values, words=outcome.words[:500], told=one.told)


def _record(one: Delivery, state: State, words: str, now: dt.datetime) -> None:
    _mine(one).update(state=state, words=words[:500], finished_at=now, told=one.told)


def _mine(one: Delivery) -> QuerySet[Delivery]:
    """As long as nobody has taken it for dead."""
    return Delivery.objects.filter(pk=one.pk, state=State.SENDING, attempts=one.attempts)


def _abandoned(one: Delivery, now: dt.datetime) -> None:
    """A worker took it and has not said how it went."""
    if one.rule.channel == NoticeRule.Channel.WEBHOOK and not one.test and one.attempts < MOST_ATTEMPTS:
        _mine(one).update(state=State.WAITING, due_at=now, words="The worker ended while sending it.")
    else:
        _record(one, State.UNSURE, "The worker ended while sending it. It may have arrived.", now)
