"""What the lists tell of an execution, found without folding its whole history.

Most of a long history is steps, waits and contexts that went well. None of the columns speaks of those, so their events
are left out before the fold, which is what takes the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import NoneType

from executions.domain.events import parse_events, timestamp
from executions.domain.folding import HANDLERS
from executions.domain.history import History
from executions.domain.operations import fold
from executions.domain.statuses import FAMILIES
from executions.domain.written import WireEvent, Written

_WENT_WELL = frozenset({"StepSucceeded", "WaitSucceeded", "WaitCancelled", "ContextSucceeded"})
_OF_THE_EXECUTION = frozenset("Execution" + verb for verb in FAMILIES["Execution"])


@dataclass(frozen=True, slots=True)
class Gist:
    """`history` has the execution's facts, the gaps, and all operations that are open, that failed, that are callbacks
    or that stand around one of these; the others may be missing in it. `operation_count` counts all.
    """

    history: History
    operation_count: int


def gist(events: Sequence[Written]) -> Gist:
    """`events`: in order of their EventIds, which are whole numbers from 1 on, each one once."""
    found = _telling(events)
    if found is None:
        whole = fold(parse_events([event.whole() for event in events]))
        return Gist(whole, len(whole.operations))
    telling, count = found
    return Gist(replace(fold(parse_events(telling)), gaps=_gaps(events)), count)


def _telling(events: Sequence[Written]) -> tuple[list[WireEvent], int] | None:
    """The events that matter, in any order, and the number of operations; None when something is unusual and only the
    whole fold knows what to make of it.
    """
    try:
        steps = [event for event in events if event.kind in HANDLERS]
        others = [event for event in events if event.kind not in HANDLERS]
        newest = {event.operation_id: event for event in steps}
        parents = {event.operation_id: event.parent_id for event in reversed(steps)}
        beside = [event for event in others if event.kind in _OF_THE_EXECUTION]
        runs = [event for event in others if event.kind == "InvocationCompleted"]
    except TypeError:  # an Id or a type that is a list
        return None
    around = {*map(type, parents.values()), *(type(event.operation_id) for event in others)}
    if len(beside) + len(runs) < len(others) or not {*map(type, newest)} <= {str} or not around <= {str, NoneType}:
        return None
    wanted = {event.operation_id for event in steps if event.kind == "CallbackStarted"}
    if steps:
        wanted.add(steps[-1].operation_id)
    _surround(wanted, newest, parents)
    telling = [event.whole() for event in events if event.operation_id in wanted]
    telling += [event.whole() for event in beside + runs[-1:]]
    # A time that cannot be read is taken from the neighbour, which may have been left out.
    return (telling, len(newest)) if all(timestamp(raw.get("EventTimestamp")) for raw in telling) else None


def _surround(wanted: set[str], newest: dict[str, Written], parents: dict[str, str | None]) -> None:
    """Add what did not go well, everything around it, and what stands directly in it."""
    troubled = {
        key
        for key, event in newest.items()
        if event.kind not in _WENT_WELL or (event.step_result and event.is_tried_again)
    }
    wanted |= troubled
    if troubled:
        wanted |= {key for key, parent in parents.items() if parent in troubled}
    for key in list(wanted):
        above = parents[key]
        while above in parents and above not in wanted:
            wanted.add(above)
            above = parents[above]


def _gaps(events: Sequence[Written]) -> tuple[tuple[int, int], ...]:
    if not events or events[-1].number == len(events):
        return ()
    numbers = [0, *(event.number for event in events)]
    return tuple((before + 1, after - 1) for before, after in pairwise(numbers) if after > before + 1)
