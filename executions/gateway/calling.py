"""Every call to AWS: its circuit, its place in the budget, its count, its error in our words."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from executions import metrics
from executions.gateway import budget, circuit
from executions.gateway.answers import Answer
from executions.gateway.connections import Connection
from executions.gateway.errors import GatewayError, Throttled, triage

log = structlog.get_logger(__name__)
_counts = threading.local()
PAGE_TRIES = 5
"""A later page that AWS is too busy for is asked for again at once, within the budget: else the pages before it would
have been asked for in vain.
"""


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


def call_aws(
    connection: Connection, api: str, asked: str, call: Callable[..., Any], *, patience: float = 60.0, **request: object
) -> dict[str, Any]:
    tries, until = PAGE_TRIES if request.get("Marker") else 1, time.monotonic() + patience
    while True:
        try:
            with circuit.guarding(connection.name, api, _function_of(request)):
                return _send(connection, api, asked, call, patience, request)
        except Throttled:
            tries, patience = tries - 1, until - time.monotonic()
            if not tries or patience < 0:
                raise


def act(connection: Connection, api: str, asked: str, call: Callable[..., Any], **request: object) -> Answer:
    answer = call_aws(connection, api, asked, call, patience=10.0, **request)
    meta = answer.pop("ResponseMetadata", {})
    return Answer(str(meta.get("RequestId", "")), answer)


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
    began = time.perf_counter()
    try:
        # Before a place is taken: one whose call goes out too late is given to others.
        connection.ready()
    except Exception as raised:
        raise _failed(triage(raised, asked=asked), connection, api, request, began) from raised
    budget.acquire(connection.name, api, patience=patience)
    counter = getattr(_counts, "counter", None)
    if counter is not None:
        counter[api] += 1
    began = time.perf_counter()
    try:
        answer: dict[str, Any] = call(**request)
    except Exception as raised:
        error = _failed(triage(raised, asked=asked), connection, api, request, began)
        if isinstance(error, Throttled):
            budget.throttled(connection.name, api, error.retry_after)
        raise error from raised
    finally:
        budget.over()
    metrics.called(connection.name, api, metrics.OK, time.perf_counter() - began)
    request_id = str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
    log.debug("aws.called", **_about(connection, api, metrics.OK, request_id, request, began))
    return answer


def _failed(
    error: GatewayError, connection: Connection, api: str, request: dict[str, object], began: float
) -> GatewayError:
    """The error, counted and logged."""
    metrics.called(connection.name, api, error.kind, time.perf_counter() - began)
    log.info("aws.failed", code=error.code, **_about(connection, api, error.kind, error.request_id, request, began))
    return error


def _about(
    connection: Connection, api: str, outcome: str, request_id: str, request: dict[str, object], began: float
) -> dict[str, object]:
    """What the log says of every call. AWS's support and CloudTrail ask for the request id."""
    said: dict[str, object] = {"connection": connection.name, "api": api, "outcome": outcome}
    said |= {"seconds": round(time.perf_counter() - began, 4), "aws_request_id": request_id}
    named = {"execution_arn": request.get("DurableExecutionArn"), "function": request.get("FunctionName")}
    return said | {name: value for name, value in named.items() if value}


def given(**values: object) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
