"""Memory of the one embedded process (web, worker, beat, mirror): idle, and in a soak at some executions a second.

A Lambda API of the tests tells of executions that start, take a step and end; a person opens the list now and then.
The database grows, and may; the process must not. `BENCH_SOAK_MINUTES` (0: none) and `BENCH_SOAK_RATE` change it.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import report

MINUTES = float(os.environ.get("BENCH_SOAK_MINUTES", "20"))
RATE = float(os.environ.get("BENCH_SOAK_RATE", "5"))
IDLE_SECONDS = 40
IDLE_GOAL_MB, GROWTH_GOAL = 150, 1.05
LASTS, REMEMBERED = 3.0, 600.0
"""Seconds that an execution lasts, and for which the service remembers one that has ended."""


def main() -> int:
    if 0 < MINUTES < 1:
        sys.exit("BENCH_SOAK_MINUTES must be 0 or at least 1: in less time there is nothing to compare.")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        os.environ |= {"DJANGO_SETTINGS_MODULE": "dashboard.settings", "REDIS_URL": "", "CONNECTIONS_FILE": ""}
        session = _prepare()
        from tests.faults.clock import Clock
        from tests.faults.server import Api, serving
        from tests.faults.world import World

        with serving() as served:
            world = World(Clock(flowing=True), functions=10, most_runs=10**9)
            served.api = Api(world)
            served.api.calls_left = 10**12
            with _embedded(served.endpoint) as (process, port):
                _visit(port, session)
                time.sleep(IDLE_SECONDS)
                idle = _rss(process.pid)
                print(f"machine: {report.machine()}")
                print(f"\nEmbedded, idle, 10 functions: {idle:.0f} MB (goal: at most {IDLE_GOAL_MB})", flush=True)
                grown = _soak(process.pid, port, session, served.api) if MINUTES else 1.0
    return 0 if idle <= IDLE_GOAL_MB and grown <= GROWTH_GOAL else 1


def _prepare() -> str:
    """-> a session key."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client

    from tests import factories

    call_command("migrate", verbosity=0)
    client = Client()
    client.force_login(factories.user("viewer"))
    connections.close_all()
    return str(client.cookies["sessionid"].value)


@contextmanager
def _embedded(endpoint: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL_LAMBDA": endpoint,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "BUDGET_SHARE": "1",
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "uvicorn", "dashboard.asgi:application", "--port", str(port)]
    process = subprocess.Popen([*command, "--log-level", "error"], env=environment)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield process, port
    finally:
        process.terminate()
        process.wait(90)


def _visit(port: int, session: str) -> None:
    for path in ("/", "/executions/", "/functions/", "/inbox/", "/connections/"):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Cookie": f"sessionid={session}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()


def _rss(pid: int) -> float:
    """Megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def _soak(pid: int, port: int, session: str, api: Any) -> float:
    """-> the last fifth's memory to that of the second fifth; the first one warms up."""
    over = threading.Event()
    threading.Thread(target=_happen, args=(api, over), daemon=True).start()
    samples: list[float] = []
    began = time.monotonic()
    while time.monotonic() < began + MINUTES * 60:
        time.sleep(5)
        _visit(port, session)
        samples.append(_rss(pid))
    over.set()
    from executions.models import Execution

    fifth = max(1, len(samples) // 5)
    parts = [statistics.median(samples[at : at + fifth]) for at in range(0, fifth * 5, fifth)]
    stored, complete = Execution.objects.count(), Execution.objects.filter(history_complete=True).count()
    print(f"Soak, {MINUTES:g} minutes at {RATE:g} executions/s: {stored:,} mirrored, {complete:,} complete")
    print("MB, medians of fifths: " + "  ".join(f"{part:.1f}" for part in parts))
    print(f"last to second: {parts[-1] / parts[1]:.3f} (goal: at most {GROWTH_GOAL})", flush=True)
    return parts[-1] / parts[1]


def _happen(api: Any, over: threading.Event) -> None:
    """Executions start and end at the rate; the service forgets those that ended long ago."""
    world, going, ended, number = api.world, deque[Any](), deque[Any](), 0
    began = time.monotonic()
    while not over.wait(0.05):
        now = time.monotonic()
        while number < (now - began) * RATE:
            run = world.start(f"function-{number % 10}")
            number += 1
            world.step(run)
            going.append((now, run))
        while going and going[0][0] < now - LASTS:
            run = going.popleft()[1]
            world.step(run)
            world.end(run)
            ended.append((now, run))
        while ended and ended[0][0] < now - REMEMBERED:
            with world.lock:
                world.runs.pop(ended.popleft()[1].arn)
        if len(api.calls) > 50_000:
            with world.lock:
                del api.calls[:-5000]


if __name__ == "__main__":
    sys.exit(main())
