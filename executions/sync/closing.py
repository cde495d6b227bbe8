"""Callbacks that nobody can answer any more, although no event says that they are over."""

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet

from executions import live
from executions.models import TERMINAL, Callback, Connection, Execution

NEVER_FINISHED = "NEVER_FINISHED"


def close(callbacks: QuerySet[Callback], *, at: dt.datetime) -> None:
    """Those of them that are open wait no more. The history, when it is read, may still tell how they ended."""
    if callbacks.filter(status="STARTED").update(status=NEVER_FINISHED, closed_at=at):
        transaction.on_commit(live.inbox_changed)


def unconfigured(connection: Connection, *, now: dt.datetime) -> None:
    """Nothing can be sent there any more."""
    close(Callback.objects.filter(execution__function__connection=connection), at=now)


def configured_again(connection: Connection, *, now: dt.datetime) -> None:
    """What was closed for want of a connection is open again when its history says so."""
    closed = Callback.objects.filter(status=NEVER_FINISHED, execution__function__connection=connection)
    going = Execution.objects.filter(pk__in=closed.values("execution"), gone_at=None).exclude(status__in=TERMINAL)
    going.update(untold=True, history_due_at=now)
