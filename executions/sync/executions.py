"""Which executions a function has, and their statuses."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

import structlog
from django.db import transaction
from django.db.models import F

from executions import live
from executions.domain.arns import ExecutionArn, InvalidArn
from executions.domain.statuses import ExecutionStatus, is_terminal, merge
from executions.gateway import budget, lambda_api
from executions.gateway.connections import Connection as Reached
from executions.gateway.connections import ambient
from executions.gateway.errors import GatewayError, NotFound
from executions.gateway.lambda_api import ExecutionSummary
from executions.models import TERMINAL, Execution, Function, StatusCount
from executions.sync import functions, pacing, trouble

log = structlog.get_logger(__name__)
UNFINISHED = [ExecutionStatus.RUNNING.value, ExecutionStatus.PAUSING.value, ExecutionStatus.PAUSED.value]
GETS_AT_ONCE = 20


@dataclass
class Listed:
    """What one listing brought."""

    new: int = 0
    changed: int = 0


def list_function(function: Function, *, now: dt.datetime) -> Listed:
    """Bring one function's executions up to date. Raises GatewayError after noting it; the watermark then stays."""
    scope = f"list executions of {function.name}"
    listed = Listed()
    try:
        connection = ambient()
        newest = _list_new(connection, function, listed, now=now)
        reconciled = _due_for_reconciling(function, now)
        if reconciled:
            _reconcile(connection, function, listed, now=now)
    except GatewayError as error:
        trouble.note(function.connection, scope, error, now=now)
        _schedule(function, now=now)
        raise
    _schedule(
        function,
        now=now,
        listed_at=now,
        listed_through=newest,
        **({"reconciled_at": now} if reconciled else {}),
    )
    trouble.clear(function.connection, scope)
    return listed


def read_one(arn: ExecutionArn, *, now: dt.datetime) -> Execution:
    """Mirror one execution by its ARN, with its function when that is new. Raises GatewayError."""
    connection = ambient()
    summary = lambda_api.get_execution(connection, str(arn))
    function = Function.objects.filter(arn=str(arn.function_arn)).first()
    if function is None:
        configuration = lambda_api.get_function(connection, arn.function_name)
        function = functions.save(functions.connection_row(), configuration, now=now)
    upsert(function, [summary], now=now)
    return Execution.objects.get(arn=str(arn))


def upsert(function: Function, summaries: list[ExecutionSummary], *, now: dt.datetime) -> Listed:
    """Write what AWS said of some executions of one function; the order of calls does not matter."""
    listed, moved = Listed(), Counter[str]()
    with transaction.atomic():
        # One writer a function at a time keeps the counts by status true.
        Function.objects.select_for_update().get(pk=function.pk)
        known = Execution.objects.in_bulk([summary.arn for summary in summaries], field_name="arn")
        fresh: dict[str, Execution] = {}
        for summary in summaries:
            row = known.get(summary.arn)
            if row is None:
                if summary.arn not in fresh and (made := _new(function, summary, now)):
                    fresh[summary.arn] = made
                    moved[made.status] += 1
            elif _apply(row, summary, moved, now):
                listed.changed += 1
        Execution.objects.bulk_create(fresh.values())
        count_statuses(function.pk, moved)
        listed.new = len(fresh)
        if listed.new or listed.changed:
            transaction.on_commit(live.executions_changed)
    return listed


def count_statuses(function_id: int, moved: Counter[str]) -> None:
    """Add differences to a function's counts by status; call it in the transaction that changed the rows."""
    for status, difference in moved.items():
        if difference and not StatusCount.objects.filter(function_id=function_id, status=status).update(
            executions=F("executions") + difference
        ):
            StatusCount.objects.create(function_id=function_id, status=status, executions=difference)


def mark_gone(execution: Execution, *, now: dt.datetime) -> None:
    """AWS no longer has it: what is stored stays, and nothing is asked again."""
    Execution.objects.filter(pk=execution.pk, gone_at=None).update(gone_at=now, history_due_at=None)


def _list_new(connection: Reached, function: Function, listed: Listed, *, now: dt.datetime) -> dt.datetime | None:
    """-> the newest start seen; every page is committed before the next one is asked for."""
    since = function.listed_through and function.listed_through - dt.timedelta(seconds=pacing.OVERLAP)
    newest, marker = function.listed_through, None
    while True:
        page = lambda_api.list_executions(connection, function.arn, started_after=since, marker=marker)
        added = upsert(function, page.items, now=now)
        listed.new += added.new
        listed.changed += added.changed
        newest = max([newest, *(item.started_at for item in page.items)], key=lambda at: at.timestamp() if at else 0)
        marker = page.next_marker
        if not marker:
            return newest


def _due_for_reconciling(function: Function, now: dt.datetime) -> bool:
    return function.reconciled_at is None or (now - function.reconciled_at).total_seconds() >= pacing.RECONCILE


def _reconcile(connection: Reached, function: Function, listed: Listed, *, now: dt.datetime) -> None:
    """Executions that we take for unfinished although AWS does not list them as such have ended meanwhile."""
    ours = Execution.objects.filter(function=function, gone_at=None).exclude(status__in=TERMINAL)
    candidates = dict(ours.values_list("arn", "pk"))
    if not candidates:
        return
    marker: str | None = None
    while True:
        page = lambda_api.list_executions(connection, function.arn, statuses=UNFINISHED, marker=marker)
        upsert(function, page.items, now=now)
        for item in page.items:
            candidates.pop(item.arn, None)
        marker = page.next_marker
        if not marker:
            break
    for arn, pk in list(candidates.items())[:GETS_AT_ONCE]:
        try:
            listed.changed += upsert(function, [lambda_api.get_execution(connection, arn)], now=now).changed
        except NotFound:
            mark_gone(Execution.objects.get(pk=pk), now=now)


def _new(function: Function, summary: ExecutionSummary, now: dt.datetime) -> Execution | None:
    try:
        arn = ExecutionArn.parse(summary.arn)
    except InvalidArn as error:
        log.error("sync.unreadable_arn", arn=summary.arn[:200], error=str(error))
        return None
    return Execution(
        function=function,
        arn=summary.arn,
        name=summary.name or arn.execution_name,
        version=arn.version,
        status=summary.status,
        started_at=summary.started_at,
        ended_at=summary.ended_at,
        timeout_seconds=function.execution_timeout_seconds,
        history_due_at=now,
    )


def _apply(row: Execution, summary: ExecutionSummary, moved: Counter[str], now: dt.datetime) -> bool:
    """Update a known row; -> whether anything changed."""
    status, ended_at = merge(row.status, summary.status), row.ended_at or summary.ended_at
    if status == row.status and ended_at == row.ended_at:
        return False
    if status != row.status:
        moved[row.status] -= 1
        moved[status] += 1
    row.status, row.ended_at = status, ended_at
    if is_terminal(status) and not row.history_complete:
        row.history_due_at = now
    row.save(update_fields=["status", "ended_at", "history_due_at"])
    return True


def _schedule(function: Function, *, now: dt.datetime, **values: object) -> None:
    """Free the claim and say when the function is due again."""
    interval = pacing.list_interval(
        functions=Function.objects.filter(gone_at=None).count(), per_second=budget.calls_per_second("list")
    )
    Function.objects.filter(pk=function.pk).update(
        list_due_at=now + dt.timedelta(seconds=interval), list_claimed_until=None, **values
    )
