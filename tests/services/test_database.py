"""PostgreSQL, when it was away: however long that was, the first who asks afterwards is answered."""

import time
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from psycopg_pool import ConnectionPool, PoolTimeout

from dashboard import env
from tests.services.servers import OwnPostgres

pytestmark = [pytest.mark.services]
OUTAGE = 8.2
"""Seconds. By then a pool that tries ever more rarely has just tried, and would try again after eight more."""


@pytest.fixture
def postgres() -> Iterator[OwnPostgres]:
    made = OwnPostgres()
    made.start()
    yield made
    made.remove()


def test_a_database_is_used_as_soon_as_it_is_back(postgres: OwnPostgres) -> None:
    with ConnectionPool(postgres.url, open=True, **env._database(postgres.url)["OPTIONS"]["pool"]) as pool:
        with pool.connection() as connection:
            connection.execute("SELECT 1")
        postgres.stop()
        until = time.monotonic() + OUTAGE
        while time.monotonic() < until:
            with suppress(psycopg.OperationalError, PoolTimeout), pool.connection(timeout=0.2) as connection:
                connection.execute("SELECT 1")
        postgres.start()
        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
