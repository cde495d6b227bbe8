"""One function per AWS operation that Durascope uses. Returns plain values of ours, raises executions.gateway.errors.

Each call takes its place in the budget first and is counted in `calls_made`.
"""

import datetime as dt
import email.utils
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from executions import metrics
from executions.gateway import budget, circuit
from executions.gateway.connections import Connection
from executions.gateway.errors import NotUnderstood, Throttled, triage

T = TypeVar("T")
PAGE_ITEMS = 1000
_counts = threading.local()


@dataclass(frozen=True)
class FunctionConfiguration:
    """A durable function; times in seconds, memory in MB, `modified_at` as AWS writes it."""

    arn: str
    name: str
    description: str
    runtime: str
    memory_mb: int | None
    timeout_seconds: int | None
    execution_timeout_seconds: int | None
    retention_days: int | None
    kms_key_arn: str
    modified_at: str


@dataclass(frozen=True)
class ExecutionSummary:
    """One execution as List, Get or push describes it; `started_at` is None where that was left out."""

    arn: str
    name: str
    function_arn: str
    status: str
    started_at: dt.datetime | None
    ended_at: dt.datetime | None


@dataclass(frozen=True)
class Page(Generic[T]):
    """`at`: AWS's own time when it answered, in whole seconds; None when it did not say."""

    items: list[T]
    next_marker: str | None
    at: dt.datetime | None = None


class Markers:
    """The markers that one reading has followed. One that comes again leads in a circle: it would never end, and taken
    for the end it would hide what comes after it.
    """

    def __init__(self) -> None:
        self._followed: set[str] = set()

    def follow(self, marker: str | None) -> str | None:
        """The marker of the next page, None after the last one; raises NotUnderstood."""
        if not marker:
            return None
        if marker in self._followed:
            raise NotUnderstood("AWS's pages lead in a circle.", "Durascope begins again by itself.")
        self._followed.add(marker)
        return marker


@dataclass(frozen=True)
class Answer:
    """AWS's answer to an action: its request id and the fields it returned."""

    request_id: str
    fields: dict[str, Any]


@contextmanager
def count_calls() -> Iterator[Counter[str]]:
    """Counts this thread's calls by API while the block runs."""
    counter: Counter[str] = Counter()
    before = getattr(_counts, "counter", None)
    _counts.counter = counter
    try:
        yield counter
    finally:
        _counts.counter = before
        if before is not None:
            before.update(counter)


def list_functions(connection: Connection) -> Iterator[FunctionConfiguration]:
    """Every durable function of the account and Region; others are left out (they have no DurableConfig)."""
    marker, markers = None, Markers()
    while True:
        answer = _call(
            connection,
            "control",
            "list functions",
            connection.client.list_functions,
            **_given(Marker=marker, MaxItems=50),
        )
        with _complete("the functions"):
            found = answer["Functions"]
        yield from (_function(item) for item in found if item.get("DurableConfig"))
        marker = markers.follow(answer.get("NextMarker"))
        if not marker:
            return


def list_executions(
    connection: Connection,
    function: str,
    *,
    started_after: dt.datetime | None = None,
    statuses: list[str] | None = None,
    name: str | None = None,
    marker: str | None = None,
) -> Page[ExecutionSummary]:
    """One page of a function's executions, newest first; `name` is exact."""
    answer = _call(
        connection,
        "list",
        f"list executions of {function.rsplit(':', 1)[-1]}",
        connection.client.list_durable_executions_by_function,
        FunctionName=function,
        MaxItems=PAGE_ITEMS,
        **_given(StartedAfter=started_after, Statuses=statuses, DurableExecutionName=name, Marker=marker),
    )
    items = [_summary(item) for item in answer.get("DurableExecutions", [])]
    return Page(items, answer.get("NextMarker"), _answered_at(answer))


def get_execution(connection: Connection, arn: str, *, patience: float = 60.0) -> ExecutionSummary:
    """One execution by ARN; raises NotFound."""
    answer = _call(
        connection,
        "get",
        "read the execution",
        connection.client.get_durable_execution,
        patience=patience,
        DurableExecutionArn=arn,
        IncludeExecutionData=False,
    )
    summary = _summary(answer)
    with _complete("an execution"):
        answer["StartTimestamp"]
    return summary


def get_function(connection: Connection, name: str, *, patience: float = 60.0) -> FunctionConfiguration:
    """One function's configuration; raises NotFound."""
    answer = _call(
        connection,
        "control",
        f"read function {name}",
        connection.client.get_function_configuration,
        patience=patience,
        FunctionName=name,
    )
    return _function(answer)


def get_history(
    connection: Connection, arn: str, *, newest_first: bool = False, marker: str | None = None, patience: float = 60.0
) -> Page[dict[str, Any]]:
    """One page of wire events exactly as AWS wrote them (numbers for times, payloads as strings)."""
    answer = _call(
        connection,
        "history",
        "read the history",
        connection.client.get_durable_execution_history,
        patience=patience,
        DurableExecutionArn=arn,
        IncludeExecutionData=True,
        ReverseOrder=newest_first,
        MaxItems=PAGE_ITEMS,
        **_given(Marker=marker),
    )
    wire = answer.get("Wire", answer)
    return Page(wire["Events"], wire.get("NextMarker"))


def stop_execution(connection: Connection, arn: str, error: dict[str, Any]) -> Answer:
    """Stop an execution; `error` has ErrorType and ErrorMessage."""
    client = connection.client.stop_durable_execution
    return _act(connection, "stop", "stop the execution", client, DurableExecutionArn=arn, Error=error)


def start_execution(connection: Connection, function: str, *, qualifier: str, name: str, payload: bytes) -> Answer:
    """Start an execution asynchronously. The same name with the same payload starts it once. Counted with the
    control-plane calls, though AWS allows more.
    """
    answer = _act(
        connection,
        "control",
        "start the execution",
        connection.client.invoke,
        FunctionName=function,
        Qualifier=qualifier,
        InvocationType="Event",
        DurableExecutionName=name,
        Payload=payload,
    )
    return Answer(answer.request_id, {"DurableExecutionArn": answer.fields.get("DurableExecutionArn", "")})


def pause_execution(connection: Connection, arn: str, *, token: str, reason: str, timeout_too: bool) -> Answer:
    """Ask for a pause; the status follows later. The same token within 15 minutes pauses once.

    `timeout_too`: the execution timeout stands still meanwhile.
    """
    return _act(
        connection,
        "control",
        "pause the execution",
        connection.client.pause_durable_execution,
        DurableExecutionArn=arn,
        ClientToken=token,
        ExecutionTimeoutPaused=timeout_too,
        **_given(Reason=reason),
    )


def resume_execution(connection: Connection, arn: str, *, token: str, reason: str) -> Answer:
    """Ask for the end of a pause; the status follows later. The same token within 15 minutes resumes once."""
    return _act(
        connection,
        "control",
        "resume the execution",
        connection.client.resume_durable_execution,
        DurableExecutionArn=arn,
        ClientToken=token,
        **_given(Reason=reason),
    )


def delete_execution(connection: Connection, arn: str) -> Answer:
    """Ask AWS to delete an execution that has ended; it does so a little later."""
    client = connection.client.delete_durable_execution
    return _act(connection, "control", "delete the execution", client, DurableExecutionArn=arn)


def callback_success(connection: Connection, callback_id: str, result: bytes) -> Answer:
    """Answer a callback; `result` is what the function gets, byte for byte."""
    client = connection.client.send_durable_execution_callback_success
    return _act(connection, "callback", "send the answer", client, CallbackId=callback_id, Result=result)


def callback_failure(connection: Connection, callback_id: str, error: dict[str, Any]) -> Answer:
    client = connection.client.send_durable_execution_callback_failure
    return _act(connection, "callback", "send the failure", client, CallbackId=callback_id, Error=error)


def callback_heartbeat(connection: Connection, callback_id: str) -> Answer:
    client = connection.client.send_durable_execution_callback_heartbeat
    return _act(connection, "callback", "send the heartbeat", client, CallbackId=callback_id)


def _act(connection: Connection, api: str, asked: str, call: Callable[..., Any], **request: object) -> Answer:
    answer = _call(connection, api, asked, call, patience=10.0, **request)
    meta = answer.pop("ResponseMetadata", {})
    return Answer(str(meta.get("RequestId", "")), answer)


def _call(
    connection: Connection, api: str, asked: str, call: Callable[..., Any], *, patience: float = 60.0, **request: object
) -> dict[str, Any]:
    with circuit.guarding(connection.name, api, _function_of(request)):
        return _send(connection, api, asked, call, patience, request)


def _function_of(request: dict[str, object]) -> str:
    """The ARN or name of the function that a request is about, "" when it does not say."""
    about = str(request.get("DurableExecutionArn") or request.get("FunctionName") or "")
    return ":".join(about.split("/", 1)[0].split(":")[:7])


def _send(
    connection: Connection,
    api: str,
    asked: str,
    call: Callable[..., Any],
    patience: float,
    request: dict[str, object],
) -> dict[str, Any]:
    budget.acquire(connection.name, api, patience=patience)
    counter = getattr(_counts, "counter", None)
    if counter is not None:
        counter[api] += 1
    began = time.perf_counter()
    try:
        answer: dict[str, Any] = call(**request)
    except Exception as raised:
        error = triage(raised, asked=asked)
        metrics.called(connection.name, api, error.kind, time.perf_counter() - began)
        if isinstance(error, Throttled):
            budget.throttled(connection.name, api, error.retry_after)
        raise error from raised
    metrics.called(connection.name, api, metrics.OK, time.perf_counter() - began)
    return answer


def _given(**values: object) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


@contextmanager
def _complete(what: str) -> Iterator[None]:
    """Members that AWS's model calls required must be there."""
    try:
        yield
    except KeyError as missing:
        raise NotUnderstood(
            f"AWS described {what} without {missing}.",
            "Check that AWS_ENDPOINT_URL_LAMBDA, and any proxy between, leads to AWS Lambda.",
        ) from missing


def _function(item: dict[str, Any]) -> FunctionConfiguration:
    durable = item.get("DurableConfig") or {}
    with _complete("a function"):
        return FunctionConfiguration(
            arn=item["FunctionArn"],
            name=item["FunctionName"],
            description=item.get("Description") or "",
            runtime=item.get("Runtime") or "",
            memory_mb=item.get("MemorySize"),
            timeout_seconds=item.get("Timeout"),
            execution_timeout_seconds=durable.get("ExecutionTimeout"),
            retention_days=durable.get("RetentionPeriodInDays"),
            kms_key_arn=durable.get("KMSKeyArn") or "",
            modified_at=item.get("LastModified") or "",
        )


def _summary(item: dict[str, Any]) -> ExecutionSummary:
    with _complete("an execution"):
        arn = item["DurableExecutionArn"]
    return ExecutionSummary(
        arn=arn,
        name=item.get("DurableExecutionName") or "",
        function_arn=item.get("FunctionArn") or "",
        status=item.get("Status") or "UNKNOWN",
        started_at=item.get("StartTimestamp"),
        ended_at=item.get("EndTimestamp"),
    )


def _answered_at(answer: dict[str, Any]) -> dt.datetime | None:
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return email.utils.parsedate_to_datetime(said).astimezone(dt.UTC) if said else None
    except ValueError:
        return None
