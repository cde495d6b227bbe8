"""When the installation itself last did what it does by the clock, whatever AWS says: handing out what is due, looking
for functions, removing what is kept no longer. And how much waits in the queue.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache

from executions.models import Lease

if TYPE_CHECKING:
    from redis import Redis

QUEUE = "celery"
ANSWERS_WITHIN = 1.0
STOPPED = 30.0
"""Seconds without anything handed out, which happens twice a second, after which nobody does it any more."""
_HANDED_OUT, _KEPT = "durascope:handed-out", 86_400


@dataclass(frozen=True)
class Work:
    """Each is None when it never was, or when nobody can tell. `queued`: tasks that no worker has taken yet, None where
    the queue is this process's own.
    """

    handed_out: dt.datetime | None
    discovered: dt.datetime | None
    retained: dt.datetime | None
    queued: int | None
    redis: bool | None

    def has_stopped(self, now: dt.datetime) -> bool:
        """Whether something was handed out once, and nothing is now."""
        return self.handed_out is not None and (now - self.handed_out).total_seconds() > STOPPED


def handed_out(*, now: dt.datetime) -> None:
    """What was due has been handed out."""
    cache.set(_HANDED_OUT, now, _KEPT)


def current() -> Work:
    """As it is now. `redis`: whether it answers, None where there is none."""
    leases = dict(Lease.objects.values_list("name", "taken_at"))
    answers, queued = None, None
    if settings.REDIS_URL:
        from redis import RedisError  # 6 MB that an installation without Redis never needs

        try:
            queued, answers = int(_redis().llen(QUEUE)), True
        except RedisError:
            answers = False
    return Work(cache.get(_HANDED_OUT), leases.get("discover"), leases.get("retain"), queued, answers)


@lru_cache(maxsize=1)
def _redis() -> "Redis":
    from redis import Redis

    timeouts = {"socket_connect_timeout": ANSWERS_WITHIN, "socket_timeout": ANSWERS_WITHIN}
    return Redis.from_url(settings.REDIS_URL, **timeouts)
