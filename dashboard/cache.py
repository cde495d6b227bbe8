"""Redis as the cache, and an empty cache while it does not answer: pages are served without it.

Nothing that must not be lost is in the cache, so that "not there" is always a good answer.
"""

import time
from functools import cached_property, partial
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis import RedisError

log = structlog.get_logger(__name__)
ANSWERS_WITHIN = 1.0
"""Seconds, to connect and to answer."""
AWAY = 1.0
"""Seconds for which Redis is not asked again after it did not answer: a page asks it several times."""
EMPTY: dict[str, Any] = {"get_many": {}, **dict.fromkeys(("add", "touch", "delete", "has_key", "clear"), False)}


class Cache(RedisCache):
    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        timeouts = {"socket_connect_timeout": ANSWERS_WITHIN, "socket_timeout": ANSWERS_WITHIN}
        super().__init__(server, {**params, "OPTIONS": {**timeouts, **params.get("OPTIONS", {})}})

    @cached_property
    def _cache(self) -> "Client":  # type: ignore[override]
        return Client(super()._cache)


class Client:
    """Django's client of Redis, except that it answers as an empty cache where that would raise RedisError."""

    def __init__(self, asked: Any) -> None:
        self._asked = asked
        self._away_until = 0.0

    def __getattr__(self, name: str) -> Any:
        return partial(self._ask, name)

    def _ask(self, name: str, *given: Any) -> Any:
        if time.monotonic() >= self._away_until:
            try:
                return getattr(self._asked, name)(*given)
            except RedisError as error:
                self._away_until = time.monotonic() + AWAY
                log.warning("cache.away", error=str(error))
        return given[1] if name in ("get", "incr") else EMPTY.get(name)
