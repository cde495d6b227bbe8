"""The list of executions: its filter, its pages, its counts."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F, Prefetch, Q, QuerySet

from executions.domain.statuses import FAILURES, GONE, LEFT, counted_as, is_terminal
from executions.models import TERMINAL, Callback, Execution, Function, StatusCount
from executions.queries.visibility import PAGE_ROWS, left_functions, mirrored, visible_functions

COUNT_CAP = 10_000
LIST_COLUMNS = [
    *("arn", "name", "version", "status", "started_at", "ended_at", "error_type", "activity", "gone_at"),
    *("function__name", "function__connection"),
]


@dataclass(frozen=True)
class ListFilter:
    """The filters of the list of executions. `function` and `connection` are names.

    `waiting`: only those with an open callback; `failed`: only those whose status is one of FAILURES.
    """

    function: str = ""
    connection: str = ""
    status: str = ""
    name: str = ""
    started_after: dt.datetime | None = None
    started_before: dt.datetime | None = None
    ended_after: dt.datetime | None = None
    ended_before: dt.datetime | None = None
    waiting: bool = False
    failed: bool = False

    @property
    def only_function(self) -> bool:
        times = (self.started_after, self.started_before, self.ended_after, self.ended_before)
        return not (self.name or any(times) or self.waiting)


@dataclass(frozen=True)
class Cursor:
    """A place in the list, newest first: just after (`older`) or just before the execution with these values."""

    started_at: dt.datetime
    pk: int
    older: bool = True


@dataclass(frozen=True)
class ExecutionList:
    rows: Sequence[Execution]
    has_older: bool
    has_newer: bool


@dataclass(frozen=True)
class StatusCounts:
    """`capped`: only the newest COUNT_CAP of them were counted."""

    by_status: dict[str, int]
    total: int
    capped: bool


def filtered(user: Any, chosen: ListFilter) -> QuerySet[Execution]:
    rows = mirrored(user)
    if chosen.function or chosen.connection:
        rows = rows.filter(function__in=list(_functions(user, chosen).values_list("pk", flat=True)))
    if chosen.name:
        rows = rows.filter(Q(name__icontains=chosen.name) | Q(arn=chosen.name))
    if chosen.started_after:
        rows = rows.filter(started_at__gte=chosen.started_after)
    if chosen.started_before:
        rows = rows.filter(started_at__lt=chosen.started_before)
    if chosen.ended_after:
        rows = rows.filter(ended_at__gte=chosen.ended_after)
    if chosen.ended_before:
        rows = rows.filter(ended_at__lt=chosen.ended_before)
    if chosen.waiting:
        rows = rows.filter(pk__in=Callback.objects.filter(status="STARTED").values("execution"))
    return rows


def _functions(user: Any, chosen: ListFilter) -> QuerySet[Function]:
    """A name stands for one function in each connection."""
    functions = visible_functions(user)
    if chosen.function:
        functions = functions.filter(name=chosen.function)
    return functions.filter(connection__name=chosen.connection) if chosen.connection else functions


def functions_chosen(user: Any, chosen: ListFilter) -> list[int]:
    """Ids of the functions that the list is about, where one was chosen by name."""
    return list(_functions(user, chosen).values_list("pk", flat=True)) if chosen.function else []


def matching(user: Any, chosen: ListFilter) -> QuerySet[Execution]:
    """All executions that the list shows with this filter, page after page."""
    rows = filtered(user, chosen)
    left = left_functions(user)
    if chosen.status == GONE:
        rows = rows.filter(gone_at__isnull=False).exclude(status__in=TERMINAL)
    elif chosen.status == LEFT:
        rows = rows.filter(gone_at=None, function__in=left).exclude(status__in=TERMINAL)
    elif is_terminal(chosen.status):
        rows = rows.filter(status=chosen.status)
    elif chosen.status:
        rows = rows.filter(status=chosen.status, gone_at=None)
        rows = rows.exclude(function__in=left) if left else rows
    return rows.filter(status__in=FAILURES) if chosen.failed else rows


def execution_list(user: Any, chosen: ListFilter, cursor: Cursor | None = None) -> ExecutionList:
    """One page of the list, newest first, with each execution's `open_callbacks`, nearest deadline first.

    Keyset: its cost does not grow with depth.
    """
    rows = matching(user, chosen)
    older = cursor is None or cursor.older
    if cursor:
        beyond = Q(started_at__lt=cursor.started_at) | Q(started_at=cursor.started_at, pk__lt=cursor.pk)
        before = Q(started_at__gt=cursor.started_at) | Q(started_at=cursor.started_at, pk__gt=cursor.pk)
        # The first comparison is implied by the others: it is what lets the database seek in the index.
        bound = Q(started_at__lte=cursor.started_at) if older else Q(started_at__gte=cursor.started_at)
        rows = rows.filter(bound, beyond if older else before)
    order = ("-started_at", "-id") if older else ("started_at", "id")
    found = list(
        rows.order_by(*order)
        .select_related("function")
        .only(*LIST_COLUMNS)
        .prefetch_related(Prefetch("callbacks", _open_of_a_page(), to_attr="open_callbacks"))[: PAGE_ROWS + 1]
    )
    left = left_functions(user)
    for execution in found:
        execution.is_left = execution.function_id in left and not is_terminal(execution.status)
    more = len(found) > PAGE_ROWS
    page = found[:PAGE_ROWS] if older else found[:PAGE_ROWS][::-1]
    return ExecutionList(page, has_older=more if older else True, has_newer=cursor is not None if older else more)


def _open_of_a_page() -> QuerySet[Callback]:
    rows = Callback.objects.filter(status="STARTED").only("execution", "operation_id", "name", "timeout_at")
    return rows.order_by(F("timeout_at").asc(nulls_last=True), "opened_at")


def waiting_count(user: Any, chosen: ListFilter) -> int:
    """How many executions match and wait for a callback, whatever status is chosen."""
    return filtered(user, replace(chosen, waiting=True)).count()


def status_counts(user: Any, chosen: ListFilter) -> StatusCounts:
    """How many executions match, by status, whatever status is chosen."""
    left = left_functions(user)
    if chosen.only_function:
        rows = StatusCount.objects.filter(function__in=_functions(user, chosen))
        kept = rows.values_list("status", "executions", "function_id")
        counted: Iterable[tuple[str, int]] = (
            (counted_as(status, left=function in left), executions) for status, executions, function in kept
        )
        capped = False
    else:
        newest = filtered(user, chosen).order_by("-started_at", "-id").values_list("status", "gone_at", "function_id")
        statuses = [
            counted_as(status, gone=gone is not None, left=function in left)
            for status, gone, function in newest[: COUNT_CAP + 1]
        ]
        capped = len(statuses) > COUNT_CAP
        counted = ((status, 1) for status in statuses[:COUNT_CAP])
    by_status: dict[str, int] = {}
    for status, executions in counted:
        by_status[status] = by_status.get(status, 0) + executions
    by_status = {status: executions for status, executions in by_status.items() if executions > 0}
    return StatusCounts(by_status, sum(by_status.values()), capped)


def is_known_status(user: Any, status: str) -> bool:
    """Whether some execution has, or had, this status: AWS may have invented one since."""
    if status == LEFT:
        return bool(left_functions(user))
    return StatusCount.objects.filter(function__in=visible_functions(user), status=status).exists()
