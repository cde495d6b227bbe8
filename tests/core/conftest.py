"""Core tests: the real mirror and actions on a database, over a Lambda API in memory."""

import datetime as dt
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from executions import histories
from executions.gateway import budget
from executions.gateway.connections import Connection
from executions.models import Execution
from tests.fakes import EPOCH, REGION, FakeLambda


@pytest.fixture
def now() -> dt.datetime:
    return dt.datetime.fromtimestamp(EPOCH + 1000, tz=dt.UTC)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    """The truth at AWS; every module that asks for the ambient connection gets one to it. The call budget is out of
    the way.
    """
    fake = FakeLambda()
    connection = Connection(name="default", region=REGION, client=fake)
    for module in (
        "executions.sync.functions",
        "executions.sync.executions",
        "executions.sync.listing",
        "executions.sync.history",
        "executions.actions.perform",
    ):
        monkeypatch.setattr(f"{module}.reach", lambda *_: connection)
    monkeypatch.setattr(budget, "acquire", lambda *_, **__: None)
    monkeypatch.setattr(budget, "throttled", lambda *_, **__: None)
    return fake


@pytest.fixture
def stored(db: None) -> Callable[[str], list[dict[str, Any]]]:
    """The events that the mirror holds of an execution, as AWS wrote them."""
    return lambda arn: histories.wire_events(Execution.objects.get(arn=arn), with_payloads=True)


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, str]]]]:
    """AWS's token service on 127.0.0.1: answers AssumeRole; the fixture is what it was asked."""
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append(dict(urllib.parse.parse_qsl(body)))
            expires = (dt.datetime.now(tz=dt.UTC) + dt.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
            answer = (
                '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
                f"<AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
                f"<Expiration>{expires}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_address[1]}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "source")
    yield lambda: asked
    server.shutdown()
