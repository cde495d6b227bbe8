"""Executions that keep their own history, event by event, as it happens.

The emulator derives a history anew on every read, sorting by timestamp: events may then be renumbered between two
reads when one with an earlier timestamp arrives late. Here each event gets its EventId once, when it is recorded, so
ids are contiguous, and an event shown once is the same ever after. Reading costs a slice of a list.

Events are stored in wire form (see botocore's ``Event`` shape), with data. Times are epoch seconds (float).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aws_durable_execution_sdk_python.lambda_service import (
    ErrorObject,
    Operation,
    OperationAction,
    OperationStatus,
    OperationType,
    OperationUpdate,
)
from aws_durable_execution_sdk_python_testing.clock import real_now
from aws_durable_execution_sdk_python_testing.execution import Execution
from aws_durable_execution_sdk_python_testing.model import StartDurableExecutionInput

WireEvent = dict[str, Any]

_KIND = {
    OperationType.STEP: "Step",
    OperationType.WAIT: "Wait",
    OperationType.CONTEXT: "Context",
    OperationType.CALLBACK: "Callback",
    OperationType.CHAINED_INVOKE: "ChainedInvoke",
    OperationType.EXECUTION: "Execution",
}
_OUTCOME = {
    OperationStatus.SUCCEEDED: "Succeeded",
    OperationStatus.FAILED: "Failed",
    OperationStatus.TIMED_OUT: "TimedOut",
    OperationStatus.STOPPED: "Stopped",
    OperationStatus.CANCELLED: "Cancelled",
}


def wire_data(payload: str | None) -> dict[str, Any]:
    """An EventInput or EventResult; a step that returned nothing has no Payload."""
    return {"Truncated": False} if payload is None else {"Payload": payload, "Truncated": False}


def wire_error(error: ErrorObject | None) -> dict[str, Any]:
    """An EventError."""
    return {"Payload": dict(error.to_dict()) if error else {}, "Truncated": False}


@dataclass
class Pausing:
    """How far the pause of an execution has got. `status` is what is listed of one that has not ended."""

    status: str = "RUNNING"
    details: dict[str, Any] | None = None
    tokens: set[str] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)
    began: float = 0.0
    owed: float = 0.0
    """Seconds by which the execution timeout is still to be extended."""

    @property
    def timeout_too(self) -> bool:
        return bool(self.details and self.details["ExecutionTimeoutPaused"])

    def time_left(self) -> float:
        """Seconds of a timeout that is over otherwise; taken once."""
        with self.lock:
            if self.status == "PAUSED" and self.timeout_too:
                return 5.0
            owed, self.owed = self.owed, 0.0
            return owed

    def wire(self, *, include_data: bool) -> dict[str, Any]:
        """PauseDetails of Get."""
        return {name: value for name, value in (self.details or {}).items() if include_data or name != "Reason"}


class JournaledExecution(Execution):
    """The emulator's execution plus an append-only list of wire events.

    All state changes of one execution run on one thread (the emulator's lane); readers come from any thread. Updates
    that a handler checkpoints are not announced by a method call, so they are picked up ("drained") before any other
    event is recorded and before any read; that keeps the true order.
    """

    def __init__(self, durable_execution_arn: str, start_input: StartDurableExecutionInput) -> None:
        super().__init__(durable_execution_arn, start_input, [])
        self.finished = threading.Event()
        self.pausing = Pausing()
        self.deleting = False
        self.invocation_began: datetime | None = None
        self._events: list[WireEvent] = []
        self._drained = 0
        self._attempts: dict[str, int] = {}
        self._starts: dict[str, WireEvent] = {}
        self._journal_lock = threading.RLock()

    def events(self) -> list[WireEvent]:
        """A snapshot of the history so far, oldest first; the events themselves must not be changed."""
        self._drain()
        with self._journal_lock:
            return list(self._events)

    def record_pause(self, *, resumed: bool, asked_at: float, reason: str | None) -> None:
        """A pause has come into force, or has ended."""
        self._drain()
        kind = "ExecutionResumed" if resumed else "ExecutionPaused"
        details: dict[str, Any] = {f"{'Resume' if resumed else 'Pause'}RequestTimestamp": asked_at}
        if reason is not None:
            details["Reason"] = wire_data(reason)
        if not resumed:
            details["ExecutionTimeoutPaused"] = self.pausing.timeout_too
        self._append(kind, None, self.operations[0], details)

    # What the emulator calls; each records what it did.

    def start(self, now: datetime | None = None) -> None:
        super().start(now)
        operation = self.operations[0]
        details = operation.execution_details
        self._append(
            "ExecutionStarted",
            operation.start_timestamp,
            operation,
            {
                "Input": wire_data(details.input_payload if details else None),
                "ExecutionTimeout": self.start_input.execution_timeout_seconds,
            },
        )

    def begin_new_invocation(self) -> str:
        self.invocation_began = real_now()
        return super().begin_new_invocation()

    def record_invocation_completion(self, start_timestamp: datetime, end_timestamp: datetime, request_id: str) -> None:
        self._drain()
        super().record_invocation_completion(start_timestamp, end_timestamp, request_id)
        details = {
            "StartTimestamp": start_timestamp.timestamp(),
            "EndTimestamp": end_timestamp.timestamp(),
            "RequestId": request_id,
        }
        self._append("InvocationCompleted", end_timestamp, None, details)

    def complete_wait(self, operation_id: str, now: datetime | None = None) -> Operation:
        self._drain()
        return self._ended(super().complete_wait(operation_id, now))

    def complete_callback_success(
        self, callback_id: str, result: bytes | None = None, now: datetime | None = None
    ) -> Operation:
        self._drain()
        return self._ended(super().complete_callback_success(callback_id, result, now))

    def complete_callback_failure(self, callback_id: str, error: ErrorObject, now: datetime | None = None) -> Operation:
        self._drain()
        return self._ended(super().complete_callback_failure(callback_id, error, now))

    def complete_callback_timeout(self, callback_id: str, error: ErrorObject, now: datetime | None = None) -> Operation:
        self._drain()
        return self._ended(super().complete_callback_timeout(callback_id, error, now))

    def complete_chained_invoke(
        self,
        operation_id: str,
        status: OperationStatus,
        result: str | None = None,
        error: ErrorObject | None = None,
        now: datetime | None = None,
    ) -> Operation:
        self._drain()
        return self._ended(super().complete_chained_invoke(operation_id, status, result, error, now))

    def record_chained_invoke_child(self, operation_id: str, child_execution_arn: str) -> None:
        super().record_chained_invoke_child(operation_id, child_execution_arn)
        self._drain()
        event = self._starts.get(operation_id)
        if event is not None:
            # A new dict instead of a new key: a reader may be serialising the old one at this moment.
            key = "ChainedInvokeStartedDetails"
            event[key] = {**event[key], "DurableExecutionArn": child_execution_arn}

    def _end_execution(self, status: OperationStatus, now: datetime | None = None) -> None:
        self._drain()
        super()._end_execution(status, now)
        self._ended(self.operations[0])
        self.finished.set()

    # Recording

    def _drain(self) -> None:
        with self._journal_lock:
            # The two lists grow one after the other; only what both have is complete.
            ready = min(len(self.updates), len(self.update_timestamps))
            for index in range(self._drained, ready):
                self._record(self.updates[index], self.update_timestamps[index])
            self._drained = max(self._drained, ready)

    def _record(self, update: OperationUpdate, when: datetime) -> None:
        """Record one checkpointed update as one event (two for an invoke whose target does not exist)."""
        if update.operation_type is OperationType.EXECUTION:
            return  # its end is recorded when the execution ends
        kind = _KIND[update.operation_type]
        match update.action:
            case OperationAction.START:
                self._attempts[update.operation_id] = self._attempts.get(update.operation_id, 0) + 1
                operation = self._operation(update.operation_id)
                event = self._append(f"{kind}Started", when, update, self._start_details(update, operation, when))
                self._starts[update.operation_id] = event
                if operation.status is OperationStatus.FAILED and kind == "ChainedInvoke":
                    self._ended(operation)
            case OperationAction.SUCCEED:
                self._append_outcome(f"{kind}Succeeded", update, when)
            case OperationAction.FAIL:
                self._append_outcome(f"{kind}Failed", update, when)
            case OperationAction.RETRY:
                # wait_for_condition polls again without an error: that poll succeeded.
                self._append_outcome(f"{kind}Failed" if update.error else f"{kind}Succeeded", update, when)
            case OperationAction.CANCEL:
                self._append(f"{kind}Cancelled", when, update, {})

    def _append_outcome(self, event_type: str, update: OperationUpdate, when: datetime) -> None:
        failed = event_type.endswith("Failed")
        details = {"Error": wire_error(update.error)} if failed else {"Result": wire_data(update.payload)}
        if update.operation_type is OperationType.STEP:
            delay = update.step_options.next_attempt_delay_seconds if update.step_options else 0
            details["RetryDetails"] = {
                "CurrentAttempt": self._attempts.get(update.operation_id, 1),
                "NextAttemptDelaySeconds": delay,
            }
        self._append(event_type, when, update, details)

    @staticmethod
    def _start_details(update: OperationUpdate, operation: Operation, when: datetime) -> dict[str, Any]:
        match update.operation_type:
            case OperationType.WAIT:
                seconds = update.wait_options.wait_seconds if update.wait_options else 0
                return {"Duration": seconds, "ScheduledEndTimestamp": when.timestamp() + seconds}
            case OperationType.CALLBACK:
                options, callback = update.callback_options, operation.callback_details
                return {
                    "CallbackId": callback.callback_id if callback else "",
                    "Timeout": options.timeout_seconds if options else 0,
                    "HeartbeatTimeout": options.heartbeat_timeout_seconds if options else 0,
                }
            case OperationType.CHAINED_INVOKE:
                invoke = update.chained_invoke_options
                details: dict[str, Any] = {"FunctionName": invoke.function_name if invoke else ""}
                if update.payload is not None:
                    details["Input"] = wire_data(update.payload)
                return details
            case _:
                return {}

    def _ended(self, operation: Operation) -> Operation:
        """Record the end of an operation that ended without a checkpoint of the handler."""
        kind, outcome = _KIND[operation.operation_type], _OUTCOME[operation.status]
        self._append(f"{kind}{outcome}", operation.end_timestamp, operation, self._end_details(operation))
        return operation

    def _end_details(self, operation: Operation) -> dict[str, Any]:
        if operation.operation_type is OperationType.WAIT:
            start = self._starts.get(operation.operation_id, {})
            return {"Duration": start.get("WaitStartedDetails", {}).get("Duration", 0)}
        if operation.operation_type is OperationType.EXECUTION:
            result, error = (self.result.result, self.result.error) if self.result else (None, None)
        else:
            details = operation.callback_details or operation.chained_invoke_details
            result, error = (details.result, details.error) if details else (None, None)
        if operation.status is OperationStatus.SUCCEEDED:
            return {"Result": wire_data(result)}
        return {"Error": wire_error(error)}

    def _operation(self, operation_id: str) -> Operation:
        # Newest last, and events are mostly about recent operations.
        for operation in reversed(self.operations):
            if operation.operation_id == operation_id:
                return operation
        raise KeyError(operation_id)

    def _append(
        self,
        event_type: str,
        when: datetime | None,
        about: Operation | OperationUpdate | None,
        details: dict[str, Any],
    ) -> WireEvent:
        stamp = (when or real_now()).timestamp()
        with self._journal_lock:
            # An invocation is recorded a little after it ended; time must still never run backwards in a history.
            previous = self._events[-1]["EventTimestamp"] if self._events else 0.0
            event: WireEvent = {
                "EventType": event_type,
                "EventTimestamp": max(stamp, previous),
                "EventId": len(self._events) + 1,
            }
            if about is not None:
                _identify(event, about)
            event[f"{event_type}Details"] = details
            self._events.append(event)
        return event


def _identify(event: WireEvent, about: Operation | OperationUpdate) -> None:
    """Say which operation an event is about; absent members stay absent, as on the wire."""
    event["Id"] = about.operation_id
    for member, value in (("SubType", about.sub_type), ("Name", about.name), ("ParentId", about.parent_id)):
        if value is not None:
            event[member] = value
