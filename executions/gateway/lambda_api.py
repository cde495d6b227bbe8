"""One function per AWS operation that Durascope uses. Returns values of ours, raises executions.gateway.errors."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from executions.domain.written import Written
from executions.gateway.answers import (
    Answer,
    ExecutionSummary,
    FunctionConfiguration,
    Markers,
    Page,
    answered_at,
    complete,
    function_from,
    summary_from,
)
from executions.gateway.calling import act, call_aws, given
from executions.gateway.connections import Connection

PAGE_ITEMS = 1000


def list_functions(connection: Connection) -> Iterator[FunctionConfiguration]:
    """Every durable function of the account and Region; others are left out (they have no DurableConfig)."""
    marker, markers = None, Markers()
    while True:
        answer = call_aws(
            connection,
            "control",
            "list functions",
            connection.client.list_functions,
            **given(Marker=marker, MaxItems=50),
        )
        with complete("the functions"):
            found = answer["Functions"]
        yield from (function_from(item) for item in found if item.get("DurableConfig"))
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
    answer = call_aws(
        connection,
        "list",
        f"list executions of {function.rsplit(':', 1)[-1]}",
        connection.client.list_durable_executions_by_function,
        FunctionName=function,
        MaxItems=PAGE_ITEMS,
        **given(StartedAfter=started_after, Statuses=statuses, DurableExecutionName=name, Marker=marker),
    )
    items = [summary_from(item) for item in answer.get("DurableExecutions", [])]
    return Page(items, answer.get("NextMarker"), answered_at(answer))


def get_execution(connection: Connection, arn: str, *, patience: float = 60.0) -> ExecutionSummary:
    """One execution by ARN; raises NotFound."""
    answer = call_aws(
        connection,
        "get",
        "read the execution",
        connection.client.get_durable_execution,
        patience=patience,
        DurableExecutionArn=arn,
        IncludeExecutionData=False,
    )
    summary = summary_from(answer)
    with complete("an execution"):
        answer["StartTimestamp"]
    return summary


def get_trace_header(connection: Connection, arn: str, *, patience: float = 60.0) -> str:
    """What X-Ray knows the execution by; "" when it is not traced. Raises NotFound."""
    answer = call_aws(
        connection,
        "get",
        "read the execution",
        connection.client.get_durable_execution,
        patience=patience,
        DurableExecutionArn=arn,
        IncludeExecutionData=False,
    )
    header = answer.get("TraceHeader")
    found = header.get("XAmznTraceId") if isinstance(header, dict) else ""
    return found if isinstance(found, str) else ""


def get_function(connection: Connection, name: str, *, patience: float = 60.0) -> FunctionConfiguration:
    """One function's configuration; raises NotFound."""
    answer = call_aws(
        connection,
        "control",
        f"read function {name}",
        connection.client.get_function_configuration,
        patience=patience,
        FunctionName=name,
    )
    return function_from(answer)


def get_history(
    connection: Connection,
    arn: str,
    *,
    newest_first: bool = False,
    marker: str | None = None,
    most: int = PAGE_ITEMS,
    patience: float = 60.0,
) -> Page[Written]:
    """One page of at `most` so many events as AWS wrote them."""
    answer = call_aws(
        connection,
        "history",
        "read the history",
        connection.client.get_durable_execution_history,
        patience=patience,
        DurableExecutionArn=arn,
        IncludeExecutionData=True,
        ReverseOrder=newest_first,
        MaxItems=most,
        **given(Marker=marker),
    )
    events, next_marker = answer["Told"]
    return Page(events, next_marker, body=answer["Body"])


def stop_execution(connection: Connection, arn: str, error: dict[str, Any]) -> Answer:
    """Stop an execution; `error` has ErrorType and ErrorMessage."""
    client = connection.client.stop_durable_execution
    return act(connection, "stop", "stop the execution", client, DurableExecutionArn=arn, Error=error)


def start_execution(connection: Connection, function: str, *, qualifier: str, name: str, payload: bytes) -> Answer:
    """Start an execution asynchronously. The same name with the same payload starts it once. Counted with the
    control-plane calls, though AWS allows more.
    """
    answer = act(
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
    return act(
        connection,
        "control",
        "pause the execution",
        connection.client.pause_durable_execution,
        DurableExecutionArn=arn,
        ClientToken=token,
        ExecutionTimeoutPaused=timeout_too,
        **given(Reason=reason),
    )


def resume_execution(connection: Connection, arn: str, *, token: str, reason: str) -> Answer:
    """Ask for the end of a pause; the status follows later. The same token within 15 minutes resumes once."""
    return act(
        connection,
        "control",
        "resume the execution",
        connection.client.resume_durable_execution,
        DurableExecutionArn=arn,
        ClientToken=token,
        **given(Reason=reason),
    )


def delete_execution(connection: Connection, arn: str) -> Answer:
    """Ask AWS to delete an execution that has ended; it does so a little later."""
    client = connection.client.delete_durable_execution
    return act(connection, "control", "delete the execution", client, DurableExecutionArn=arn)


def callback_success(connection: Connection, callback_id: str, result: bytes) -> Answer:
    """Answer a callback; `result` is what the function gets, byte for byte."""
    client = connection.client.send_durable_execution_callback_success
    return act(connection, "callback", "send the answer", client, CallbackId=callback_id, Result=result)


def callback_failure(connection: Connection, callback_id: str, error: dict[str, Any]) -> Answer:
    client = connection.client.send_durable_execution_callback_failure
    return act(connection, "callback", "send the failure", client, CallbackId=callback_id, Error=error)


def callback_heartbeat(connection: Connection, callback_id: str) -> Answer:
    client = connection.client.send_durable_execution_callback_heartbeat
    return act(connection, "callback", "send the heartbeat", client, CallbackId=callback_id)
