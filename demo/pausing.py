"""PauseDurableExecution, ResumeDurableExecution, DeleteDurableExecution.

As at the service each is accepted first and comes into force a moment later: PAUSING until the invocation under way has
reached its next checkpoint, DELETING until the execution is gone.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from demo.arns import check_execution_arn
from demo.errors import conflict, invalid
from demo.http_types import Request, Response, json_response
from demo.journal import JournaledExecution

if TYPE_CHECKING:
    from demo.backend import Backend

MAX_REASON = 1024
INVOCATION_ENDS_WITHIN = 120.0
DELETION_SECONDS = 3.0


def pause(backend: Backend, request: Request) -> Response:
    """Nothing is invoked from now on; a repeated client token pauses once."""
    execution, body, reason = _read(backend, request)
    pausing = execution.pausing
    with pausing.lock:
        if _repeated(execution, body):
            return Response(202)
        _check_going_on(execution)
        if pausing.status != "RUNNING":
            raise conflict("The durable execution is paused already")
        asked_at = time.time()
        pausing.details = {
            "PauseRequestTimestamp": asked_at,
            **({} if reason is None else {"Reason": reason}),
            "ExecutionTimeoutPaused": body.get("ExecutionTimeoutPaused", True) is True,
        }
        pausing.status = "PAUSING"
    come = threading.Thread(target=_come_to_rest, args=(backend, execution, asked_at, reason), daemon=True)
    come.start()
    return Response(202)


def resume(backend: Backend, request: Request) -> Response:
    """Invoke what was held back. While PAUSING it takes the pause back, and the invocation goes on."""
    execution, body, reason = _read(backend, request)
    pausing = execution.pausing
    with pausing.lock:
        if _repeated(execution, body):
            return Response(202)
        _check_going_on(execution)
        if pausing.status == "RUNNING":
            raise conflict("The durable execution is not paused")
        if pausing.status == "PAUSED":
            if pausing.timeout_too:
                pausing.owed += time.time() - pausing.began
            execution.record_pause(resumed=True, asked_at=time.time(), reason=reason)
        pausing.status, pausing.details = "RUNNING", None
    backend.executor.resume_execution(execution.durable_execution_arn)
    return Response(202)


def delete(backend: Backend, request: Request) -> Response:
    """Remove an execution that has ended, a few seconds later."""
    execution = backend.index.get(check_execution_arn(request.params["DurableExecutionArn"]))
    if not execution.finished.is_set():
        raise conflict("The durable execution has not ended")
    if not execution.deleting:
        execution.deleting = True
        timer = threading.Timer(DELETION_SECONDS, backend.index.remove, args=(execution,))
        timer.daemon = True
        timer.start()
    return json_response({"DeletionRequestTimestamp": time.time()}, 202)


def _read(backend: Backend, request: Request) -> tuple[JournaledExecution, dict[str, Any], str | None]:
    execution = backend.index.get(check_execution_arn(request.params["DurableExecutionArn"]))
    body = request.json() or {}
    if not isinstance(body, dict):
        raise invalid("The body must be an object")
    reason = body.get("Reason")
    if reason is not None and (not isinstance(reason, str) or len(reason) > MAX_REASON):
        raise invalid(f"Reason must be a text of at most {MAX_REASON} characters")
    return execution, body, reason


def _repeated(execution: JournaledExecution, body: dict[str, Any]) -> bool:
    token = str(body.get("ClientToken") or "")
    if not token:
        return False
    seen = token in execution.pausing.tokens
    execution.pausing.tokens.add(token)
    return seen


def _check_going_on(execution: JournaledExecution) -> None:
    if execution.finished.is_set():
        raise conflict("The durable execution has ended")


def _come_to_rest(backend: Backend, execution: JournaledExecution, asked_at: float, reason: str | None) -> None:
    """Wait until no code of the execution runs; then it is paused, unless somebody has resumed it meanwhile."""
    backend.executor.pause_execution(execution.durable_execution_arn, timeout=INVOCATION_ENDS_WITHIN)
    pausing = execution.pausing
    with pausing.lock:
        mine = pausing.details and pausing.details["PauseRequestTimestamp"] == asked_at
        if mine and not execution.finished.is_set():
            pausing.status, pausing.began = "PAUSED", time.time()
            execution.record_pause(resumed=False, asked_at=asked_at, reason=reason)
