"""Have the mirror look at something sooner than its turn."""

import datetime as dt

from django.db.models import Q

from executions import live
from executions.models import TERMINAL, Connection, Execution, Function
from executions.sync import pacing


def history(execution_id: int, *, now: dt.datetime, watch: bool = True) -> None:
    """The history changes about now: read it at the next dispatch and, to `watch` it, often for the next seconds."""
    Execution.objects.filter(pk=execution_id, history_complete=False, gone_at=None).update(
        history_due_at=now, history_misses=0, history_failures=0
    )
    if watch:
        live.watch(execution_id)


def listing(function_id: int, *, now: dt.datetime, unfinished: bool = False) -> None:
    """What AWS's list alone tells has changed, such as a start: ask for it at the next dispatch. `unfinished`: one that
    has begun before, such as a pause, so that all are listed that have not ended.
    """
    function = Function.objects.filter(pk=function_id)
    if unfinished:
        function.update(reconciled_at=None)
    function.filter(list_due_at__gt=now).update(list_due_at=now)


def refused(function: Function, *, now: dt.datetime) -> None:
    """AWS has told a history of this function that it had refused: perhaps it tells the others, too."""
    Execution.objects.filter(function=function, history_failures__gt=0, gone_at=None).update(history_due_at=now)


def expiring(connection: Connection, *, now: dt.datetime) -> int:
    """Put the histories that AWS deletes within a day in front of all others that are due; -> how many those are."""
    ours = Function.objects.filter(connection=connection, retention_days__gt=0)
    soon = Q(pk__in=[])
    for days in set(ours.values_list("retention_days", flat=True)):
        soon |= Q(function__retention_days=days, ended_at__lt=_last_call(days, now))
    again = Q(history_read_at=None) | Q(history_read_at__lt=now - dt.timedelta(seconds=pacing.LAST_CALL_EVERY))
    theirs = Execution.objects.filter(soon, again, function__connection=connection, status__in=TERMINAL)
    first = dt.datetime.fromtimestamp(0, tz=dt.UTC)
    return theirs.filter(
        history_complete=False, gone_at=None, history_failures=0, history_due_at__gt=first, history_claimed_until=None
    ).update(history_due_at=first)


def _last_call(days: float | None, now: dt.datetime) -> dt.datetime:
    """What ended before this is deleted within a day, or within half its time where that is less."""
    kept = dt.timedelta(days=days or 0)
    return now - kept + min(dt.timedelta(seconds=pacing.LAST_CALL), kept / 2)
