"""The HTTP front: routes of the Lambda API on a threading server bound to 127.0.0.1."""

from __future__ import annotations

import logging
import socket
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from demo import actions, functions_api, history, invoking, listing, pausing
from demo.errors import ApiError
from demo.http_types import Request, Response, error_response, json_response

if TYPE_CHECKING:
    from demo.backend import Backend

logger = logging.getLogger(__name__)
Route = Callable[["Backend", Request], Response]

MAX_BODY_BYTES = 8 * 1024 * 1024
_FUNCTION = "2015-03-31/functions/{FunctionName}"
_EXECUTION = "2025-12-01/durable-executions/{DurableExecutionArn}"
_CALLBACK = "2025-12-01/durable-execution-callbacks/{CallbackId}"


def healthz(backend: Backend, _request: Request) -> Response:
    """Readiness, and how many executions there are; not part of the Lambda API."""
    return json_response(
        {"status": "ok", "executions": len(backend.index.all()), "running": len(backend.index.running())}
    )


# Paths as in botocore's model. A path segment is split off before it is decoded, for ARNs contain slashes.
ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("GET", "healthz", healthz),
    ("POST", f"{_FUNCTION}/invocations", invoking.invoke),
    ("GET", "2015-03-31/functions", functions_api.list_functions),
    ("GET", _FUNCTION, functions_api.get_function),
    ("GET", f"{_FUNCTION}/configuration", functions_api.get_function_configuration),
    ("GET", "2025-12-01/functions/{FunctionName}/durable-executions", listing.list_by_function),
    ("GET", _EXECUTION, history.get_execution),
    ("GET", f"{_EXECUTION}/history", history.get_history),
    ("POST", f"{_EXECUTION}/stop", actions.stop),
    ("POST", f"{_EXECUTION}/pause", pausing.pause),
    ("POST", f"{_EXECUTION}/resume", pausing.resume),
    ("DELETE", _EXECUTION, pausing.delete),
    ("POST", f"{_CALLBACK}/succeed", actions.succeed),
    ("POST", f"{_CALLBACK}/fail", actions.fail),
    ("POST", f"{_CALLBACK}/heartbeat", actions.heartbeat),
)
_SPLIT_ROUTES = tuple((method, tuple(path.split("/")), route) for method, path, route in ROUTES)


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route of a raw (still quoted) path, and its parameters."""
    segments = path.strip("/").split("/")
    for wanted, pattern, route in _SPLIT_ROUTES:
        if wanted != method or len(pattern) != len(segments):
            continue
        params: dict[str, str] = {}
        for part, segment in zip(pattern, segments, strict=True):
            if part.startswith("{"):
                params[part[1:-1]] = unquote(segment)
            elif part != segment:
                break
        else:
            return route, params
    raise ApiError("UnknownOperationException", f"The demo backend does not know {method} {path}")


class Handler(BaseHTTPRequestHandler):
    """One connection; kept open between requests, as boto3 expects of AWS."""

    protocol_version = "HTTP/1.1"
    server_version = "coffee-shop-demo"
    sys_version = ""
    # Head and body leave in one packet; otherwise delayed acknowledgements cost 40 ms a request.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 120
    server: DemoServer

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_DELETE = do_PUT = do_GET

    def _serve(self) -> None:
        try:
            response = self._answer()
        except ApiError as error:
            response = error_response(error)
        except Exception as error:
            logger.exception("%s %s", self.command, self.path)
            response = error_response(ApiError("ServiceException", f"{type(error).__name__}: {error}"))
        try:
            self._send(response)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _answer(self) -> Response:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY_BYTES:
            self.close_connection = True
            raise ApiError("RequestTooLargeException", f"{length} bytes exceed {MAX_BODY_BYTES}")
        # Read before routing: an unread body would be taken for the next request on this connection.
        body = self.rfile.read(length) if length else b""
        url = urlsplit(self.path)
        route, params = find_route(self.command, url.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return route(self.server.backend, Request(params, parse_qs(url.query), headers, body))

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        logger.debug(format, *args)


class DemoServer(ThreadingHTTPServer):
    """Has no access control: it belongs on the loopback interface, or inside a network of containers."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], backend: Backend) -> None:
        self.backend = backend
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        # HTTPServer would look the host's name up here, which can take seconds without a network.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]
