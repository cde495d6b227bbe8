"""Production mode: PostgreSQL and Redis, worker, beat and web as processes of their own."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.emulator.conftest import demo_server as demo_server  # a fixture, used below

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def own_database(postgres_url: str) -> Iterator[str]:
    """A database of this test's own on the server."""
    name = f"durascope_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def environment(database: str, redis: str, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DJANGO_", "PYTEST_"))}
    return {**kept, "DATABASE_URL": database, "REDIS_URL": redis, "SECRET_KEY": "k" * 40, **more}


@contextmanager
def process(*command: str, env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=env, start_new_session=True)
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def wait_for(what: str, ready: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.25)


@pytest.mark.timeout(900)
def test_the_core_tests_pass_on_postgresql(postgres_url: str, redis_url: str) -> None:
    # They empty their Redis database again and again, which would give the other tests here a new budget each time.
    address, _, number = redis_url.rpartition("/")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/core", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=ROOT,
        env=environment(postgres_url.rsplit("/", 1)[0] + "/durascope_core", f"{address}/{int(number) - 1}"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]


def test_worker_beat_and_web_mirror_the_demo_and_two_beats_do_no_harm(
    own_database: str, redis_url: str, demo_server: str, free_port: int
) -> None:
    env = environment(
        own_database,
        redis_url,
        AWS_ENDPOINT_URL_LAMBDA=demo_server,
        AWS_REGION="us-east-1",
        AWS_ACCESS_KEY_ID="demo",
        AWS_SECRET_ACCESS_KEY="demo",
    )
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
    start_orders(demo_server, 5)
    with ExitStack() as stack, psycopg.connect(own_database, autocommit=True) as database:
        for _ in range(2):
            stack.enter_context(process("celery", "-A", "dashboard", "beat", "--loglevel", "WARNING", env=env))
        worker = ["celery", "-A", "dashboard", "worker", "-P", "threads", "-c", "4", "--loglevel", "WARNING"]
        for number in range(2):
            stack.enter_context(process(*worker, "-n", f"w{number}@test", env=env))
        stack.enter_context(process("uvicorn", "dashboard.asgi:application", "--port", str(free_port), env=env))
        wait_for("the web", lambda: answers(f"http://127.0.0.1:{free_port}/readyz"))

        def all_complete() -> bool:
            row = database.execute(
                "SELECT count(*), count(*) FILTER (WHERE history_complete) FROM executions_execution"
            ).fetchone()
            return row is not None and row[0] >= 5 and row[0] == row[1]

        wait_for("all histories", all_complete, 120)
        counted = database.execute("SELECT sum(executions) FROM executions_statuscount").fetchone()
        rows = database.execute("SELECT count(*), count(DISTINCT arn) FROM executions_execution").fetchone()
        assert rows is not None and counted is not None and rows[0] == rows[1] == counted[0]


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except OSError:
        return False


def start_orders(endpoint: str, count: int) -> None:
    import boto3

    client = boto3.Session("demo", "demo", region_name="us-east-1").client("lambda", endpoint_url=endpoint)
    for number in range(count):
        client.invoke(
            FunctionName="loyalty-points",
            InvocationType="Event",
            DurableExecutionName=f"production-{number}-{uuid.uuid4().hex[:6]}",
            Payload=b'{"settleSeconds": 1}',
        )


@pytest.fixture
def free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
