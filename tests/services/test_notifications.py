"""Notifications in production mode: two beats and two workers of their own, over PostgreSQL and Redis."""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.services.test_production import ROOT, environment, process, wait_for
from tests.services.test_production import own_database as own_database  # a fixture, used below

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]
FAILED = 30
SEED = """
import sys
from django.utils import timezone
from tests import factories
from executions.notices import finding
finding.begin(now=timezone.now())
for _ in range(2):
    factories.notice_rule(sys.stdin.readline().strip(), group=factories.team("on call"))
function = factories.function("refund")
for number in range(30):
    factories.execution(function, status="FAILED", name=f"refund-{number}", ended_at=timezone.now())
"""


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """An HTTP receiver's address, and the id and body of each message that came."""
    got: list[tuple[str, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append((self.headers["webhook-id"], body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/in", got
    server.shutdown()
    server.server_close()


def test_two_beats_and_two_workers_tell_each_thing_once_by_each_rule(
    own_database: str, redis_url: str, receiver: tuple[str, list[tuple[str, dict[str, Any]]]]
) -> None:
    url, got = receiver
    nowhere = {"AWS_ENDPOINT_URL_LAMBDA": "http://127.0.0.1:9", "AWS_REGION": "us-east-1"}
    keys = {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "demo", "NOTIFY_NETWORKS": "127.0.0.0/8"}
    env = environment(own_database, redis_url, PUBLIC_URL="https://d.example", **nowhere, **keys)
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
    asked = f"{url}\n{url}\n".encode()
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", SEED], cwd=ROOT, env=env, input=asked, check=True
    )
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(process("celery", "-A", "dashboard", "beat", "--loglevel", "WARNING", env=env))
        worker = ["celery", "-A", "dashboard", "worker", "-P", "threads", "-c", "4", "--loglevel", "WARNING"]
        for number in range(2):
            stack.enter_context(process(*worker, "-n", f"w{number}@notices", env=env))
        wait_for("every thing", lambda: len(told(got)) >= 2 * FAILED, 90)
        time.sleep(12)  # they look again and again; nothing must come of it
    assert set(told(got).values()) == {1} and len(told(got)) == 2 * FAILED
    assert len({key for key, _ in got}) == len(got)


def told(got: list[tuple[str, dict[str, Any]]]) -> Counter[tuple[str, str]]:
    """How often each execution was told by each rule."""
    return Counter(
        (body["data"]["rule"], event["execution"]["name"]) for _, body in list(got) for event in body["data"]["events"]
    )
