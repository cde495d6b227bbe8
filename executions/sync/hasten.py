"""Have the mirror look at something sooner than its turn."""

import datetime as dt

from executions import live
from executions.models import Execution, Function


def history(execution_id: int, *, now: dt.datetime, watch: bool = True) -> None:
    """The history changes about now: read it at the next dispatch and, to `watch` it, often for the next seconds."""
    Execution.objects.filter(pk=execution_id, history_complete=False, gone_at=None).update(
        history_due_at=now, history_misses=0, history_failures=0
    )
    if watch:
        live.watch(execution_id)


def refused(function: Function, *, now: dt.datetime) -> None:
    """AWS has told a history of this function that it had refused: perhaps it tells the others, too."""
    Execution.objects.filter(function=function, history_failures__gt=0, gone_at=None).update(history_due_at=now)
