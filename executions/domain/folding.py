"""The mutable drafts that `operations.fold` fills while it reads events, and hands out frozen."""

from collections.abc import Callable
from dataclasses import replace

from executions.domain.events import Event, Payload, payload_of, seconds, timestamp, whole
from executions.domain.history import (
    Attempt,
    CallbackFacts,
    ExecutionFacts,
    Invocation,
    InvokeFacts,
    Operation,
    WaitFacts,
)
from executions.domain.records import quick
from executions.domain.statuses import EVENT_PARTS, OUTCOMES, TERMINAL_EVENTS, merge

_STATUS_OF_VERB = {
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "TimedOut": "TIMED_OUT",
    "Stopped": "STOPPED",
    "Cancelled": "CANCELLED",
}
_STATUS_OF_EVENT = {
    kind: _STATUS_OF_VERB[verb] for kind, (_, verb, _) in EVENT_PARTS.items() if verb in _STATUS_OF_VERB
}

_attempt = quick(Attempt)
_callback = quick(CallbackFacts)
_invocation = quick(Invocation)
_operation = quick(Operation)


def _optional_text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def invocation_of(event: Event, number: int) -> Invocation:
    """From InvocationCompletedDetails; without them the invocation is a moment at the event's own time."""
    details = event.details
    ended_at = timestamp(details.get("EndTimestamp")) or event.at
    started_at = timestamp(details.get("StartTimestamp")) or ended_at
    error = payload_of(details.get("Error"), "error")
    return _invocation(number, started_at, ended_at, _optional_text(details.get("RequestId")), error, event.id)


class ExecutionDraft:
    """Collects ExecutionFacts."""

    __slots__ = ("_facts",)

    def __init__(self) -> None:
        self._facts = ExecutionFacts()

    @property
    def id(self) -> str | None:
        return self._facts.id

    @property
    def status(self) -> str:
        return self._facts.status

    def facts(self) -> ExecutionFacts:
        return self._facts

    def apply(self, event: Event) -> None:
        facts, details = self._facts, event.details
        facts = replace(facts, id=facts.id or event.operation_id, name=facts.name or event.name)
        if event.type == "ExecutionStarted":
            facts = replace(
                facts,
                started_at=event.at,
                timeout_seconds=seconds(details.get("ExecutionTimeout")),
                input=event.payload,
            )
        elif event.type in TERMINAL_EVENTS:
            if facts.status not in OUTCOMES:
                payload = event.payload
                is_result = payload is not None and payload.role == "result"
                facts = replace(
                    facts,
                    status=TERMINAL_EVENTS[event.type],
                    ended_at=event.at,
                    result=payload if is_result else None,
                    error=None if is_result else payload,
                    paused_at=None,
                    pause_reason=None,
                )
        elif event.type == "ExecutionPaused":
            reason = payload_of(details.get("Reason"), "reason")
            facts = self._turned(facts, "PAUSED", event.at, reason)
        elif event.type == "ExecutionResumed":
            facts = self._turned(facts, "RUNNING", None, None)
        self._facts = facts

    @staticmethod
    def _turned(facts: ExecutionFacts, status: str, paused_at: float | None, reason: Payload | None) -> ExecutionFacts:
        """Paused or resumed, unless it has ended."""
        if facts.status in OUTCOMES:
            return facts
        text = reason.text if reason else None
        return replace(facts, status=merge(facts.status, status), paused_at=paused_at, pause_reason=text)


class OperationDraft:
    """One operation while its events are read, in order of their ids.

    Most operations set few of these, so the defaults are the class's own.
    """

    attempts: list[Attempt] | None = None  # those that are over
    attempt_at: float | None = None  # when the running attempt began
    callback: CallbackFacts | None = None
    children: list[str] | None = None
    depth = 0
    ended_at: float | None = None
    error: Payload | None = None
    input: Payload | None = None
    invoke: InvokeFacts | None = None
    kind = "Unknown"
    orphan = False
    result: Payload | None = None
    started_at: float | None = None
    status = "UNKNOWN"
    wait: WaitFacts | None = None

    def __init__(self, event: Event, key: str) -> None:
        self.id = key
        self.parent_id = event.parent_id
        self.name = event.name
        self.subtype = event.subtype
        self.first_at = self.last_at = event.at
        self.event_ids: list[int] = []

    def start(self, event: Event) -> None:
        """Any ...Started event; enough for a context."""
        if self.started_at is None:
            self.started_at = event.at
        elif self.ended_at is not None:
            # What looked like the end was not: polls repeat on one id.
            self.ended_at = self.result = self.error = None
        self.status = "STARTED"

    def start_wait(self, event: Event) -> None:
        self.start(event)
        length = seconds(event.details.get("Duration"))
        end = timestamp(event.details.get("ScheduledEndTimestamp"))
        self.wait = WaitFacts(length, event.at + length if end is None and length is not None else end)

    def start_callback(self, event: Event) -> None:
        self.start(event)
        details = event.details
        # 0 or absent: none, it waits for ever.
        timeout = seconds(details.get("Timeout")) or None
        heartbeat = seconds(details.get("HeartbeatTimeout")) or None
        deadline = event.at + timeout if timeout else None
        self.callback = _callback(_optional_text(details.get("CallbackId")), timeout, heartbeat, deadline)

    def start_invoke(self, event: Event) -> None:
        self.start(event)
        details = event.details
        self.input = payload_of(details.get("Input"), "input")
        self.invoke = InvokeFacts(
            _optional_text(details.get("DurableExecutionArn")),
            _optional_text(details.get("FunctionName")),
            _optional_text(details.get("ExecutedVersion")),
        )

    def finish(self, event: Event) -> None:
        """The end of anything but a step."""
        self.status, self.ended_at = _STATUS_OF_EVENT[event.type], event.at
        payload = event.payload
        if payload is not None and payload.role == "error":
            self.error = payload
        else:
            self.result = payload

    def start_step(self, event: Event) -> None:
        self.start(event)
        if self.attempt_at is not None:
            self._close_attempt("NEVER_FINISHED", None)
        elif self.attempts is not None and self.attempts[-1].status == "SUCCEEDED":
            self.attempts[-1] = replace(self.attempts[-1], status="POLLED")
        self.attempt_at = event.at

    def finish_step(self, event: Event) -> None:
        """StepSucceeded or StepFailed. A delay before a next attempt means that the step is not over.

        A poll of wait_for_condition whose condition is not met yet is a StepSucceeded with such a delay.
        """
        delay = number = None
        details = event.details
        if "RetryDetails" in details and isinstance(retry := details["RetryDetails"], dict):
            delay = seconds(retry.get("NextAttemptDelaySeconds")) or None
            number = whole(retry.get("CurrentAttempt"))
        status = _STATUS_OF_EVENT[event.type]
        payload = event.payload
        error, result = (payload, None) if payload is not None and payload.role == "error" else (None, payload)
        if delay:
            self.status = "PENDING"
            self._close_attempt("POLLED" if status == "SUCCEEDED" else status, event.at, error, result, delay, number)
        else:
            self.status, self.ended_at, self.result, self.error = status, event.at, result, error
            self._close_attempt(status, event.at, error, result, None, number)

    def _close_attempt(
        self,
        status: str,
        ended_at: float | None,
        error: Payload | None = None,
        result: Payload | None = None,
        delay: float | None = None,
        number: int | None = None,
    ) -> None:
        attempts = self.attempts
        if attempts is None:
            attempts = self.attempts = []
        if number is None or number < 1:
            number = attempts[-1].number + 1 if attempts else 1
        attempts.append(_attempt(number, self.attempt_at, ended_at, status, error, result, delay))
        self.attempt_at = None

    def give_up(self) -> None:
        """It is still open and nothing can end it any more."""
        if self.status == "STARTED" or self.status == "PENDING":
            self.status = "NEVER_FINISHED"

    def operation(self) -> Operation:
        if self.attempt_at is not None:
            self._close_attempt(self.status, None)
        return _operation(
            self.id, self.parent_id, self.name, self.kind, self.subtype, self.status, self.started_at, self.ended_at,
            () if self.attempts is None else tuple(self.attempts), tuple(self.event_ids),
            () if self.children is None else tuple(self.children), self.depth, self.result, self.error, self.input,
            self.callback, self.wait, self.invoke, self.orphan, self.first_at, self.last_at,
        )  # fmt: skip


_START = {
    "Context": OperationDraft.start,
    "Wait": OperationDraft.start_wait,
    "Step": OperationDraft.start_step,
    "Callback": OperationDraft.start_callback,
    "ChainedInvoke": OperationDraft.start_invoke,
}

# What an event does to the operation it belongs to; the execution's own events and invocations are not here.
HANDLERS: dict[str, Callable[[OperationDraft, Event], None]] = {
    kind: _START[family]
    if verb == "Started"
    else OperationDraft.finish_step
    if family == "Step"
    else OperationDraft.finish
    for kind, (family, verb, _) in EVENT_PARTS.items()
    if family in _START
}
