"""What there is to be told: looks through the mirror and writes one row for each rule, event and thing.

It only reads the mirror. Two workers may do it at the same time, or one may be killed in the middle: the database
keeps each row from being written twice, and what was looked at once is looked at again, a while back.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Max, Q

from executions.domain.notices import OF_CALLBACKS, SHARES, Event, Subject, Terms, reached
from executions.domain.statuses import FAILURES
from executions.domain.words import duration
from executions.models import Callback, Claim, Execution, Notice, NoticeCursor, NoticeRule, Trouble
from executions.notices.terms import about

PUSH_SCOPE = "push"
"""Of the trouble that sync notes when push is silent."""
COMB_EVERY = dt.timedelta(seconds=15)
OVERLAP = dt.timedelta(seconds=30)
"""How long something that has been written may take to be seen."""
LATE = dt.timedelta(hours=1)
"""How long a list may take from when its reading began, which is when the mirror says that it has learnt of an end."""
SLOW = dt.timedelta(minutes=5)
"""How long after a moment it is still looked for, beside what the mirror has just learnt of."""
FURTHEST = dt.timedelta(days=1)
"""The furthest look back, after the worker was away."""
MOST = 5000


@dataclass(frozen=True)
class Found:
    """Something that a rule may be interested in. `timeout_at` and `opened_at` only of callbacks."""

    subject: Subject
    thing: str
    at: dt.datetime
    execution: int | None = None
    callback: int | None = None
    connection: int | None = None
    opened_at: dt.datetime | None = None
    timeout_at: dt.datetime | None = None
    more: str = ""


Rules = list[tuple[NoticeRule, Terms]]


def begin(*, now: dt.datetime) -> None:
    """Forget how far the mirror was looked through: there was no rule until now, and what was before is nobody's."""
    seen = _highest()
    values = {"settled": seen, "seen": seen, "seen_at": now, "scanned_at": now, "combed_at": now}
    NoticeCursor.objects.update_or_create(pk=1, defaults=values)


def look(rules: Rules, *, now: dt.datetime) -> int:
    """Write down what is new for these rules -> how much that is."""
    cursor = NoticeCursor.objects.filter(pk=1).first()
    if cursor is None:
        begin(now=now)
        return 0
    wanted = frozenset[Event]().union(*(terms.events for _, terms in rules))
    earliest = min(rule.since for rule, _ in rules)
    comb = now - cursor.combed_at >= COMB_EVERY
    highest = _highest()
    found = [
        *_opened(wanted, cursor, earliest, now),
        *_failed(wanted, max(earliest, now - FURTHEST), _from(cursor, comb)),
        *(_with_time(wanted, rules, cursor, now) if comb else ()),
    ]
    written = _write(rules, found, now)
    _move_on(cursor, highest, comb, now)
    return written


def _highest() -> int:
    return Callback.objects.aggregate(highest=Max("pk"))["highest"] or 0


def _from(cursor: NoticeCursor, comb: bool) -> dt.datetime:
    return cursor.combed_at - LATE if comb else cursor.scanned_at - OVERLAP


def _opened(wanted: frozenset[Event], cursor: NoticeCursor, earliest: dt.datetime, now: dt.datetime) -> Iterator[Found]:
    if Event.OPENED not in wanted:
        return
    rows = Callback.objects.filter(Q(timeout_at=None) | Q(timeout_at__gt=now), status="STARTED")
    rows = rows.filter(pk__gt=cursor.settled, opened_at__gte=earliest)
    for callback in rows.select_related("execution__function__connection").order_by("pk").iterator(chunk_size=500):
        yield _of_callback(Event.OPENED, callback, callback.opened_at)


def _failed(wanted: frozenset[Event], after: dt.datetime, learnt: dt.datetime) -> Iterator[Found]:
    """What has failed after the one moment, of which the mirror has learnt since the other: perhaps late, after an
    outage.
    """
    if Event.FAILED not in wanted:
        return
    columns = ("pk", "ended_at", "error_type", "function__name", "function__connection__name")
    rows = Execution.objects.filter(status__in=FAILURES, end_seen_at__gte=learnt).order_by("-end_seen_at")
    for pk, at, error_type, function, connection in rows.values_list(*columns)[:MOST]:
        if at is not None and at >= after:
            yield Found(Subject(Event.FAILED, connection, function), f"execution {pk}", at, pk, more=error_type)


def _with_time(wanted: frozenset[Event], rules: Rules, cursor: NoticeCursor, now: dt.datetime) -> Iterator[Found]:
    """What nobody writes into the mirror: it comes because time goes by."""
    if wanted & set(SHARES):
        yield from _deadlines(wanted, cursor, now)
    if Event.CLAIMED in wanted:
        minutes = min(rule.claimed_minutes for rule, terms in rules if Event.CLAIMED in terms.events)
        yield from _claimed(now - dt.timedelta(minutes=minutes), now)
    if Event.SILENT in wanted:
        for row in Trouble.objects.filter(scope=PUSH_SCOPE).select_related("connection"):
            subject = Subject(Event.SILENT, row.connection.name)
            thing = f"push {row.connection_id} {row.since.isoformat()}"
            yield Found(subject, thing, row.since, connection=row.connection_id, more=row.words)


def _deadlines(wanted: frozenset[Event], cursor: NoticeCursor, now: dt.datetime) -> Iterator[Found]:
    """Open callbacks that have come to a share of their time, or that are new and had come to it before. All open ones
    are looked at, three columns of each: their index is by timeout, and how long a callback was given is not in it.
    """
    rows = Callback.objects.filter(status="STARTED", timeout_at__gt=now).values_list("pk", "opened_at", "timeout_at")
    furthest, come = now - FURTHEST, dict[int, list[Event]]()
    for pk, opened_at, timeout_at in rows.order_by("timeout_at").iterator():
        after = furthest if pk > cursor.settled else max(furthest, cursor.combed_at - SLOW)
        for event in SHARES:
            if timeout_at and event in wanted and after < reached(event, opened_at, timeout_at) <= now:
                come.setdefault(pk, []).append(event)
    whole = Callback.objects.filter(pk__in=list(come)[:MOST]).select_related("execution__function__connection")
    for callback in whole if come else ():
        for event in come[callback.pk] if callback.timeout_at else ():
            at = reached(event, callback.opened_at, callback.timeout_at or now)
            yield _of_callback(event, callback, at)


def _claimed(before: dt.datetime, now: dt.datetime) -> Iterator[Found]:
    rows = Claim.objects.filter(since__lte=before, callback__status="STARTED")
    for claim in rows.select_related("callback__execution__function__connection").order_by("since")[:MOST]:
        more = f"{claim.username} claimed it {duration((now - claim.since).total_seconds())} ago."
        yield _of_callback(Event.CLAIMED, claim.callback, claim.since, thing=f"claim {claim.pk}", more=more)


def _of_callback(event: Event, callback: Callback, at: dt.datetime, *, thing: str = "", more: str = "") -> Found:
    return Found(
        about(event, callback.execution, callback.name or callback.operation_id),
        thing or f"callback {callback.pk}",
        at,
        callback.execution_id,
        callback.pk,
        opened_at=callback.opened_at,
        timeout_at=callback.timeout_at,
        more=more,
    )


def _write(rules: Rules, found: list[Found], now: dt.datetime) -> int:
    rows = [_row(rule, one, now) for one in found for rule, terms in rules if _is_for(rule, terms, one, now)]
    if not rows:
        return 0
    things = {row.thing for row in rows}
    had = set(Notice.objects.filter(thing__in=things).values_list("rule", "event", "thing"))
    new = [row for row in rows if (row.rule_id, row.event, row.thing) not in had]
    if new:
        # Somebody else may be writing the same at this moment: the constraint keeps one of the two.
        Notice.objects.bulk_create(new, ignore_conflicts=True, batch_size=500)
    return len(new)


def _is_for(rule: NoticeRule, terms: Terms, one: Found, now: dt.datetime) -> bool:
    happened = _happened(rule, one)
    if happened < rule.since or not terms.cover(one.subject):
        return False
    if one.subject.event == Event.CLAIMED and happened > now:
        return False  # of other things AWS's clock says when, and they have happened although it be ahead of ours
    # Who is told of the later share of the time need not be told of the earlier one at the same moment.
    nearly = one.subject.event == Event.HALF and Event.NEARLY in terms.events
    return not (
        nearly and one.opened_at and one.timeout_at and reached(Event.NEARLY, one.opened_at, one.timeout_at) <= now
    )


def _happened(rule: NoticeRule, one: Found) -> dt.datetime:
    if one.subject.event == Event.CLAIMED:
        return one.at + dt.timedelta(minutes=rule.claimed_minutes)
    return one.at


def _row(rule: NoticeRule, one: Found, now: dt.datetime) -> Notice:
    return Notice(
        rule=rule,
        event=one.subject.event,
        thing=one.thing,
        execution_id=one.execution,
        callback_id=one.callback if one.subject.event in OF_CALLBACKS else None,
        connection_id=one.connection,
        happened_at=_happened(rule, one),
        found_at=now,
        more=one.more[:500],
    )


def _move_on(cursor: NoticeCursor, highest: int, comb: bool, now: dt.datetime) -> None:
    values: dict[str, object] = {"scanned_at": now}
    if comb:
        values["combed_at"] = now
    if now - cursor.seen_at >= OVERLAP:
        values |= {"settled": cursor.seen, "seen": highest, "seen_at": now}
    NoticeCursor.objects.filter(pk=1).update(**values)
