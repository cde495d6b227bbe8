"""Synthetic histories as AWS's wire JSON decodes: plain functions, deterministic, for tests and benchmarks."""

import hashlib
from typing import Any

START = 1_795_400_000.0
Wire = dict[str, Any]


def operation_id(path: str) -> str:
    """64 hex digits that depend on the position only, as the SDKs make them."""
    return hashlib.sha256(path.encode()).hexdigest()


class Script:
    """Writes events one after another: ids count up, `sleep` moves the clock."""

    def __init__(self, at: float = START) -> None:
        self.at = at
        self.events: list[Wire] = []
        self.invoked_at = at

    def sleep(self, seconds: float) -> None:
        self.at = round(self.at + seconds, 6)

    def event(self, event_type: str, path: str | None = None, **rest: Any) -> Wire:
        """`rest`: name, subtype, parent (a path), at, and the details as `details`."""
        wire: Wire = {
            "EventType": event_type,
            "EventTimestamp": rest.get("at", self.at),
            "EventId": len(self.events) + 1,
        }
        if rest.get("subtype"):
            wire["SubType"] = rest["subtype"]
        if path is not None:
            wire["Id"] = operation_id(path)
        if rest.get("name"):
            wire["Name"] = rest["name"]
        if rest.get("parent") is not None:
            wire["ParentId"] = operation_id(rest["parent"])
        if rest.get("details") is not None:
            wire[event_type + "Details"] = rest["details"]
        self.events.append(wire)
        return wire

    def started(self, name: str = "run-1", payload: str = "{}", timeout: int = 86_400) -> None:
        details = {"Input": {"Payload": payload, "Truncated": False}, "ExecutionTimeout": timeout}
        self.event("ExecutionStarted", "execution", name=name, details=details)
        self.invoked_at = self.at

    def ended(self, verb: str = "Succeeded", **error: Any) -> None:
        details: Wire = {"Error": {"Payload": error}} if error else {}
        if verb == "Succeeded":
            details = {"Result": {"Payload": '"done"', "Truncated": False}}
        self.event("Execution" + verb, "execution", details=details)

    def invocation(self) -> None:
        """Code has run since the last `invoke` and stops now."""
        request = f"00000000-0000-4000-8000-{len(self.events):012d}"
        details = {"StartTimestamp": self.invoked_at, "EndTimestamp": self.at, "RequestId": request}
        self.event("InvocationCompleted", details=details)

    def invoke(self) -> None:
        self.invoked_at = self.at

    def step_started(self, path: str, parent: str | None = None, name: str | None = None) -> None:
        self.event("StepStarted", path, parent=parent, name=name or path, subtype="Step", details={})

    def step_succeeded(self, path: str, parent: str | None = None, name: str | None = None, result: str = "1") -> None:
        details = {"Result": {"Payload": result, "Truncated": False}}
        self.event("StepSucceeded", path, parent=parent, name=name or path, subtype="Step", details=details)

    def step_failed(
        self, path: str, parent: str | None = None, *, attempt: int = 1, delay: int = 0, message: str = "declined"
    ) -> None:
        details = {
            "Error": {"Payload": {"ErrorType": "PaymentError", "ErrorMessage": message}, "Truncated": False},
            "RetryDetails": {"CurrentAttempt": attempt, "NextAttemptDelaySeconds": delay},
        }
        self.event("StepFailed", path, parent=parent, name=path, subtype="Step", details=details)

    def step(self, path: str, parent: str | None = None, *, seconds: float = 0.01, result: str = "1") -> None:
        self.step_started(path, parent)
        self.sleep(seconds)
        self.step_succeeded(path, parent, result=result)

    def wait_started(self, path: str, seconds: int, parent: str | None = None) -> None:
        details = {"Duration": seconds, "ScheduledEndTimestamp": self.at + seconds}
        self.event("WaitStarted", path, parent=parent, name=path, subtype="Wait", details=details)

    def wait_succeeded(self, path: str, seconds: int, parent: str | None = None) -> None:
        self.event("WaitSucceeded", path, parent=parent, name=path, subtype="Wait", details={"Duration": seconds})

    def context_started(self, path: str, parent: str | None = None, subtype: str = "RunInChildContext") -> None:
        self.event("ContextStarted", path, parent=parent, name=path, subtype=subtype, details={})

    def context_ended(
        self, path: str, parent: str | None = None, subtype: str = "RunInChildContext", verb: str = "Succeeded"
    ) -> None:
        details: Wire = {"Result": {"Payload": "null", "Truncated": False}}
        if verb == "Failed":
            details = {"Error": {"Payload": {"ErrorType": "x.StepError", "ErrorMessage": "declined"}}}
        self.event("Context" + verb, path, parent=parent, name=path, subtype=subtype, details=details)

    def callback_started(
        self, path: str, parent: str | None = None, *, timeout: int | None = None, heartbeat: int | None = None
    ) -> None:
        details: Wire = {"CallbackId": "cb-" + path}
        if timeout is not None:
            details["Timeout"] = timeout
        if heartbeat is not None:
            details["HeartbeatTimeout"] = heartbeat
        self.event("CallbackStarted", path, parent=parent, name=path, subtype="Callback", details=details)

    def callback_ended(self, path: str, parent: str | None = None, verb: str = "Succeeded") -> None:
        details: Wire = {"Result": {"Payload": '{"ok": true}', "Truncated": False}}
        if verb != "Succeeded":
            details = {"Error": {"Payload": {"ErrorType": "Rejected", "ErrorMessage": "out of milk"}}}
        self.event("Callback" + verb, path, parent=parent, name=path, subtype="Callback", details=details)

    def chained_started(self, path: str, function: str, child_arn: str | None = None) -> None:
        details: Wire = {"FunctionName": function, "Input": {"Payload": '{"n": 3}', "Truncated": False}}
        if child_arn:
            details["DurableExecutionArn"] = child_arn
        self.event("ChainedInvokeStarted", path, name=path, subtype="ChainedInvoke", details=details)


def big_history(operations: int = 3000) -> list[Wire]:
    """A finished execution of exactly `operations` operations (from 40 on), with about 2.8 events for each.

    Orders one after another: a retried step, a plain step, a wait with the code asleep, a callback, and a map with
    four items of one context and one step each; then steps until the number is reached.
    """
    script = Script()
    script.started("big", payload=f'{{"operations": {operations}}}')
    made = order = 0
    while operations - made >= 13:
        _order(script, f"order-{order}")
        order, made = order + 1, made + 13
    for index in range(operations - made):
        script.sleep(0.002)
        script.step(f"rest-{index}")
    script.sleep(0.01)
    script.invocation()
    script.ended()
    return script.events


def _order(script: Script, name: str) -> None:
    charge, settle, batch = f"{name}/charge", f"{name}/settle", f"{name}/batch"
    script.step(f"{name}/validate", seconds=0.004, result='{"t":"m","v":{"ok":{"t":"b","v":true}}}')
    for attempt in (1, 2, 3):
        script.step_started(charge)
        script.sleep(0.02)
        script.step_failed(charge, attempt=attempt, delay=attempt)
        script.invocation()
        script.sleep(attempt)
        script.invoke()
    script.step(charge, seconds=0.03, result='{"t":"m","v":{"captured":{"t":"b","v":true}}}')
    script.wait_started(settle, 60)
    script.invocation()
    script.sleep(60)
    script.invoke()
    script.wait_succeeded(settle, 60)
    script.callback_started(f"{name}/accept", timeout=3600)
    script.invocation()
    script.sleep(20)
    script.invoke()
    script.callback_ended(f"{name}/accept")
    script.context_started(batch, subtype="Map")
    for item in range(4):
        script.context_started(f"{batch}/{item}", batch, "MapIteration")
        script.step_started(f"{batch}/{item}/work", f"{batch}/{item}")
    for item in range(4):
        script.sleep(0.005)
        script.step_succeeded(f"{batch}/{item}/work", f"{batch}/{item}", result=str(item))
        script.context_ended(f"{batch}/{item}", batch, "MapIteration")
    script.context_ended(batch, subtype="Map")
