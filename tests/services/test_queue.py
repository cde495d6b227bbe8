"""The queue in Redis: neither a lost connection nor what was in a worker's hands then ends a worker or a beat."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis

from tests.services.servers import OwnRedis

pytestmark = [pytest.mark.services]
ROOT = Path(__file__).resolve().parents[2]
THREADS = 2
ATTEMPTS = 5
"""Connections, one after another, after which somebody who does not ask for ever would have given up."""
Running = subprocess.Popen[bytes]


@pytest.fixture
def server() -> Iterator[OwnRedis]:
    """Not started yet."""
    made = OwnRedis()
    yield made
    made.stop()


@contextmanager
def celery(server: OwnRedis, folder: Path, *command: str) -> Iterator[Running]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "PYTEST_"))}
    environment = {**kept, "REDIS_URL": server.url, "DATABASE_URL": f"sqlite:///{folder}/db", "SECRET_KEY": "k" * 40}
    environment |= {"TMPDIR": str(folder / "left"), "LOG_LEVEL": "ERROR"}
    (folder / "left").mkdir()
    started = [sys.executable, "-m", "celery", "-A", "dashboard", *command, "--loglevel", "CRITICAL"]
    running = subprocess.Popen(started, cwd=ROOT, env=environment)
    yield running
    running.kill()
    running.wait()


def worker(server: OwnRedis, folder: Path) -> AbstractContextManager[Running]:
    return celery(server, folder, "worker", "-P", "threads", "-c", str(THREADS), "-I", "tests.services.holding")


def wait_for(what: str, ready: Callable[[], bool], running: Running) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert running.poll() is None, f"it ended by itself with {running.returncode}"
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.05)


def waiting(server: OwnRedis) -> int:
    return int(Redis.from_url(server.url).llen("celery"))  # type: ignore[arg-type]


def turn_away(server: OwnRedis, running: Running) -> None:
    """Until it has asked in vain again and again, however long it takes to begin."""
    with socket.create_server(("127.0.0.1", server.port)) as door:
        door.settimeout(60)
        for _ in range(ATTEMPTS):
            door.accept()[0].close()
            assert running.poll() is None, f"it ended by itself with {running.returncode}"


def fill(server: OwnRedis, running: Running, folder: Path) -> None:
    """Each thread of the worker is busy until there is a file "go", and one more task is in its hands."""
    queue = Celery(broker=server.url)
    for number in range(THREADS):
        queue.send_task("tests.hold", (str(folder / "go"), str(folder / f"begun-{number}")))
    wait_for("busy threads", lambda: len([*folder.glob("begun-*")]) == THREADS, running)
    queue.send_task("tests.touch", (str(folder / "in-hand"),))
    wait_for("a task in its hands", lambda: waiting(server) == 0, running)


def test_a_worker_with_tasks_in_its_hands_outlives_its_redis(server: OwnRedis, tmp_path: Path) -> None:
    server.start()
    with worker(server, tmp_path) as running:
        fill(server, running, tmp_path)
        server.stop()
        server.start()
        Celery(broker=server.url).send_task("tests.touch", (str(tmp_path / "sent-afterwards"),))
        wait_for("a new connection", lambda: waiting(server) == 0, running)
        (tmp_path / "go").touch()
        for name in ("in-hand", "sent-afterwards"):
            wait_for(name, (tmp_path / name).exists, running)
        running.terminate()
        assert running.wait(30) == 0
    assert not [*(tmp_path / "left").iterdir()], "nothing is written about what could not be put back"


def test_a_worker_leaves_to_others_what_it_cannot_begin_yet(server: OwnRedis, tmp_path: Path) -> None:
    server.start()
    with worker(server, tmp_path) as running:
        fill(server, running, tmp_path)
        for number in range(3 * THREADS):
            Celery(broker=server.url).send_task("tests.touch", (str(tmp_path / f"left-{number}"),))
        time.sleep(1)
        assert waiting(server) > 2 * THREADS


def test_a_worker_that_is_asked_to_end_loses_nothing_that_it_has_not_begun(server: OwnRedis, tmp_path: Path) -> None:
    server.start()
    with worker(server, tmp_path) as running:
        fill(server, running, tmp_path)
        running.terminate()
        time.sleep(1)
        (tmp_path / "go").touch()
        assert running.wait(30) == 0
    assert waiting(server) == 1 or (tmp_path / "in-hand").exists(), "it is back in the queue, or was done after all"


def test_a_worker_that_is_started_before_its_redis_begins_when_that_is_there(server: OwnRedis, tmp_path: Path) -> None:
    with worker(server, tmp_path) as running:
        turn_away(server, running)
        server.start()
        Celery(broker=server.url).send_task("tests.touch", (str(tmp_path / "done"),))
        wait_for("its first task", (tmp_path / "done").exists, running)


def test_a_beat_that_is_started_before_its_redis_begins_when_that_is_there(server: OwnRedis, tmp_path: Path) -> None:
    with celery(server, tmp_path, "beat", "--schedule", "") as running:
        turn_away(server, running)
        server.start()
        wait_for("its first beat", lambda: waiting(server) > 0, running)
        server.stop()
        time.sleep(1)
        server.start()
        wait_for("a beat after an outage", lambda: waiting(server) > 0, running)
