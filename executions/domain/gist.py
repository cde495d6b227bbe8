"""What the lists tell of an execution, found without folding its whole history.

Most of a long history is steps, waits and contexts that went well. None of the columns speaks of those, so their events
are left out before the fold, which is what takes the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import NoneType
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
    """The events that matter, in any order, and the number of operations; None when something is unusual and only the
    whole fold knows what to make of it.
    """
    newest: dict[str, str] = {}  # of each operation the type of its newest event, "" when it is tried again
    parents: dict[str, str | None] = {}
    wanted: set[str] = set()
    others: list[WireEvent] = []
    key = None
    try:
        for raw in wire:
            kind = raw["EventType"]
            if kind not in HANDLERS:
                others.append(raw)
                continue
            key = raw["Id"]
            if key not in newest:
                parents[key] = raw.get("ParentId")
            if kind == "CallbackStarted":
                wanted.add(key)
            newest[key] = "" if kind == "StepSucceeded" and _is_tried_again(raw) else kind
        beside = [raw for raw in others if raw["EventType"] in _OF_THE_EXECUTION]
        runs = [raw for raw in others if raw["EventType"] == "InvocationCompleted"]
        names = {*map(type, newest), *map(type, parents.values()), *(type(raw.get("Id")) for raw in others)}
    except (KeyError, TypeError):
        return None
    if len(beside) + len(runs) < len(others) or not names <= {str, NoneType}:
        return None
    if key is not None:
        wanted.add(key)
    _surround(wanted, newest, parents)
    telling = [raw for raw in wire if raw.get("Id") in wanted] + beside + runs[-1:]
    # A time that cannot be read is taken from the neighbour, which may have been left out.
    return (telling, len(newest)) if all(timestamp(raw.get("EventTimestamp")) for raw in telling) else None


def _surround(wanted: set[str], newest: dict[str, str], parents: dict[str, str | None]) -> None:
    """Add what did not go well, everything around it, and what stands directly in it."""
    troubled = {key for key, kind in newest.items() if kind not in _WENT_WELL}
    wanted |= troubled
    wanted |= {key for key, parent in parents.items() if parent in troubled}
    for key in list(wanted):
        above = parents[key]
        while above in parents and above not in wanted:
            wanted.add(above)
            above = parents[above]


def _is_tried_again(raw: WireEvent) -> bool:
    """Whether a step that succeeded is not over: a poll whose condition is not met yet."""
    details = raw.get("StepSucceededDetails")
    retry = details.get("RetryDetails") if isinstance(details, dict) else None
    return isinstance(retry, dict) and bool(retry.get("NextAttemptDelaySeconds"))


def _gaps(wire: Sequence[WireEvent]) -> tuple[tuple[int, int], ...]:
    if not wire or wire[-1]["EventId"] == len(wire):
        return ()
    numbers = [0, *(raw["EventId"] for raw in wire)]
    return tuple((before + 1, after - 1) for before, after in pairwise(numbers) if after > before + 1)
