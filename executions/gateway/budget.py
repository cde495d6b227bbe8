"""How many calls a second we may make: our share of AWS's quota, per account, Region and API, shared by all workers.

The quotas are in domain/quotas.py. botocore's own retries are off, so every call passes here and the count is true. How
a budget is spent is in bucket.py. With REDIS_URL all processes have one bucket in Redis, else it is in this process.

While Redis does not answer each process has a small part of the budget for itself: what people do goes on, and up to
PROCESSES of them together stay within it. Neither way begins before the calls of the other are a second old.
"""

import random
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from executions.domain import quotas
from executions.domain.lanes import Lane
from executions.gateway.bucket import ARRIVES, Bucket, State
from executions.gateway.configuration import named
from executions.gateway.errors import OverBudget

log = structlog.get_logger(__name__)
PROCESSES = 16
AWAY = 1.0
"""Seconds for which Redis is not asked again after it did not answer."""
ANSWERS_WITHIN = 1.0
BACK = AWAY + ANSWERS_WITHIN + 2.0
"""Seconds after which, once one process has found Redis again, every other one must have found it too."""
_lane: ContextVar[Lane] = ContextVar("lane", default=Lane.WARM)
_place: ContextVar[tuple[str, str, str] | None] = ContextVar("place", default=None)
"""The connection, API and waiter of the call that is under way."""
_lock = threading.Lock()
_buckets: dict[tuple[str, str], Bucket] = {}
stopping = threading.Event()
"""Set when a worker is to end: its calls that have a place are finished, and no other gets one."""
_away_until = 0.0
_SCRIPT = Path(__file__).with_name("bucket.lua")


@contextmanager
def lane(chosen: Lane) -> Iterator[None]:
    """What the calls inside are for."""
    token = _lane.set(chosen)
    try:
        yield
    finally:
        _lane.reset(token)


def current_lane() -> Lane:
    return _lane.get()


def calls_per_second(connection: str, api: str) -> int:
    """Our share of the quota, rounded down so that it is never exceeded in any second, and at least one."""
    own = named(connection)
    share = own.budget_share if own and own.budget_share else float(settings.BUDGET_SHARE)
    return quotas.calls_per_second(api, share)


def place(connection: str) -> str:
    """The account and Region whose quota a connection's calls count towards, as far as the settings tell: connections
    with ambient credentials share one account.
    """
    own = named(connection)
    if own is None:
        return connection
    account = own.role_arn.split(":")[4] if own.role_arn else "ambient"
    return f"{account}/{own.region}/{own.endpoint}"


def acquire(connection: str, api: str, *, patience: float = 60.0) -> None:
    """Wait for a place in the budget; raises OverBudget after `patience` seconds without one, and when stopping. The
    place is taken until `over`.
    """
    deadline = time.monotonic() + patience
    waiter, chosen = uuid.uuid4().hex, _lane.get()
    while stopping.is_set() or (wait := _ask(connection, api, chosen, waiter)):
        if stopping.is_set():
            _do(connection, api, "leave", waiter)
            raise OverBudget("Durascope is stopping.", "The next start goes on with it.")
        if time.monotonic() + wait > deadline:
            _do(connection, api, "leave", waiter)
            raise OverBudget(
                f"The call budget for {api} is used up.",
                "It is tried again by itself; raise BUDGET_SHARE if it stays so.",
            )
        time.sleep(min(wait, 0.25))
    _place.set((connection, api, waiter))


def sent() -> None:
    """The call that has a place goes out now."""
    if place := _place.get():
        _do(*place[:2], "arrives", place[2], ARRIVES)


def over() -> None:
    """The call that had a place has its answer, or has failed."""
    if place := _place.get():
        _place.set(None)
        _do(*place[:2], "arrives", place[2], 0.0)


def throttled(connection: str, api: str, retry_after: float | None) -> None:
    """AWS said "too many requests": everybody slows down."""
    _do(connection, api, "throttled", retry_after, random.random())  # noqa: S311 - no secret


def state(connection: str, api: str) -> State | None:
    """How the budget is doing; None when nobody can tell."""
    full = float(calls_per_second(connection, api))
    if not settings.REDIS_URL:
        with _lock:
            return _bucket(connection, api).state(time.monotonic(), full)
    said = _in_redis(connection, api, "state", full)
    if said is None:
        return None
    left, part, paused, *waiting = [float(number) for number in said]
    return State(int(left), part, paused, {lane: int(count) for lane, count in zip(Lane, waiting, strict=True)})


def _ask(connection: str, api: str, chosen: Lane, waiter: str) -> float:
    """0.0 for a place, else seconds until it is worth asking again."""
    full = float(calls_per_second(connection, api))
    if settings.REDIS_URL:
        said = _in_redis(connection, api, "ask", full, int(chosen), waiter)
        if said is not None:
            return float(said)
        full /= PROCESSES
    with _lock:
        return _bucket(connection, api).ask(time.monotonic(), full, chosen, waiter)


def _do(connection: str, api: str, what: str, *given: Any) -> None:
    if settings.REDIS_URL and _in_redis(connection, api, what, *given) is not None:
        return
    with _lock:
        bucket = _bucket(connection, api)
        if what == "leave":
            bucket.leave(*given)
        elif what == "arrives":
            bucket.arrives(time.monotonic(), *given)
        else:
            bucket.throttled(time.monotonic(), *given)


def _bucket(connection: str, api: str) -> Bucket:
    """This process's own. With Redis it is only for when that is away, and begins when the calls counted there are a
    second old.
    """
    key = (place(connection), api)
    if key not in _buckets:
        bucket = _buckets[key] = Bucket()
        if settings.REDIS_URL:
            bucket.close(time.monotonic(), 1.0)
    return _buckets[key]


def _in_redis(connection: str, api: str, what: str, *given: Any) -> Any:
    """What the common bucket answers, None while Redis does not."""
    from redis import RedisError  # 6 MB that an installation without Redis never needs

    global _away_until
    key = (place(connection), api)
    if time.monotonic() < _away_until:
        return None
    names = [f"durascope:{{{key[0]}:{api}}}:{part}" for part in ("state", "places", "waiting")]
    arguments = ["" if value is None else value for value in given]
    try:
        script = _script()
        if key in _buckets:
            script(keys=names, args=["close", "", BACK])
            with _lock:
                _buckets.pop(key, None)
        return script(keys=names, args=[what, "", *arguments])
    except RedisError as error:
        if key not in _buckets:
            log.warning("budget.without_redis", api=api, error=str(error))
        _away_until = time.monotonic() + AWAY
        return None


@lru_cache(maxsize=1)
def _script() -> Any:
    from redis import Redis

    timeouts = {"socket_connect_timeout": ANSWERS_WITHIN, "socket_timeout": ANSWERS_WITHIN}
    client: Redis = Redis.from_url(settings.REDIS_URL, **timeouts)
    return client.register_script(_SCRIPT.read_text())
