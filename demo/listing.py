"""The index of all executions, and ListDurableExecutionsByFunction on it."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from demo import markers
from demo.arns import parse_function
from demo.errors import invalid, not_found
from demo.http_types import Request, Response, json_response
from demo.journal import JournaledExecution

if TYPE_CHECKING:
    from demo.backend import Backend

STATUSES = ("RUNNING", "PAUSING", "PAUSED", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED", "DELETING")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class ExecutionIndex:
    """Executions by ARN, by name within a function, and by function in the order they started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_arn: dict[str, JournaledExecution] = {}
        self._by_name: dict[tuple[str, str], JournaledExecution] = {}
        self._by_function: dict[str, list[JournaledExecution]] = {}

    def add(self, execution: JournaledExecution) -> None:
        """Called once for each execution, before its first invocation."""
        start = execution.start_input
        with self._lock:
            self._by_arn[execution.durable_execution_arn] = execution
            self._by_name.setdefault((start.function_name, start.execution_name), execution)
            self._by_function.setdefault(start.function_name, []).append(execution)

    def remove(self, execution: JournaledExecution) -> None:
        """Forget a deleted one; its name is free again."""
        start = execution.start_input
        with self._lock:
            self._by_arn.pop(execution.durable_execution_arn, None)
            self._by_name.pop((start.function_name, start.execution_name), None)
            # It stays in its function's list, for places there are positions of markers.

    def has(self, execution: JournaledExecution) -> bool:
        """Whether it has not been deleted."""
        return execution.durable_execution_arn in self._by_arn

    def get(self, arn: str) -> JournaledExecution:
        """The execution, or ResourceNotFoundException."""
        execution = self._by_arn.get(arn)
        if execution is None:
            raise not_found(f"Durable execution not found: {arn}")
        return execution

    def named(self, function: str, name: str) -> JournaledExecution | None:
        """The execution that took a name first."""
        return self._by_name.get((function, name))

    def of_function(self, function: str) -> list[JournaledExecution]:
        """A snapshot, oldest first."""
        with self._lock:
            return list(self._by_function.get(function, ()))

    def all(self) -> list[JournaledExecution]:
        """A snapshot, oldest first."""
        with self._lock:
            return list(self._by_arn.values())

    def running(self) -> list[JournaledExecution]:
        """A snapshot of those that have not ended, oldest first."""
        return [execution for execution in self.all() if not execution.finished.is_set()]


def status_of(execution: JournaledExecution) -> str:
    """RUNNING, or on the way to a pause, until the terminal event is in the history, so that both never disagree."""
    if execution.deleting:
        return "DELETING"
    return execution.current_status().value if execution.finished.is_set() else execution.pausing.status


def summary(execution: JournaledExecution) -> dict[str, Any]:
    """The members that List and Get have in common."""
    status, operation = status_of(execution), execution.operations[0]
    found: dict[str, Any] = {
        "DurableExecutionArn": execution.durable_execution_arn,
        "DurableExecutionName": execution.start_input.execution_name,
        "FunctionArn": execution.function_arn(execution.region or ""),
        "Status": status,
        "StartTimestamp": operation.start_timestamp.timestamp() if operation.start_timestamp else 0.0,
    }
    if execution.finished.is_set() and operation.end_timestamp:
        found["EndTimestamp"] = operation.end_timestamp.timestamp()
    return found


def list_by_function(backend: Backend, request: Request) -> Response:
    """One page of summaries, newest first; without Qualifier, of all versions."""
    ref = parse_function(request.params["FunctionName"], request.one("Qualifier"))
    spec, version = backend.catalog.find(ref)
    if not spec.durable:
        return json_response({"DurableExecutions": []})
    oldest_first = request.flag("ReverseOrder", False)
    kind = f"list:{spec.name}:{oldest_first}"
    position, limit = markers.decode(request.one("Marker"), kind), request.max_items(100, 1000)
    wanted = _filter(request, version if ref.qualifier else None)
    # A place in the function's list never changes, so new executions cannot shift pages already read.
    numbered = list(enumerate(backend.index.of_function(spec.name)))
    if not oldest_first:
        numbered.reverse()
    page: list[dict[str, Any]] = []
    last = -1
    for place, execution in numbered:
        if position is not None and (place <= position if oldest_first else place >= position):
            continue
        if not backend.index.has(execution):
            continue
        found = summary(execution)
        if not wanted(execution, found):
            continue
        if len(page) == limit:
            return json_response({"DurableExecutions": page, "NextMarker": markers.encode(kind, last)})
        page.append(found)
        last = place
    return json_response({"DurableExecutions": page})


def _filter(request: Request, version: str | None) -> Any:
    """A predicate of the request's filters; filters of different kinds must all hold."""
    name, statuses = request.one("DurableExecutionName"), set(request.query.get("Statuses", ()))
    after, before = request.moment("StartedAfter"), request.moment("StartedBefore")
    if unknown := statuses.difference(STATUSES):
        raise invalid(f"Unknown status: {', '.join(sorted(unknown))}")
    if name is not None and not _NAME.fullmatch(name):
        raise invalid(f"Not an execution name: {name!r}")

    def wanted(execution: JournaledExecution, found: dict[str, Any]) -> bool:
        return (
            (version is None or execution.start_input.function_qualifier == version)
            and (name is None or found["DurableExecutionName"] == name)
            and (not statuses or found["Status"] in statuses)
            and (after is None or found["StartTimestamp"] >= after)
            and (before is None or found["StartTimestamp"] <= before)
        )

    return wanted
