"""The live feed: "execution X is now at revision N", "the list has changed", "the inbox has", to every open page.

With REDIS_URL through Redis pub/sub, so that workers reach every web process; otherwise inside this process. Messages
are hints: a page that missed one catches up by asking again, so nothing is kept.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from django.conf import settings
from django.core.cache import cache

from executions import metrics

if TYPE_CHECKING:
    from redis import Redis

log = structlog.get_logger(__name__)
LIST, INBOX = "list", "inbox"
WATCH_SECONDS = 12
WATCH_AGAIN = 4.0
"""Seconds after which a page that is still open says so again."""
WATCH_FUNCTION_SECONDS = 30
"""Longer than a list of executions goes without being asked for anew."""
_WATCHED, _INBOX_WATCHED = "durascope:watched", "durascope:inbox-watched"
_FUNCTIONS_WATCHED = "durascope:watched-functions"


@dataclass(frozen=True)
class Change:
    """`topic` is "list", "inbox" or "execution:ID"; `revision` counts the changes of its history, 0 where the mirror is
    to be asked; `finished`: there will be no more.
    """

    topic: str
    revision: int = 0
    finished: bool = False


def topic_of(execution_id: int) -> str:
    return f"execution:{execution_id}"


def execution_changed(execution_id: int, revision: int, *, finished: bool) -> None:
    """Tell the pages of one execution, and the lists, that it has changed. Call it after the commit."""
    _publish(Change(topic_of(execution_id), revision, finished))
    executions_changed()


def executions_changed() -> None:
    _publish(Change(LIST))


def inbox_changed() -> None:
    """Tell the open inboxes that a callback was opened, closed, claimed or answered. Call it after the commit."""
    _publish(Change(INBOX))


async def changes(topic: str) -> AsyncGenerator[Change | None, None]:
    """Changes of one topic as they happen; None every few seconds, so that the caller can look after its client.

    The first one says that from now on all are heard: what the mirror holds then is up to date. It comes again after
    some may have been missed.
    """
    source = _redis_changes(topic) if settings.REDIS_URL else _local_changes(topic)
    with metrics.STREAMS.track_inprogress():
        async with contextlib.aclosing(source) as stream:
            async for change in stream:
                yield change


def watch(execution_id: int) -> None:
    """Somebody looks at this execution: read it often for the next few seconds."""
    _watch(_WATCHED, execution_id, WATCH_SECONDS)


def watch_function(function_id: int) -> None:
    """Somebody looks at the executions of this function: list them more often for the next half a minute."""
    _watch(_FUNCTIONS_WATCHED, function_id, WATCH_FUNCTION_SECONDS)


def watch_inbox() -> None:
    """Somebody looks at the inbox: look for new callbacks often for the next few seconds."""
    cache.set(_INBOX_WATCHED, True, WATCH_SECONDS)


def inbox_is_watched() -> bool:
    return bool(cache.get(_INBOX_WATCHED))


def is_watched(execution_id: int) -> bool:
    """Whether somebody looks at this execution now."""
    return bool(cache.get(f"{_WATCHED}:{execution_id}"))


def watched() -> set[int]:
    """The executions that somebody looks at now."""
    return _watched(_WATCHED)


def watched_functions() -> set[int]:
    """The functions whose executions somebody looks at now, in a list of theirs alone."""
    return _watched(_FUNCTIONS_WATCHED)


def _watch(those: str, one: int, seconds: int) -> None:
    cache.set(f"{those}:{one}", True, seconds)
    ids: set[int] = cache.get(those) or set()
    if one not in ids:
        # Two processes may overwrite each other here; the next heartbeat, seconds later, puts the loser back.
        cache.set(those, {*ids, one}, None)


def _watched(those: str) -> set[int]:
    ids: set[int] = cache.get(those) or set()
    if not ids:
        return ids
    current = {
        int(key.rsplit(":", 1)[1]) for key, seen in cache.get_many([f"{those}:{i}" for i in ids]).items() if seen
    }
    if current != ids:
        cache.set(those, current, None)
    return current


def _publish(change: Change) -> None:
    if settings.REDIS_URL:
        from redis import RedisError  # 6 MB that an installation without Redis never needs

        message = orjson.dumps({"revision": change.revision, "finished": change.finished})
        try:
            _redis().publish(f"durascope:{change.topic}", message)
        except RedisError as error:
            log.warning("live.not_published", topic=change.topic, error=str(error))
        return
    with _lock:
        for loop, queue in _listeners.get(change.topic, ()):
            with contextlib.suppress(RuntimeError):  # its server has stopped meanwhile
                loop.call_soon_threadsafe(_put, queue, change)


_HEARTBEAT = 5.0
_ANSWERS_WITHIN, _AGAIN = 1.0, 1.0
"""Seconds: for Redis to answer, and until it is tried again."""
_lock = threading.Lock()
_listeners: dict[str, set[tuple[asyncio.AbstractEventLoop, "asyncio.Queue[Change]"]]] = {}


def _put(queue: "asyncio.Queue[Change]", change: Change) -> None:
    """Only the newest change matters to a slow page."""
    while queue.full():
        queue.get_nowait()
    queue.put_nowait(change)


async def _local_changes(topic: str) -> AsyncGenerator[Change | None, None]:
    queue: asyncio.Queue[Change] = asyncio.Queue(maxsize=1)
    queue.put_nowait(Change(topic))
    listener = (asyncio.get_running_loop(), queue)
    with _lock:
        _listeners.setdefault(topic, set()).add(listener)
    try:
        while True:
            try:
                yield await asyncio.wait_for(queue.get(), _HEARTBEAT)
            except TimeoutError:
                yield None
    finally:
        with _lock:
            _listeners[topic].discard(listener)
            if not _listeners[topic]:
                del _listeners[topic]


async def _redis_changes(topic: str) -> AsyncGenerator[Change | None, None]:
    """While Redis is away there is nothing to tell; when it is back something may have been missed."""
    from redis import RedisError
    from redis.asyncio import Redis

    warned = False
    while True:
        try:
            client: Any = Redis.from_url(settings.REDIS_URL, socket_connect_timeout=_ANSWERS_WITHIN)
            async with client, client.pubsub() as pubsub:
                await pubsub.subscribe(f"durascope:{topic}")
                while True:
                    message = await pubsub.get_message(timeout=_HEARTBEAT)
                    if message is None:
                        yield None
                    elif message["type"] == "subscribe":
                        yield Change(topic)
                    else:
                        yield Change(topic, **orjson.loads(message["data"]))
        except RedisError as error:
            if not warned:
                log.warning("live.not_heard", topic=topic, error=str(error))
            warned = True
        yield None
        await asyncio.sleep(_AGAIN)


@lru_cache(maxsize=1)
def _redis() -> "Redis":
    from redis import Redis

    timeouts = {"socket_connect_timeout": _ANSWERS_WITHIN, "socket_timeout": _ANSWERS_WITHIN}
    return Redis.from_url(settings.REDIS_URL, **timeouts)
