"""The gateway's calls and errors against botocore's service model, and its reading against raw HTTP answers."""

import ast
import datetime as dt
import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import botocore.exceptions as boto
import botocore.session
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from django.core.cache import cache

from executions.domain import statuses, written
from executions.domain.lanes import Lane
from executions.gateway import budget, calling, connections, errors, lambda_api
from executions.gateway.bucket import State
from executions.gateway.configuration import AMBIENT, Configured
from executions.gateway.connections import Connection
from executions.gateway.errors import GatewayError

pytestmark = pytest.mark.contract

MODEL = botocore.session.get_session().get_service_model("lambda")
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:coffee-order"
EXECUTION = f"{FUNCTION}:$LATEST/durable-execution/order-1/01234567-89ab-cdef-0123-456789abcdef"
CALLBACK = "Y2FsbGJhY2sx"
STARTED = dt.datetime(2026, 11, 1, 9, 30, tzinfo=dt.UTC)
ERROR = {"ErrorType": "Rejected", "ErrorMessage": "no milk"}
SUMMARY = {
    "DurableExecutionArn": EXECUTION,
    "DurableExecutionName": "order-1",
    "FunctionArn": f"{FUNCTION}:$LATEST",
    "Status": "RUNNING",
    "StartTimestamp": STARTED,
}
CONFIGURATION = {
    "FunctionName": "coffee-order",
    "FunctionArn": FUNCTION,
    "DurableConfig": {"ExecutionTimeout": 3600, "RetentionPeriodInDays": 7},
}


@pytest.fixture(autouse=True)
def _no_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about what is said, not how often. A pause that AWS asks for must not outlive its test."""
    monkeypatch.setattr(budget, "acquire", lambda *_, **__: None)
    monkeypatch.setattr(budget, "_buckets", {})
    cache.clear()


# --- our words against AWS's ---


def _difference(ours: set[str], theirs: set[str]) -> str:
    return f"AWS has added {sorted(theirs - ours)}; AWS no longer has {sorted(ours - theirs)}"


def test_our_execution_statuses_are_those_of_the_service_model() -> None:
    ours, theirs = {str(status) for status in statuses.ExecutionStatus}, set(MODEL.shape_for("ExecutionStatus").enum)
    assert ours == theirs, f"ExecutionStatus in statuses.py: {_difference(ours, theirs)}"


def test_our_event_types_are_those_of_the_service_model() -> None:
    ours, theirs = set(statuses.EVENT_TYPES), set(MODEL.shape_for("EventType").enum)
    assert ours == theirs, f"FAMILIES in statuses.py: {_difference(ours, theirs)}"


def test_every_event_type_has_its_details_where_we_look_for_them() -> None:
    members = set(MODEL.shape_for("Event").members)
    missing = {details for _, _, details in statuses.EVENT_PARTS.values()} - members
    assert not missing, f"AWS's Event has no {sorted(missing)}"


def test_every_outcome_is_a_status_that_aws_knows() -> None:
    known = set(MODEL.shape_for("ExecutionStatus").enum)
    assert known >= statuses.OUTCOMES and known >= set(statuses.TERMINAL_EVENTS.values())


# --- the requests and answers of each function, against the model ---


@dataclass(frozen=True)
class Call:
    """One function of lambda_api: what we call, what AWS must be sent, what it answers, what we make of it."""

    run: Callable[[Connection], Any]
    method: str
    request: dict[str, Any]
    answer: dict[str, Any]
    check: Callable[[Any], bool]


def _read_at_once(at: Connection) -> Connection:
    """A stub's answer never passes what reads a history's JSON before botocore does."""

    def ask(**request: Any) -> dict[str, Any]:
        answer = at.client.get_durable_execution_history(**request)
        body = json.dumps({"Events": answer["Events"]}).encode()
        return {"Told": written.read(body), "Body": body}

    return replace(at, client=SimpleNamespace(get_durable_execution_history=ask))


CALLS = {
    "list_functions": Call(
        lambda at: list(lambda_api.list_functions(at)),
        "list_functions",
        {"MaxItems": 50},
        {"Functions": [CONFIGURATION, {"FunctionName": "plain", "FunctionArn": FUNCTION + "2"}]},
        lambda made: [(item.name, item.execution_timeout_seconds) for item in made] == [("coffee-order", 3600)],
    ),
    "get_function": Call(
        lambda at: lambda_api.get_function(at, "coffee-order"),
        "get_function_configuration",
        {"FunctionName": "coffee-order"},
        CONFIGURATION,
        lambda made: made.retention_days == 7 and made.arn == FUNCTION,
    ),
    "list_executions": Call(
        lambda at: lambda_api.list_executions(at, FUNCTION, started_after=STARTED, statuses=["RUNNING"], marker="m"),
        "list_durable_executions_by_function",
        {"FunctionName": FUNCTION, "MaxItems": 1000, "StartedAfter": STARTED, "Statuses": ["RUNNING"], "Marker": "m"},
        {"DurableExecutions": [SUMMARY], "NextMarker": "next"},
        lambda made: made.items[0].arn == EXECUTION and made.items[0].ended_at is None and made.next_marker == "next",
    ),
    "get_execution": Call(
        lambda at: lambda_api.get_execution(at, EXECUTION),
        "get_durable_execution",
        {"DurableExecutionArn": EXECUTION, "IncludeExecutionData": False},
        {**SUMMARY, "Status": "SUCCEEDED", "EndTimestamp": STARTED},
        lambda made: made.status == "SUCCEEDED" and made.started_at == made.ended_at == STARTED,
    ),
    "get_trace_header": Call(
        lambda at: lambda_api.get_trace_header(at, EXECUTION),
        "get_durable_execution",
        {"DurableExecutionArn": EXECUTION, "IncludeExecutionData": False},
        {**SUMMARY, "TraceHeader": {"XAmznTraceId": "Root=1-5759e988-bd862e3fe1be46a994272793"}},
        lambda made: made == "Root=1-5759e988-bd862e3fe1be46a994272793",
    ),
    "get_history": Call(
        lambda at: lambda_api.get_history(_read_at_once(at), EXECUTION, newest_first=True, marker="m"),
        "get_durable_execution_history",
        {
            "DurableExecutionArn": EXECUTION,
            "IncludeExecutionData": True,
            "ReverseOrder": True,
            "MaxItems": 1000,
            "Marker": "m",
        },
        {"Events": [{"EventType": "ExecutionStarted", "EventId": 1}]},
        lambda made: made.items[0].number == 1 and made.next_marker is None,
    ),
    "stop_execution": Call(
        lambda at: lambda_api.stop_execution(at, EXECUTION, ERROR),
        "stop_durable_execution",
        {"DurableExecutionArn": EXECUTION, "Error": ERROR},
        {"StopTimestamp": STARTED},
        lambda made: made.fields == {"StopTimestamp": STARTED},
    ),
    "pause_execution": Call(
        lambda at: lambda_api.pause_execution(at, EXECUTION, token="t-1", reason="why (by ada)", timeout_too=False),
        "pause_durable_execution",
        {
            "DurableExecutionArn": EXECUTION,
            "ClientToken": "t-1",
            "ExecutionTimeoutPaused": False,
            "Reason": "why (by ada)",
        },
        {},
        lambda made: made.fields == {},
    ),
    "resume_execution": Call(
        lambda at: lambda_api.resume_execution(at, EXECUTION, token="t-1", reason=""),
        "resume_durable_execution",
        {"DurableExecutionArn": EXECUTION, "ClientToken": "t-1"},
        {},
        lambda made: made.fields == {},
    ),
    "delete_execution": Call(
        lambda at: lambda_api.delete_execution(at, EXECUTION),
        "delete_durable_execution",
        {"DurableExecutionArn": EXECUTION},
        {"DeletionRequestTimestamp": STARTED},
        lambda made: made.fields == {"DeletionRequestTimestamp": STARTED},
    ),
    "callback_success": Call(
        lambda at: lambda_api.callback_success(at, CALLBACK, b'{"ok": true}'),
        "send_durable_execution_callback_success",
        {"CallbackId": CALLBACK, "Result": b'{"ok": true}'},
        {},
        lambda made: made.fields == {},
    ),
    "callback_failure": Call(
        lambda at: lambda_api.callback_failure(at, CALLBACK, ERROR),
        "send_durable_execution_callback_failure",
        {"CallbackId": CALLBACK, "Error": ERROR},
        {},
        lambda made: made.fields == {},
    ),
    "callback_heartbeat": Call(
        lambda at: lambda_api.callback_heartbeat(at, CALLBACK),
        "send_durable_execution_callback_heartbeat",
        {"CallbackId": CALLBACK},
        {},
        lambda made: made.fields == {},
    ),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture(scope="module")
def unconnected() -> Any:
    """A client costs a third of a second: the tests share it."""
    session = botocore.session.get_session()
    return session.create_client("lambda", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def stubbed(unconnected: Any) -> tuple[Connection, Stubber]:
    """A connection whose client checks requests and answers against the model and never sends anything."""
    return Connection("test", "us-east-1", unconnected), Stubber(unconnected)


def test_every_function_of_the_gateway_that_calls_aws_is_tried_here() -> None:
    tree = ast.parse(Path(lambda_api.__file__).read_text())
    calling = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and "connection.client." in ast.unparse(node)
    }
    assert calling == {*CALLS, "start_execution"}


@each_call
def test_request_and_answer_fit_the_service_model(call: Call, stubbed: tuple[Connection, Stubber]) -> None:
    connection, stubber = stubbed
    stubber.add_response(call.method, call.answer, call.request)
    with stubber:
        assert call.check(call.run(connection))
    stubber.assert_no_pending_responses()


def test_a_start_is_an_asynchronous_invoke_with_a_name(stubbed: tuple[Connection, Stubber]) -> None:
    connection, stubber = stubbed
    sent = {
        "FunctionName": FUNCTION,
        "Qualifier": "live",
        "InvocationType": "Event",
        "DurableExecutionName": "web-1",
        "Payload": b'{"a": 1}',
    }
    stubber.add_response("invoke", {"StatusCode": 202, "DurableExecutionArn": EXECUTION}, sent)
    stubber.add_client_error("invoke", "DurableExecutionAlreadyStartedException", "other payload", 409)
    with stubber:
        given = {"qualifier": "live", "name": "web-1", "payload": b'{"a": 1}'}
        assert lambda_api.start_execution(connection, FUNCTION, **given).fields == {"DurableExecutionArn": EXECUTION}
        with pytest.raises(errors.Refused, match="other payload"):
            lambda_api.start_execution(connection, FUNCTION, **given)


ERRORS = {
    "ResourceConflictException": (409, errors.Refused),
    "ResourceNotFoundException": (404, errors.NotFound),
    "InvalidParameterValueException": (400, errors.Refused),
    "TooManyRequestsException": (429, errors.Throttled),
    "ServiceException": (500, errors.ServiceTrouble),
    "CallbackTimeoutException": (400, errors.CallbackClosed),
    "KMSAccessDeniedException": (502, errors.KeyTrouble),
    "KMSDisabledException": (502, errors.KeyTrouble),
    "KMSInvalidStateException": (502, errors.KeyTrouble),
    "KMSNotFoundException": (502, errors.KeyTrouble),
}


def _modelled_errors(method: str) -> set[str]:
    operation = MODEL.operation_model("".join(word.title() for word in method.split("_")))
    return {shape.name for shape in operation.error_shapes}


def test_the_errors_that_the_model_has_for_our_calls_are_the_ones_tried_here() -> None:
    theirs = set().union(*(_modelled_errors(call.method) for call in CALLS.values()))
    assert theirs == set(ERRORS), _difference(set(ERRORS), theirs)


@each_call
def test_each_error_that_the_model_has_for_a_call_becomes_the_right_kind(
    call: Call, stubbed: tuple[Connection, Stubber], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "PAGE_TRIES", 1)
    connection, stubber = stubbed
    for code in sorted(_modelled_errors(call.method)):
        cache.clear()  # or the circuit would open
        status, kind = ERRORS[code]
        stubber.add_client_error(call.method, code, "the reason", status)
        with stubber, pytest.raises(GatewayError) as raised:
            call.run(connection)
        assert type(raised.value) is kind, code
        assert "the reason" in str(raised.value) and code in str(raised.value)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDeniedException", 403, errors.Denied),
        ("ExpiredTokenException", 403, errors.NoCredentials),
        ("UnrecognizedClientException", 403, errors.NoCredentials),
        ("InvalidSignatureException", 403, errors.NoCredentials),
        ("ThrottlingException", 400, errors.Throttled),
        ("SomethingNew", 429, errors.Throttled),
        ("SomethingNew", 503, errors.ServiceTrouble),
        ("SomethingNew", 400, GatewayError),
    ],
)
def test_errors_outside_the_model_become_the_right_kind(
    code: str, status: int, kind: type[GatewayError], stubbed: tuple[Connection, Stubber]
) -> None:
    connection, stubber = stubbed
    stubber.add_client_error("list_functions", code, "the reason", status)
    with stubber, pytest.raises(GatewayError) as raised:
        list(lambda_api.list_functions(connection))
    assert type(raised.value) is kind
    assert raised.value.retry is (kind in (errors.Throttled, errors.ServiceTrouble))


def test_a_request_that_the_model_forbids_is_refused_before_it_is_sent(stubbed: tuple[Connection, Stubber]) -> None:
    connection, stubber = stubbed
    stubber.add_response("stop_durable_execution", {"StopTimestamp": STARTED})
    with stubber, pytest.raises(errors.Refused) as raised:
        lambda_api.stop_execution(connection, EXECUTION, {"Typo": "x"})
    assert not raised.value.maybe_done


@pytest.mark.parametrize(
    ("error", "kind", "maybe_done"),
    [
        (boto.NoCredentialsError(), errors.NoCredentials, False),
        (boto.PartialCredentialsError(provider="env", cred_var="x"), errors.NoCredentials, False),
        (boto.CredentialRetrievalError(provider="role", error_msg="x"), errors.NoCredentials, False),
        (boto.UnauthorizedSSOTokenError(), errors.NoCredentials, False),
        (boto.ProfileNotFound(profile="x"), errors.NoCredentials, False),
        (boto.NoRegionError(), errors.NoCredentials, False),
        (boto.ConnectTimeoutError(endpoint_url="x"), errors.Unreachable, False),
        (boto.EndpointConnectionError(endpoint_url="x"), errors.Unreachable, False),
        (boto.ReadTimeoutError(endpoint_url="x"), errors.Unreachable, True),
        (boto.ConnectionClosedError(endpoint_url="x"), errors.Unreachable, True),
        (boto.SSLError(endpoint_url="x", error="x"), errors.Unreachable, True),
        (KeyError("surprise"), errors.NotUnderstood, True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_goes_wrong_without_an_answer_is_told_apart(
    error: Exception, kind: type[GatewayError], maybe_done: bool
) -> None:
    made = errors.triage(error, asked="list functions")
    assert type(made) is kind and made.maybe_done is maybe_done
    assert made.words.endswith(".") and made.remedy.endswith(".")


# --- raw answers over HTTP ---


@dataclass
class Wire:
    """A server that gives the same raw answer to every request and keeps what it was asked; None hangs up instead."""

    status: int = 200
    body: bytes | None = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)

    def says(self, body: Any, status: int = 200, **headers: str) -> None:
        self.status, self.body = status, body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@contextmanager
def _serving(wire: Wire) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            wire.asked.append((self.command, self.path, self.rfile.read(length)))
            # Read once: the next test may already be saying something else while this answer is being written.
            status, body, headers = wire.status, wire.body, dict(wire.headers)
            if body is None:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.close_connection = "Content-Length" in headers
            self.send_response(status)
            for name, value in {"x-amzn-RequestId": "request-1", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _ambient(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> Connection:
    """The gateway's own connection, made anew from an environment with this endpoint."""
    for name, value in {
        "AWS_ENDPOINT_URL_LAMBDA": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return connections.opened(Configured())


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Wire, Connection]]:
    wire = Wire()
    with _serving(wire) as endpoint, pytest.MonkeyPatch.context() as environment:
        yield wire, _ambient(environment, endpoint)


@pytest.fixture
def wire(served: tuple[Wire, Connection]) -> Wire:
    served[0].asked.clear()
    return served[0]


@pytest.fixture
def connection(served: tuple[Wire, Connection]) -> Connection:
    return served[1]


@pytest.fixture(scope="module")
def connection_to_nobody() -> Iterator[Connection]:
    """The port is bound but nobody listens on it, so that nobody else can take it meanwhile."""
    with socket.socket() as taken, pytest.MonkeyPatch.context() as environment:
        taken.bind(("127.0.0.1", 0))
        yield _ambient(environment, f"http://127.0.0.1:{taken.getsockname()[1]}")


def _raised(connection: Connection, name: str) -> GatewayError:
    with pytest.raises(GatewayError) as raised:
        CALLS[name].run(connection)
    return raised.value


def test_a_history_is_kept_as_aws_wrote_it(wire: Wire, connection: Connection) -> None:
    event = {
        "EventType": "SomethingNew",
        "EventTimestamp": 1795400000.123456,
        "EventId": 1,
        "SomethingNewDetails": {
            "Deep": [1, 2.5, None, {"é": "☕"}],
            "Result": {"Payload": '{"n":12345678901234567890}'},
        },
    }
    wire.says({"Events": [event], "NextMarker": "next"})
    page = lambda_api.get_history(connection, EXECUTION)
    assert [event.whole() for event in page.items] == [event] and page.next_marker == "next"


def test_the_execution_of_a_history_is_named_in_the_path_with_its_slashes_escaped(
    wire: Wire, connection: Connection
) -> None:
    wire.says({"Events": []})
    lambda_api.get_history(connection, EXECUTION, newest_first=True)
    path, _, query = wire.asked[0][1].partition("?")
    assert path.count("/") == 4 and path.endswith("/history")
    assert {"ReverseOrder=true", "IncludeExecutionData=true", "MaxItems=1000"} <= set(query.split("&"))


def test_a_history_page_of_several_megabytes_arrives_whole(wire: Wire, connection: Connection) -> None:
    payload = "x" * 6_000
    events = [
        {"EventType": "StepSucceeded", "EventId": n, "StepSucceededDetails": {"Result": {"Payload": payload}}}
        for n in range(1, 1001)
    ]
    wire.says({"Events": events})
    assert [event.whole() for event in lambda_api.get_history(connection, EXECUTION).items] == events


def test_times_written_as_fractions_of_seconds_are_read_exactly(wire: Wire, connection: Connection) -> None:
    row = {**SUMMARY, "StartTimestamp": 1795400000.25, "EndTimestamp": 1.7954000015e9}
    wire.says({"DurableExecutions": [row]})
    found = lambda_api.list_executions(connection, FUNCTION).items[0]
    assert found.started_at.timestamp() == 1795400000.25 and found.started_at.utcoffset() is not None
    assert found.ended_at is not None and found.ended_at.timestamp() == 1795400001.5


def test_a_status_that_nobody_knows_is_kept_as_text(wire: Wire, connection: Connection) -> None:
    wire.says({**SUMMARY, "StartTimestamp": 1795400000.25, "Status": "HIBERNATING", "NewMember": {"a": 1}})
    assert lambda_api.get_execution(connection, EXECUTION).status == "HIBERNATING"


def test_a_callback_result_is_sent_byte_for_byte(wire: Wire, connection: Connection) -> None:
    wire.says(b"")
    answer = lambda_api.callback_success(connection, CALLBACK, '{"é": 1}\n'.encode())
    assert wire.asked == [
        ("POST", f"/2025-12-01/durable-execution-callbacks/{CALLBACK}/succeed", '{"é": 1}\n'.encode())
    ]
    assert answer.request_id == "request-1"


def test_a_marker_that_leads_back_to_itself_is_not_taken_for_the_end(wire: Wire, connection: Connection) -> None:
    wire.says({"Functions": [], "NextMarker": "again"})
    with pytest.raises(errors.NotUnderstood):
        list(lambda_api.list_functions(connection))
    assert len(wire.asked) == 2


def test_throttling_says_when_to_come_back_and_pauses_that_api(
    wire: Wire, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "PAGE_TRIES", 1)
    wire.says(
        {"message": "Rate exceeded", "Reason": "CallerRateLimitExceeded"},
        429,
        x_amzn_ErrorType="TooManyRequestsException",
        Retry_After="7",
    )
    error = _raised(connection, "get_history")
    assert isinstance(error, errors.Throttled) and error.retry_after == 7
    assert len(wire.asked) == 1, "botocore must not retry behind the budget's back"
    state = budget.state(AMBIENT, "history")
    assert state is not None and 6 < state.paused <= 8 and state.part == pytest.approx(0.5, abs=0.01)
    assert budget.state(AMBIENT, "list") == State(7, 1.0, 0.0, dict.fromkeys(Lane, 0))


@pytest.mark.parametrize("name", CALLS)
def test_a_typed_error_is_told_in_the_words_of_aws(name: str, wire: Wire, connection: Connection) -> None:
    wire.says({"Message": "no such thing"}, 404, x_amzn_ErrorType="ResourceNotFoundException")
    error = _raised(connection, name)
    assert isinstance(error, errors.NotFound) and "no such thing" in error.words
    assert error.request_id == "request-1" and not error.maybe_done


def test_an_error_without_its_type_is_told_by_its_status(wire: Wire, connection: Connection) -> None:
    wire.says({"message": "no"}, 400)
    error = _raised(connection, "list_executions")
    assert type(error) is GatewayError and not error.retry


@pytest.mark.parametrize("name", CALLS)
def test_a_server_error_may_have_carried_out_the_request_and_is_not_repeated_by_botocore(
    name: str, wire: Wire, connection: Connection
) -> None:
    wire.says({"Message": "internal"}, 500, x_amzn_ErrorType="ServiceException")
    error = _raised(connection, name)
    assert isinstance(error, errors.ServiceTrouble) and error.maybe_done and error.retry
    assert len(wire.asked) == 1


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("status", [502, 503])
def test_a_proxy_in_trouble_is_a_service_in_trouble(name: str, status: int, wire: Wire, connection: Connection) -> None:
    wire.says(b"<html>Bad Gateway</html>", status, Content_Type="text/html")
    assert isinstance(_raised(connection, name), errors.ServiceTrouble)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "body", [b"<html>Log in to the Wi-Fi</html>", b"[]", b"null", b'{"Events": [', b"\xff\xfe"], ids=repr
)
def test_an_answer_that_is_no_json_object_is_never_taken_for_an_empty_one(
    body: bytes, name: str, wire: Wire, connection: Connection
) -> None:
    wire.says(body)
    error = _raised(connection, name)
    assert isinstance(error, errors.NotUnderstood) and error.maybe_done and "AWS_ENDPOINT_URL_LAMBDA" in error.remedy


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("list_functions", {}),
        ("get_history", {}),
        ("get_history", {"Events": None}),
        ("get_history", {"Events": ["text"]}),
        ("get_execution", {"Status": "RUNNING"}),
        ("get_execution", {**SUMMARY, "StartTimestamp": "soon"}),
        ("get_function", {"FunctionName": "x"}),
        ("list_executions", {"DurableExecutions": [{"Status": "RUNNING"}]}),
        ("list_functions", {"Functions": [{"DurableConfig": {"ExecutionTimeout": 1}}]}),
    ],
)
def test_an_answer_without_what_aws_always_says_is_told_in_words(
    name: str, body: dict[str, Any], wire: Wire, connection: Connection
) -> None:
    wire.says(body)
    assert isinstance(_raised(connection, name), errors.NotUnderstood)


@pytest.mark.parametrize("name", CALLS)
def test_a_connection_that_closes_without_an_answer_leaves_the_outcome_open(
    name: str, wire: Wire, connection: Connection
) -> None:
    wire.says(None)
    error = _raised(connection, name)
    assert isinstance(error, errors.Unreachable) and error.maybe_done and len(wire.asked) == 1


def test_an_answer_that_breaks_off_leaves_the_outcome_open(wire: Wire, connection: Connection) -> None:
    wire.says(b'{"Events": [', Content_Length="1000")
    error = _raised(connection, "get_history")
    assert isinstance(error, errors.Unreachable | errors.NotUnderstood) and error.maybe_done


@pytest.mark.parametrize("name", CALLS)
def test_where_nobody_listens_nothing_has_been_done(name: str, connection_to_nobody: Connection) -> None:
    error = _raised(connection_to_nobody, name)
    assert isinstance(error, errors.Unreachable) and not error.maybe_done
    assert "AWS_ENDPOINT_URL_LAMBDA" in error.remedy


def test_a_server_that_never_answers_leaves_the_outcome_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "Config", lambda **given: Config(**{**given, "read_timeout": 0.2}))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = _ambient(monkeypatch, f"http://127.0.0.1:{silent.getsockname()[1]}")
        error = _raised(connection, "callback_success")
    assert isinstance(error, errors.Unreachable) and error.maybe_done and "in time" in error.words


# --- the settings of the connection ---


def test_without_a_region_the_remedy_names_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(errors.NoCredentials) as raised:
        connections.opened(Configured())
    assert "AWS_REGION" in raised.value.remedy


@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_PROFILE", "no-such-profile"), ("AWS_ENDPOINT_URL", "not a url"), ("AWS_REGION", "no region")],
)
def test_settings_that_boto3_cannot_use_are_told_in_words(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL_LAMBDA", raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(errors.NoCredentials) as raised:
        connections.opened(Configured())
    assert value in raised.value.words


def test_aws_region_comes_before_aws_default_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert _ambient(monkeypatch, "http://127.0.0.1:1").region == "us-east-1"


# --- the budget ---


def test_each_api_gets_its_share_of_the_quota_and_at_least_one_call(settings: Any) -> None:
    settings.BUDGET_SHARE = 0.5
    assert [budget.calls_per_second("default", api) for api in ("history", "get", "callback")] == [7, 15, 1500]
    settings.BUDGET_SHARE = 0.01
    assert budget.calls_per_second("default", "history") == 1


def test_a_call_that_finds_no_place_in_time_says_so(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.undo()
    settings.BUDGET_SHARE = 0.07
    monkeypatch.setattr(budget, "_buckets", {})
    budget.acquire("test", "list", patience=0)
    with pytest.raises(errors.OverBudget, match=re.escape("BUDGET_SHARE")):
        budget.acquire("test", "list", patience=0)
