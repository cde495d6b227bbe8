"""Server time of the list page (100,000 executions) and the execution page (3,000 operations) against a "hello" view.

One uvicorn process on SQLite; requests one at a time over one connection, the views in turn, so that the machine's
moods hit all alike.
"""

import gzip
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import report

EXECUTIONS = int(os.environ.get("BENCH_EXECUTIONS", "100000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "150"))
BIG = 40
"""Copies of the big execution: each can be opened cold once."""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        session, big = _fill()
        with serve() as port:
            _measure(port, session, big)
    return 0


@contextmanager
def serve_big(folder: Path) -> Iterator[tuple[int, str, int]]:
    """A server with one execution of 3,000 operations: (port, a viewer's session key, its id)."""
    prepare(folder)
    from tests import factories

    big = _big_execution(factories.function("function-0"))
    with serve() as port:
        yield port, session_of("viewer"), big


def prepare(folder: Path) -> None:
    """An empty database in this folder, for this process and those that it starts."""
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'bench.sqlite3'}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
    os.environ["REDIS_URL"] = ""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def session_of(role: str) -> str:
    """The session key of somebody who is logged in."""
    from django.contrib.auth import SESSION_KEY
    from django.test import Client

    from tests import factories

    client = Client()
    client.force_login(factories.user(role))
    assert SESSION_KEY in client.session
    return client.cookies["sessionid"].value


def _fill() -> tuple[str, list[int]]:
    """-> a session key, and the ids of the big executions."""
    from tests import factories

    functions = [factories.function(f"function-{number}") for number in range(20)]
    for number, function in enumerate(functions):
        share = EXECUTIONS // len(functions)
        failed = share // 20
        factories.executions(function, share - failed, started_at=factories.ago(100 + number))
        factories.executions(
            function, failed, "FAILED", started_at=factories.ago(50 + number), error_type="PaymentError"
        )
    big = [_big_execution(functions[0]) for _ in range(BIG)]
    return session_of("viewer"), big


def _big_execution(function: object) -> int:
    from executions import history_pages
    from executions.domain.events import parse_events
    from executions.domain.operations import fold
    from executions.models import HistoryPage
    from tests import factories
    from tests.histories import big_history

    events = big_history(operations=3000)
    history = fold(parse_events(events))
    execution = factories.execution(
        function,  # type: ignore[arg-type]
        "SUCCEEDED",
        contiguous_through=len(events),
        last_event_id=len(events),
        operation_count=len(history.operations),
        history_complete=True,
        revision=1,
    )
    for start in range(0, len(events), history_pages.PAGE_EVENTS):
        part = events[start : start + history_pages.PAGE_EVENTS]
        body, payloads = history_pages.encode(part)
        number = start // history_pages.PAGE_EVENTS
        HistoryPage.objects.create(
            execution=execution, number=number, event_count=len(part), events=body, payloads=payloads
        )
    return int(execution.pk)


@contextmanager
def serve() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "uvicorn", "bench.server:application", "--lifespan", "off"),
        *("--port", str(port), "--log-level", "error"),
    ]
    process = subprocess.Popen(command)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), 0.2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


def _measure(port: int, session: str, big: list[int]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Cookie": f"sessionid={session}", "Accept-Encoding": "gzip"}

    def get(path: str) -> tuple[float, bytes]:
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status)
        return time.perf_counter() - began, body

    paths = {
        "hello (floor)": "/bench/hello/",
        f"list page, {EXECUTIONS:,} executions": "/executions/",
        "list page, one function, failed": "/executions/?function=function-3&status=FAILED",
        "overview": "/",
        "execution page, 3,000 operations": f"/executions/{big[0]}/",
        "its next 60 rows": f"/executions/{big[0]}/rows/?from=60",
    }
    for path in paths.values():
        for _ in range(5):
            get(path)
    timings: dict[str, list[float]] = {name: [] for name in paths}
    sizes: dict[str, int] = {}
    cold = "execution page, 3,000 operations, first opening"
    timings[cold] = []
    unopened = big[1:]
    for number in range(ROUNDS):
        for name, path in paths.items():
            seconds, body = get(path)
            timings[name].append(seconds)
            sizes[name] = len(body)
        if unopened and number % max(1, ROUNDS // BIG) == 0:
            timings[cold].append(get(f"/executions/{unopened.pop()}/")[0])
    print(f"machine: {report.machine()}")
    report.rows(f"Server time, {ROUNDS} rounds in turn", timings, "hello (floor)")
    print("\nSizes as sent (gzip)")
    for name, path in paths.items():
        raw = gzip.decompress(get(path)[1]) if sizes[name] > 300 else b""
        print(f"{name:44}{sizes[name] / 1024:9.1f} KB  ({len(raw) / 1024:.1f} KB of HTML)")


if __name__ == "__main__":
    sys.exit(main())
