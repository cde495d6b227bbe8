"""A process that is to end finishes the calls it has begun, waits for no others, and what it left is done later."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery.signals import worker_shutting_down
from django.conf import settings

from executions.gateway import budget
from executions.gateway.errors import OverBudget
from executions.models import Connection, Execution, Trouble
from executions.sync import trouble
from tests import factories
from tests.faults.conftest import Scene, environment
from tests.faults.server import Server
from tests.faults.test_crashes import database_url

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _goes_on_afterwards() -> Iterator[None]:
    yield
    budget.stopping.clear()


def test_who_waits_for_a_place_in_the_budget_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def no_place(*_: object) -> float:
        asked.set()
        return 30.0

    monkeypatch.setattr(budget, "_ask", no_place)
    failures: list[Exception] = []

    def wait() -> None:
        try:
            budget.acquire("default", "list", patience=600)
        except OverBudget as error:
            failures.append(error)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    assert asked.wait(10)
    budget.stopping.set()
    waiting.join(20)
    assert "stopping" in str(failures[0])


def test_a_worker_that_is_asked_to_end_gives_out_no_more_places() -> None:
    worker_shutting_down.send(sender="worker", sig="SIGTERM", how="Warm", exitcode=0)
    with pytest.raises(OverBudget):
        budget.acquire("default", "list")


def test_nobody_gets_a_place_any_more_and_no_banner_says_so() -> None:
    budget.stopping.set()
    with pytest.raises(OverBudget) as raised:
        budget.acquire("default", "list")
    trouble.note(factories.connection(), "list functions", raised.value, now=factories.ago())
    assert Connection.objects.exists() and not Trouble.objects.exists()


def test_one_process_with_more_work_than_budget_ends_at_once_and_goes_on_later(scene: Scene, served: Server) -> None:
    mirror = scene(functions=2, flowing=True)
    mirror.api.calls_left = 10**6
    for number in range(40):
        run = mirror.api.world.start(f"function-{number % 2}")
        mirror.api.world.step(run)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    ours = {**os.environ, **environment(served.endpoint), "DATABASE_URL": database_url(), "REDIS_URL": ""}
    ours |= {"BUDGET_SHARE": "0.07", "SECRET_KEY": settings.SECRET_KEY, "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "-m", "uvicorn", "dashboard.asgi:application", "--port", port, "--log-level", "error"]
    running = subprocess.Popen(command, cwd=ROOT, env=ours)
    try:
        deadline = time.monotonic() + 60
        while sum(1 for api, _ in mirror.api.calls if api == "history") < 2:
            assert time.monotonic() < deadline, "it never began to read"
            time.sleep(0.2)
        running.send_signal(signal.SIGTERM)
        # A place in the budget is waited for up to a minute; what has begun takes a few seconds.
        running.wait(30)
    finally:
        running.kill()
    assert Execution.objects.filter(history_complete=False).exists() and not Trouble.objects.exists()
    mirror.clock.freeze()
    mirror.catch_up()
