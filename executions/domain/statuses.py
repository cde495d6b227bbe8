"""Statuses and event types, as in botocore's `lambda` model (1.44.5), and how two answers about one thing combine."""

from enum import StrEnum


class ExecutionStatus(StrEnum):
    """The statuses AWS knows today. A status outside this list is kept as the text it is."""

    RUNNING = "RUNNING"
    PAUSING = "PAUSING"
    PAUSED = "PAUSED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    STOPPED = "STOPPED"
    DELETING = "DELETING"


GONE = "GONE"
"""Not AWS's: how an execution is counted that AWS no longer has and of whose end it never told."""

LEFT = "CONNECTION_REMOVED"
"""Not AWS's: how an execution is counted that was going on when its connection was last configured."""

FAILURES = ("FAILED", "TIMED_OUT")
OUTCOMES: frozenset[str] = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"})

TERMINAL_EVENTS: dict[str, str] = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionStopped": "STOPPED",
}

FAMILIES: dict[str, tuple[str, ...]] = {
    "Execution": ("Started", "Succeeded", "Failed", "TimedOut", "Stopped", "Paused", "Resumed"),
    "Context": ("Started", "Succeeded", "Failed"),
    "Wait": ("Started", "Succeeded", "Cancelled"),
    "Step": ("Started", "Succeeded", "Failed"),
    "ChainedInvoke": ("Started", "Succeeded", "Failed", "TimedOut", "Stopped"),
    "Callback": ("Started", "Succeeded", "Failed", "TimedOut"),
    "Invocation": ("Completed",),
}

# event type -> (family, verb, the key of its details)
EVENT_PARTS: dict[str, tuple[str, str, str]] = {
    family + verb: (family, verb, family + verb + "Details") for family, verbs in FAMILIES.items() for verb in verbs
}

EVENT_TYPES: frozenset[str] = frozenset(EVENT_PARTS)


def is_terminal(status: str) -> bool:
    """Whether nothing will ever run again. DELETING counts: only ended executions can be deleted."""
    return status in OUTCOMES or status == "DELETING"


def counted_as(status: str, *, gone: bool = False, left: bool = False) -> str:
    """The status that an execution is counted under: AWS has no longer (`gone`) what it never said had ended, or is not
    asked about it any more (`left`).
    """
    if is_terminal(status) or status == GONE:
        return status
    return GONE if gone else LEFT if left else status


def merge(old: str | None, new: str) -> str:
    """The status to keep when `new` is read about an execution last known as `old`.

    Answers arrive late and out of order, so the first outcome is kept for good. DELETING says less than the outcome it
    follows and yields to it in either order, but replaces anything that was still open. Among open statuses, known or
    not, the later answer wins, because an execution may be paused and resumed many times.
    """
    if old is None or old == new:
        return new
    if old in OUTCOMES:
        return old
    if old == "DELETING":
        return new if new in OUTCOMES else old
    return new
