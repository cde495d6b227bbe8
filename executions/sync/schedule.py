"""What is due now, claimed so that each piece of work is handed out once; and the same in the foreground for `sync
--once`.
"""

import datetime as dt
import math
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections
from django.db.models import Q, QuerySet

from executions import live
from executions.domain import imports
from executions.domain.lanes import Lane, Turns
from executions.domain.statuses import FAILURES, is_terminal
from executions.gateway import budget, configuration
from executions.gateway.calling import count_calls
from executions.gateway.errors import GatewayError, NotFound
from executions.models import TERMINAL, ActionRecord, Bulk, Connection, Execution, Function
from executions.sync import executions, functions, habits, history, listing, pacing, storing


@dataclass(frozen=True)
class Urgent:
    """Executions that somebody looks at now, and those that somebody has just done something to."""

    watched: set[int]
    acted_on: set[int]


Queue = tuple[QuerySet[Execution], ...]
"""Those of the first part come before all of the second."""
OPEN_OR_FAILED = ~Q(status__in=TERMINAL) | Q(status__in=FAILURES)
"""What is of more interest than what went well."""
_turns: dict[int, Turns] = {}


def never_swept() -> bool:
    """Whether nobody has looked for functions yet: that cannot wait for its turn."""
    return not Connection.objects.exclude(name=imports.CONNECTION).exists()


def claim_functions(*, now: dt.datetime) -> list[int]:
    """Ids of the functions whose executions are to be listed now; nobody else gets them until the claim ends."""
    return [pk for connection in _asked() for pk in _claim_functions(connection, now)]


def claim_histories(*, now: dt.datetime, hot_alone: bool = False) -> dict[int, Lane]:
    """Ids of the executions whose histories are to be read now, and in which lane each is. `hot_alone`: of what
    somebody looks at, and of what might open a callback.
    """
    urgent = _urgent(now)
    lanes = (Lane.HOT,) if hot_alone else tuple(Lane)
    return {pk: lane for connection in _asked() for pk, lane in _claim_histories(connection, urgent, lanes, now)}


def somebody_looks() -> bool:
    """At an execution, or at the inbox."""
    return bool(live.inbox_is_watched() or live.watched())


def _asked() -> QuerySet[Connection]:
    """The connections that are configured. Each has a budget of its own, so that none waits for another."""
    return Connection.objects.filter(gone_at=None)


def _claim_functions(connection: Connection, now: dt.datetime) -> list[int]:
    free = Q(list_claimed_until=None) | Q(list_claimed_until__lt=now)
    theirs = Function.objects.filter(connection=connection, gone_at=None)
    room = _room(connection, "list", theirs.filter(list_claimed_until__gte=now).count())
    due = theirs.filter(free, list_due_at__lte=now).order_by("list_due_at")
    until = now + dt.timedelta(seconds=pacing.CLAIM)
    return [
        pk
        for pk in due.values_list("pk", flat=True)[:room]
        if Function.objects.filter(free, pk=pk).update(list_claimed_until=until)
    ]


def _claim_histories(
    connection: Connection, urgent: Urgent, lanes: tuple[Lane, ...], now: dt.datetime
) -> Iterator[tuple[int, Lane]]:
    free = Q(history_claimed_until=None) | Q(history_claimed_until__lt=now)
    theirs = Execution.objects.filter(function__connection=connection, history_due_at__isnull=False)
    room = _room(connection, "history", theirs.filter(history_claimed_until__gte=now).count())
    per_second = budget.calls_per_second(connection.name, "history")
    all_due = _due_histories(theirs.filter(free, gone_at=None), _policy(connection), urgent, per_second, now)
    due = {lane: queue for lane, queue in all_due.items() if lane in lanes}
    until = now + dt.timedelta(seconds=pacing.CLAIM)
    for pk, lane in _in_turn(_turns.setdefault(connection.pk, Turns()), due, room):
        if Execution.objects.filter(free, pk=pk).update(history_claimed_until=until):
            yield pk, lane


def _in_turn(turns: Turns, due: dict[Lane, Queue], room: int) -> Iterator[tuple[int, Lane]]:
    """Some of what is due, each lane by its weight and each execution once."""
    if room < 1:
        return
    waiting = {
        lane: deque(pk for rows in queue for pk in rows.values_list("pk", flat=True)[:room])
        for lane, queue in due.items()
    }
    taken: set[int] = set()
    while len(taken) < room and (lanes := [lane for lane, rows in waiting.items() if rows]):
        lane = turns.whose(lanes)
        pk = waiting[lane].popleft()
        if pk not in taken:
            taken.add(pk)
            turns.took(lane)
            yield pk, lane


@contextmanager
def given_back(claimed: QuerySet[Any], claim: str) -> Iterator[None]:
    """What the database kept from being done is handed out again once it can be written to, not when the claim ends."""
    try:
        yield
    except (OperationalError, InterfaceError):
        close_old_connections()
        claimed.update(**{claim: None})
        raise


def forget_claims() -> None:
    """For a process that is the only one, when it starts: whoever claimed anything is dead."""
    Function.objects.filter(list_claimed_until__isnull=False).update(list_claimed_until=None)
    Execution.objects.filter(history_claimed_until__isnull=False).update(history_claimed_until=None)
    Bulk.objects.filter(claimed_until__isnull=False, finished_at=None).update(claimed_until=None)


def _room(connection: Connection, api: str, under_way: int) -> int:
    """How many more may be handed out: a little more than is spent until the next dispatch, so that there is always
    something to do and not much in the queue, where nothing more urgent can overtake it. Lists and histories both need
    threads.
    """
    return max(0, math.ceil(budget.calls_per_second(connection.name, api) * pacing.AHEAD) - under_way)


def _urgent(now: dt.datetime) -> Urgent:
    since = now - dt.timedelta(seconds=pacing.CONFIRMING)
    acted_on = ActionRecord.objects.filter(created_at__gte=since, execution__isnull=False)
    return Urgent(live.watched(), set(acted_on.values_list("execution_id", flat=True)))


def _due_histories(
    theirs: QuerySet[Execution], by_policy: Q, urgent: Urgent, per_second: int, now: dt.datetime
) -> dict[Lane, Queue]:
    """By lane, who has waited longest first. A failed execution is of more interest than one that went well; what
    somebody looks at never waits for what might open a callback, and is held to a part of the budget by its interval.
    """
    interval = pacing.watched_interval(watched=len(urgent.watched), per_second=per_second)
    stale = Q(history_read_at=None) | Q(history_read_at__lt=now - dt.timedelta(seconds=interval))
    rows = theirs.order_by("history_due_at")
    due, well = rows.filter(history_due_at__lte=now), Q(history_failures=0)
    overdue = Q(history_due_at__lte=now)
    opens_callbacks = ~Q(status__in=TERMINAL) & Q(function__callback_share__gte=habits.USUAL)
    wanted = due.filter(by_policy)
    return {
        Lane.CONFIRMATION: (due.filter(well, pk__in=urgent.acted_on),),
        Lane.HOT: (
            rows.filter(well & (stale | overdue), pk__in=urgent.watched),
            wanted.filter(well & opens_callbacks),
        ),
        Lane.WARM: (wanted.filter(well & OPEN_OR_FAILED),),
        Lane.RECONCILE: (wanted.exclude(well & OPEN_OR_FAILED),),
    }


def _policy(connection: Connection) -> Q:
    """Which histories of a connection are read although nobody looks."""
    looked_at = Q(history_read_at__isnull=False)
    chosen = {"failed": OPEN_OR_FAILED | looked_at, "looked-at": looked_at, "none": Q(pk__in=[])}
    return chosen.get(configuration.history(connection.name), Q())


@dataclass
class Report:
    """What a foreground run did for one function; `failures` are sentences."""

    name: str
    new_executions: int = 0
    new_events: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def run_once(
    *, clock: Callable[[], dt.datetime], only: str | None = None, tell: Callable[[str], None] = lambda _: None
) -> list[Report]:
    """Discover, list and read until nothing that was due since the start is left, connection by connection."""
    began = clock()
    reports = []
    rows = functions.connection_rows(now=began)
    for row in rows:
        report = Report(f"connection {row.name}")
        _try(report, lambda row=row: _discover(row, began))  # type: ignore[misc]
        if report.failures:
            reports.append(report)
    found = Function.objects.filter(gone_at=None, connection__in=rows).select_related("connection").order_by("name")
    for function in found.filter(Q(name=only) | Q(arn=only)) if only else found:
        report = Report(function.name)
        reports.append(report)
        with count_calls() as calls:
            _try(report, lambda f=function, r=report: _list(f, r, clock()))  # type: ignore[misc]
            _read_histories(function, report, began, clock, tell)
        report.calls = calls
    return reports


def _discover(row: Connection, now: dt.datetime) -> None:
    functions.discover(row, now=now)


def _list(function: Function, report: Report, now: dt.datetime) -> None:
    listed = executions.Listed()
    try:
        listing.list_function(function, now=now, listed=listed)
    finally:
        report.new_executions += listed.new


def _read_histories(
    function: Function,
    report: Report,
    began: dt.datetime,
    clock: Callable[[], dt.datetime],
    tell: Callable[[str], None],
) -> None:
    unread = Q(history_read_at=None) | Q(history_read_at__lt=began)
    policy = _policy(function.connection)
    todo = Execution.objects.filter(unread, policy, function=function, history_complete=False, gone_at=None)
    ids = list(todo.order_by("-started_at").values_list("pk", flat=True))
    for done, pk in enumerate(ids, 1):
        _try(report, lambda pk=pk: _pull(pk, report, clock()))  # type: ignore[misc]
        if done % 200 == 0 or done == len(ids):
            tell(f"{function.name}: {done} of {len(ids)} histories read")


def _pull(execution_id: int, report: Report, now: dt.datetime) -> None:
    pulled = storing.Pulled()
    found = Execution.objects.select_related("function__connection")
    try:
        if (execution := found.filter(pk=execution_id).first()) is None:
            return  # removed since it was looked for
        history.pull(execution, now=now, pulled=pulled)
        fresh = found.filter(pk=execution_id).first()
        if fresh and is_terminal(fresh.status) and not pulled.complete:
            # It has just ended: the reading that finds nothing new is what makes it final.
            history.pull(fresh, now=now, pulled=pulled)
    finally:
        report.new_events += pulled.new_events


def _try(report: Report, work: Callable[[], None]) -> None:
    """One thing that AWS refuses must not keep the rest from being read."""
    try:
        work()
    except NotFound:
        pass  # deleted at AWS between the list and the reading: marked, and no failure
    except GatewayError as error:
        report.failures.append(str(error))
