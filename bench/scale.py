"""Server time of the list page with a million executions and with ten, against a "hello" view: PostgreSQL and SQLite.

Each database is made for this and dropped again; the rows are made inside the database, as copies of one. PostgreSQL
is where TEST_DATABASE_URL says; without it only SQLite is measured. `BENCH_SCALE` has the sizes for PostgreSQL (default
1000000; add ten million as 1000000,10000000: it takes some minutes and 10 GB), `BENCH_SCALE_SQLITE` the one for SQLite.
"""

import http.client
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bench import report

SIZES = [int(size) for size in os.environ.get("BENCH_SCALE", "1000000").split(",")]
SQLITE_SIZE = int(os.environ.get("BENCH_SCALE_SQLITE", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "150"))
FUNCTIONS = 20
BYTES_A_ROW = 1500
"""Of disk, with indexes and what filling takes meanwhile."""
GOAL, GROWTH_GOAL = 4.0, 1.1


def main() -> int:
    if len(sys.argv) > 1:
        return _measure_one(sys.argv[1], [int(size) for size in sys.argv[2:]])
    print(f"machine: {report.machine()}", flush=True)
    codes = []
    if server := os.environ.get("TEST_DATABASE_URL"):
        _disk_for(max(SIZES), Path("/"))
        codes.append(_on_postgresql(server))
    with tempfile.TemporaryDirectory() as folder:
        _disk_for(SQLITE_SIZE, Path(folder))
        codes.append(_run(f"sqlite:///{Path(folder) / 'bench.sqlite3'}", [SQLITE_SIZE]))
    return max(codes)


def _disk_for(rows: int, place: Path) -> None:
    free = shutil.disk_usage(place).free
    if free < 2 * rows * BYTES_A_ROW:
        raise SystemExit(f"{rows:,} rows may take {rows * BYTES_A_ROW / 1e9:.0f} GB, and {free / 1e9:.0f} GB are free.")


def _on_postgresql(server: str) -> int:
    import psycopg

    name = f"durascope_bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            return _run(urlunsplit(urlsplit(server)._replace(path=f"/{name}")), SIZES)
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _run(url: str, sizes: list[int]) -> int:
    """In a process of its own: Django's settings are read once."""
    ours = {"DATABASE_URL": url, "REDIS_URL": "", "SECRET_KEY": "bench " * 8, "CONNECTIONS_FILE": ""}
    command = [sys.executable, "-m", "bench.scale", url, *map(str, sizes)]
    return subprocess.call(command, env={**os.environ, **ours, "DJANGO_SETTINGS_MODULE": "dashboard.settings"})


def _measure_one(url: str, sizes: list[int]) -> int:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client

    from tests import factories

    call_command("migrate", verbosity=0)
    client = Client()
    client.force_login(factories.user("viewer"))
    session = client.cookies["sessionid"].value
    template = factories.execution(factories.function("function-0"), "SUCCEEDED", history_complete=True)
    for number in range(1, FUNCTIONS):
        factories.function(f"function-{number}")
    ratios, filled = [], 0
    for size in sizes:
        began = time.monotonic()
        _fill(template.pk, filled, size)
        filled = size
        print(f"\n{urlsplit(url).scheme}: {size:,} executions, filled in {time.monotonic() - began:.0f} s", flush=True)
        connections.close_all()
        ratios.append(_measure(session))
    print(f"list page: {ratios[0]:.2f} x hello (goal: at most {GOAL:g})")
    if len(ratios) > 1:
        print(
            f"with {sizes[-1] / sizes[0]:g} times as many: {ratios[-1] / ratios[0]:.2f} of that (goal: {GROWTH_GOAL})"
        )
    return 0 if ratios[0] <= GOAL and ratios[-1] <= ratios[0] * GROWTH_GOAL else 1


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
        columns = [field.column for field in Execution._meta.concrete_fields if not field.primary_key]
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


def _measure(session: str) -> float:
    """-> the list page's median to that of hello."""
    from bench.pages import serve

    paths = {
        "hello (floor)": "/bench/hello/",
        "list page": "/executions/",
        "list page, running": "/executions/?status=RUNNING",
        "list page, one function, failed": "/executions/?function=function-3&status=FAILED",
    }
    with serve() as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)

        def get(path: str) -> float:
            began = time.perf_counter()
            connection.request("GET", path, headers={"Cookie": f"sessionid={session}", "Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, (path, answer.status)
            return time.perf_counter() - began

        for path in list(paths.values()) * 5:
            get(path)
        timings: dict[str, list[float]] = {name: [] for name in paths}
        for _ in range(ROUNDS):
            for name, path in paths.items():
                timings[name].append(get(path))
    report.rows(f"Server time, {ROUNDS} rounds in turn", timings, "hello (floor)")
    return statistics.median(timings["list page"]) / statistics.median(timings["hello (floor)"])


if __name__ == "__main__":
    sys.exit(main())
