"""A Lambda API over HTTP on 127.0.0.1 for unmodified boto3: tells the truth of a World, as far as the faults let it.

Paths, members and codes are those of botocore's `lambda` service model; times are epoch seconds with fractions, as the
service writes them. Each API has a quota: a call beyond it is answered 429 and remembered.
"""

import base64
import datetime as dt
import email.utils
import itertools
import json
import re
import socket
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

import orjson

from tests.fakes import function_arn
from tests.faults.clock import Clock
from tests.faults.world import Run, World

QUOTAS = {"history": 15, "list": 15, "get": 30, "stop": 300, "callback": 3000, "control": 15}
MARKER_LIVES = 24 * 3600.0
LATENCY = 0.01
MOST_CALLS = 300
"""Calls that one piece of the mirror's work may make: one that goes on for ever ends in hung-up connections."""
_OLD, _NEW = "/2015-03-31/functions", "/2025-12-01"
# (method, path, operation, the quota that it counts towards)
_ROUTES = [
    ("GET", rf"{_OLD}/?", "ListFunctions", "control"),
    ("GET", rf"{_OLD}/([^/]+)/configuration", "GetFunctionConfiguration", "control"),
    ("GET", rf"{_NEW}/functions/([^/]+)/durable-executions", "ListDurableExecutionsByFunction", "list"),
    ("GET", rf"{_NEW}/durable-executions/([^/]+)", "GetDurableExecution", "get"),
    ("GET", rf"{_NEW}/durable-executions/([^/]+)/history", "GetDurableExecutionHistory", "history"),
    ("POST", rf"{_NEW}/durable-executions/([^/]+)/stop", "StopDurableExecution", "stop"),
    ("POST", rf"{_NEW}/durable-execution-callbacks/([^/]+)/succeed", "CallbackSucceeded", "callback"),
    ("POST", rf"{_NEW}/durable-execution-callbacks/([^/]+)/fail", "CallbackFailed", "callback"),
    ("POST", rf"{_NEW}/durable-execution-callbacks/([^/]+)/heartbeat", "CallbackHeartbeat", "callback"),
]


@dataclass(frozen=True)
class Request:
    """`about` is the function, the execution's ARN or the callback's id in the path."""

    operation: str
    api: str
    about: str
    query: dict[str, list[str]]
    body: bytes = b""

    def one(self, name: str) -> str | None:
        return self.query.get(name, [None])[0]

    @property
    def scope(self) -> str:
        """What a marker belongs to."""
        rest = sorted((name, values) for name, values in self.query.items() if name not in ("Marker", "MaxItems"))
        return f"{self.operation} {self.about} {rest}"


@dataclass
class Answer:
    """`body` goes out as JSON unless it is bytes. `delay` is in real seconds; `breaks_off` closes half way through the
    body, `hangs_up` before the first byte.
    """

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    breaks_off: bool = False
    hangs_up: bool = False

    @property
    def good(self) -> bool:
        return self.status < 300 and isinstance(self.body, dict)


class Fault(Protocol):
    """Something that keeps the truth from being told: before it is looked up, page by page, or afterwards."""

    def instead(self, request: Request) -> Answer | None: ...
    def page_size(self, request: Request, size: int) -> int: ...
    def marks_the_end(self, request: Request) -> bool: ...
    def rewrite(self, request: Request, answer: Answer, world: World) -> Answer: ...


class Refused(Exception):
    def __init__(self, code: str, status: int = 400, message: str = "because") -> None:
        super().__init__(code)
        self.code, self.status, self.message = code, status, message


def error(code: str, status: int, message: str = "because", **headers: str) -> Answer:
    body = {"Type": "User" if status < 500 else "Service", "message": message}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(body, status, {"x-amzn-ErrorType": code, **named})


class Api:
    """What is answered to a request. `calls` has (API, when) for every request that arrived, `violations` those beyond
    the quota.
    """

    def __init__(self, world: World, *, page_items: int = 1000, quotas: dict[str, int] | None = None) -> None:
        self.world = world
        self.clock: Clock = world.clock
        self.page_items = page_items
        self.quotas = QUOTAS if quotas is None else quotas
        self.faults: list[Fault] = []
        self.calls: list[tuple[str, float]] = []
        self.stops: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.violations: list[tuple[str, float]] = []
        self.latency = LATENCY
        self.calls_left = MOST_CALLS
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()

    def heal(self) -> None:
        with self._lock:
            self.faults = []

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        path, _, query = target.partition("?")
        for verb, pattern, operation, api in _ROUTES:
            if verb == method and (found := re.fullmatch(pattern, path)):
                about = urllib.parse.unquote(found.group(1)) if found.groups() else ""
                return self.tell(Request(operation, api, about, urllib.parse.parse_qs(query), body))
        return error("UnknownOperationException", 404, f"{method} {path}")

    def tell(self, request: Request) -> Answer:
        arrived = self.clock.time()
        with self._lock, self.world.lock:
            if not self.clock.flowing:
                self.clock.move(self.latency)
                arrived = self.clock.time()
            self.calls_left -= 1
            if self.calls_left < 0:
                return Answer(hangs_up=True)
            if self._over_quota(request.api, arrived):
                return error("TooManyRequestsException", 429, "Rate exceeded", Retry_After="1")
            for fault in self.faults:
                if said := fault.instead(request):
                    return said
            try:
                answer = Answer(_TELL[request.operation](self, request))
            except Refused as refused:
                return error(refused.code, refused.status, refused.message)
            for fault in self.faults:
                answer = fault.rewrite(request, answer, self.world)
            # Encoded before the world may move on.
            return answer if isinstance(answer.body, bytes) else _encoded(answer)

    def _over_quota(self, api: str, at: float) -> bool:
        lately = sum(1 for name, when in self.calls[-4000:] if name == api and when > at - 1.0)
        self.calls.append((api, at))
        if lately >= self.quotas[api]:
            self.violations.append((api, at))
            return True
        return False

    # --- the truth ---

    def list_functions(self, request: Request) -> dict[str, Any]:
        rows = [(name, config) for name, config in sorted(self.world.functions.items())]
        return self._page(request, "Functions", rows, lambda key, after: key > after)

    def function(self, request: Request) -> dict[str, Any]:
        return dict(self._function(request.about))

    def list_executions(self, request: Request) -> dict[str, Any]:
        name = self._function(request.about)["FunctionName"]
        runs = [run for run in self.world.runs.values() if run.function == name]
        if after := request.one("StartedAfter"):
            runs = [run for run in runs if run.started_at > dt.datetime.fromisoformat(after).timestamp()]
        if before := request.one("StartedBefore"):
            runs = [run for run in runs if run.started_at < dt.datetime.fromisoformat(before).timestamp()]
        if wanted := request.query.get("Statuses"):
            runs = [run for run in runs if run.status in wanted]
        if called := request.one("DurableExecutionName"):
            runs = [run for run in runs if run.name == called]
        reverse = request.one("ReverseOrder") != "true"
        rows = sorted(([run.started_at, run.arn], summary(run)) for run in runs)
        if reverse:
            rows.reverse()
        return self._page(
            request, "DurableExecutions", rows, lambda key, after: key < after if reverse else key > after
        )

    def execution(self, request: Request) -> dict[str, Any]:
        return {**summary(self._run(request.about)), "Version": "$LATEST"}

    def history(self, request: Request) -> dict[str, Any]:
        newest_first = request.one("ReverseOrder") == "true"
        rows = [(event["EventId"], event) for event in self._run(request.about).events]
        if newest_first:
            rows.reverse()
        return self._page(request, "Events", rows, lambda key, after: key < after if newest_first else key > after)

    def stop(self, request: Request) -> dict[str, Any]:
        run = self._run(request.about)
        self.stops[run.arn] += 1
        if not run.ended:
            self.world.end(run, "Stopped")
        return {"StopTimestamp": run.ended_at}

    def callback(self, request: Request) -> dict[str, Any]:
        if request.operation == "CallbackHeartbeat":
            waiting = any(request.about in run.open_callbacks.values() for run in self.world.runs.values())
        else:
            waiting = self.world.close_callback(request.about, request.operation.removeprefix("Callback"))
        if not waiting:
            raise Refused("CallbackTimeoutException")
        if request.operation != "CallbackHeartbeat":
            self.answers[request.about] += 1
        return {}

    def _function(self, name_or_arn: str) -> dict[str, Any]:
        found = self.world.functions.get(name_or_arn.rsplit(":", 1)[-1])
        if found is None:
            raise Refused("ResourceNotFoundException", 404)
        return found

    def _run(self, arn: str) -> Run:
        if arn not in self.world.runs:
            raise Refused("ResourceNotFoundException", 404)
        return self.world.runs[arn]

    def _page(
        self, request: Request, name: str, rows: list[tuple[Any, Any]], beyond: Callable[[Any, Any], bool]
    ) -> dict[str, Any]:
        """A marker says after which row the next page begins, so that rows may come and go meanwhile."""
        after = self._position(request)
        rest = rows if after is None else [row for row in rows if beyond(row[0], after)]
        size = min(self.page_items, int(request.one("MaxItems") or 100))
        for fault in self.faults:
            size = fault.page_size(request, size)
        shown = rest[:size]
        answer: dict[str, Any] = {name: [item for _, item in shown]}
        if len(rest) > size or (rest and any(fault.marks_the_end(request) for fault in self.faults)):
            answer["NextMarker"] = self._marker(request, shown[-1][0] if shown else after)
        return answer

    def _marker(self, request: Request, after: Any) -> str:
        text = json.dumps([next(self._numbers), request.scope, self.clock.time(), after])
        return base64.urlsafe_b64encode(text.encode()).decode()

    def _position(self, request: Request) -> Any:
        marker = request.one("Marker")
        if marker is None:
            return None
        try:
            _, scope, issued_at, after = json.loads(base64.urlsafe_b64decode(marker))
        except ValueError:
            scope, issued_at, after = "", 0.0, None
        if scope != request.scope or self.clock.time() - issued_at > MARKER_LIVES:
            raise Refused("InvalidParameterValueException", message="The marker is invalid or has expired.")
        return after


_TELL: dict[str, Callable[[Api, Request], dict[str, Any]]] = {
    "ListFunctions": Api.list_functions,
    "GetFunctionConfiguration": Api.function,
    "ListDurableExecutionsByFunction": Api.list_executions,
    "GetDurableExecution": Api.execution,
    "GetDurableExecutionHistory": Api.history,
    "StopDurableExecution": Api.stop,
    "CallbackSucceeded": Api.callback,
    "CallbackFailed": Api.callback,
    "CallbackHeartbeat": Api.callback,
}


def summary(run: Run) -> dict[str, Any]:
    told = {
        "DurableExecutionArn": run.arn,
        "DurableExecutionName": run.name,
        "FunctionArn": f"{function_arn(run.function)}:$LATEST",
        "Status": run.status,
        "StartTimestamp": run.started_at,
    }
    return told if run.ended_at is None else {**told, "EndTimestamp": run.ended_at}


def _encoded(answer: Answer) -> Answer:
    answer.body = orjson.dumps(answer.body)
    return answer


class Server:
    """Serves whatever `api` is at the moment, so that tests can share one server and one boto3 client."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.api: Api | None = None


@contextmanager
def serving() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One segment for the headers and one for the body would wait for each other.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            assert served.api is not None, "no test is running"
            answer = served.api.answer(self.command, self.path, body)
            if answer.delay:
                time.sleep(answer.delay)
            self._send(answer, answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body))

        do_POST = do_GET

        def _send(self, answer: Answer, body: bytes) -> None:
            if answer.hangs_up:
                return self._close()
            self.send_response(answer.status)
            for name, value in {
                "x-amzn-RequestId": "request-1",
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **answer.headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body[: len(body) // 2] if answer.breaks_off else body)
                self.wfile.flush()
            except OSError:
                self.close_connection = True  # the client has given up
            return self._close() if answer.breaks_off else None

        def _close(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def date_time_string(self, timestamp: float | None = None) -> str:
            assert served.api is not None
            at = served.api.clock.time() if timestamp is None else timestamp
            return email.utils.formatdate(at, usegmt=True)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Server(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
