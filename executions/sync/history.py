"""The histories: read from AWS in as few calls as possible, stored as AWS wrote them, folded for the columns that
lists need.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from executions import live
from executions.gateway import budget
from executions.gateway.connections import reach
from executions.gateway.errors import GatewayError, NotFound, TooSlow
from executions.models import TERMINAL, Execution
from executions.sync import habits, hasten, pacing, places, storing, trouble
from executions.sync.deriving import derive
from executions.sync.executions import mark_gone
from executions.sync.reading import Part, Reading, settled_through
from executions.sync.storing import Book, Pulled

log = structlog.get_logger(__name__)
MOST_EXPECTED = 1_000
"""Executions in which a callback may be opened are not counted beyond this: so many share the calls too thinly."""
SCHEDULE_FIELDS = [
    *("history_misses", "history_failures", "history_due_at", "history_read_at", "history_claimed_until"),
]


def pull(
    execution: Execution, *, now: dt.datetime, deadline: float | None = None, pulled: Pulled | None = None
) -> Pulled:
    """Bring one execution's history up to date. Raises GatewayError after noting it.

    Each page is committed before the next one is asked for. `deadline` (of time.monotonic) is for when somebody waits:
    what was read until then is kept, and TooSlow raised. `pulled` counts what was stored, also when this fails half
    way.
    """
    scope, connection_row = trouble.reading(execution.function), execution.function.connection
    pulled = Pulled() if pulled is None else pulled
    try:
        what = f"The history of {execution.name}"
        with bound_contextvars(execution_arn=execution.arn), trouble.understood(what), _still_here():
            _bring_up_to_date(execution, pulled, now=now, deadline=deadline)
    except NotFound:
        mark_gone(execution, now=now)
        _free(execution)
        raise
    except GatewayError as error:
        if not isinstance(error, TooSlow):
            with bound_contextvars(execution_arn=execution.arn):
                trouble.note(connection_row, scope, error, now=now, function=execution.function)
        with _still_here():
            _schedule(execution, pulled, error, now=now)
        raise
    with _still_here():
        _schedule(execution, pulled, None, now=now)
    if execution.history_failures:
        hasten.refused(execution.function, now=now)
    trouble.clear(connection_row, scope, unless=lambda: _others_refused(execution))
    return pulled


@contextmanager
def _still_here() -> Iterator[None]:
    """Somebody, or our own retention, may remove an execution while its history is read."""
    try:
        yield
    except Execution.DoesNotExist as error:
        raise NotFound("It was removed from here while it was being read.") from error


def _others_refused(execution: Execution) -> bool:
    """Whether AWS refuses other histories of the same function; one that works says nothing about them."""
    theirs = Execution.objects.filter(function=execution.function_id, history_failures__gt=0, gone_at=None)
    return theirs.exclude(pk=execution.pk).exists()


def _bring_up_to_date(execution: Execution, pulled: Pulled, *, now: dt.datetime, deadline: float | None) -> None:
    connection = reach(execution.function.connection.name)
    book, hurry = Book(execution, pulled), deadline is not None or live.is_watched(execution.pk)
    if not places.is_told_anew(execution):
        reading = Reading(connection, execution, deadline)
        if execution.contiguous_through:
            _keep(reading, reading.backwards(settled_through(execution)), book, now=now)
        else:
            _keep(reading, reading.from_both_ends(at_once=hurry), book, now=now, ends_first=hurry)
    if places.is_told_anew(execution):
        log.warning("sync.history_differs", execution_arn=execution.arn)
        reading = Reading(connection, execution, deadline)
        _keep(reading, reading.anew(), book, now=now)
        if reading.told:
            storing.end_retelling(book, through=reading.told)
    pulled.complete = derive(book, now=now, to_the_end=True)


def _keep(reading: Reading, parts: Iterator[Part], book: Book, *, now: dt.datetime, ends_first: bool = False) -> None:
    """Store what comes, as one when it comes quickly, and where the reading goes on should it be broken off.
    `ends_first`: somebody waits for the first two pages.
    """
    try:
        for number, part in enumerate(parts, 1):
            book.add(part)
            if book.is_due() or (ends_first and number == 2):
                book.store(now=now)
                places.keep_history(book.execution, reading.place)
                derive(book, now=now, to_the_end=False)
                keep_claim(book.execution)
        book.store(now=now)
        places.keep_history(book.execution, reading.beginning())
    except GatewayError as error:
        # What has come until then is kept and told. It says nothing about whether there is more.
        book.store(now=now)
        # Its marker may have expired.
        places.keep_history(book.execution, reading.place if error.retry else reading.beginning())
        derive(book, now=now, to_the_end=False)
        raise


def keep_claim(execution: Execution) -> None:
    """A long history takes longer than a claim lasts: it is not to be handed out again while it is being read."""
    until = timezone.now() + dt.timedelta(seconds=pacing.CLAIM)
    Execution.objects.filter(pk=execution.pk, history_claimed_until__isnull=False).update(history_claimed_until=until)


@dataclass(frozen=True)
class Share:
    """How many unfinished executions of a connection share how many calls a second. `often`: seconds between two
    readings where a first callback is expected, while somebody looks at the inbox; else None.
    """

    running: int
    per_second: int
    often: float | None = None


def _schedule(execution: Execution, pulled: Pulled, error: GatewayError | None, *, now: dt.datetime) -> None:
    """Free the claim and say when the history is due again; `error` is what kept it from being read."""
    connection = execution.function.connection
    theirs = Execution.objects.filter(~Q(status__in=TERMINAL), gone_at=None, function__connection=connection)
    share = _share(theirs, connection.name, pulled)
    with transaction.atomic():
        row = Execution.objects.select_for_update().get(pk=execution.pk)
        row.function = execution.function
        row.history_misses = 0 if pulled.new_events else min(row.history_misses + 1, 1000)
        if error is None:
            row.history_read_at, row.history_failures = now, 0
        elif not error.retry:
            row.history_failures = min(row.history_failures + 1, 1000)
        due_at = _due_at(row, share, now)
        if due_at and row.history_due_at and row.history_due_at != execution.history_due_at:
            due_at = min(due_at, row.history_due_at)  # somebody has hastened it since this reading began
        row.history_due_at, row.history_claimed_until = due_at, None
        row.save(update_fields=SCHEDULE_FIELDS)


def _share(theirs: QuerySet[Execution], connection: str, pulled: Pulled) -> Share:
    per_second = budget.calls_per_second(connection, "history")
    if pulled.complete:
        return Share(0, per_second)
    often = None
    if live.inbox_is_watched():
        wanted = len(live.watched()) + habits.expecting(theirs, most=MOST_EXPECTED)
        often = pacing.watched_interval(watched=wanted, per_second=per_second, least=pacing.EXPECTED)
    return Share(theirs.count(), per_second, often)


def _due_at(row: Execution, share: Share, now: dt.datetime) -> dt.datetime | None:
    expected = habits.opens_about_now(row.function, row, now=now, guess=share.often is not None)
    interval = pacing.history_interval(
        status=row.status,
        complete=row.history_complete,
        misses=0 if expected else row.history_misses,
        running=share.running,
        per_second=share.per_second,
    )
    if interval is None or row.gone_at:
        return None
    # An idle budget serves nobody: also what is not expected for hours is read once a minute when there is room.
    rarest = max(interval, pacing.UNWATCHED_CEILING)
    often = share.often if expected else None
    interval = min(rarest, habits.interval(row.function, row, interval, now=now, often=often))
    if row.history_failures:
        interval = max(interval, pacing.refused_interval(row.history_failures))
    return now + dt.timedelta(seconds=interval)


def _free(execution: Execution) -> None:
    Execution.objects.filter(pk=execution.pk).update(history_claimed_until=None)
