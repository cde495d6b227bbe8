"""The callbacks that wait: how many, the nearest, those of one execution. The inbox itself is in inbox.py."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Min, Q, QuerySet

from executions.actions.permissions import can_view
from executions.actions.scopes import reach_of
from executions.models import TERMINAL, Callback, Execution
from executions.queries.visibility import visible

_COUNTED = "_durascope_open_callbacks"
LOOKED_AT_SECONDS = 10


def open_ones(user: Any) -> QuerySet[Callback]:
    """Callbacks that wait for an answer, in no order."""
    rows = Callback.objects.filter(status="STARTED")
    if not can_view(user):
        return rows.none()
    sees = reach_of(user).sees
    return rows if sees is None else rows.filter(function__in=sees)


def open_callbacks(user: Any) -> QuerySet[Callback]:
    """Callbacks that wait for an answer, nearest deadline first, those without one last."""
    return open_ones(user).order_by(F("timeout_at").asc(nulls_last=True), "opened_at")


def open_callback_count(user: Any) -> int:
    """Counted once for each user object, that is once a request: the navigation and the inbox both say it."""
    kept: int | None = getattr(user, _COUNTED, None)
    if kept is None:
        kept = open_ones(user).count()
        setattr(user, _COUNTED, kept)
    return kept


def nearest_callbacks(user: Any, limit: int) -> list[Callback]:
    """The open callbacks whose deadline is nearest, each with its execution and function."""
    return list(open_callbacks(user).select_related("execution__function")[:limit])


@dataclass(frozen=True)
class LookedAt:
    """Of the executions that run: how many, of how many the history was read, and when that was the longest ago; as it
    was at `counted_at`.
    """

    running: int
    read: int
    oldest: dt.datetime | None
    counted_at: dt.datetime


def looked_at(user: Any, *, now: dt.datetime) -> LookedAt:
    """Callbacks are only found by reading histories: how much of what runs that was done for. Counting reads all that
    runs, and an open inbox asks every second: it is kept for LOOKED_AT_SECONDS for all who see the same.
    """
    key = f"durascope:looked-at:{_what_is_seen(user)}"
    kept: LookedAt | None = cache.get(key)
    if kept is None:
        running = visible(user).filter(~Q(status__in=TERMINAL), gone_at=None, function__connection__gone_at=None)
        found = running.aggregate(running=Count("pk"), read=Count("history_read_at"), oldest=Min("history_read_at"))
        kept = LookedAt(found["running"], found["read"], found["oldest"], now)
        cache.set(key, kept, LOOKED_AT_SECONDS)
    return kept


def _what_is_seen(user: Any) -> str:
    if not can_view(user):
        return "nothing"
    sees = reach_of(user).sees
    return "all" if sees is None else hashlib.sha256(repr(sorted(sees)).encode()).hexdigest()


def open_callbacks_of(execution: Execution) -> list[Callback]:
    """Its callbacks that wait for an answer, nearest deadline first."""
    found = execution.callbacks.filter(status="STARTED")
    return list(found.order_by(F("timeout_at").asc(nulls_last=True), "opened_at"))


def callback_of(execution: Execution, operation_id: str) -> Callback | None:
    """The callback that this operation is; a share link does not tell who answered it."""
    if execution.seen_through:
        return None
    return execution.callbacks.filter(operation_id=operation_id).first()
