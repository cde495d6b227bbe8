"""Our own retention: what has ended long ago, or does not fit any more, is removed from the mirror. Off by default,
and for each connection by itself. What people imported stays until they remove it.

Oldest ended first, in small transactions, so that neither the lists nor the other writers wait for long. What people
did stays in the audit record. What AWS still lists must not come back by itself: `executions.upsert` passes over what
ended before the horizon, and a function whose newest executions were removed is listed from after them.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import structlog
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Length

from executions import live
from executions.domain import imports
from executions.domain.statuses import counted_as
from executions.gateway import configuration
from executions.models import TERMINAL, Connection, Execution, Function, HistoryPage
from executions.sync import pacing
from executions.sync.executions import count_statuses

log = structlog.get_logger(__name__)
ROWS, MEGABYTES = 200, 32
"""The most that one transaction removes: so many executions, or so much of their histories."""
BATCHES = 50
PAUSE = 0.05
"""Seconds between two transactions: SQLite has one writer, and others want their turn."""
SETTLED = dt.timedelta(seconds=2 * pacing.LOOK_BACK)
"""Nothing younger than this is removed for want of space: its history may still be being read, and AWS may still list
others late that started before it."""
MB = 1024 * 1024


@dataclass
class Removed:
    """How many executions, and how many bytes of history."""

    executions: int = 0
    size: int = 0


def retain(*, now: dt.datetime, sleep: Callable[[float], None] = time.sleep) -> Removed:
    """Remove what is too old, then what is too much; at most BATCHES transactions at a time for each connection."""
    total = Removed()
    for row in Connection.objects.exclude(name=imports.CONNECTION).order_by("pk"):
        removed = _retain(row, now, sleep)
        total.executions += removed.executions
        total.size += removed.size
    return total


def _retain(row: Connection, now: dt.datetime, sleep: Callable[[float], None]) -> Removed:
    removed, batches = Removed(), BATCHES
    before = pacing.horizon(now, configuration.keep_days(row.name))
    while batches and (batch := _oldest(row, _too_old(row, now)) or _first(_gone(row, now, before))):
        _remove(batch, removed)
        sleep(PAUSE)
        batches -= 1
    excess = _excess(row) if batches else 0
    enough = removed.size + excess
    while batches and removed.size < enough:
        if not (batch := _oldest(row, _removable(row, now)) or _first(_gone(row, now, now - SETTLED))):
            break
        _remove(_as_many(batch, enough - removed.size), removed)
        sleep(PAUSE)
        batches -= 1
    if removed.executions:
        log.info("retention.removed", connection=row.name, executions=removed.executions, history_bytes=removed.size)
    return removed


def remove(ids: list[int]) -> None:
    """Remove these executions now, because somebody has asked for it."""
    _remove(ids, Removed())


def plan(row: Connection, *, now: dt.datetime) -> tuple[Removed, Removed]:
    """What `retain` would remove of this connection sooner or later: (for its age, then for want of space)."""
    by_age, by_size = Removed(), Removed()
    before = pacing.horizon(now, configuration.keep_days(row.name))
    excess = _excess(row)
    ended = _removable(row, now) if excess > 0 else _too_old(row, now)
    gone = _gone(row, now, now - SETTLED if excess > 0 else before)
    for ends, size in chain(_sized(ended, "ended_at"), _sized(gone, "gone_at")):
        old = before is not None and ends is not None and ends < before
        if not old and by_age.size + by_size.size >= excess:
            break
        which = by_age if old else by_size
        which.executions += 1
        which.size += size
    return by_age, by_size


def _sized(rows: QuerySet[Execution], end: str) -> Iterator[tuple[dt.datetime | None, int]]:
    """The end and the bytes of history of each, in order."""
    sized = rows.annotate(size=Coalesce(Sum(_BYTES), 0)).order_by(end, "pk")
    return iter(sized.values_list(end, "size").iterator())


_BYTES = Length("history_pages__events") + Length("history_pages__payloads")


def _ended(row: Connection, now: dt.datetime) -> QuerySet[Execution]:
    return _free(row, now).filter(status__in=TERMINAL, ended_at__isnull=False)


def _free(row: Connection, now: dt.datetime) -> QuerySet[Execution]:
    """But those whose history a worker is reading."""
    free = Q(history_claimed_until=None) | Q(history_claimed_until__lt=now)
    return Execution.objects.filter(free, function__connection=row)


def _gone(row: Connection, now: dt.datetime, before: dt.datetime | None) -> QuerySet[Execution]:
    """What AWS had no longer before then, and of whose end it never told; few."""
    if before is None:
        return Execution.objects.none()
    return _free(row, now).filter(~Q(status__in=TERMINAL), gone_at__lt=before).order_by("gone_at", "pk")


def _too_old(row: Connection, now: dt.datetime) -> QuerySet[Execution]:
    before = pacing.horizon(now, configuration.keep_days(row.name))
    return _ended(row, now).filter(ended_at__lt=before) if before else Execution.objects.none()


def _removable(row: Connection, now: dt.datetime) -> QuerySet[Execution]:
    """Its function has been listed well after the end: whatever started before it is known, too."""
    known = Q(function__listed_at__gt=F("ended_at") + SETTLED) | Q(function__gone_at__isnull=False)
    return _ended(row, now).filter(known, ended_at__lt=now - SETTLED)


def _oldest(row: Connection, rows: QuerySet[Execution]) -> list[int]:
    """The ids of a batch, oldest ended first. Asked function by function, as the index is, so that what another
    connection keeps for ever is not walked past; at most about ROWS functions, those with the oldest first.
    """
    first = Execution.objects.filter(function=OuterRef("pk"), ended_at__isnull=False).order_by("ended_at")
    functions = Function.objects.filter(connection=row).annotate(oldest=Subquery(first.values("ended_at")[:1]))
    found: list[tuple[dt.datetime, int]] = []
    for pk, oldest in functions.exclude(oldest=None).order_by("oldest").values_list("pk", "oldest"):
        if len(found) == ROWS and found[-1][0] < oldest:
            break
        some = rows.filter(function=pk).order_by("ended_at", "pk").values_list("ended_at", "pk")[:ROWS]
        found = sorted([*found, *((at, key) for at, key in some if at)])[:ROWS]
    return _as_many([key for _, key in found], MEGABYTES * MB)


def _first(rows: QuerySet[Execution]) -> list[int]:
    """The ids of a batch, in their order."""
    return _as_many(list(rows.values_list("pk", flat=True)[:ROWS]), MEGABYTES * MB)


def _as_many(ids: list[int], size: int) -> list[int]:
    """As many of them as have this many bytes of history together, at least one."""
    sizes = _sizes(ids)
    taken, total = [], 0
    for pk in ids:
        taken.append(pk)
        total += sizes.get(pk, 0)
        if total >= size:
            break
    return taken


def _sizes(ids: list[int]) -> dict[int, int]:
    pages = HistoryPage.objects.filter(execution__in=ids).order_by()
    sized = pages.values("execution").annotate(size=Sum(Length("events") + Length("payloads")))
    return dict(sized.values_list("execution", "size"))


def _excess(row: Connection) -> int:
    """How many bytes of history there are too many. Looks at every page's length, though not at the page."""
    if not (most := configuration.keep_mb(row.name)):
        return 0
    pages = HistoryPage.objects.filter(execution__function__connection=row)
    total = pages.aggregate(total=Sum(Length("events") + Length("payloads")))["total"] or 0
    return max(0, total - int(most * MB))


_OF_A_ROW = ("pk", "function", "status", "gone_at", "started_at")


def _remove(ids: list[int], removed: Removed) -> None:
    """One transaction. Functions are locked first and in order, as every other writer of theirs does."""
    with transaction.atomic():
        of = Function.objects.filter(pk__in=Execution.objects.filter(pk__in=ids).values("function"))
        functions = list(of.select_for_update().order_by("pk"))
        rows = list(Execution.objects.filter(pk__in=ids).values_list(*_OF_A_ROW))
        sizes = _sizes([pk for pk, *_ in rows])
        for function in functions:
            mine = [
                (counted_as(status, gone=gone_at is not None), started_at)
                for _, pk, status, gone_at, started_at in rows
                if pk == function.pk
            ]
            count_statuses(function.pk, Counter({status: -n for status, n in Counter(s for s, _ in mine).items()}))
            _list_after(function, max((at for _, at in mine), default=None))
        Execution.objects.filter(pk__in=[pk for pk, *_ in rows]).delete()
        transaction.on_commit(partial(live.executions_changed))
    removed.executions += len(rows)
    removed.size += sum(sizes.values())


def _list_after(function: Function, started_at: dt.datetime | None) -> None:
    """Listings look back from `listed_through`: move that on, so that even the widest does not reach what has been
    removed. Everything that started until then has been listed long since.
    """
    if started_at is None or function.listed_at is None or function.listed_at < started_at + SETTLED:
        return
    through = started_at + dt.timedelta(seconds=pacing.LOOK_BACK + 1)
    Function.objects.filter(pk=function.pk, listed_through__lt=through).update(listed_through=through, list_place=None)
