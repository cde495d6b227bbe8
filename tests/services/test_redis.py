"""What is shared through Redis: the live feed, who is watching. The call budget has test_shared_budget.py."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from executions import live
from tests.services.servers import OwnRedis

pytestmark = [pytest.mark.services]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def on_redis(redis_url: str, settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    settings.REDIS_URL = redis_url  # type: ignore[attr-defined]
    live._redis.cache_clear()
    yield redis_url
    live._redis.cache_clear()


async def test_what_a_worker_publishes_reaches_a_page_of_another_process(on_redis: str) -> None:
    stream = live.changes(live.topic_of(424242))

    async def next_change() -> live.Change:
        async for change in stream:
            if change is not None:
                return change
        raise AssertionError("the stream ended")

    assert await asyncio.wait_for(next_change(), 5) == live.Change("execution:424242")
    script = "import redis,sys; redis.Redis.from_url(sys.argv[1]).publish('durascope:execution:424242', sys.argv[2])"
    message = '{"revision": 17, "finished": true}'
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script, on_redis, message], check=True)
    assert await asyncio.wait_for(next_change(), 5) == live.Change("execution:424242", 17, True)
    await stream.aclose()  # type: ignore[attr-defined]


async def test_an_open_page_outlives_a_redis_that_stops_and_hears_of_what_it_may_have_missed(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = OwnRedis()
    await asyncio.to_thread(server.start)
    settings.REDIS_URL = server.url
    monkeypatch.setattr(live, "_HEARTBEAT", 0.2)
    monkeypatch.setattr(live, "_AGAIN", 0.1)
    stream = live.changes(live.LIST)
    try:
        assert await asyncio.wait_for(anext(stream), 5) == live.Change(live.LIST)
        server.stop()
        for _ in range(3):
            assert await asyncio.wait_for(anext(stream), 5) is None
        await asyncio.to_thread(server.start)

        async def next_change() -> live.Change:
            while (change := await anext(stream)) is None:
                pass
            return change

        assert await asyncio.wait_for(next_change(), 5) == live.Change(live.LIST)
        await asyncio.to_thread(redis.Redis.from_url(server.url).publish, "durascope:list", '{"revision": 3}')
        assert await asyncio.wait_for(next_change(), 5) == live.Change(live.LIST, 3)
    finally:
        await stream.aclose()
        server.stop()


def test_publishing_without_redis_is_logged_and_breaks_nothing(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]
    live._redis.cache_clear()
    with pytest.raises(redis.ConnectionError):
        live._redis().ping()
    live.executions_changed()
    live._redis.cache_clear()
