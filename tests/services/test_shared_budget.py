"""The call budget in a real Redis: one for all processes, and kept when Redis is emptied or goes away."""

import os
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from redis import Redis

from executions.domain.lanes import Lane
from executions.gateway import budget
from executions.gateway.bucket import Bucket
from executions.gateway.errors import OverBudget
from tests.services.servers import OwnRedis

pytestmark = [pytest.mark.services]
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = (ROOT / "executions/gateway/bucket.lua").read_text()
CALLER = """
import os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
import django
django.setup()
from executions.gateway import budget
from executions.gateway.errors import OverBudget
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    try:
        budget.acquire(sys.argv[1], "history", patience=3)
    except OverBudget:
        continue
    print(time.time(), flush=True)
    budget.over()
"""


@pytest.fixture
def on_redis(redis_url: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    yield from _using(redis_url, settings, monkeypatch)


def _using(url: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    settings.REDIS_URL = url
    monkeypatch.setattr(budget, "_buckets", {})
    monkeypatch.setattr(budget, "_away_until", 0.0)
    budget._script.cache_clear()
    yield url
    budget._script.cache_clear()


@pytest.fixture
def own_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnRedis]:
    """A server of this test's own, which it may stop."""
    server = OwnRedis()
    server.start()
    for _ in _using(server.url, settings, monkeypatch):
        yield server
    server.stop()


def callers(url: str, tmp_path: Path, *, processes: int, seconds: float) -> tuple[str, list[subprocess.Popen[str]]]:
    connection = f"test-{uuid.uuid4()}"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "REDIS_URL": url,
        "SECRET_KEY": "k" * 40,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'unused.sqlite3'}",
    }
    command = [sys.executable, "-c", CALLER, connection, str(seconds)]
    return connection, [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]


def times_of(processes: list[subprocess.Popen[str]]) -> list[float]:
    return sorted(float(line) for process in processes for line in process.communicate(timeout=90)[0].split())


def worst(times: list[float], window: float = 0.8) -> int:
    """A process may print a moment after it was let through: a window a little shorter than a second is fair."""
    return max(sum(1 for at in times if start <= at < start + window) for start in times)


def test_processes_together_never_exceed_the_budget_and_use_it(on_redis: str, tmp_path: Path) -> None:
    _, running = callers(on_redis, tmp_path, processes=3, seconds=6)
    times, allowed = times_of(running), budget.calls_per_second("default", "history")
    assert worst(times) <= allowed
    busy = [at for at in times if times[0] + 2 <= at < times[0] + 5]
    assert len(busy) >= 2 * allowed, "the budget was not even used"


def test_what_aws_told_one_process_slows_the_others_down(on_redis: str, tmp_path: Path) -> None:
    connection, running = callers(on_redis, tmp_path, processes=2, seconds=8)
    time.sleep(4)
    for _ in range(3):
        budget.throttled(connection, "history", 0.0)
        time.sleep(1.05)
    state = budget.state(connection, "history")
    assert state is not None and state.part < 0.3
    since = time.time()
    late = [at for at in times_of(running) if at > since]
    assert worst(late or [0.0]) <= 2, "an eighth of the rate, and what has come back of it"


def test_a_pause_that_one_process_was_told_stops_another(on_redis: str) -> None:
    connection = f"test-{uuid.uuid4()}"
    budget.acquire(connection, "list")
    budget.over()
    budget.throttled(connection, "list", 1.0)
    began = time.monotonic()
    budget.acquire(connection, "list")
    assert time.monotonic() - began >= 0.98


def test_an_emptied_redis_gives_nobody_a_new_budget(own_redis: OwnRedis, tmp_path: Path) -> None:
    _, running = callers(own_redis.url, tmp_path, processes=3, seconds=7)
    client = Redis.from_url(own_redis.url)
    time.sleep(3)
    for _ in range(3):
        client.flushall()
        time.sleep(1.3)
    times = times_of(running)
    assert worst(times) <= budget.calls_per_second("default", "history") and len(times) > 7


def test_without_redis_the_processes_together_stay_within_the_budget(own_redis: OwnRedis, tmp_path: Path) -> None:
    _, running = callers(own_redis.url, tmp_path, processes=3, seconds=14)
    time.sleep(4)
    own_redis.stop()
    stopped = time.time()
    time.sleep(4)
    own_redis.start()
    back = time.time()
    times = times_of(running)
    assert worst(times) <= budget.calls_per_second("default", "history")
    assert any(stopped + 1 < at < back for at in times), "what people do goes on without Redis"
    assert sum(1 for at in times if at > back) > 7, "and everything goes on with it"


def test_while_redis_is_away_each_process_has_a_small_part(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in _using("redis://127.0.0.1:1/0", settings, monkeypatch):
        with pytest.raises(OverBudget):
            budget.acquire("test", "history", patience=0)  # what was counted in Redis is not a second old yet
        began = time.monotonic()
        budget.acquire("test", "history")
        budget.over()
        budget.acquire("test", "history")
        apart = budget.PROCESSES / budget.calls_per_second("test", "history")
        assert time.monotonic() - began >= apart and budget.state("test", "history") is None


steps = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.01, 0.125, 0.5, 1.5, 20.0]),
        st.sampled_from(["ask", "ask", "ask", "ask", "arrives", "arrives", "leave", "throttled", "close", "state"]),
        st.sampled_from(Lane),
        st.integers(0, 4),
    ),
    max_size=60,
)


@pytest.fixture(scope="module")
def script(redis_url: str) -> tuple[Redis, Any]:
    client = Redis.from_url(redis_url)
    return client, client.register_script(SCRIPT)


@how(max_examples=150, deadline=None)
@given(steps=steps, full=st.sampled_from([0.5, 1.0, 2.0, 7.0]))
def test_the_bucket_in_redis_and_the_one_in_the_process_are_the_same(
    script: tuple[Redis, Any], steps: list[tuple[float, str, Lane, int]], full: float
) -> None:
    client, redis = script
    keys = [f"test:{{{uuid.uuid4()}}}:{part}" for part in ("state", "places", "waiting")]
    bucket, now = Bucket(), 1024.0
    calls: Counter[int] = Counter()

    def both(ours: Any, what: str, *given: Any) -> None:
        theirs = redis(keys=keys, args=[what, repr(now), *given])
        theirs = [float(one) for one in theirs] if isinstance(theirs, list) else float(theirs)
        assert theirs == pytest.approx(ours or 0.0, abs=1e-9), (what, now)

    for later, what, lane, number in steps:
        now += later
        waiter = f"w{number} {calls[number]}"
        if what == "ask":
            wait = bucket.ask(now, full, lane, waiter)
            both(wait, "ask", full, int(lane), waiter)
            calls[number] += not wait
        elif what == "arrives":
            waiter = f"w{number} {calls[number] - 1}"
            bucket.arrives(now, waiter, number / 100)
            both(0.0, "arrives", waiter, number / 100)
        elif what == "leave":
            bucket.leave(waiter)
            both(0.0, "leave", waiter)
        elif what == "throttled":
            after = None if number < 3 else float(number)
            bucket.throttled(now, after, number / 4)
            both(0.0, "throttled", "" if after is None else after, number / 4)
        elif what == "close":
            bucket.close(now, number / 2)
            both(0.0, "close", number / 2)
        else:
            state = bucket.state(now, full)
            both([state.left, state.part, state.paused, *state.waiting.values()], "state", full)
    client.delete(*keys)
