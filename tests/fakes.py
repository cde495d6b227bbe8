"""A Lambda API in memory that holds the truth: what a boto3 client of it would answer, and what it was asked.

It stands in for the client object behind executions.gateway, so that everything above is the real code. Failures are
put in by `fail_next`; `calls` counts what was asked by operation.
"""

import copy
import datetime as dt
import itertools
from collections import Counter
from typing import Any

import orjson
from botocore.exceptions import ClientError

from executions.domain import written
from executions.domain.statuses import TERMINAL_EVENTS
from executions.models import Connection

REGION, ACCOUNT = "us-east-1", "123456789012"
EPOCH = 1_795_400_000.0


def function_arn(name: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:lambda:{region}:{account}:function:{name}"


def execution_arn(function: str, name: str, run: int) -> str:
    return f"{function_arn(function)}:$LATEST/durable-execution/{name}/{run:08d}"


def default_connection() -> Connection:
    """The row of the ambient connection."""
    return Connection.objects.get_or_create(name="default")[0]


def client_error(code: str, status: int = 400, message: str = "because", retry_after: str | None = None) -> ClientError:
    response: dict[str, Any] = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "req-error", "HTTPHeaders": {}},
    }
    if retry_after:
        response["retryAfterSeconds"] = retry_after
    return ClientError(response, "Operation")  # type: ignore[arg-type]


class FakeLambda:
    """The truth of one account and Region. `page_items` bounds pages, to make paging happen with few rows."""

    def __init__(self, *, page_items: int = 1000, region: str = REGION, account: str = ACCOUNT):
        self.page_items = page_items
        self.place = (region, account)
        self.functions: dict[str, dict[str, Any]] = {}
        self.executions: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.calls: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self._failures: dict[str, list[Exception]] = {}
        self._ids = itertools.count(1)
        self.tokens: set[str] = set()
        self.payloads: dict[str, bytes] = {}

    # --- telling the truth ---

    def add_function(self, name: str, **config: Any) -> str:
        self.functions[name] = {
            "FunctionName": name,
            "FunctionArn": function_arn(name, *self.place),
            "Runtime": "python3.13",
            "Timeout": 60,
            "MemorySize": 256,
            "LastModified": "2026-11-01T00:00:00.000+0000",
            "DurableConfig": {"ExecutionTimeout": 3600, "RetentionPeriodInDays": 7},
            **config,
        }
        return function_arn(name, *self.place)

    def start(self, function: str, name: str, *, at: float = EPOCH) -> str:
        own = function_arn(function, *self.place)
        arn = f"{own}:$LATEST/durable-execution/{name}/{next(self._ids):08d}"
        self.executions[arn] = {
            "DurableExecutionName": name,
            "Status": "RUNNING",
            "StartTimestamp": at,
            "function": function,
        }
        self.events[arn] = []
        self.add(arn, "ExecutionStarted", at, ExecutionTimeout=3600, Input={"Payload": "{}", "Truncated": False})
        return arn

    def add(
        self, arn: str, kind: str, at: float, *, operation: str | None = None, name: str | None = None, **details: Any
    ) -> int:
        """Append an event; a terminal one also ends the execution."""
        events = self.events[arn]
        event: dict[str, Any] = {
            "EventType": kind,
            "EventTimestamp": at,
            "EventId": len(events) + 1,
            f"{kind}Details": details,
        }
        if operation:
            event |= {"Id": operation, "Name": name or operation}
        events.append(event)
        if kind in TERMINAL_EVENTS:
            self.executions[arn] |= {"Status": str(TERMINAL_EVENTS[kind]), "EndTimestamp": at}
        return int(event["EventId"])

    def open_callback(self, arn: str, at: float, *, operation: str = "cb", timeout: int | None = 600) -> str:
        callback_id = f"callback-of-{operation}"
        details = {"CallbackId": callback_id, **({"Timeout": timeout} if timeout else {})}
        self.add(arn, "CallbackStarted", at, operation=operation, name="barista accepts", **details)
        return callback_id

    def fail_next(self, operation: str, *errors: Exception) -> None:
        self._failures.setdefault(operation, []).extend(errors)

    # --- answering ---

    def list_functions(self, **request: Any) -> dict[str, Any]:
        self._asked("list_functions", request)
        return self._page("Functions", list(self.functions.values()), request)

    def get_function_configuration(self, **request: Any) -> dict[str, Any]:
        self._asked("get_function_configuration", request)
        if request["FunctionName"] not in self.functions:
            raise client_error("ResourceNotFoundException", 404)
        return dict(self.functions[request["FunctionName"]])

    def list_durable_executions_by_function(self, **request: Any) -> dict[str, Any]:
        self._asked("list_durable_executions_by_function", request)
        function = request["FunctionName"].rsplit(":", 1)[-1]
        rows = [self._summary(arn) for arn, row in self.executions.items() if row["function"] == function]
        if after := request.get("StartedAfter"):
            rows = [row for row in rows if row["StartTimestamp"] > after]
        if name := request.get("DurableExecutionName"):
            rows = [row for row in rows if row["DurableExecutionName"] == name]
        if statuses := request.get("Statuses"):
            rows = [row for row in rows if row["Status"] in statuses]
        rows.sort(key=lambda row: row["StartTimestamp"], reverse=True)
        return self._page("DurableExecutions", rows, request)

    def get_durable_execution(self, **request: Any) -> dict[str, Any]:
        self._asked("get_durable_execution", request)
        return self._summary(self._known(request["DurableExecutionArn"]))

    def get_durable_execution_history(self, **request: Any) -> dict[str, Any]:
        self._asked("get_durable_execution_history", request)
        events = copy.deepcopy(self.events[self._known(request["DurableExecutionArn"])])
        if request.get("ReverseOrder"):
            events.reverse()
        page = self._page("Events", events, request)
        return {"Told": written.read(orjson.dumps(page)), "Body": orjson.dumps(page)}

    def stop_durable_execution(self, **request: Any) -> dict[str, Any]:
        self._asked("stop_durable_execution", request)
        arn = self._known(request["DurableExecutionArn"])
        self.add(arn, "ExecutionStopped", EPOCH + 500, Error={"Payload": request["Error"], "Truncated": False})
        return {"StopTimestamp": EPOCH + 500, **self._meta()}

    def invoke(self, **request: Any) -> dict[str, Any]:
        self._asked("invoke", request)
        name = request["DurableExecutionName"]
        for arn, row in self.executions.items():
            if row["DurableExecutionName"] == name:
                if self.payloads.get(arn) != request["Payload"]:
                    raise client_error("DurableExecutionAlreadyStartedException", 409)
                return {"StatusCode": 202, "DurableExecutionArn": arn, **self._meta()}
        arn = self.start(request["FunctionName"].rsplit(":", 1)[-1], name)
        self.payloads[arn] = request["Payload"]
        return {"StatusCode": 202, "DurableExecutionArn": arn, **self._meta()}

    def pause_durable_execution(self, **request: Any) -> dict[str, Any]:
        self._asked("pause_durable_execution", request)
        return self._turned(request, "ExecutionPaused", {"RUNNING"}, "PAUSED")

    def resume_durable_execution(self, **request: Any) -> dict[str, Any]:
        self._asked("resume_durable_execution", request)
        return self._turned(request, "ExecutionResumed", {"PAUSING", "PAUSED"}, "RUNNING")

    def _turned(self, request: dict[str, Any], event: str, before: set[str], after: str) -> dict[str, Any]:
        row = self.executions[self._known(request["DurableExecutionArn"])]
        if request["ClientToken"] not in self.tokens:
            if row["Status"] not in before:
                raise client_error("ResourceConflictException", 409)
            self.tokens.add(request["ClientToken"])
            row["Status"] = after
            self.add(request["DurableExecutionArn"], event, EPOCH + 1000, operation="execution")
        return self._meta()

    def delete_durable_execution(self, **request: Any) -> dict[str, Any]:
        self._asked("delete_durable_execution", request)
        row = self.executions[self._known(request["DurableExecutionArn"])]
        if "EndTimestamp" not in row:
            raise client_error("ResourceConflictException", 409)
        row["Status"] = "DELETING"
        return {"DeletionRequestTimestamp": EPOCH + 600, **self._meta()}

    def send_durable_execution_callback_success(self, **request: Any) -> dict[str, Any]:
        self._asked("send_durable_execution_callback_success", request)
        result = request["Result"].decode()
        self._answer(request["CallbackId"], "CallbackSucceeded", Result={"Payload": result, "Truncated": False})
        return self._meta()

    def send_durable_execution_callback_failure(self, **request: Any) -> dict[str, Any]:
        self._asked("send_durable_execution_callback_failure", request)
        self._answer(request["CallbackId"], "CallbackFailed", Error={"Payload": request["Error"], "Truncated": False})
        return self._meta()

    def send_durable_execution_callback_heartbeat(self, **request: Any) -> dict[str, Any]:
        self._asked("send_durable_execution_callback_heartbeat", request)
        self._waiting(request["CallbackId"])
        return self._meta()

    def _asked(self, operation: str, request: dict[str, Any]) -> None:
        self.calls[operation] += 1
        self.requests.append((operation, request))
        if waiting := self._failures.get(operation):
            raise waiting.pop(0)

    def _known(self, arn: str) -> str:
        if arn not in self.executions:
            raise client_error("ResourceNotFoundException", 404)
        return arn

    def _summary(self, arn: str) -> dict[str, Any]:
        row = self.executions[arn]
        return {
            "DurableExecutionArn": arn,
            "DurableExecutionName": row["DurableExecutionName"],
            "FunctionArn": function_arn(row["function"], *self.place),
            "Status": row["Status"],
            "StartTimestamp": _moment(row["StartTimestamp"]),
            **({"EndTimestamp": _moment(row["EndTimestamp"])} if "EndTimestamp" in row else {}),
            **({"TraceHeader": row["TraceHeader"]} if "TraceHeader" in row else {}),
        }

    def _page(self, name: str, rows: list[Any], request: dict[str, Any]) -> dict[str, Any]:
        start, size = int(request.get("Marker") or 0), min(self.page_items, request.get("MaxItems") or 100)
        answer: dict[str, Any] = {name: rows[start : start + size]}
        if start + size < len(rows):
            answer["NextMarker"] = str(start + size)
        return answer

    def _waiting(self, callback_id: str) -> tuple[str, dict[str, Any]]:
        for arn, events in self.events.items():
            mine = [
                event for event in events if event.get("CallbackStartedDetails", {}).get("CallbackId") == callback_id
            ]
            if mine:
                closed = any(e.get("Id") == mine[0]["Id"] and e["EventType"] != "CallbackStarted" for e in events)
                if closed or self.executions[arn]["Status"] != "RUNNING":
                    raise client_error("CallbackTimeoutException")
                return arn, mine[0]
        raise client_error("ResourceNotFoundException", 404)

    def _answer(self, callback_id: str, kind: str, **details: Any) -> None:
        arn, started = self._waiting(callback_id)
        self.add(arn, kind, started["EventTimestamp"] + 5, operation=started["Id"], name=started["Name"], **details)

    def _meta(self) -> dict[str, Any]:
        return {"ResponseMetadata": {"RequestId": f"req-{sum(self.calls.values())}", "HTTPStatusCode": 200}}


def _moment(epoch: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(epoch, tz=dt.UTC)
