"""How a database answers what is asked of large tables: it finds, it does not search. PostgreSQL's turn comes where the
core tests run on it (tests/services/test_production.py).
"""

import datetime as dt
import re
from collections.abc import Callable
from itertools import takewhile
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from executions.models import Callback, Connection, Execution
from executions.queries import PAGE_ROWS
from executions.sync import retention
from tests import factories

pytestmark = [pytest.mark.core, pytest.mark.django_db]
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL's plans")
ROWS, FUNCTIONS = 20_000, 10
EXECUTIONS, CALLBACKS = "executions_execution", "executions_callback"


@pytest.fixture
def many() -> None:
    """Those of the connection `archive` ended 100 days ago and before, the others 50 days ago and before."""
    made = []
    for number in range(FUNCTIONS):
        where = factories.connection(name="archive" if number < FUNCTIONS / 2 else "default")
        function = factories.function(f"function-{number}", connection=where)
        template = factories.execution(function, "SUCCEEDED", history_complete=True)
        fields = [field.attname for field in Execution._meta.concrete_fields if not field.primary_key]
        columns = {name: getattr(template, name) for name in fields}
        for row in range(ROWS // FUNCTIONS):
            age = dt.timedelta(seconds=row * FUNCTIONS + number, days=100 if where.name == "archive" else 50)
            changed = {"arn": f"{template.arn}-{row}", "name": f"order-{row}", "ended_at": timezone.now() - age}
            changed |= {"started_at": changed["ended_at"], "status": "FAILED" if row % 20 == 3 else "SUCCEEDED"}
            made.append(Execution(**{**columns, **changed}))
    Execution.objects.bulk_create(made, batch_size=2000)
    analyze()


@pytest.fixture
def many_callbacks() -> None:
    """600 that wait, every tenth without a deadline and every fifth with heartbeats, among 14,400 that are closed."""
    made: list[Callback] = []
    for number in range(FUNCTIONS):
        execution = factories.execution(factories.function(f"function-{number}"))
        template = factories.callback(execution)
        fields = [field.attname for field in Callback._meta.concrete_fields if not field.primary_key]
        columns = {name: getattr(template, name) for name in fields}
        for row in range(1_500):
            place = row * FUNCTIONS + number
            waits = {"status": "STARTED" if row % 25 == 0 else "SUCCEEDED", "operation_id": f"row-{row}"}
            waits |= {"opened_at": factories.ago(place), "heartbeat_seconds": 900 if row % 125 == 0 else None}
            waits |= {"timeout_at": None if row % 250 == 0 else factories.ago(-place - 60)}
            made.append(Callback(**{**columns, **waits}))
    Callback.objects.bulk_create(made, batch_size=2000)
    analyze()


def analyze() -> None:
    """PostgreSQL does so by itself after a while; an installation on SQLite never does."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def plans(of: Callable[[], Any], table: str = EXECUTIONS) -> list[str]:
    """The plan of every statement that begins with reading this table."""
    with CaptureQueriesContext(connection) as asked:
        of()
    statements = [one["sql"] for one in asked if one["sql"].startswith("SELECT")]
    read = [sql for sql in statements if f'FROM "{table}"' in sql]
    explain = "EXPLAIN (ANALYZE, TIMING OFF)" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
    told = []
    with connection.cursor() as cursor:
        for sql in read:
            cursor.execute(f"{explain} {sql}")
            told.append("\n".join([sql, *(str(row[-1]) for row in cursor.fetchall())]))
    assert told, f"{table} is read"
    return told


def rows_read(plan: str, table: str = EXECUTIONS) -> int:
    """Rows that were taken from the table or looked at in vain."""
    lines = plan.splitlines()
    nodes = [number for number, line in enumerate(lines) if f"on {table}" in line]
    read = 0
    for number in nodes:
        for line in takewhile(lambda line: "->" not in line, lines[number + 1 :]):
            read += sum(map(int, re.findall(r"Rows Removed by .*: (\d+)", line)))
        read += sum(map(int, re.findall(r"actual rows=(\d+)", lines[number])))
    return read


@on_postgresql
@pytest.mark.parametrize(
    "query", ["", "?status=FAILED", "?status=RUNNING", "?function=function-7", "?function=function-7&status=FAILED"]
)
def test_the_list_and_its_counts_do_not_scan_the_executions(many: None, as_viewer: Client, query: str) -> None:
    for plan in plans(lambda: as_viewer.get(f"/executions/{query}")):
        assert "Seq Scan on executions_execution" not in plan, plan
        # No index is by function and status: of the two together, one is looked through.
        assert rows_read(plan) <= 2 * PAGE_ROWS or "&" in query, plan


@on_postgresql
def test_retention_does_not_walk_past_what_another_connection_keeps(many: None, settings: Any) -> None:
    """The older half of all executions are the archive's, which keeps them for ever."""
    settings.KEEP_DAYS = 30
    mine = Connection.objects.get(name="default")
    now = timezone.now()
    for plan in plans(lambda: retention._oldest(mine, retention._too_old(mine, now))):
        assert "execution_ended_by_function" in plan, plan
        assert rows_read(plan) <= retention.ROWS + 1, plan


FILTERS = [
    ("", "callback_open"),
    ("?after={middle}-0-1", "callback_open"),
    ("?after=never-{opened}-1", "callback_open"),
    ("?state=soon", "callback_open"),
    ("?state=endless", "callback_open"),
    ("?function=function-7", "callback_open_by_function"),
    ("?function=function-7&who=free", "callback_open_by_function"),
]


def test_a_page_of_the_inbox_is_a_stretch_of_an_index(many_callbacks: None, as_viewer: Client) -> None:
    middle, opened = factories.ago(-7000).timestamp(), factories.ago(9000).timestamp()
    for query, index in FILTERS:
        url = "/inbox/" + query.format(middle=int(middle * 1e6), opened=int(opened * 1e6))
        found = plans(lambda url=url: as_viewer.get(url), CALLBACKS)  # type: ignore[misc]
        pages = [plan for plan in found if f"LIMIT {PAGE_ROWS + 1}" in plan]
        assert pages, query
        for plan in pages:
            assert index in plan and not is_searched(plan), plan
            # Of so few without a deadline PostgreSQL sorts those that it has found.
            assert "TEMP B-TREE" not in plan and ("Sort" not in plan or "IS NULL" in plan), plan
            assert rows_read(plan, CALLBACKS) <= 2 * PAGE_ROWS, plan


def test_what_is_counted_in_the_inbox_is_found_by_an_index(many_callbacks: None, as_viewer: Client) -> None:
    for query in ("", "?state=lapsing", "?who=free", "?function=function-7", "?state=soon"):
        found = plans(lambda query=query: as_viewer.get(f"/inbox/{query}"), CALLBACKS)  # type: ignore[misc]
        assert not [plan for plan in found if is_searched(plan)]
        assert any(("callback_beating" if "lapsing" in query else "callback_open") in plan for plan in found)


def test_whoever_is_limited_to_some_functions_looks_up_no_execution_for_the_others(
    many_callbacks: None, client: Client
) -> None:
    person = factories.user("viewer", "limited")
    person.groups.get().scopes.create(functions="function-[12]")
    client.force_login(person)
    for plan in plans(lambda: client.get("/inbox/"), CALLBACKS):
        assert not is_searched(plan) and "EXISTS" not in plan.upper(), plan


def is_searched(plan: str) -> bool:
    """Whether the table itself is gone through, as PostgreSQL and as SQLite call it."""
    return f"Seq Scan on {CALLBACKS}" in plan or f"SCAN {CALLBACKS}" in plan
