"""Which functions open callbacks, and how long after the start: AWS announces none, so that only reading a history
finds one, and there are too few readings for all that runs. Learnt from each history that is complete.
"""

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet

from executions.domain.statuses import is_terminal
from executions.models import Callback, Execution, Function

WEIGHT = 0.1
"""Of the newest execution in what is known of its function."""
USUAL, RARE = 0.2, 0.02
"""From this share on callbacks are expected; below the other one hardly any are."""
EARLY = 0.5
"""Looking begins at this part of the usual time."""
RARELY = 4.0
LATE, LATE_SECONDS = 4.0, 30.0
"""So many usual times and so many seconds after the start the first callback is no longer waited for."""


def learn(function: Function, execution: Execution, opened: dt.datetime | None) -> None:
    """A history is complete, and its first callback was opened then; None: it opened none. Call it with the function's
    row locked.
    """
    share = function.callback_share
    function.callback_share = float(bool(opened)) if share is None else share + WEIGHT * (bool(opened) - share)
    if opened:
        after = max(0.0, (opened - execution.started_at).total_seconds())
        before = function.callback_from
        function.callback_from = after if before is None else before + WEIGHT * (after - before)
    function.save(update_fields=["callback_share", "callback_from"])


def interval(
    function: Function, execution: Execution, fair: float, *, now: dt.datetime, often: float | None = None
) -> float:
    """Until the history of an unfinished execution is read again, where `fair` is everybody's share. `often`: what is
    wanted while somebody looks at the inbox and its first callback is to be expected.
    """
    share = function.callback_share
    if is_terminal(execution.status):
        return fair
    if share is None:
        return min(fair, often or fair)
    if share < RARE:
        return fair * RARELY
    if share >= USUAL and function.callback_from is not None:
        opens = EARLY * function.callback_from - (now - execution.started_at).total_seconds()
        if often is not None:
            return max(opens, min(often, fair / 2))
        return max(opens, fair) if opens > 0 else fair / 2
    return fair


def opens_about_now(function: Function, execution: Execution, *, now: dt.datetime, guess: bool = False) -> bool:
    """Whether its first callback is to be expected: then readings that find nothing make the next one no rarer.
    `guess`: also where nothing is known of its function yet.
    """
    share, usual = function.callback_share, function.callback_from
    if share is None and guess:
        share, usual = 1.0, 0.0
    if usual is None or (share or 0.0) < USUAL or is_terminal(execution.status):
        return False
    age = (now - execution.started_at).total_seconds()
    return age <= LATE * usual + LATE_SECONDS and not execution.callbacks.exists()


def expecting(running: QuerySet[Execution], *, most: int) -> int:
    """In how many of these executions a first callback may be opened yet, at most `most`."""
    may = Q(function__callback_share__gte=USUAL) | Q(function__callback_share=None)
    return running.filter(may, ~Exists(Callback.objects.filter(execution=OuterRef("pk"))))[:most].count()
