"""GetDurableExecution and GetDurableExecutionHistory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo import markers
from demo.arns import check_execution_arn
from demo.http_types import Request, Response, json_response
from demo.journal import JournaledExecution, WireEvent
from demo.listing import summary

if TYPE_CHECKING:
    from demo.backend import Backend

_DATA_MEMBERS = ("Input", "Result", "Error", "Reason")


def get_execution(backend: Backend, request: Request) -> Response:
    """Everything about one execution but its events."""
    execution = backend.index.get(check_execution_arn(request.params["DurableExecutionArn"]))
    include = request.flag("IncludeExecutionData", True)
    answer = summary(execution)
    start = execution.start_input
    answer["Version"] = start.function_qualifier
    answer["ExecutionDataIncluded"] = include
    answer["DurableConfig"] = {
        "ExecutionTimeout": start.execution_timeout_seconds,
        "RetentionPeriodInDays": start.execution_retention_period_days,
    }
    if not execution.finished.is_set():
        answer["ExpectedExecutionTimeoutTimestamp"] = answer["StartTimestamp"] + start.execution_timeout_seconds
        if execution.pausing.details:
            answer["PauseDetails"] = execution.pausing.wire(include_data=include)
    if include:
        answer.update(_data(execution))
    return json_response(answer)


def _data(execution: JournaledExecution) -> dict[str, Any]:
    status = execution.current_status().value if execution.finished.is_set() else "RUNNING"
    details = execution.operations[0].execution_details
    data: dict[str, Any] = {"InputPayload": details.input_payload if details else None}
    if status == "SUCCEEDED" and execution.result:
        data["Result"] = execution.result.result
    elif status != "RUNNING" and execution.result and execution.result.error:
        data["Error"] = dict(execution.result.error.to_dict())
    return {member: value for member, value in data.items() if value is not None}


def get_history(backend: Backend, request: Request) -> Response:
    """One page of events, oldest first unless ReverseOrder."""
    execution = backend.index.get(check_execution_arn(request.params["DurableExecutionArn"]))
    newest_first = request.flag("ReverseOrder", False)
    kind = f"history:{execution.start_input.invocation_id}:{newest_first}"
    position, limit = markers.decode(request.one("Marker"), kind), request.max_items(100, 1000)
    events = execution.events()
    # EventId N is at index N-1.
    if newest_first:
        end = len(events) if position is None else min(position - 1, len(events))
        page, more = events[max(0, end - limit) : end][::-1], end > limit
    else:
        begin = position or 0
        page, more = events[begin : begin + limit], begin + limit < len(events)
    answer: dict[str, Any] = {
        "Events": page if request.flag("IncludeExecutionData", True) else [without_data(event) for event in page]
    }
    if more and page:
        answer["NextMarker"] = markers.encode(kind, page[-1]["EventId"])
    return json_response(answer)


def without_data(event: WireEvent) -> WireEvent:
    """The event with its payloads left out and marked as truncated."""
    key = f"{event['EventType']}Details"
    details = event[key]
    if not any(member in details for member in _DATA_MEMBERS):
        return event
    bare = {name: {"Truncated": True} if name in _DATA_MEMBERS else value for name, value in details.items()}
    return {**event, key: bare}
