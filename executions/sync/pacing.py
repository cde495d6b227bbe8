"""How often to ask AWS: pure policy. Times in seconds; rates in calls a second."""

from executions.domain.statuses import is_terminal

LIST_FLOOR, LIST_CEILING = 1.0, 60.0
WATCHED = 0.8
UNWATCHED_FLOOR, UNWATCHED_CEILING = 3.0, 60.0
ENDED_FLOOR, ENDED_CEILING = 1.0, 600.0
RECONCILE = 5.0
CLAIM = 90.0
"""A worker that was killed loses its claim after this long, and another one takes the work."""
OVERLAP = 60.0
"""List asks again for what started this long before the newest known start: AWS may list an execution late."""


def list_interval(*, functions: int, per_second: int) -> float:
    """Between two listings of one function, so that all functions together use at most 60 % of the budget."""
    return _clamp(functions / (0.6 * per_second), LIST_FLOOR, LIST_CEILING)


def history_interval(*, status: str, complete: bool, misses: int, running: int, per_second: int) -> float | None:
    """Until an execution's history is to be read again, or None for never.

    Running executions together use at most half of the budget, less while nothing happens in them (`misses` readings
    in a row brought nothing). An ended one whose last events are not readable yet is asked again soon, then ever more
    rarely.
    """
    if is_terminal(status):
        return None if complete else _clamp(ENDED_FLOOR * 2.0 ** min(misses, 12), ENDED_FLOOR, ENDED_CEILING)
    fair = max(UNWATCHED_FLOOR, running / (0.5 * per_second))
    return _clamp(fair * 1.3 ** min(misses, 12), UNWATCHED_FLOOR, max(UNWATCHED_CEILING, fair))


def _clamp(value: float, least: float, most: float) -> float:
    return max(least, min(most, value))
