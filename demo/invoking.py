"""Invoke: starts executions of durable functions, runs plain functions."""

from __future__ import annotations

import json
import re
import threading
import traceback
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_durable_execution_sdk_python_testing.model import StartDurableExecutionInput

from demo.arns import ACCOUNT_ID, LATEST, parse_function
from demo.catalog import FunctionSpec
from demo.engine import lambda_context
from demo.errors import ApiError, invalid
from demo.http_types import Request, Response
from demo.journal import JournaledExecution
from demo.listing import status_of

if TYPE_CHECKING:
    from demo.backend import Backend

# Largest payload in bytes, by invocation type.
_LIMIT = {"Event": 1_048_576, "RequestResponse": 6_291_556, "DryRun": 6_291_556}
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True)
class Call:
    """One Invoke request, checked."""

    spec: FunctionSpec
    version: str
    kind: str
    name: str | None
    payload: str


def invoke(backend: Backend, request: Request) -> Response:
    """The Invoke operation."""
    call = _read(backend, request)
    if call.kind == "DryRun":
        return Response(204)
    return _invoke_durable(backend, call) if call.spec.durable else _invoke_plain(call)


def _read(backend: Backend, request: Request) -> Call:
    spec, version = backend.catalog.find(parse_function(request.params["FunctionName"], request.one("Qualifier")))
    kind = request.headers.get("x-amz-invocation-type") or "RequestResponse"
    if kind not in _LIMIT:
        raise invalid(f"Unknown InvocationType: {kind}")
    name = request.headers.get("x-amz-durable-execution-name")
    if name is not None and not spec.durable:
        raise invalid(f"{spec.name} is not durable; DurableExecutionName makes no sense for it")
    if name is not None and not _NAME.fullmatch(name):
        raise invalid("DurableExecutionName must be 1 to 64 letters, digits, hyphens or underscores")
    if len(request.body) > _LIMIT[kind]:
        raise ApiError("RequestTooLargeException", f"{len(request.body)} bytes exceed the limit of {_LIMIT[kind]}")
    # Kept as the text it is: parsing and printing anew would lose how numbers were written.
    request.json()
    return Call(spec, version, kind, name, request.body.decode() if request.body.strip() else "{}")


def _invoke_durable(backend: Backend, call: Call) -> Response:
    if call.kind == "RequestResponse" and (call.spec.execution_timeout or 0) > call.spec.timeout:
        raise invalid(
            f"Cannot invoke {call.spec.name} synchronously: its ExecutionTimeout of {call.spec.execution_timeout} s "
            f"exceeds its Timeout of {call.spec.timeout} s. Use InvocationType Event."
        )
    execution = start_execution(backend, call.spec, call.payload, name=call.name, version=call.version)
    headers = {
        "X-Amz-Executed-Version": execution.start_input.function_qualifier,
        "X-Amz-Durable-Execution-Arn": execution.durable_execution_arn,
    }
    if call.kind == "Event":
        return Response(202, b"", headers)
    execution.finished.wait()
    if status_of(execution) == "SUCCEEDED":
        return Response(200, ((execution.result and execution.result.result) or "null").encode(), headers)
    error = execution.result.error if execution.result else None
    body = {"errorMessage": error.message if error else "", "errorType": error.type if error else ""}
    return Response(200, json.dumps(body).encode(), {**headers, "X-Amz-Function-Error": "Unhandled"})


def start_execution(
    backend: Backend, spec: FunctionSpec, payload: str, *, name: str | None = None, version: str = LATEST
) -> JournaledExecution:
    """Start an execution, or return the one that has this name already if it was started with this payload."""
    with backend.start_lock:
        existing = backend.index.named(spec.name, name) if name else None
        if existing is not None:
            if existing.start_input.input == payload:
                return existing
            raise ApiError(
                "DurableExecutionAlreadyStartedException",
                f"An execution named {name} of {spec.name} was started with another payload",
            )
        started = backend.executor.start_execution(
            StartDurableExecutionInput(
                account_id=ACCOUNT_ID,
                function_name=spec.name,
                function_qualifier=version,
                execution_name=name or str(uuid.uuid4()),
                execution_timeout_seconds=spec.execution_timeout or 0,
                execution_retention_period_days=spec.retention_days,
                input=payload,
            )
        )
    return backend.index.get(started.execution_arn or "")


def _invoke_plain(call: Call) -> Response:
    headers = {"X-Amz-Executed-Version": call.version}
    if call.kind == "Event":
        threading.Thread(target=_run_plain, args=(call,), daemon=True).start()
        return Response(202, b"", headers)
    output, failed = _run_plain(call)
    if failed:
        headers["X-Amz-Function-Error"] = "Unhandled"
    return Response(200, json.dumps(output, ensure_ascii=False).encode(), headers)


def _run_plain(call: Call) -> tuple[Any, bool]:
    """The handler's answer, or what Lambda reports of an exception; the flag says which."""
    request_id = str(uuid.uuid4())
    try:
        return call.spec.handler(json.loads(call.payload), lambda_context(call.spec.name, request_id)), False
    except Exception as error:  # whatever the function raises is its answer
        report = {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": request_id,
            "stackTrace": traceback.format_tb(error.__traceback__)[-3:],
        }
        return report, True
