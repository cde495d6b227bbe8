"""StopDurableExecution and the three callback operations."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_durable_execution_sdk_python.lambda_service import ErrorObject, OperationStatus
from aws_durable_execution_sdk_python_testing.exceptions import AwsApiException, IllegalStateException
from aws_durable_execution_sdk_python_testing.token import CallbackToken

from demo.arns import check_execution_arn
from demo.errors import ApiError, invalid, not_found
from demo.http_types import Request, Response, json_response

if TYPE_CHECKING:
    from demo.backend import Backend

MAX_RESULT_BYTES = 1_048_576


def stop(backend: Backend, request: Request) -> Response:
    """Stop now; stopping what has already ended answers with the time it ended."""
    execution = backend.index.get(check_execution_arn(request.params["DurableExecutionArn"]))
    answer = backend.executor.stop_execution(execution.durable_execution_arn, read_error(request.json()))
    return json_response({"StopTimestamp": answer.stop_timestamp.timestamp()})


def succeed(backend: Backend, request: Request) -> Response:
    """Complete a callback with the body, verbatim."""
    if len(request.body) > MAX_RESULT_BYTES:
        raise ApiError("RequestTooLargeException", f"Result is larger than {MAX_RESULT_BYTES} bytes")
    try:
        request.body.decode()
    except UnicodeDecodeError:
        raise invalid("Result is not UTF-8") from None
    send = backend.executor.send_callback_success
    return _answer(backend, request, lambda callback_id: send(callback_id, request.body))


def fail(backend: Backend, request: Request) -> Response:
    """Fail a callback with the error in the body, if any."""
    error = read_error(request.json())
    send = backend.executor.send_callback_failure
    return _answer(backend, request, lambda callback_id: send(callback_id, error))


def heartbeat(backend: Backend, request: Request) -> Response:
    """Start a callback's heartbeat timeout anew; leaves no event."""
    return _answer(backend, request, backend.executor.send_callback_heartbeat)


def read_error(body: Any) -> ErrorObject | None:
    """An ErrorObject from a request body; None when it says nothing."""
    if not body:
        return None
    if not isinstance(body, dict):
        raise invalid("Error must be an object")
    # The CLI and the SDKs send the members at the top level; some tools wrap them.
    error = body.get("Error", body)
    return ErrorObject.from_dict(error) if error else None


def _answer(backend: Backend, request: Request, send: Callable[[str], object]) -> Response:
    callback_id = request.params["CallbackId"]
    _check_open(backend, callback_id)
    try:
        send(callback_id)
    except (AwsApiException, IllegalStateException) as error:
        # Two answers at once: both found it open, one came second.
        _check_open(backend, callback_id)
        raise ApiError("ServiceException", str(error)) from error
    return json_response({})


def _check_open(backend: Backend, callback_id: str) -> None:
    try:
        token = CallbackToken.from_str(callback_id)
        execution = backend.index.get(str(token.execution_arn))
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise invalid("CallbackId is not valid") from None
    try:
        _, operation = execution.find_callback_operation(callback_id)
    except IllegalStateException:
        raise not_found("Callback not found") from None
    if execution.is_complete or operation.status is not OperationStatus.STARTED:
        raise ApiError("CallbackTimeoutException", "The callback has expired or has already been answered")
