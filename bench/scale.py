"""Server time of the list page with a million executions and with ten million, against a "hello" view: PostgreSQL
and SQLite.

Each database is made for this and dropped again; the rows are made inside the database, as copies of one. PostgreSQL
is where TEST_DATABASE_URL says; without it only SQLite is measured. `BENCH_SCALE` has the sizes for PostgreSQL (default
1000000; add ten million as 1000000,10000000: it takes some minutes and 10 GB), `BENCH_SCALE_SQLITE` the one for SQLite.
"""

import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bench import report
from bench.pages import serve, session_of

SIZES = [int(size) for size in os.environ.get("BENCH_SCALE", "1000000").split(",")]
SQLITE_SIZE = int(os.environ.get("BENCH_SCALE_SQLITE", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "150"))
FUNCTIONS = 20
BYTES_A_ROW = 1500
"""Of disk, with indexes and what filling takes meanwhile."""
GOAL, GROWTH_GOAL = 4.0, 1.1


def main() -> int:
    if len(sys.argv) > 1:
        print(_make_one(int(sys.argv[1])))
        return 0
    print(f"machine: {report.machine()}", flush=True)
    codes = []
    if server := os.environ.get("TEST_DATABASE_URL"):
        _disk_for(sum(SIZES), Path("/"))
        with ExitStack() as made:
            codes.append(_compare("PostgreSQL", {size: made.enter_context(_postgresql(server)) for size in SIZES}))
    with tempfile.TemporaryDirectory() as folder:
        _disk_for(SQLITE_SIZE, Path(folder))
        codes.append(_compare("SQLite", {SQLITE_SIZE: f"sqlite:///{Path(folder) / 'bench.sqlite3'}"}))
    return max(codes)


def _disk_for(rows: int, place: Path) -> None:
    free = shutil.disk_usage(place).free
    if free < 2 * rows * BYTES_A_ROW:
        raise SystemExit(f"{rows:,} rows may take {rows * BYTES_A_ROW / 1e9:.0f} GB, and {free / 1e9:.0f} GB are free.")


@contextmanager
def _postgresql(server: str) -> Iterator[str]:
    """A database, dropped again at the end."""
    import psycopg

    name = f"durascope_bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _compare(what: str, databases: dict[int, str]) -> int:
    """Fill each, then measure all of them in turn, so that the machine's moods hit all alike."""
    with ExitStack() as open_servers:
        servers: dict[int, tuple[int, str]] = {}
        for size, url in databases.items():
            began = time.monotonic()
            ours = {"DATABASE_URL": url, "REDIS_URL": "", "SECRET_KEY": "bench " * 8, "CONNECTIONS_FILE": ""}
            os.environ |= {**ours, "DJANGO_SETTINGS_MODULE": "dashboard.settings"}
            # In a process of its own: Django's settings are read once.
            command = [sys.executable, "-m", "bench.scale", str(size)]
            session = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()[-1]
            print(f"{what}: {size:,} executions, filled in {time.monotonic() - began:.0f} s", flush=True)
            servers[size] = (open_servers.enter_context(serve()), session)
        return _measure(what, servers)


def _make_one(size: int) -> str:
    """Fill the database of this process; -> a session key."""
    import django

    django.setup()
    from django.core.management import call_command

    from tests import factories

    call_command("migrate", verbosity=0)
    session = session_of("viewer")
    template = factories.execution(factories.function("function-0"), "SUCCEEDED", history_complete=True)
    for number in range(1, FUNCTIONS):
        factories.function(f"function-{number}")
    _fill(template.pk, 0, size)
    return session


def _fill(template: int, first: int, last: int) -> None:
    """Copies of one execution, a second apart, over all functions; one in twenty failed, one in 5,000 still runs."""
    from django.db import connection

    from executions.models import Execution, Function

    lowest = Function.objects.order_by("pk").values_list("pk", flat=True)[0]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            series = f"generate_series({first + 1}, {last}) AS s(i)"
            back, text = "t.started_at - i * interval '1 second'", "i::text"
        else:
            series = (
                f"(WITH RECURSIVE s(i) AS (SELECT {first + 1} UNION ALL SELECT i + 1 FROM s WHERE i < {last}) "
                "SELECT i FROM s)"
            )
            back, text = "strftime('%Y-%m-%d %H:%M:%f', t.started_at, '-' || i || ' seconds')", "i"
        changed = {
            "function_id": f"{lowest} + i % {FUNCTIONS}",
            "arn": f"t.arn || '-' || {text}",
            "name": f"'order-' || {text}",
            "status": "CASE WHEN i % 5000 = 1 THEN 'RUNNING' WHEN i % 20 = 3 THEN 'FAILED' ELSE 'SUCCEEDED' END",
            "started_at": back,
            "ended_at": f"CASE WHEN i % 5000 = 1 THEN NULL ELSE {back} END",
        }
        columns = [field.column or "" for field in Execution._meta.concrete_fields if not field.primary_key]
        values = ", ".join(changed.get(column, f"t.{column}") for column in columns)
        made_later = _without_indexes(cursor) if connection.vendor == "postgresql" else []
        cursor.execute(
            f"INSERT INTO executions_execution ({', '.join(columns)}) "
            f"SELECT {values} FROM executions_execution t, {series} WHERE t.id = {template}"
        )
        for statement in made_later:
            cursor.execute(statement)
        cursor.execute("DELETE FROM executions_statuscount")
        cursor.execute(
            "INSERT INTO executions_statuscount (function_id, status, executions) "
            "SELECT function_id, status, count(*) FROM executions_execution GROUP BY function_id, status"
        )
        cursor.execute("VACUUM ANALYZE executions_execution" if connection.vendor == "postgresql" else "ANALYZE")


def _without_indexes(cursor: Any) -> list[str]:
    """Filling is faster without them and without looking up each row's function; -> how they are made again."""
    cursor.execute("SET session_replication_role = replica")
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'executions_execution' "
        "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]


def _measure(what: str, servers: dict[int, tuple[int, str]]) -> int:
    paths = {
        "hello (floor)": "/bench/hello/",
        "list page": "/executions/",
        "list page, running": "/executions/?status=RUNNING",
        "list page, one function, failed": "/executions/?function=function-3&status=FAILED",
    }
    connections = {size: http.client.HTTPConnection("127.0.0.1", port) for size, (port, _) in servers.items()}

    def get(size: int, path: str) -> float:
        began = time.perf_counter()
        headers = {"Cookie": f"sessionid={servers[size][1]}", "Accept-Encoding": "gzip"}
        connections[size].request("GET", path, headers=headers)
        answer = connections[size].getresponse()
        answer.read()
        assert answer.status == 200, (path, answer.status)
        return time.perf_counter() - began

    for path in list(paths.values()) * 5:
        for size in servers:
            get(size, path)
    timings: dict[int, dict[str, list[float]]] = {size: {name: [] for name in paths} for size in servers}
    for _ in range(ROUNDS):
        for name, path in paths.items():
            for size in servers:
                timings[size][name].append(get(size, path))
    ratios = []
    for size, rows in timings.items():
        title = f"{what}, {size:,} executions: server time, {ROUNDS} rounds in turn"
        ratios.append(report.rows(title, rows, "hello (floor)")["list page"])
    print(f"list page: {ratios[0]:.2f} x hello (goal: at most {GOAL:g})")
    if len(ratios) > 1:
        print(f"with {max(servers):,}: {ratios[-1] / ratios[0]:.2f} of that (goal: {GROWTH_GOAL})")
    return 0 if ratios[0] <= GOAL and ratios[-1] <= ratios[0] * GROWTH_GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
