"""Whether push tells what happens. Best effort is all that EventBridge promises, and a rule that somebody has removed
looks like a quiet day: only what polling finds can tell the two apart.

**Missed**: a listing finds a start or an end that nobody had told, although it happened while we listened and at least
TELLS_WITHIN ago. Whatever polling finds sooner may still be told, so this counts too little rather than too much.

**Silent**: the mirror holds a start or an end of at least TELLS_WITHIN ago, later than the last telling.

Since when we listen is kept in the cache and not in the database: it ends by itself when nobody asks the queue any
more, and push is not to be blamed for what happened while we were away.
"""

import datetime as dt
from collections.abc import Iterable

import structlog
from django.core.cache import cache
from django.db.models import F, Q

from executions.domain.statuses import OUTCOMES
from executions.gateway import configuration, queue
from executions.gateway.errors import GatewayError, PushSilent
from executions.gateway.queue import Queue
from executions.models import Connection, Execution
from executions.sync import trouble

log = structlog.get_logger(__name__)
SCOPE = "push"
READING = "read the push queue"
MEASURING = "count what the push queue holds"
TELLS_WITHIN = dt.timedelta(seconds=60)
TRUSTED_FOR = dt.timedelta(minutes=15)
"""Push is relied on for this long after it last told something, and not for this long after it missed something."""
LISTENING = 120
"""Seconds after the last successful look into the queue in which we still count as listening."""
MOST_SKEW = dt.timedelta(minutes=15)
"""How far AWS's clock may be ahead of ours; a later time is nobody's clock."""


def queue_url(row: Connection) -> str:
    """The push queue of a connection, or ""."""
    return configuration.push_queue(row.name)


def listens(row: Connection, *, now: dt.datetime) -> None:
    """The queue has just answered."""
    key = _key("since", row)
    if not cache.add(key, now, LISTENING):
        cache.touch(key, LISTENING)


def listening_since(row: Connection) -> dt.datetime | None:
    """None when nobody asks the queue, or when that cannot be found out."""
    if not queue_url(row):
        return None
    since: dt.datetime | None = cache.get(_key("since", row))
    return since


def measure(row: Connection, source: Queue, *, now: dt.datetime) -> None:
    """Note how many messages wait and how many were given up."""
    try:
        depth = queue.depth(source)
    except GatewayError as error:
        trouble.note(row, MEASURING, error, now=now)
        return
    counted = {"push_waiting": depth.waiting, "push_dead": depth.dead, "push_counted_at": now}
    Connection.objects.filter(pk=row.pk).update(**counted)
    trouble.clear(row, MEASURING)


def told(row: Connection, moments: Iterable[dt.datetime | None], *, now: dt.datetime) -> None:
    """Status changes of these moments came through the queue. By our clock, or by AWS's when that is ahead: what has
    been told must not look later than the telling.
    """
    told_at = max([now, *(at for at in moments if at is not None and at <= now + MOST_SKEW)])
    earlier = Q(pushed_at=None) | Q(pushed_at__lt=told_at)
    Connection.objects.filter(earlier, pk=row.pk).update(pushed_at=told_at)


def found_by_polling(row: Connection, moments: Iterable[dt.datetime], *, now: dt.datetime) -> None:
    """A listing found starts and ends of these moments that were not known: count what push has missed."""
    since = listening_since(row)
    if since is None:
        return
    missed = sum(1 for at in moments if since < at <= now - TELLS_WITHIN)
    if missed:
        Connection.objects.filter(pk=row.pk).update(push_missed=F("push_missed") + missed)
        cache.set(_key("missed", row), True, int(TRUSTED_FOR.total_seconds()))
        log.warning("push.missed", changes=missed)


def silent(row: Connection, *, now: dt.datetime) -> bool:
    """Whether something happened that push should have told by now, and it has told nothing since."""
    since = listening_since(row)
    if since is None:
        return False
    after, until = max(since, row.pushed_at or since), now - TELLS_WITHIN
    if until <= after:
        return False
    mine = Execution.objects.filter(function__connection=row)
    # Two questions, because each has an index.
    return (
        mine.filter(started_at__gt=after, started_at__lte=until).exists()
        or mine.filter(status__in=OUTCOMES, ended_at__gt=after, ended_at__lte=until).exists()
    )


def healthy(row: Connection, *, now: dt.datetime) -> bool:
    """Whether polling may be left to push for the most part: it told something lately, and missed nothing lately."""
    since = listening_since(row)
    if since is None or since > now - TELLS_WITHIN or row.pushed_at is None or row.pushed_at < now - TRUSTED_FOR:
        return False
    return not cache.get(_key("missed", row)) and not silent(row, now=now)


def check(*, now: dt.datetime) -> None:
    """Note or clear the banner that says that push is silent."""
    for row in Connection.objects.all():
        if not queue_url(row):
            trouble.clear(row, READING)
            trouble.clear(row, MEASURING)
        if not silent(row, now=now):
            trouble.clear(row, SCOPE)
            continue
        error = PushSilent(
            "Push is silent: executions have started or ended, and the push queue has told nothing of it.",
            "Check the EventBridge rule and the queue's policy (docs/push.md). Until then everything is polled.",
        )
        trouble.note(row, SCOPE, error, now=now)


def _key(what: str, row: Connection) -> str:
    return f"durascope:push:{what}:{row.pk}"
