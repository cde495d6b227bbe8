"""How PostgreSQL answers what is asked of large tables: it finds, it does not search. Runs where the core tests run on
PostgreSQL (tests/services/test_production.py).
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

from executions.models import Connection, Execution
from executions.queries import PAGE_ROWS
from executions.sync import retention
from tests import factories

pytestmark = [
    pytest.mark.core,
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="about PostgreSQL's plans"),
]
ROWS, FUNCTIONS = 20_000, 10


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
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def plans(of: Callable[[], Any]) -> list[str]:
    """The plan of every statement that begins with reading executions."""
    with CaptureQueriesContext(connection) as asked:
        of()
    statements = [one["sql"] for one in asked if one["sql"].startswith("SELECT")]
    read = [sql for sql in statements if 'FROM "executions_execution"' in sql]
    told = []
    with connection.cursor() as cursor:
        for sql in read:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {sql}")
            told.append("\n".join(line for (line,) in cursor.fetchall()))
    assert told, "executions are read"
    return told


def executions_read(plan: str) -> int:
    """Rows that were taken from the table or looked at in vain."""
    lines = plan.splitlines()
    nodes = [number for number, line in enumerate(lines) if "on executions_execution" in line]
    read = 0
    for number in nodes:
        for line in takewhile(lambda line: "->" not in line, lines[number + 1 :]):
            read += sum(map(int, re.findall(r"Rows Removed by .*: (\d+)", line)))
        read += sum(map(int, re.findall(r"actual rows=(\d+)", lines[number])))
    return read


@pytest.mark.parametrize(
    "query", ["", "?status=FAILED", "?status=RUNNING", "?function=function-7", "?function=function-7&status=FAILED"]
)
def test_the_list_and_its_counts_do_not_scan_the_executions(many: None, as_viewer: Client, query: str) -> None:
    for plan in plans(lambda: as_viewer.get(f"/executions/{query}")):
        assert "Seq Scan on executions_execution" not in plan, plan
        # No index is by function and status: of the two together, one is looked through.
        assert executions_read(plan) <= 2 * PAGE_ROWS or "&" in query, plan


def test_retention_does_not_walk_past_what_another_connection_keeps(many: None, settings: Any) -> None:
    """The older half of all executions are the archive's, which keeps them for ever."""
    settings.KEEP_DAYS = 30
    mine = Connection.objects.get(name="default")
    now = timezone.now()
    for plan in plans(lambda: retention._oldest(mine, retention._too_old(mine, now))):
        assert "execution_ended_by_function" in plan, plan
        assert executions_read(plan) <= retention.ROWS + 1, plan
