"""The histories: read from AWS in as few calls as possible, stored as AWS wrote them, folded for the columns that
lists need.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q

from executions import history_pages, live
from executions.domain.diagnosis import activity
from executions.domain.events import parse_events
from executions.domain.operations import History, Operation, fold
from executions.domain.statuses import is_terminal, merge
from executions.gateway import budget, lambda_api
from executions.gateway.connections import Connection as Reached
from executions.gateway.connections import ambient
from executions.gateway.errors import GatewayError, NotFound, TooSlow
from executions.models import TERMINAL, Callback, Execution, Function, HistoryPage
from executions.sync import pacing, trouble
from executions.sync.executions import count_statuses, mark_gone

log = structlog.get_logger(__name__)
WireEvent = dict[str, Any]
CALLBACK_FIELDS = ["callback_id", "name", "status", "opened_at", "closed_at", "timeout_at", "heartbeat_seconds"]
SETTLING = 60.0
"""Seconds after its end in which an execution's history may still grow."""


@dataclass
class Pulled:
    """What one reading brought."""

    new_events: int = 0
    replaced_events: int = 0
    complete: bool = False


def pull(execution: Execution, *, now: dt.datetime, deadline: float | None = None) -> Pulled:
    """Bring one execution's history up to date. Raises GatewayError after noting it.

    A history that is not known yet is read from its first event, a known one backwards from its newest event until a
    known one that can no longer change. Each page is committed before the next one is asked for. `deadline` (of
    time.monotonic) is for when somebody waits: what was read until then is kept, and TooSlow raised.
    """
    scope = f"read histories of {execution.function.name}"
    connection_row = execution.function.connection
    pulled = Pulled()
    try:
        connection = ambient()
        read = _read_on if execution.contiguous_through else _read_all
        for events in read(connection, execution, _patience(deadline)):
            _store(execution, events, pulled)
            if deadline is not None and time.monotonic() > deadline:
                raise TooSlow(
                    "AWS needs longer than you should have to wait.", "Try again in a moment: it goes on from here."
                )
        pulled.complete = _derive(execution, pulled, now=now)
    except NotFound:
        mark_gone(execution, now=now)
        _free(execution)
        raise
    except GatewayError as error:
        if not isinstance(error, TooSlow):
            trouble.note(connection_row, scope, error, now=now)
        _schedule(execution.pk, pulled, now=now)
        raise
    _schedule(execution.pk, pulled, now=now)
    trouble.clear(connection_row, scope)
    return pulled


def _patience(deadline: float | None) -> float:
    return 60.0 if deadline is None else max(0.0, deadline - time.monotonic())


def _read_all(connection: Reached, execution: Execution, patience: float) -> Iterable[list[WireEvent]]:
    marker: str | None = None
    while True:
        page = lambda_api.get_history(connection, execution.arn, marker=marker, patience=patience)
        yield page.items
        marker = page.next_marker
        if not marker:
            return


def _read_on(connection: Reached, execution: Execution, patience: float) -> Iterable[list[WireEvent]]:
    settled = settled_through(execution)
    marker: str | None = None
    while True:
        page = lambda_api.get_history(connection, execution.arn, newest_first=True, marker=marker, patience=patience)
        yield page.items
        marker = page.next_marker
        lowest = min((_event_id(event) for event in page.items), default=settled + 1)
        if not marker or lowest <= settled:
            return


def settled_through(execution: Execution) -> int:
    """Stored events up to this one are final.

    A ChainedInvokeStarted may get its child's ARN a moment after the event was first readable, so the oldest one that
    still lacks it, unless the invoke has ended, is read again.
    """
    waiting: dict[str, int] = {}
    for page in execution.history_pages.order_by("number").only("events"):
        for event in history_pages.decode(page.events):
            kind = str(event.get("EventType"))
            if kind == "ChainedInvokeStarted":
                details = event.get("ChainedInvokeStartedDetails") or {}
                if isinstance(details, dict) and not details.get("DurableExecutionArn"):
                    waiting[str(event.get("Id"))] = _event_id(event)
            elif kind.startswith("ChainedInvoke"):
                waiting.pop(str(event.get("Id")), None)
    return min([execution.contiguous_through, *(event_id - 1 for event_id in waiting.values())])


def _event_id(event: WireEvent) -> int:
    event_id = event.get("EventId")
    return event_id if isinstance(event_id, int) else 0


def _store(execution: Execution, events: list[WireEvent], pulled: Pulled) -> None:
    """Insert events by EventId. One that AWS now tells differently replaces the stored one, and is logged."""
    by_page: dict[int, dict[int, WireEvent]] = {}
    for event in events:
        if (event_id := _event_id(event)) > 0:
            by_page.setdefault(history_pages.page_number(event_id), {})[event_id] = event
    with transaction.atomic():
        # Two workers that read the same execution write one after the other.
        Execution.objects.select_for_update().only("pk").get(pk=execution.pk)
        stored = {page.number: page for page in execution.history_pages.filter(number__in=by_page)}
        for number, incoming in by_page.items():
            _store_page(execution, number, stored.get(number), incoming, pulled)


def _store_page(
    execution: Execution, number: int, page: HistoryPage | None, incoming: dict[int, WireEvent], pulled: Pulled
) -> None:
    known = {_event_id(event): event for event in history_pages.decode(page.events, page.payloads)} if page else {}
    new = [event_id for event_id in incoming if event_id not in known]
    differing = [event_id for event_id in incoming if event_id in known and incoming[event_id] != known[event_id]]
    if not new and not differing:
        return
    pulled.new_events += len(new)
    pulled.replaced_events += len(differing)
    if differing:
        log.info("sync.events_replaced", execution_arn=execution.arn, event_ids=differing[:20])
    merged = {**known, **incoming}
    body, payloads = history_pages.encode([merged[event_id] for event_id in sorted(merged)])
    HistoryPage.objects.update_or_create(
        execution=execution,
        number=number,
        defaults={"event_count": len(merged), "events": body, "payloads": payloads},
    )


def _derive(execution: Execution, pulled: Pulled, *, now: dt.datetime) -> bool:
    """Bring the columns that come from the history up to date; -> whether the history is complete."""
    quiet = not pulled.new_events and not pulled.replaced_events
    if quiet and (not is_terminal(execution.status) or execution.contiguous_through == 0):
        # Nothing new; were it ended, this reading could be the one that completes it.
        return False
    with transaction.atomic():
        Function.objects.select_for_update().get(pk=execution.function_id)
        row = Execution.objects.select_for_update().get(pk=execution.pk)
        wire = [event for page in row.history_pages.order_by("number") for event in history_pages.decode(page.events)]
        history = fold(parse_events(wire))
        before = row.status
        _copy_facts(row, history, now, quiet=quiet)
        if row.status != before:
            count_statuses(row.function_id, Counter({before: -1, row.status: 1}))
        if not quiet:
            row.revision += 1
        row.save()
        _copy_callbacks(row, history)
        revision, finished = row.last_event_id, is_terminal(row.status) and row.history_complete
        transaction.on_commit(lambda: live.execution_changed(row.pk, revision, finished=finished))
    return row.history_complete


def _copy_facts(row: Execution, history: History, now: dt.datetime, *, quiet: bool) -> None:
    facts = history.execution
    row.status = merge(row.status, facts.status) if facts.status else row.status
    if row.ended_at is None and facts.ended_at is not None:
        row.ended_at = moment(facts.ended_at)
    if facts.timeout_seconds:
        row.timeout_seconds = int(facts.timeout_seconds)
    row.error_type = ((facts.error and facts.error.error_type) or "")[:300]
    row.activity = activity(history)[:300]
    row.operation_count = len(history.operations)
    row.last_event_id = history.last_event_id
    row.contiguous_through = history.contiguous_through
    row.history_complete = _is_final(row, history, now, quiet=quiet)


def _is_final(row: Execution, history: History, now: dt.datetime, *, quiet: bool) -> bool:
    """Whether no event can come any more.

    InvocationCompleted may follow the event that ends the execution, so that right after the end it takes a reading
    that brought nothing new.
    """
    if not is_terminal(row.status) or not history.is_complete(row.status):
        return False
    return quiet or row.ended_at is None or (now - row.ended_at).total_seconds() > SETTLING


def _copy_callbacks(row: Execution, history: History) -> None:
    known = {callback.operation_id: callback for callback in row.callbacks.all()}
    fresh, changed = [], []
    for operation in history.operations.values():
        if operation.callback is None or not operation.callback.callback_id or operation.started_at is None:
            continue
        values = _callback_values(history, operation)
        callback = known.get(operation.id)
        if callback is None:
            fresh.append(Callback(execution=row, operation_id=operation.id, **values))
        elif any(getattr(callback, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(callback, name, value)
            changed.append(callback)
    Callback.objects.bulk_create(fresh)
    if changed:
        Callback.objects.bulk_update(changed, CALLBACK_FIELDS)


def _callback_values(history: History, operation: Operation) -> dict[str, Any]:
    facts = operation.callback
    assert facts is not None and operation.started_at is not None  # noqa: S101 - the caller has looked
    return {
        "callback_id": facts.callback_id or "",
        "name": history.called(operation)[:300],
        "status": operation.status,
        "opened_at": moment(operation.started_at),
        "closed_at": moment(operation.ended_at) if operation.ended_at is not None else None,
        "timeout_at": moment(facts.deadline) if facts.deadline else None,
        "heartbeat_seconds": int(facts.heartbeat_seconds) if facts.heartbeat_seconds else None,
    }


def moment(epoch: float) -> dt.datetime:
    """Epoch seconds, as AWS's JSON has them, as an aware datetime."""
    return dt.datetime.fromtimestamp(epoch, tz=dt.UTC)


def _schedule(execution_id: int, pulled: Pulled, *, now: dt.datetime) -> None:
    """Free the claim and say when the history is due again."""
    row = Execution.objects.select_related("function").get(pk=execution_id)
    row.history_misses = 0 if pulled.new_events else min(row.history_misses + 1, 1000)
    interval = pacing.history_interval(
        status=row.status,
        complete=row.history_complete,
        misses=row.history_misses,
        running=Execution.objects.filter(~Q(status__in=TERMINAL), gone_at=None).count(),
        per_second=budget.calls_per_second("history"),
    )
    row.history_due_at = now + dt.timedelta(seconds=interval) if interval is not None and not row.gone_at else None
    row.history_read_at = now
    row.history_claimed_until = None
    row.save(update_fields=["history_misses", "history_due_at", "history_read_at", "history_claimed_until"])


def _free(execution: Execution) -> None:
    Execution.objects.filter(pk=execution.pk).update(history_claimed_until=None)
