"""The embedded form as a process of its own: SQLite, no Redis, worker and beat inside the web server."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.clock import Clock
from tests.faults.conftest import environment
from tests.faults.conftest import served as served  # a fixture, used below
from tests.faults.server import Api, Server
from tests.faults.world import World
from tests.services.servers import free_port

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def world(served: Server) -> Iterator[World]:
    served.api = Api(World(Clock(flowing=True), seed=1, functions=1))
    served.api.calls_left = 10**9
    yield served.api.world
    served.api = None


def test_an_installation_that_was_killed_takes_up_at_once_what_it_had_in_hand(
    served: Server, world: World, tmp_path: Path
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DJANGO_", "PYTEST_"))}
    env = {**kept, **environment(served.endpoint), "REDIS_URL": "", "SECRET_KEY": "k" * 40, "LOG_LEVEL": "ERROR"}
    env["DATABASE_URL"] = f"sqlite:///{tmp_path}/db.sqlite3"
    run = world.start()
    for command in (["migrate", "-v0"], ["sync", "--once"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True, capture_output=True)

    def ask(sql: str) -> int:
        with sqlite3.connect(tmp_path / "db.sqlite3", timeout=30) as database:
            row = database.execute(sql).fetchone()
        return int(row[0]) if row else 0

    assert ask("SELECT last_event_id FROM executions_execution") == 1
    # As a killed process leaves them, except that these claims last longer than this test waits.
    ask("UPDATE executions_function SET list_claimed_until = '2999-01-01'")
    ask("UPDATE executions_execution SET history_claimed_until = '2999-01-01'")
    world.step(run)
    world.start()
    command = [sys.executable, "-m", "uvicorn", "dashboard.asgi:application", "--port", str(free_port())]
    process = subprocess.Popen([*command, "--log-level", "error"], cwd=ROOT, env=env)
    try:
        deadline = time.monotonic() + 90
        while ask("SELECT count(*) + max(last_event_id) FROM executions_execution") < 2 + 3:
            assert process.poll() is None, "it ended by itself"
            assert time.monotonic() < deadline, "what was claimed is never read"
            time.sleep(0.3)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
