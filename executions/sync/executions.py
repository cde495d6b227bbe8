"""Which executions a function has, and their statuses."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from executions import live
from executions.domain.arns import MAX_LENGTH, ExecutionArn, InvalidArn
from executions.domain.lanes import Lane
from executions.domain.statuses import ExecutionStatus, is_terminal, merge
from executions.gateway import budget, configuration, lambda_api
from executions.gateway.connections import Connection as Reached
from executions.gateway.connections import reach
from executions.gateway.errors import GatewayError, NotFound, NotUnderstood
from executions.gateway.lambda_api import ExecutionSummary
from executions.models import TERMINAL, Connection, Execution, Function, StatusCount
from executions.sync import functions, pacing, push_health, trouble
from executions.sync.columns import fits, text

log = structlog.get_logger(__name__)
UNFINISHED = [ExecutionStatus.RUNNING.value, ExecutionStatus.PAUSING.value, ExecutionStatus.PAUSED.value]
GETS_AT_ONCE = 20
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


def list_function(function: Function, *, now: dt.datetime, listed: Listed | None = None) -> Listed:
    """Bring one function's executions up to date. Raises GatewayError after noting it; the watermark then stays.

    `listed` counts what was stored, also when this fails half way.
    """
    scope = trouble.listing(function)
    listed = Listed() if listed is None else listed
    try:
        with trouble.understood(f"The list of executions of {function.name}"):
            connection = reach(function.connection.name)
            back = _due_for_looking_back(function, now)
            newest = _list_new(connection, function, listed, back=back, now=now)
            reconciled = _due_for_reconciling(function, now)
            if reconciled:
                with budget.lane(Lane.RECONCILE):
                    _reconcile(connection, function, listed, now=now)
    except GatewayError as error:
        trouble.note(function.connection, scope, error, now=now)
        _schedule(function, now=now)
        raise
    push_health.found_by_polling(function.connection, listed.moments, now=now)
    _schedule(
        function,
        now=now,
        listed_at=now,
        listed_through=newest,
        **({"reconciled_at": now} if reconciled else {}),
        **({"looked_back_at": now} if back or function.looked_back_at is None else {}),
    )
    trouble.clear(function.connection, scope)
    return listed


def read_one(arn: ExecutionArn, *, now: dt.datetime) -> Execution:
    """Mirror one execution by its ARN, with its function when that is new. Raises GatewayError."""
    row = _connection_for(arn, now=now)
    connection = reach(row.name)
    summary = lambda_api.get_execution(connection, str(arn), patience=PATIENCE)
    if summary.arn != str(arn):
        raise NotUnderstood("AWS answered about another execution than the one that was asked for.")
    function = Function.objects.filter(arn=str(arn.function_arn)).first()
    if function is None:
        configuration = lambda_api.get_function(connection, arn.function_name, patience=PATIENCE)
        function = functions.save(row, configuration, now=now)
    upsert(function, [summary], now=now, asked_for=True)
    return Execution.objects.get(arn=str(arn))


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
    """The connection that mirrors this ARN's account and Region; raises NotFound when none does."""
    rows = functions.connection_rows(now=now)
    same = f"arn:{arn.partition}:lambda:{arn.region}:{arn.account}:"
    for row in rows:
        if Function.objects.filter(connection=row, arn__startswith=same).exists():
            return row
    for row in rows:
        # Nothing is mirrored from there yet: the Region at least has to be right, where it is known.
        if row.region in ("", arn.region):
            return row
    raise NotFound(f"No connection leads to {arn.region} of account {arn.account}.")


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
                if before and summary.ended_at and summary.ended_at < before:
                    continue
                if summary.status == ExecutionStatus.DELETING and not asked_for:
                    continue
                if summary.arn not in fresh and (made := _new(function, summary, now)):
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
    for status, difference in moved.items():
        if difference and not StatusCount.objects.filter(function_id=function_id, status=status).update(
            executions=F("executions") + difference
        ):
            StatusCount.objects.create(function_id=function_id, status=status, executions=difference)


def mark_gone(execution: Execution, *, now: dt.datetime) -> None:
    """AWS no longer has it: what is stored stays, and nothing is asked again."""
    Execution.objects.filter(pk=execution.pk, gone_at=None).update(gone_at=now, history_due_at=None)


def _list_new(
    connection: Reached, function: Function, listed: Listed, *, back: bool, now: dt.datetime
) -> dt.datetime | None:
    """-> the newest start seen; every page is committed before the next one is asked for."""
    overlap = dt.timedelta(seconds=pacing.LOOK_BACK if back else pacing.OVERLAP)
    since = function.listed_through and function.listed_through - overlap
    newest, marker, markers = function.listed_through, None, lambda_api.Markers()
    while True:
        page = lambda_api.list_executions(connection, function.arn, started_after=since, marker=marker)
        listed.add(upsert(function, page.items, now=now))
        newest = max([newest, *(item.started_at for item in page.items)], key=lambda at: at.timestamp() if at else 0)
        marker = markers.follow(page.next_marker)
        if not marker:
            return newest
        _keep_claim(function)


def _due_for_looking_back(function: Function, now: dt.datetime) -> bool:
    """A function that was never listed is not yet due: its first listing goes back to the beginning anyway."""
    at = function.looked_back_at or function.listed_at
    return at is not None and (now - at).total_seconds() >= pacing.LOOK_BACK_EVERY


def _due_for_reconciling(function: Function, now: dt.datetime) -> bool:
    return function.reconciled_at is None or (now - function.reconciled_at).total_seconds() >= pacing.RECONCILE


def _reconcile(connection: Reached, function: Function, listed: Listed, *, now: dt.datetime) -> None:
    """Executions that we take for unfinished although AWS does not list them as such have ended meanwhile."""
    ours = Execution.objects.filter(function=function, gone_at=None).exclude(status__in=TERMINAL)
    candidates = dict(ours.values_list("arn", "pk"))
    if not candidates:
        return
    marker, markers = None, lambda_api.Markers()
    while True:
        page = lambda_api.list_executions(connection, function.arn, statuses=UNFINISHED, marker=marker)
        listed.add(upsert(function, page.items, now=now))
        for item in page.items:
            candidates.pop(item.arn, None)
        marker = markers.follow(page.next_marker)
        if not marker:
            break
    refused: GatewayError | None = None
    for arn, pk in _some_of(candidates, now):
        try:
            listed.add(upsert(function, [_ask_about(connection, function, arn)], now=now))
        except NotFound:
            mark_gone(Execution.objects.get(pk=pk), now=now)
        except GatewayError as error:
            if error.retry:
                raise
            refused = error  # it concerns this one only
    if refused:
        trouble.note(function.connection, trouble.comparing(function), refused, now=now)
    else:
        trouble.clear(function.connection, trouble.comparing(function))


def _ask_about(connection: Reached, function: Function, arn: str) -> ExecutionSummary:
    """One execution as Get describes it; as List does where Get is refused, because a broken key stops only Get."""
    try:
        return lambda_api.get_execution(connection, arn)
    except GatewayError as refused:
        if refused.retry or isinstance(refused, NotFound):
            raise
        name = ExecutionArn.parse(arn).execution_name
        for summary in lambda_api.list_executions(connection, function.arn, name=name).items:
            if summary.arn == arn:
                return summary
        raise


def _some_of(candidates: dict[str, int], now: dt.datetime) -> list[tuple[str, int]]:
    """As many as are asked for at once, others each time: one that never settles does not keep others from it."""
    pairs = sorted(candidates.items())
    first = int(now.timestamp() // pacing.RECONCILE) * GETS_AT_ONCE % max(1, len(pairs))
    return (pairs[first:] + pairs[:first])[:GETS_AT_ONCE]


def _new(function: Function, summary: ExecutionSummary, now: dt.datetime) -> Execution | None:
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
        started_at=summary.started_at,
        ended_at=summary.ended_at,
        timeout_seconds=function.execution_timeout_seconds,
        history_due_at=now,
    )


def _apply(row: Execution, summary: ExecutionSummary, moved: Counter[str], now: dt.datetime) -> bool:
    """Update a known row; -> whether anything changed."""
    status, ended_at = merge(row.status, text(summary.status, 40)), row.ended_at or summary.ended_at
    back = row.gone_at is not None and (not is_terminal(status) or _newborn(row, row.gone_at))
    if status == row.status and ended_at == row.ended_at and not back:
        return False
    if status != row.status:
        moved[row.status] -= 1
        moved[status] += 1
    row.status, row.ended_at = status, ended_at
    if is_terminal(status) and not row.history_complete:
        row.history_due_at = now
    if back:
        row.gone_at, row.history_due_at = None, now + dt.timedelta(seconds=BACK_AFTER)
    row.save(update_fields=["status", "ended_at", "history_due_at", "gone_at"])
    return True


def _newborn(row: Execution, gone_at: dt.datetime) -> bool:
    """AWS may say "not found" of what it has only just begun to list; what has ended is kept for a day at least."""
    return abs((gone_at - row.started_at).total_seconds()) < NEWBORN


def _keep_claim(function: Function) -> None:
    """A long list takes longer than a claim lasts: it is not to be handed out again while it is being read."""
    until = timezone.now() + dt.timedelta(seconds=pacing.CLAIM)
    Function.objects.filter(pk=function.pk, list_claimed_until__isnull=False).update(list_claimed_until=until)


def _schedule(function: Function, *, now: dt.datetime, **values: object) -> None:
    """Free the claim and say when the function is due again."""
    interval = pacing.list_interval(
        functions=Function.objects.filter(connection=function.connection_id, gone_at=None).count(),
        per_second=budget.calls_per_second(function.connection.name, "list"),
    )
    interval = pacing.pushed_list_interval(interval, healthy=push_health.healthy(function.connection, now=now))
    Function.objects.filter(pk=function.pk).update(
        list_due_at=now + dt.timedelta(seconds=interval), list_claimed_until=None, **values
    )
