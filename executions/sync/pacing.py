"""How often to ask AWS: pure policy. Times in seconds; rates in calls a second."""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from executions.domain.statuses import is_terminal

LIST_FLOOR = 1.0
LIST_FLOOR_SWEEPS, LIST_CEILING_SWEEPS = 1 / 18, 1.8
"""A sweep: the seconds that it takes to list all functions once within the budget. Listing busy functions more often
than the floor makes hardly anything fresher; nothing is ever older than two sweeps.
"""
RAREST = 1 / 86400
RATE_MEMORY = 300.0
"""Seconds over which a function's rate is smoothed."""
AHEAD = 1.0
"""Seconds of the budget that are handed out in advance; dispatch comes every half second."""
WATCHED = 0.8
EXPECTED = 0.5
"""Between two readings of what may open a callback, while somebody looks at the inbox."""
CONFIRMING = 60.0
"""Seconds after an action in which its effect is looked for before other things."""
LIST_SHARE, WATCHED_SHARE, RUNNING_SHARE = 0.98, 0.4, 0.5
UNWATCHED_FLOOR, UNWATCHED_CEILING = 3.0, 60.0
ENDED_FLOOR, ENDED_CEILING = 1.0, 600.0
REFUSED_FLOOR, REFUSED_CEILING = 5.0, 600.0
ONE_QUESTION = 600
"""As many executions may be listed once more so that one question brings what is new and what has ended."""
RECONCILE, RECONCILE_TURNS = 5.0, 10
"""Where that is too many, what is unfinished is asked for separately: seconds, and listings, between two times."""
PUSHED_LIST = 90.0
"""Between two listings of a function whose changes push tells. Longer than push_health.TELLS_WITHIN: else no listing
would ever find what push has missed."""
LAST_CALL, LAST_CALL_EVERY = 86_400.0, 3600.0
"""Before AWS deletes a history what is missing of it comes first, and is asked for again so often."""
CLAIM = 90.0
"""A worker that was killed loses its claim after this long, and another one takes the work."""
OVERLAP = 60.0
"""List asks again for what started this long before the newest known start: AWS may list an execution late."""
LOOK_BACK, LOOK_BACK_EVERY = 3600.0, 600.0
"""Rarely it asks for much more than that, for what AWS listed later still and what has ended meanwhile."""


@dataclass(frozen=True)
class ListPace:
    """How often the functions of one connection are listed: each after as many new executions as the others
    (`portion`), but not more often than `floor` seconds and not more rarely than `ceiling`.
    """

    portion: float
    floor: float
    ceiling: float

    def interval(self, rate: float, *, looked_at: bool = False) -> float:
        """Seconds between two listings of a function with so many new executions a second."""
        seconds = _clamp(self.portion / max(rate, RAREST), self.floor, self.ceiling)
        return max(LIST_FLOOR, seconds / 2) if looked_at else seconds


def list_pace(rates: Sequence[float], *, per_second: int) -> ListPace:
    """The pace at which functions with these rates together use LIST_SHARE of the budget, or less when all of them
    are listed as often as makes sense.
    """
    sweep = len(rates) / per_second
    share, floor, ceiling = (
        LIST_SHARE * per_second,
        max(LIST_FLOOR, LIST_FLOOR_SWEEPS * sweep),
        LIST_CEILING_SWEEPS * sweep,
    )
    ceiling = max(floor, ceiling)
    low, high = RAREST * floor, max([RAREST, *rates]) * ceiling
    for _ in range(40):
        pace = ListPace(math.sqrt(low * high), floor, ceiling)
        low, high = (pace.portion, high) if _calls(pace, rates) > share else (low, pace.portion)
    return ListPace(high, floor, ceiling)


def _calls(pace: ListPace, rates: Sequence[float]) -> float:
    return sum(1 / pace.interval(rate) for rate in rates)


def rate_after(rate: float, *, new: int, seconds: float) -> float:
    """A function's rate, when a listing so many seconds after the last one has found `new` executions."""
    if seconds <= 0:
        return rate
    kept = math.exp(-seconds / RATE_MEMORY)
    return rate * kept + new / seconds * (1 - kept)


def pushed_list_interval(interval: float, *, healthy: bool) -> float:
    """Between two listings of one function where there is push: rarely while push tells everything, else as always."""
    return max(interval, PUSHED_LIST) if healthy else interval


def watched_interval(*, watched: int, per_second: int, least: float = WATCHED) -> float:
    """Between two readings of an execution that somebody looks at; all of those together leave room for the rest."""
    return max(least, watched / (WATCHED_SHARE * per_second))


def refused_interval(failures: int) -> float:
    """Until what AWS refused `failures` times in a row is asked for again."""
    return _clamp(REFUSED_FLOOR * 2.0 ** min(failures - 1, 12), REFUSED_FLOOR, REFUSED_CEILING)


def history_interval(*, status: str, complete: bool, misses: int, running: int, per_second: int) -> float | None:
    """Until an execution's history is to be read again, or None for never.

    Running executions together use at most half of the budget, less while nothing happens in them (`misses` readings
    in a row brought nothing). An ended one whose last events are not readable yet is asked again soon, then ever more
    rarely.
    """
    if is_terminal(status):
        return None if complete else _clamp(ENDED_FLOOR * 2.0 ** min(misses, 12), ENDED_FLOOR, ENDED_CEILING)
    fair = max(UNWATCHED_FLOOR, running / (RUNNING_SHARE * per_second))
    return _clamp(fair * 1.3 ** min(misses, 12), UNWATCHED_FLOOR, max(UNWATCHED_CEILING, fair))


def horizon(now: dt.datetime, keep_days: float) -> dt.datetime | None:
    """What ended before this is not kept; None when everything is."""
    return now - dt.timedelta(days=keep_days) if keep_days else None


def _clamp(value: float, least: float, most: float) -> float:
    return max(least, min(most, value))
