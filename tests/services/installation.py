"""A whole installation in production form, against a fake Lambda API that knows the truth: PostgreSQL and Redis of its
own, two workers, two beats and two web processes.
"""

import http.client
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.test import Client

from dashboard import env
from tests import factories
from tests.faults.conftest import environment, our_share
from tests.faults.oracle import Oracle
from tests.faults.server import Api, Server
from tests.services.servers import OwnPostgres, OwnRedis, free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""Seconds within which the mirror must be true again."""
WINDOW, LATE = 5, 3
"""Seconds over which calls are counted, and how many may have been let through before and arrive in them."""
WORKER = ["celery", "-A", "dashboard", "worker", "-P", "threads", "-c", "8", "--loglevel", "WARNING"]
BEAT = ["celery", "-A", "dashboard", "beat", "--loglevel", "CRITICAL", "--schedule", ""]


class Installation:
    """Processes by name: worker-1, worker-2, beat-1, beat-2, web."""

    def __init__(self, served: Server, api: Api, redis: OwnRedis, postgres: OwnPostgres) -> None:
        self.api, self.redis, self.postgres = api, redis, postgres
        api.calls_left = 10**9
        self.oracle = Oracle(api)
        self.port, self.cookie = free_port(), ""
        self.chance = random.Random(7)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.serving: dict[int, list[str]] = {}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
        self.environment = {**kept, **environment(served.endpoint), "DATABASE_URL": postgres.url}
        self.environment |= {"REDIS_URL": redis.url, "SECRET_KEY": settings.SECRET_KEY, "LOG_LEVEL": "ERROR"}

    # --- its processes ---

    def start(self, name: str) -> None:
        web = ["uvicorn", "dashboard.asgi:application", "--port", str(self.port), "--workers", "2"]
        web += ["--timeout-graceful-shutdown", "5", "--timeout-worker-healthcheck", "30", "--log-level", "error"]
        command = {"worker": [*WORKER, "-n", f"{name}@test"], "beat": BEAT, "web": web}[name.split("-")[0]]
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", "tests.services.hasty", *command], cwd=ROOT, env=self.environment
        )

    def start_all(self) -> None:
        command = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(command, cwd=ROOT, env=self.environment, check=True)
        for name in ("worker-1", "worker-2", "beat-1", "beat-2", "web"):
            self.start(name)
        client = Client()
        client.force_login(factories.user("viewer"))
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        deadline = time.monotonic() + 60
        while self.get("/readyz") != 200:
            assert time.monotonic() < deadline, "the web never came up"
            time.sleep(0.2)

    def all_run(self) -> None:
        """Whatever is away, no process ends by itself, and the web server had to replace none of those that serve."""
        ended = {name: process.returncode for name, process in self.processes.items() if process.poll() is not None}
        assert not ended, f"ended by themselves, with these exit codes: {ended}"
        if web := self.processes.get("web"):
            children = Path(f"/proc/{web.pid}/task/{web.pid}/children").read_text().split()
            assert self.serving.setdefault(web.pid, children) == children

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM, *, seconds: float = 30.0) -> int:
        """-> its exit code; AssertionError when it takes longer."""
        process = self.processes.pop(name)
        process.send_signal(how)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{name} did not end within {seconds} seconds") from None

    def end(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    # --- what people see ---

    def open(self, path: str) -> http.client.HTTPResponse:
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=25)
        asking.request("GET", path, headers={"Cookie": self.cookie, "Connection": "close"})
        return asking.getresponse()

    def get(self, path: str) -> int:
        """The status of an answer, 0 without one."""
        try:
            with self.open(path) as answer:
                answer.read()
                return answer.status
        except OSError:
            return 0

    # --- the truth ---

    def live(self, seconds: float, *, happenings: int = 2) -> None:
        """The world goes on for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.api.world.grow(self.chance.randint(0, happenings))
            time.sleep(0.1)
        self.all_run()

    def becomes_true(self) -> None:
        """Nothing happens any more: the mirror must become what the truth is, and the budget must have been kept."""
        world = self.api.world
        with world.lock:
            for run in world.runs.values():
                if run.ended and not any(event["EventType"] == "InvocationCompleted" for event in run.events[-2:]):
                    world.invocation(run)  # otherwise its code could run on for a quarter of an hour
        deadline = time.monotonic() + PATIENCE
        while found := self.oracle.differences():
            assert time.monotonic() < deadline, "\n".join(["The mirror never became true:", *found[:20]])
            time.sleep(0.5)
            self.oracle.observe()
        assert not self.oracle.wrong, "\n".join(self.oracle.wrong[:20])
        # From the budget to the service a call takes now more and now less, the more so on a busy machine.
        most = {api: WINDOW * a_second + LATE for api, a_second in our_share().items()}
        assert not self.oracle.over_budget(most, window=WINDOW)
        assert not self.api.violations
        self.all_run()


@contextmanager
def looking_at(url: str) -> Iterator[None]:
    """This process's models are those of the database at this URL, by connections that live as long as a question."""
    ours: Any = connections.settings
    known = ours["default"]
    theirs = {**known, **env._database(url), "CONN_MAX_AGE": 0}
    theirs["OPTIONS"] = {}
    connections["default"].close()
    del connections["default"]
    ours["default"] = theirs
    try:
        yield
    finally:
        connections["default"].close()
        del connections["default"]
        ours["default"] = known
