"""From a status change in the push queue to what an open page can show: 300 executions a second start, on PostgreSQL
and Redis (TEST_DATABASE_URL, TEST_REDIS_URL), with the processes of an installation: a worker, beat, a web process.

Open pages hold event streams. Of one of them it is asked, whenever an event comes, which executions the database has
that it had not shown yet: an execution is visible when the first event after its commit has come. The queue is
bench/sqs.py, the Lambda API that of the tests; `BENCH_PUSH_RATE`, `BENCH_PUSH_SECONDS` and `BENCH_PUSH_PAGES` change
the sizes.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bench import report, sqs

RATE = int(os.environ.get("BENCH_PUSH_RATE", "300"))
SECONDS = float(os.environ.get("BENCH_PUSH_SECONDS", "30"))
PAGES = int(os.environ.get("BENCH_PUSH_PAGES", "10"))
WARMING, TICK, FUNCTIONS, LATE = 5.0, 0.02, 20, 2000
GOAL_P50, GOAL_P99 = 0.3, 1.0


def main() -> int:
    server, redis = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
    if not server or not redis:
        print("TEST_DATABASE_URL and TEST_REDIS_URL say where PostgreSQL and Redis are.")
        return 0
    with _database(server) as url, sqs.serving() as queue:
        os.environ |= {"DATABASE_URL": url, "REDIS_URL": redis, "SECRET_KEY": "bench " * 8, "CONNECTIONS_FILE": ""}
        os.environ |= {"PUSH_QUEUE_URL": queue.url, "AWS_ENDPOINT_URL_SQS": queue.url, "LOG_LEVEL": "ERROR"}
        os.environ |= {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
        return _run(queue, url)


@contextmanager
def _database(server: str) -> Iterator[str]:
    import psycopg

    name = f"durascope_bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _run(queue: sqs.Queue, url: str) -> int:
    import django

    django.setup()
    import redis
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client

    from tests import factories
    from tests.faults.clock import Clock
    from tests.faults.server import Api, serving
    from tests.faults.world import World

    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    call_command("migrate", verbosity=0)
    client = Client()
    client.force_login(factories.user("viewer"))
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    connections.close_all()
    with serving() as served:
        world = World(Clock(flowing=True), functions=FUNCTIONS, most_runs=10**9)
        served.api = Api(world)
        served.api.calls_left = 10**12
        os.environ["AWS_ENDPOINT_URL_LAMBDA"] = served.endpoint
        with _installation() as port:
            _until_mirrored(FUNCTIONS)
            shown: dict[str, float] = {}
            over = threading.Event()
            threading.Thread(target=_look, args=(port, cookie, url, shown, over), daemon=True).start()
            for _ in range(PAGES - 1):
                threading.Thread(target=_listen, args=(port, cookie, over), daemon=True).start()
            time.sleep(2)
            sent = _happen(world, queue)
            time.sleep(5)
            over.set()
            return _tell(queue, sent, shown)


@contextmanager
def _installation() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    commands = [
        ["uvicorn", "dashboard.asgi:application", "--port", str(port), "--log-level", "error"],
        ["celery", "-A", "dashboard", "worker", "-P", "threads", "-c", "8", "--loglevel", "ERROR"],
        ["celery", "-A", "dashboard", "beat", "--loglevel", "CRITICAL", "--schedule", ""],
    ]
    processes = [subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.DEVNULL) for command in commands]
    try:
        yield port
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _until_mirrored(functions: int) -> None:
    from django.db import connections

    from executions.models import Function

    for _ in range(120):
        if Function.objects.count() == functions:
            break
        time.sleep(0.5)
    connections.close_all()


def _happen(world: Any, queue: sqs.Queue) -> dict[str, float]:
    """-> when each message was put into the queue, by the execution's ARN."""
    sent: dict[str, float] = {}
    began = time.monotonic()
    while (now := time.monotonic()) < began + WARMING + SECONDS:
        runs = [world.start(f"function-{number % FUNCTIONS}") for number in range(len(sent), int((now - began) * RATE))]
        sent |= dict.fromkeys([run.arn for run in runs], time.time())
        queue.send([_message(run) for run in runs])
        time.sleep(TICK)
    return sent


def _message(run: Any) -> str:
    detail = {"durableExecutionArn": run.arn, "status": "RUNNING", "startTimestamp": run.started_at}
    return json.dumps({"source": "aws.lambda", "detail-type": "Durable Execution Status Change", "detail": detail})


def _events(port: int, cookie: str) -> Iterator[None]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/live/", headers={"Cookie": cookie, "Accept": "text/event-stream"})
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    while line := answer.readline():
        if line.startswith(b"event: changed"):
            yield


def _listen(port: int, cookie: str, over: threading.Event) -> None:
    for _ in _events(port, cookie):
        if over.is_set():
            return


def _look(port: int, cookie: str, url: str, shown: dict[str, float], over: threading.Event) -> None:
    import psycopg

    newest = 0
    with psycopg.connect(url, autocommit=True) as database:
        for _ in _events(port, cookie):
            at = time.time()
            # A transaction may commit after others that have taken later ids.
            after = [newest - LATE]
            rows = database.execute("SELECT id, arn FROM executions_execution WHERE id > %s", after).fetchall()
            newest = max([newest, *(pk for pk, _ in rows)])
            shown |= {arn: at for _, arn in rows if arn not in shown}  # as of when the event came
            if over.is_set():
                return


def _tell(queue: sqs.Queue, sent: dict[str, float], shown: dict[str, float]) -> int:
    received = {json.loads(body)["detail"]["durableExecutionArn"]: at for body, at in queue.received.items()}
    first = min(sent.values()) + WARMING
    late = {arn: at for arn, at in sent.items() if at >= first}
    print(f"machine: {report.machine()}")
    print(f"\n{len(late):,} pushes in {SECONDS:g} s, {PAGES} open pages; {queue.left():,} left in the queue")
    print(f"visible: {sum(arn in shown for arn in late):,}")
    since_sent = sorted(shown[arn] - at for arn, at in late.items() if arn in shown)
    since_received = sorted(shown[arn] - received[arn] for arn in late if arn in shown)
    for what, times in (("sent", since_sent), ("received", since_received)):
        p99 = times[int(len(times) * 0.99)]
        print(f"from {what} to visible: p50 {statistics.median(times):.3f} s  p99 {p99:.3f} s  max {times[-1]:.3f} s")
    p50, p99 = statistics.median(since_received), since_received[int(len(since_received) * 0.99)]
    return 0 if len(since_sent) == len(late) and p50 <= GOAL_P50 and p99 <= GOAL_P99 else 1


if __name__ == "__main__":
    sys.exit(main())
