"""What the pages read from the mirror, named for the page that wants it. Never calls AWS.

Everything that concerns executions goes through `visible`, so that what somebody may not see does not exist for them.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from django.db.models import Count, Exists, F, Func, IntegerField, Min, OuterRef, Prefetch, Q, QuerySet

from executions.actions.permissions import can_read_audit, can_share, can_view
from executions.actions.scopes import reach_of
from executions.domain.statuses import OUTCOMES
from executions.models import (
    TERMINAL,
    ActionRecord,
    Bulk,
    Callback,
    Connection,
    Execution,
    Function,
    ShareLink,
    StatusCount,
    Trouble,
)

PAGE_ROWS = 50
COUNT_CAP = 10_000
FAILURES = ["FAILED", "TIMED_OUT"]
QUARTER = 15 * 60
LIST_COLUMNS = [
    *("arn", "name", "version", "status", "started_at", "ended_at", "error_type", "activity", "gone_at"),
    "function__name",
]


@dataclass(frozen=True)
class ListFilter:
    """The filters of the list of executions.

    `waiting`: only those with an open callback; `failed`: only those whose status is one of FAILURES.
    """

    function: str = ""
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


Listed: TypeAlias = tuple[str, dt.datetime | None, bool]
"""A function: its name, when its executions were last listed, whether AWS still has it."""


def visible(user: Any) -> QuerySet[Execution]:
    """The executions that this person may see."""
    if not can_view(user):
        return Execution.objects.none()
    sees = reach_of(user).sees
    return Execution.objects.all() if sees is None else Execution.objects.filter(function__in=sees)


def by_arn(user: Any, arns: Sequence[str]) -> dict[str, Execution]:
    """Those of these executions that are mirrored and that this person may see, by ARN."""
    rows = visible(user).filter(arn__in=arns).select_related("function__connection") if arns else ()
    return {one.arn: one for one in rows}


def visible_functions(user: Any) -> QuerySet[Function]:
    if not can_view(user):
        return Function.objects.none()
    sees = reach_of(user).sees
    return Function.objects.all() if sees is None else Function.objects.filter(pk__in=sees)


def open_callbacks(user: Any) -> QuerySet[Callback]:
    """Callbacks that wait for an answer, nearest deadline first, those without one last."""
    # EXISTS looks up one execution for each open callback; IN would have SQLite list all executions first.
    theirs = Exists(visible(user).filter(pk=OuterRef("execution")))
    return Callback.objects.filter(theirs, status="STARTED").order_by(F("timeout_at").asc(nulls_last=True), "opened_at")


def filtered(user: Any, chosen: ListFilter) -> QuerySet[Execution]:
    rows = visible(user)
    if chosen.function:
        named = visible_functions(user).filter(name=chosen.function)
        rows = rows.filter(function__in=list(named.values_list("pk", flat=True)))
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
    more = len(found) > PAGE_ROWS
    page = found[:PAGE_ROWS] if older else found[:PAGE_ROWS][::-1]
    return ExecutionList(page, has_older=more if older else True, has_newer=cursor is not None if older else more)


def _open_of_a_page() -> QuerySet[Callback]:
    rows = Callback.objects.filter(status="STARTED").only("execution", "operation_id", "name", "timeout_at")
    return rows.order_by(F("timeout_at").asc(nulls_last=True), "opened_at")


def matching(user: Any, chosen: ListFilter) -> QuerySet[Execution]:
    """All executions that the list shows with this filter, page after page."""
    rows = filtered(user, chosen)
    if chosen.status:
        rows = rows.filter(status=chosen.status)
    return rows.filter(status__in=FAILURES) if chosen.failed else rows


def bulks(user: Any) -> QuerySet[Bulk]:
    """The bulk actions, newest first: all for who reads what others did everywhere, else one's own."""
    rows = Bulk.objects.order_by("-created_at", "-pk")
    everybodys = can_read_audit(user) and not reach_of(user).is_limited
    return rows if everybodys else rows.filter(user=user)


def waiting_count(user: Any, chosen: ListFilter) -> int:
    """How many executions match and wait for a callback, whatever status is chosen."""
    return filtered(user, replace(chosen, waiting=True)).count()


def status_counts(user: Any, chosen: ListFilter) -> StatusCounts:
    """How many executions match, by status, whatever status is chosen."""
    if chosen.only_function:
        functions = visible_functions(user)
        if chosen.function:
            functions = functions.filter(name=chosen.function)
        counted: Iterable[tuple[str, int]] = StatusCount.objects.filter(function__in=functions).values_list(
            "status", "executions"
        )
        capped = False
    else:
        newest = filtered(user, chosen).order_by("-started_at", "-id").values_list("status", flat=True)[: COUNT_CAP + 1]
        statuses = list(newest)
        capped = len(statuses) > COUNT_CAP
        counted = ((status, 1) for status in statuses[:COUNT_CAP])
    by_status: dict[str, int] = {}
    for status, executions in counted:
        by_status[status] = by_status.get(status, 0) + executions
    by_status = {status: executions for status, executions in by_status.items() if executions > 0}
    return StatusCounts(by_status, sum(by_status.values()), capped)


def functions_with_counts(user: Any) -> list[Function]:
    """All functions by name, each with its `status_counts`, in two queries."""
    return list(visible_functions(user).order_by("name").prefetch_related("status_counts"))


def function_with_counts(user: Any, function_id: int) -> Function | None:
    """One function with its connection and `status_counts`; None when there is none, or it is not this person's."""
    rows = visible_functions(user).select_related("connection").prefetch_related("status_counts")
    return rows.filter(pk=function_id).first() if function_id < 2**63 else None


def versions_of(function: Function, among: int = 200) -> list[str]:
    """The versions that its newest executions ran."""
    newest = function.executions.order_by("-started_at", "-pk").values_list("version", flat=True)[:among]
    return sorted(set(newest))


def nearest_callbacks(user: Any, limit: int) -> list[Callback]:
    """The open callbacks whose deadline is nearest, each with its execution and function."""
    return list(open_callbacks(user).select_related("execution__function")[:limit])


@dataclass(frozen=True)
class LookedAt:
    """Of the executions that run: how many, of how many the history was read, and when that was the longest ago."""

    running: int
    read: int
    oldest: dt.datetime | None


def looked_at(user: Any) -> LookedAt:
    """Callbacks are only found by reading histories: how much of what runs that was done for."""
    running = visible(user).filter(~Q(status__in=TERMINAL), gone_at=None)
    found = running.aggregate(running=Count("pk"), read=Count("history_read_at"), oldest=Min("history_read_at"))
    return LookedAt(found["running"], found["read"], found["oldest"])


def inbox(user: Any, limit: int) -> list[Callback]:
    """The open callbacks, nearest deadline first, with what the inbox says of each."""
    rows = open_callbacks(user).select_related("execution__function", "claim").prefetch_related("actions")
    return list(rows[:limit])


def failed_since(user: Any, since: dt.datetime) -> int:
    return visible(user).filter(status__in=["FAILED", "TIMED_OUT"], ended_at__gte=since).count()


def latest_failures(user: Any, since: dt.datetime, limit: int = 8) -> list[Execution]:
    return list(
        visible(user)
        .filter(status__in=["FAILED", "TIMED_OUT"], ended_at__gte=since)
        .order_by("-ended_at")
        .select_related("function")[:limit]
    )


def ended_since(user: Any, since: dt.datetime) -> int:
    return visible(user).filter(status__in=OUTCOMES, ended_at__gte=since).count()


class _QuarterHour(Func):
    """The number of the quarter of an hour, since 1970 began, that holds a moment."""

    output_field = IntegerField()
    template = f"CAST(FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / {QUARTER}) AS BIGINT)"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template=f"UNIXEPOCH(%(expressions)s) / {QUARTER}", **extra)


def ends_by_quarter(user: Any, since: dt.datetime) -> list[tuple[str, int, int]]:
    """What ended since then: (status, epoch seconds at which a quarter of an hour begins, how many ended in it)."""
    ended = visible(user).filter(status__in=OUTCOMES, ended_at__gte=since)
    counted = ended.annotate(quarter=_QuarterHour("ended_at")).values_list("status", "quarter").annotate(Count("pk"))
    return [(status, quarter * QUARTER, count) for status, quarter, count in counted.order_by("quarter", "status")]


def functions_listed(user: Any) -> list[Listed]:
    """All functions by name, with what the list of executions needs of them."""
    rows = visible_functions(user).order_by("name").values_list("name", "listed_at", "gone_at")
    return [(name, listed_at, gone_at is None) for name, listed_at, gone_at in rows]


def is_known_status(user: Any, status: str) -> bool:
    """Whether some execution has, or had, this status: AWS may have invented one since."""
    return StatusCount.objects.filter(function__in=visible_functions(user), status=status).exists()


@dataclass(frozen=True)
class AuditFilter:
    """`who`: a user's name; `kind` and `outcome` of ActionRecord; `execution`: part of its ARN."""

    who: str = ""
    kind: str = ""
    outcome: str = ""
    execution: str = ""
    after: dt.datetime | None = None


def actions(
    user: Any,
    older_than: tuple[dt.datetime, int] | None = None,
    chosen: AuditFilter | None = None,
    rows_at_once: int = 0,
) -> tuple[list[ActionRecord], bool]:
    """A page of what people did, newest first, and whether there is more; `older_than` is (created_at, id) of one."""
    most = rows_at_once or PAGE_ROWS
    rows = ActionRecord.objects.all() if can_read_audit(user) else ActionRecord.objects.none()
    if chosen:
        exact = {"username": chosen.who, "kind": chosen.kind, "outcome": chosen.outcome}
        rows = rows.filter(**{name: value for name, value in exact.items() if value})
        rows = rows.filter(execution_arn__icontains=chosen.execution) if chosen.execution else rows
        rows = rows.filter(created_at__gte=chosen.after) if chosen.after else rows
    if reach_of(user).is_limited:
        rows = rows.filter(Q(execution__in=visible(user)) | Q(function__in=visible_functions(user)))
    if older_than:
        at, pk = older_than
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk), created_at__lte=at)
    found = list(rows.order_by("-created_at", "-pk").select_related("execution", "callback")[: most + 1])
    return found[:most], len(found) > most


def data_age(user: Any) -> dt.datetime | None:
    """Since when at the latest every function's list has been up to date; None when some never was."""
    oldest = list(visible_functions(user).filter(gone_at=None).values_list("listed_at", flat=True))
    return min((at for at in oldest if at), default=None) if all(oldest) else None


def age_of(functions: list[Listed]) -> dt.datetime | None:
    """The same as data_age, of functions that have been read already."""
    listed = [at for _, at, still_there in functions if still_there]
    return min((at for at in listed if at), default=None) if all(listed) else None


def troubles(user: Any) -> list[Trouble]:
    """Those of the functions that this person sees and of those functions' connections, the oldest first."""
    rows = Trouble.objects.filter(connection__in=connections(user)).select_related("connection").order_by("since")
    sees = reach_of(user).sees
    return list(rows if sees is None else rows.filter(Q(function=None) | Q(function__in=sees)))


def connections(user: Any) -> QuerySet[Connection]:
    """The connections of which this person sees anything; all of them for whoever is not limited."""
    if not can_view(user):
        return Connection.objects.none()
    sees = reach_of(user).sees
    return Connection.objects.all() if sees is None else Connection.objects.filter(functions__in=sees).distinct()


def open_callbacks_of(execution: Execution) -> list[Callback]:
    """Its callbacks that wait for an answer, nearest deadline first."""
    found = execution.callbacks.filter(status="STARTED")
    return list(found.order_by(F("timeout_at").asc(nulls_last=True), "opened_at"))


def callback_of(execution: Execution, operation_id: str) -> Callback | None:
    """The callback that this operation is; a share link does not tell who answered it."""
    if execution.seen_through:
        return None
    return execution.callbacks.filter(operation_id=operation_id).first()


def actions_of(execution: Execution) -> list[ActionRecord]:
    """By its ARN: a start names it before it is mirrored, and records outlive our copy. A share link tells of none."""
    if execution.seen_through:
        return []
    found = ActionRecord.objects.filter(execution_arn=execution.arn)
    return list(found.order_by("-created_at", "-pk").select_related("callback"))


def open_callback_count(user: Any) -> int:
    return open_callbacks(user).aggregate(count=Count("pk"))["count"] or 0


def of_the_same_function(user: Any, execution: Execution) -> QuerySet[Execution]:
    """The executions that it can be compared with, newest first: those of functions with its function's name."""
    found = visible(user).filter(function__name=execution.function.name)
    return found.select_related("function__connection").order_by("-started_at", "-pk")


def last_success(user: Any, execution: Execution) -> Execution | None:
    """The newest success of its function, itself aside; of those before it when there is one."""
    succeeded = of_the_same_function(user, execution).filter(status="SUCCEEDED").exclude(pk=execution.pk)
    return succeeded.filter(started_at__lte=execution.started_at).first() or succeeded.first()


def share_links(user: Any, of: Execution | None = None, limit: int = 500) -> list[ShareLink]:
    """The share links that somebody may see and revoke, the newest first: all to what they may see, or none."""
    if not can_share(user):
        return []
    rows = ShareLink.objects.filter(Exists(visible(user).filter(pk=OuterRef("execution"))))
    rows = rows.filter(execution=of) if of else rows
    return list(rows.select_related("execution__function").order_by("-created_at", "-pk")[:limit])
