"""What the lists tell of an execution, found without folding its whole history.

Most of a long history is steps, waits and contexts that went well. None of the columns speaks of those, so their events
are left out before the fold, which is what takes the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from executions.domain.events import parse_events, timestamp
from executions.domain.folding import HANDLERS
from executions.domain.history import History
from executions.domain.operations import fold
from executions.domain.statuses import FAMILIES

WireEvent = dict[str, Any]
_WENT_WELL = frozenset({"StepSucceeded", "WaitSucceeded", "WaitCancelled", "ContextSucceeded"})
_OF_THE_EXECUTION = frozenset("Execution" + verb for verb in FAMILIES["Execution"])


@dataclass(frozen=True, slots=True)
class Gist:
    """`history` has the execution's facts, the gaps, and all operations that are open, that failed, that are callbacks
    or that stand around one of these; the others may be missing in it. `operation_count` counts all.
    """

    history: History
    operation_count: int


def gist(wire: Sequence[WireEvent]) -> Gist:
    """`wire`: events in order of their EventIds, which are whole numbers from 1 on, each one once."""
    found = _telling(wire)
    if found is None:
        whole = fold(parse_events(wire))
        return Gist(whole, len(whole.operations))
    telling, count = found
    return Gist(replace(fold(parse_events(telling)), gaps=_gaps(wire)), count)


def _telling(wire: Sequence[WireEvent]) -> tuple[list[WireEvent], int] | None:
    """The events that matter and the number of operations; None when something is unusual and only the whole fold knows
    what to make of it.
    """
    last: dict[str, WireEvent] = {}
    parents: dict[str, str | None] = {}
    wanted: set[str] = set()
    newest, ran = None, None
    for raw in wire:
        kind, key = raw.get("EventType"), raw.get("Id")
        if type(key) is str and type(kind) is str and kind in HANDLERS:
            if key not in last:
                parents[key] = raw.get("ParentId")
            if kind == "CallbackStarted":
                wanted.add(key)
            last[key] = raw
            newest = key
        elif type(kind) is not str or (key is not None and type(key) is not str):
            return None
        elif kind == "InvocationCompleted":
            ran = raw
        elif kind not in _OF_THE_EXECUTION:
            return None
    if newest is not None:
        wanted.add(newest)
    if not _surround(wanted, last, parents):
        return None
    telling = [raw for raw in wire if raw.get("Id") in wanted or raw["EventType"] in _OF_THE_EXECUTION or raw is ran]
    # A time that cannot be read is taken from the neighbour, which may have been left out.
    if not all(timestamp(raw.get("EventTimestamp")) for raw in telling):
        return None
    return telling, len(last)


def _surround(wanted: set[str], last: dict[str, WireEvent], parents: dict[str, str | None]) -> bool:
    """Add what did not go well, everything around it, and what stands directly in it; -> False for unusual parents."""
    troubled = {key for key, raw in last.items() if raw["EventType"] not in _WENT_WELL or _is_tried_again(raw)}
    wanted |= troubled
    for key, parent in parents.items():
        if parent is None:
            continue
        if type(parent) is not str:
            return False
        if parent in troubled:
            wanted.add(key)
    for key in list(wanted):
        above = parents[key]
        while above in parents and above not in wanted:
            wanted.add(above)
            above = parents[above]
    return True


def _is_tried_again(raw: WireEvent) -> bool:
    """Whether an operation that succeeded is not over: a poll whose condition is not met yet."""
    details = raw.get("StepSucceededDetails") if raw["EventType"] == "StepSucceeded" else None
    retry = details.get("RetryDetails") if isinstance(details, dict) else None
    return isinstance(retry, dict) and bool(retry.get("NextAttemptDelaySeconds"))


def _gaps(wire: Sequence[WireEvent]) -> tuple[tuple[int, int], ...]:
    if not wire or wire[-1]["EventId"] == len(wire):
        return ()
    numbers = [0, *(raw["EventId"] for raw in wire)]
    return tuple((before + 1, after - 1) for before, after in pairwise(numbers) if after > before + 1)
