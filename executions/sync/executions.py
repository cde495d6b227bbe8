"""Which executions a function has, and their statuses."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

import structlog
from django.db import connection as database
from django.db import transaction

from executions import live
from executions.domain.arns import MAX_LENGTH, ExecutionArn, InvalidArn
from executions.domain.statuses import ExecutionStatus, counted_as, is_terminal, merge
from executions.gateway import configuration, lambda_api
from executions.gateway.answers import ExecutionSummary
from executions.gateway.connections import reach
from executions.gateway.errors import NotFound, NotUnderstood
from executions.models import Connection, Execution, Function, StatusCount
from executions.sync import closing, functions, pacing
from executions.sync.columns import fits, text

log = structlog.get_logger(__name__)
PATIENCE = 10.0
"""Seconds that somebody waits for a place in the call budget."""
NEWBORN = 1200.0
"""Seconds after its start in which nobody believes that AWS has deleted an execution, also by a wrong clock."""
BACK_AFTER = 10.0
"""Seconds after which an execution that AWS has denied, and lists all the same, is read again."""


@dataclass
class Listed:
    """What one listing brought."""

    new: int = 0
    changed: int = 0
    moments: list[dt.datetime] = field(default_factory=list)
    """Of the starts of the new ones and the ends of the changed ones."""

    def add(self, other: "Listed") -> None:
        self.new += other.new
        self.changed += other.changed
        self.moments += other.moments


def read_one(arn: ExecutionArn, *, now: dt.datetime) -> Execution:
    """Mirror one execution by its ARN, with its function when that is new. Raises GatewayError."""
    row = _connection_for(arn, now=now)
    connection = reach(row.name)
    summary = lambda_api.get_execution(connection, str(arn), patience=PATIENCE)
    if summary.arn != str(arn):
        raise NotUnderstood("AWS answered about another execution than the one that was asked for.")
    function = Function.objects.filter(arn=str(arn.function_arn)).first()
    if function is None:
        described = lambda_api.get_function(connection, arn.function_name, patience=PATIENCE)
        function = functions.save(row, described, now=now)
    upsert(function, [summary], now=now, asked_for=True)
    return Execution.objects.get(arn=str(arn))


def trace_header(execution: Execution) -> str:
    """What X-Ray knows it by, which is not mirrored; "" when it is not traced. Raises GatewayError."""
    connection = reach(execution.function.connection.name)
    return lambda_api.get_trace_header(connection, execution.arn, patience=PATIENCE)


def ask_again(execution: Execution, *, now: dt.datetime) -> Execution | None:
    """What AWS says of one execution now; -> its row, None when AWS no longer has it. Raises GatewayError."""
    connection = reach(execution.function.connection.name)
    try:
        summary = lambda_api.get_execution(connection, execution.arn, patience=PATIENCE)
    except NotFound:
        mark_gone(execution, now=now)
        return None
    upsert(execution.function, [summary], now=now)
    execution.refresh_from_db()
    if summary.status == ExecutionStatus.DELETING:
        execution.status = summary.status  # kept in the mirror as the outcome that it follows
    return execution


def _connection_for(arn: ExecutionArn, *, now: dt.datetime) -> Connection:
    """The connection that mirrors this ARN's function; raises NotFound when none does."""
    ranked = [(_leads_to(row, arn), row) for row in functions.connection_rows(now=now)]
    leading = sorted(((rank, row.pk, row) for rank, row in ranked if rank is not None))
    if not leading:
        raise NotFound(f"No connection leads to {arn.region} of account {arn.account}.")
    for _, _, row in leading:
        if _settings(row).wants(arn.function_name):
            return row
    raise NotFound(f"The function {arn.function_name} is left out here, by the patterns of its connection.")


def _leads_to(row: Connection, arn: ExecutionArn) -> int | None:
    """How surely: 0 because functions are mirrored from there, 1 because its role is of that account, 2 when its
    account is not known yet; None when it leads elsewhere.
    """
    own = _settings(row)
    if (row.region or own.region) not in ("", arn.region):
        return None
    known = Function.objects.filter(connection=row)
    if known.filter(arn__startswith=f"arn:{arn.partition}:lambda:{arn.region}:{arn.account}:").exists():
        return 0
    if own.role_arn:
        return 1 if own.role_arn.split(":")[4] == arn.account else None
    return None if known.exists() else 2


def _settings(row: Connection) -> configuration.Configured:
    return configuration.named(row.name) or configuration.Configured()


def upsert(
    function: Function, summaries: list[ExecutionSummary], *, now: dt.datetime, asked_for: bool = False
) -> Listed:
    """Write what AWS said of some executions of one function; the order of calls does not matter.

    What is not mirrored and would be removed again for its age, or is being deleted, is passed over, unless somebody
    has `asked_for` it.
    """
    listed, moved = Listed(), Counter[str]()
    before = None if asked_for else pacing.horizon(now, configuration.keep_days(function.connection.name))
    summaries = [summary for summary in summaries if fits(summary.arn, MAX_LENGTH)]
    with transaction.atomic():
        # One writer a function at a time keeps the counts by status true.
        Function.objects.select_for_update().get(pk=function.pk)
        known = Execution.objects.in_bulk([summary.arn for summary in summaries], field_name="arn")
        fresh: dict[str, Execution] = {}
        for summary in summaries:
            row = known.get(summary.arn)
            if row is None:
                if summary.started_at is None:
                    log.error("sync.no_start", arn=summary.arn)  # a column needs it; once it is told it is stored
                    continue
                if before and summary.ended_at and summary.ended_at < before:
                    continue
                if summary.status == ExecutionStatus.DELETING and not asked_for:
                    continue
                if summary.arn not in fresh and (made := _new(function, summary, summary.started_at, now)):
                    fresh[summary.arn] = made
                    moved[made.status] += 1
                    listed.moments.append(made.started_at)
            elif _apply(row, summary, moved, now):
                listed.changed += 1
                listed.moments += [row.ended_at] if row.ended_at else []
        Execution.objects.bulk_create(fresh.values())
        count_statuses(function.pk, moved)
        listed.new = len(fresh)
        if listed.new or listed.changed:
            transaction.on_commit(live.executions_changed)
    return listed


def count_statuses(function_id: int, moved: Counter[str]) -> None:
    """Add differences to a function's counts by status; call it in the transaction that changed the rows."""
    rows = [(function_id, status, difference) for status, difference in moved.items() if difference]
    if not rows:
        return
    counts = database.ops.quote_name(StatusCount._meta.db_table)
    with database.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {counts} (function_id, status, executions) VALUES (%s, %s, %s)"  # noqa: S608 - ours
            f" ON CONFLICT (function_id, status) DO UPDATE SET executions = {counts}.executions + excluded.executions",
            rows,
        )


def recount(function_id: int, before: str, after: str) -> None:
    """One execution is counted under another status now."""
    if before != after:
        count_statuses(function_id, Counter({before: -1, after: 1}))


def mark_gone(execution: Execution, *, now: dt.datetime) -> None:
    """AWS no longer has it: what is stored stays, nothing is asked again, and none of its callbacks waits any more."""
    with transaction.atomic():
        Function.objects.select_for_update().filter(pk=execution.function_id).first()
        row = Execution.objects.filter(pk=execution.pk, gone_at=None).first()
        if row is None:
            return
        recount(row.function_id, row.status, counted_as(row.status, gone=True))
        Execution.objects.filter(pk=row.pk).update(gone_at=now, history_due_at=None)
        closing.close(row.callbacks.all(), at=now)
        transaction.on_commit(live.executions_changed)


def _new(function: Function, summary: ExecutionSummary, started_at: dt.datetime, now: dt.datetime) -> Execution | None:
    try:
        arn = ExecutionArn.parse(summary.arn)
    except InvalidArn as error:
        log.error("sync.unreadable_arn", arn=summary.arn[:200], error=str(error))
        return None
    return Execution(
        function=function,
        arn=summary.arn,
        name=text(summary.name or arn.execution_name, 300),
        version=text(arn.version, 40),
        status=text(summary.status, 40),
        started_at=started_at,
        ended_at=summary.ended_at,
        end_seen_at=now if is_terminal(summary.status) else None,
        timeout_seconds=function.execution_timeout_seconds,
        history_due_at=now,
    )


def _apply(row: Execution, summary: ExecutionSummary, moved: Counter[str], now: dt.datetime) -> bool:
    """Update a known row; -> whether anything changed."""
    status, ended_at = merge(row.status, text(summary.status, 40)), row.ended_at or summary.ended_at
    back = row.gone_at is not None and (not is_terminal(status) or _newborn(row, row.gone_at))
    if status == row.status and ended_at == row.ended_at and not back:
        return False
    moved[counted_as(row.status, gone=row.gone_at is not None)] -= 1
    row.status, row.ended_at = status, ended_at
    if is_terminal(status):
        row.end_seen_at = row.end_seen_at or now
        closing.close(row.callbacks.all(), at=ended_at or now)
        if not row.history_complete:
            row.history_due_at = now
    if back:
        # What its callbacks are is worked out again.
        row.gone_at, row.history_due_at, row.untold = None, now + dt.timedelta(seconds=BACK_AFTER), True
    moved[counted_as(row.status, gone=row.gone_at is not None)] += 1
    row.save(update_fields=["status", "ended_at", "end_seen_at", "history_due_at", "gone_at", "untold"])
    return True


def _newborn(row: Execution, gone_at: dt.datetime) -> bool:
    """AWS may say "not found" of what it has only just begun to list; what has ended is kept for a day at least."""
    return abs((gone_at - row.started_at).total_seconds()) < NEWBORN
