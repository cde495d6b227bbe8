"""How many calls a second we may make: our share of AWS's quota, per connection and API, shared by all workers.

The quotas (per account and Region) are in domain/quotas.py. botocore's own retries are off, so every call passes here
and the count is true. With REDIS_URL the window lives in Redis, else in this process.
"""

import threading
import time
from functools import lru_cache

from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter
from redis import RedisError

from executions.domain import quotas
from executions.gateway.configuration import named
from executions.gateway.errors import OverBudget

_pauses: dict[tuple[str, str], float] = {}
_lock = threading.Lock()


def calls_per_second(connection: str, api: str) -> int:
    """Our share of the quota, rounded down so that it is never exceeded in any second, and at least one."""
    own = named(connection)
    share = own.budget_share if own and own.budget_share else float(settings.BUDGET_SHARE)
    return quotas.calls_per_second(api, share)


def left(connection: str, api: str) -> int | None:
    """How many calls could be made at once now; None when nobody can tell."""
    if _paused_for(connection, api) > 0:
        return 0
    item = RateLimitItemPerSecond(calls_per_second(connection, api))
    try:
        return _limiter().get_window_stats(item, connection, api).remaining
    except (StorageError, RedisError):
        return None


def acquire(connection: str, api: str, *, patience: float = 60.0) -> None:
    """Wait for a place in the budget; raises OverBudget after `patience` seconds without one."""
    deadline = time.monotonic() + patience
    item = RateLimitItemPerSecond(calls_per_second(connection, api))
    while True:
        wait = _paused_for(connection, api)
        if wait <= 0:
            if _hit(item, connection, api):
                return
            wait = max(0.02, 0.5 / item.amount)  # about when a place is free; asking is a round trip to Redis
        if time.monotonic() + wait > deadline:
            raise OverBudget(
                f"The call budget for {api} is used up.",
                "It is tried again by itself; raise BUDGET_SHARE if it stays so.",
            )
        time.sleep(min(wait, 1.0))


def pause(connection: str, api: str, seconds: float) -> None:
    """AWS said "too many requests": make no such call for this long."""
    with _lock:
        until = time.monotonic() + seconds
        _pauses[connection, api] = max(until, _pauses.get((connection, api), 0.0))


def _paused_for(connection: str, api: str) -> float:
    with _lock:
        return _pauses.get((connection, api), 0.0) - time.monotonic()


def _hit(item: RateLimitItemPerSecond, connection: str, api: str) -> bool:
    try:
        return _limiter().hit(item, connection, api)
    except (StorageError, RedisError) as error:
        # Without the common count each process would spend the whole share: better not to ask for a while.
        raise OverBudget(
            "The call budget cannot be asked, because Redis does not answer.", "Check the server that REDIS_URL names."
        ) from error


@lru_cache(maxsize=1)
def _limiter() -> MovingWindowRateLimiter:
    if not settings.REDIS_URL:
        return MovingWindowRateLimiter(MemoryStorage())
    options = {"socket_connect_timeout": 3, "socket_timeout": 3}
    return MovingWindowRateLimiter(storage_from_string(settings.REDIS_URL, wrap_exceptions=True, **options))
