"""What a folded history is made of: the execution's facts, its operations with their attempts, and the invocations.

All times are epoch seconds, all lengths seconds. `operations.fold` makes these; nothing here changes after that.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from executions.domain.events import Event, Payload
from executions.domain.statuses import OUTCOMES, is_terminal

OPEN = frozenset({"STARTED", "PENDING"})
BAD = frozenset({"FAILED", "TIMED_OUT", "STOPPED"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One run of a step. `status`: STARTED, SUCCEEDED, FAILED, POLLED (a condition not met yet) or NEVER_FINISHED.

    `started_at` is None when the event of its start is missing. `next_delay_seconds` is the pause before the next
    attempt, None when none follows.
    """

    number: int
    started_at: float | None
    ended_at: float | None
    status: str
    error: Payload | None = None
    result: Payload | None = None
    next_delay_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class CallbackFacts:
    """`deadline` is that of the timeout only. Heartbeats leave no event, so theirs cannot be known from a history."""

    callback_id: str | None
    timeout_seconds: float | None
    heartbeat_seconds: float | None
    deadline: float | None


@dataclass(frozen=True, slots=True)
class WaitFacts:
    duration_seconds: float | None
    scheduled_end: float | None


@dataclass(frozen=True, slots=True)
class InvokeFacts:
    """`child_arn` is None for a function that is not durable, and until AWS fills it in."""

    child_arn: str | None
    function_name: str | None
    executed_version: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """`kind`: Step, Wait, Callback, ChainedInvoke, Context, or Unknown (only events of unknown types).

    `status`: STARTED, PENDING (between two attempts), SUCCEEDED, FAILED, TIMED_OUT, STOPPED, CANCELLED, NEVER_FINISHED
    (open, though the execution or a context around it has ended) or UNKNOWN. `orphan`: its parent is not here.
    """

    id: str
    parent_id: str | None
    name: str | None
    kind: str
    subtype: str | None
    status: str
    started_at: float | None
    ended_at: float | None
    attempts: tuple[Attempt, ...]
    event_ids: tuple[int, ...]
    children: tuple[str, ...]
    depth: int
    result: Payload | None
    error: Payload | None
    input: Payload | None
    callback: CallbackFacts | None
    wait: WaitFacts | None
    invoke: InvokeFacts | None
    orphan: bool
    first_at: float
    last_at: float

    @property
    def label(self) -> str:
        return self.name or self.subtype or self.kind

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_bad(self) -> bool:
        return self.status in BAD

    @property
    def first_event_id(self) -> int:
        return self.event_ids[0]

    @property
    def last_event_id(self) -> int:
        return self.event_ids[-1]

    @property
    def last_error(self) -> Payload | None:
        """Its own error, or that of the latest failed attempt."""
        if self.error is not None:
            return self.error
        return next((attempt.error for attempt in reversed(self.attempts) if attempt.error is not None), None)

    @property
    def retry_at(self) -> float | None:
        """When the next attempt is due, for an operation that is PENDING."""
        if self.status != "PENDING" or not self.attempts:
            return None
        last = self.attempts[-1]
        return None if last.ended_at is None else last.ended_at + (last.next_delay_seconds or 0.0)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One run of the function's code. `started_at` equals `ended_at` when AWS's answer does not say."""

    number: int
    started_at: float
    ended_at: float
    request_id: str | None
    error: Payload | None
    event_id: int


@dataclass(frozen=True, slots=True)
class ExecutionFacts:
    """What the events say about the execution itself. `paused_at` and `pause_reason` are set while paused."""

    name: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    status: str = "RUNNING"
    timeout_seconds: float | None = None
    input: Payload | None = None
    result: Payload | None = None
    error: Payload | None = None
    id: str | None = None
    paused_at: float | None = None
    pause_reason: str | None = None

    @property
    def deadline(self) -> float | None:
        """When the execution times out, unless a pause moves it."""
        if self.started_at is None or not self.timeout_seconds:
            return None
        return self.started_at + self.timeout_seconds


@dataclass(frozen=True, slots=True)
class OperationCounts:
    """`limit_used` counts as AWS does towards 3,000 operations an execution: every further attempt counts again.

    Whether polls of wait_for_condition count like retries is not documented; they are taken to.
    """

    total: int
    open: int
    failed: int
    by_status: dict[str, int]
    by_kind: dict[str, int]
    retries: int
    polls: int

    @property
    def limit_used(self) -> int:
        return self.total + self.retries + self.polls


@dataclass(frozen=True)
class History:
    """`operations` is in order of first appearance. `gaps` are the missing id ranges, both ends included."""

    execution: ExecutionFacts
    operations: dict[str, Operation]
    roots: tuple[str, ...]
    invocations: tuple[Invocation, ...]
    events: tuple[Event, ...]
    gaps: tuple[tuple[int, int], ...]
    unknown_events: tuple[Event, ...] = field(default=())

    @property
    def last_event_id(self) -> int:
        """0 for an empty history."""
        return self.events[-1].id if self.events else 0

    @property
    def contiguous_through(self) -> int:
        """The last event id up to which nothing is missing; 0 when event 1 is."""
        return self.gaps[0][0] - 1 if self.gaps else self.last_event_id

    @property
    def is_over(self) -> bool:
        """Whether the event that ends the execution is here."""
        return self.execution.status in OUTCOMES

    def is_complete(self, status: str) -> bool:
        """Whether all that can be expected at `status` is here: no id is missing, and an ended execution shows its end.

        A status can turn terminal before its last events are readable. InvocationCompleted may still follow the end.
        """
        return bool(self.events) and not self.gaps and (self.is_over or not is_terminal(status))

    def event(self, event_id: int) -> Event | None:
        at = bisect_left(self.events, event_id, key=lambda event: event.id)
        return self.events[at] if at < len(self.events) and self.events[at].id == event_id else None

    def called(self, operation: Operation) -> str:
        """What people call an operation.

        The SDK's wait_for_callback puts the callback into a context that bears the name from the code, and calls the
        callback itself "NAME create callback id".
        """
        parent = self.operations.get(operation.parent_id or "")
        if operation.kind == "Callback" and parent is not None and parent.subtype == "WaitForCallback":
            return parent.name or operation.label
        return operation.label

    @cached_property
    def counts(self) -> OperationCounts:
        by_status = Counter(operation.status for operation in self.operations.values())
        by_kind = Counter(operation.kind for operation in self.operations.values())
        retries = polls = 0
        for operation in self.operations.values():
            if len(operation.attempts) > 1:
                unmet = sum(attempt.status == "POLLED" for attempt in operation.attempts)
                polls += unmet
                retries += len(operation.attempts) - 1 - unmet
        still_open, failed = (sum(by_status[status] for status in group) for group in (OPEN, BAD))
        return OperationCounts(len(self.operations), still_open, failed, dict(by_status), dict(by_kind), retries, polls)

    @cached_property
    def code_seconds(self) -> float:
        """How long code ran, over all finished invocations."""
        return sum(max(0.0, invocation.ended_at - invocation.started_at) for invocation in self.invocations)
