"""What is shared through Redis: the live feed, who is watching. The call budget has test_shared_budget.py."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from executions import live

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

    async def first_change() -> live.Change:
        async for change in stream:
            if change is not None:
                return change
        raise AssertionError("the stream ended")

    waiting = asyncio.create_task(first_change())
    await asyncio.sleep(0.5)
    script = "import redis,sys; redis.Redis.from_url(sys.argv[1]).publish('durascope:execution:424242', sys.argv[2])"
    message = '{"revision": 17, "finished": true}'
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", script, on_redis, message], check=True)
    change = await asyncio.wait_for(waiting, 5)
    assert change == live.Change("execution:424242", 17, True)
    await stream.aclose()  # type: ignore[attr-defined]


def test_publishing_without_redis_is_logged_and_breaks_nothing(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]
    live._redis.cache_clear()
    with pytest.raises(redis.ConnectionError):
        live._redis().ping()
    live.executions_changed()
    live._redis.cache_clear()
