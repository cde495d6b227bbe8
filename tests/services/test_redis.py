"""What is shared through Redis: the call budget, the live feed, who is watching."""

import asyncio
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from executions import live
from executions.gateway import budget

pytestmark = [pytest.mark.services]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def on_redis(redis_url: str, settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    settings.REDIS_URL = redis_url  # type: ignore[attr-defined]
    budget._limiter.cache_clear()
    live._redis.cache_clear()
    yield redis_url
    budget._limiter.cache_clear()
    live._redis.cache_clear()


CALLER = """
import os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
import django
django.setup()
from executions.gateway import budget
end = time.monotonic() + 3
while time.monotonic() < end:
    budget.acquire(sys.argv[1], "history", patience=10)
    print(time.time(), flush=True)
"""


def test_processes_together_never_exceed_the_budget_in_any_second(on_redis: str, tmp_path: Path) -> None:
    connection = f"test-{uuid.uuid4()}"
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "REDIS_URL": on_redis,
        "SECRET_KEY": "k" * 40,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'unused.sqlite3'}",
    }
    processes = [
        subprocess.Popen([sys.executable, "-c", CALLER, connection], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    times = sorted(float(line) for process in processes for line in process.communicate(timeout=60)[0].split())
    allowed = budget.calls_per_second("default", "history")
    assert len(times) >= 2 * allowed, "the budget was not even used"
    # A process may print a moment after it was let through; half a window is a generous bound for that.
    worst = max(sum(1 for at in times if start <= at < start + 0.5) for start in times)
    assert worst <= allowed


def test_a_pause_stops_calls_until_it_is_over(on_redis: str) -> None:
    connection = f"test-{uuid.uuid4()}"
    budget.pause(connection, "list", 0.4)
    began = time.monotonic()
    budget.acquire(connection, "list")
    assert time.monotonic() - began >= 0.39


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
    message = '{"event_id": 17, "finished": true}'
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
