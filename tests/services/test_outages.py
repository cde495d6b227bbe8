"""Servers that stop, are emptied and are started again, workers that are killed: afterwards the mirror is the truth,
and AWS was never asked more than the budget allows. Everything is real but AWS.
"""

import signal
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from redis import Redis

from tests.faults.clock import Clock
from tests.faults.conftest import served as served  # a fixture, used below
from tests.faults.server import Api, Server
from tests.faults.world import World
from tests.services.installation import Installation, looking_at
from tests.services.servers import OwnPostgres, OwnRedis

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]
PAGES = ("/", "/executions/", "/functions/", "/inbox/", "/connections/", "/readyz")


@pytest.fixture(scope="module")
def installed(served: Server, django_db_blocker: "pytest.FixtureRequest") -> Iterator[Installation]:
    redis, postgres = OwnRedis(), OwnPostgres()
    with pytest.MonkeyPatch.context() as patched, django_db_blocker.unblock():  # type: ignore[attr-defined]
        patched.setattr(settings, "SECRET_KEY", "k" * 40)
        patched.setattr(settings, "REDIS_URL", "")
        served.api = Api(World(Clock(flowing=True), seed=3, functions=3, most_runs=40))
        redis.start()
        postgres.start()
        made = Installation(served, served.api, redis, postgres)
        try:
            with looking_at(postgres.url):
                made.start_all()
                yield made
        finally:
            made.end()
            redis.stop()
            postgres.remove()
            served.api = None


def test_two_of_everything_mirror_the_truth_within_the_budget(installed: Installation) -> None:
    installed.live(4)
    installed.becomes_true()
    assert {installed.get(path) for path in PAGES} == {200}


def test_without_redis_the_pages_serve_and_what_has_happened_is_there_afterwards(installed: Installation) -> None:
    installed.live(1)
    installed.redis.stop()
    installed.live(3)
    assert {path: installed.get(path) for path in PAGES} == dict.fromkeys(PAGES, 200)
    installed.redis.start()
    installed.live(1)
    installed.becomes_true()


def test_a_redis_that_is_emptied_again_and_again_loses_nothing(installed: Installation) -> None:
    for _ in range(4):
        installed.live(0.8, happenings=4)
        Redis.from_url(installed.redis.url).flushall()
    installed.becomes_true()


def test_a_postgresql_that_is_restarted_in_mid_sync_loses_nothing(installed: Installation) -> None:
    asked = len(installed.api.calls)
    while len(installed.api.calls) < asked + 6:
        installed.live(0.1, happenings=6)
    connection.close()
    installed.postgres.stop()
    assert installed.get("/executions/") == installed.get("/readyz") == 503
    installed.live(1)
    installed.postgres.start()
    assert {path: installed.get(path) for path in PAGES} == dict.fromkeys(PAGES, 200)
    installed.becomes_true()


def test_a_worker_and_a_beat_that_are_killed_lose_nothing(installed: Installation) -> None:
    asked = len(installed.api.calls)
    while len(installed.api.calls) < asked + 4:
        installed.live(0.1, happenings=6)
    for name in ("worker-1", "beat-1"):
        assert installed.stop(name, signal.SIGKILL) == -signal.SIGKILL
    installed.live(1)
    installed.becomes_true()
    for name in ("worker-1", "beat-1"):
        installed.start(name)


def test_a_worker_and_a_web_process_that_are_asked_to_end_finish_what_they_do(installed: Installation) -> None:
    stream = installed.open("/live/")
    assert stream.readline().startswith(b"id:")
    installed.live(2, happenings=6)
    assert installed.stop("worker-2") == 0
    assert installed.stop("web") == 0, "an open stream keeps nothing alive"
    while stream.readline():
        pass
    installed.becomes_true()
    for name in ("worker-2", "web"):
        installed.start(name)
