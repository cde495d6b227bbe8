"""The histories: read from AWS in as few calls as possible, stored as AWS wrote them, folded for the columns that
lists need.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from executions import history_pages, live, metrics
from executions.domain.diagnosis import activity
from executions.domain.events import parse_events
from executions.domain.operations import History, Operation, fold
from executions.domain.statuses import OUTCOMES, is_terminal, merge
from executions.gateway import budget
from executions.gateway.connections import reach
from executions.gateway.errors import GatewayError, NotFound, TooSlow
from executions.models import TERMINAL, Callback, Execution, Function, HistoryPage
from executions.sync import habits, hasten, pacing, reading, trouble
from executions.sync.columns import fits, number, text
from executions.sync.executions import count_statuses, mark_gone
from executions.sync.reading import WireEvent, event_id

log = structlog.get_logger(__name__)
CALLBACK_FIELDS = ["callback_id", "name", "status", "opened_at", "closed_at", "timeout_at", "heartbeat_seconds"]
SCHEDULE_FIELDS = [
    *("history_misses", "history_failures", "history_due_at", "history_read_at", "history_claimed_until"),
]
SETTLING = 900.0
"""Seconds after its end in which an execution's history may still grow: as long as code can run that a stop did not
end. Longer than this machine's clock can be wrong: from five minutes on AWS refuses what it signs.
"""


@dataclass
class Pulled:
    """What one reading brought."""

    new_events: int = 0
    replaced_events: int = 0
    complete: bool = False


def pull(
    execution: Execution, *, now: dt.datetime, deadline: float | None = None, pulled: Pulled | None = None
) -> Pulled:
    """Bring one execution's history up to date. Raises GatewayError after noting it.

    Each page is committed before the next one is asked for. `deadline` (of time.monotonic) is for when somebody waits:
    what was read until then is kept, and TooSlow raised. `pulled` counts what was stored, also when this fails half
    way.
    """
    scope, connection_row = trouble.reading(execution.function), execution.function.connection
    pulled = Pulled() if pulled is None else pulled
    try:
        with trouble.understood(f"The history of {execution.name}"):
            _bring_up_to_date(execution, pulled, now=now, deadline=deadline)
    except NotFound:
        mark_gone(execution, now=now)
        _free(execution)
        raise
    except GatewayError as error:
        if not isinstance(error, TooSlow):
            trouble.note(connection_row, scope, error, now=now)
        _schedule(execution, pulled, error, now=now)
        raise
    _schedule(execution, pulled, None, now=now)
    if execution.history_failures:
        hasten.refused(execution.function, now=now)
    trouble.clear(connection_row, scope, unless=lambda: _others_refused(execution))
    return pulled


def _others_refused(execution: Execution) -> bool:
    """Whether AWS refuses other histories of the same function; one that works says nothing about them."""
    theirs = Execution.objects.filter(function=execution.function_id, history_failures__gt=0, gone_at=None)
    return theirs.exclude(pk=execution.pk).exists()


def _bring_up_to_date(execution: Execution, pulled: Pulled, *, now: dt.datetime, deadline: float | None) -> None:
    connection = reach(execution.function.connection.name)
    try:
        for events in reading.pages(connection, execution, deadline=deadline):
            _store(execution, events, pulled)
    except GatewayError:
        # What was stored until then can be told. It says nothing about whether there is more.
        _derive(execution, now=now, to_the_end=False)
        raise
    pulled.complete = _derive(execution, now=now, to_the_end=True)


@metrics.STORING.time()
def _store(execution: Execution, events: list[WireEvent], pulled: Pulled) -> None:
    """Insert events by EventId. One that AWS now tells differently replaces the stored one, and is logged."""
    by_page: dict[int, dict[int, WireEvent]] = {}
    for event in events:
        if known := event_id(event):
            by_page.setdefault(history_pages.page_number(known), {})[known] = event
    with transaction.atomic():
        # Two workers that read the same execution write one after the other.
        Execution.objects.select_for_update().only("pk").get(pk=execution.pk)
        stored = {page.number: page for page in execution.history_pages.filter(number__in=by_page)}
        before = pulled.new_events + pulled.replaced_events
        for page_number, incoming in by_page.items():
            _store_page(execution, page_number, stored.get(page_number), incoming, pulled)
        if pulled.new_events + pulled.replaced_events > before:
            # A worker that is killed before it derives leaves word for the next one.
            Execution.objects.filter(pk=execution.pk).update(untold=True)
    _keep_claim(execution)


def _keep_claim(execution: Execution) -> None:
    """A long history takes longer than a claim lasts: it is not to be handed out again while it is being read."""
    until = timezone.now() + dt.timedelta(seconds=pacing.CLAIM)
    Execution.objects.filter(pk=execution.pk, history_claimed_until__isnull=False).update(history_claimed_until=until)


def _store_page(
    execution: Execution, page_number: int, page: HistoryPage | None, incoming: dict[int, WireEvent], pulled: Pulled
) -> None:
    known = {event_id(event): event for event in history_pages.decode(page.events, page.payloads)} if page else {}
    new = [number for number in incoming if number not in known]
    differing = [number for number in incoming if number in known and incoming[number] != known[number]]
    if not new and not differing:
        return
    pulled.new_events += len(new)
    pulled.replaced_events += len(differing)
    if differing:
        log.info("sync.events_replaced", execution_arn=execution.arn, event_ids=differing[:20])
    merged = {**known, **incoming}
    body, payloads = history_pages.encode([merged[number] for number in sorted(merged)])
    HistoryPage.objects.update_or_create(
        execution=execution,
        number=page_number,
        defaults={"event_count": len(merged), "events": body, "payloads": payloads},
    )


def _derive(execution: Execution, *, now: dt.datetime, to_the_end: bool) -> bool:
    """Bring the columns that come from the history up to date; -> whether the history is complete.

    `to_the_end`: AWS has just been asked for all there is.
    """
    status, untold = Execution.objects.values_list("status", "untold").get(pk=execution.pk)
    if not untold and not (to_the_end and is_terminal(status)):
        # Nothing new; were it ended, this reading could be the one that completes it.
        return False
    with transaction.atomic():
        function = Function.objects.select_for_update().get(pk=execution.function_id)
        row = Execution.objects.select_for_update().get(pk=execution.pk)
        quiet = not row.untold
        wire = [event for page in row.history_pages.order_by("number") for event in history_pages.decode(page.events)]
        with metrics.FOLDING.time():
            history = fold(parse_events(wire))
        before = row.status
        _copy_facts(row, history)
        was_complete = row.history_complete
        row.history_complete = to_the_end and _is_final(row, history, now, quiet=quiet)
        if row.status != before:
            count_statuses(row.function_id, Counter({before: -1, row.status: 1}))
        if not quiet:
            row.revision += 1
        row.untold = False
        row.save()
        _copy_callbacks(row, history)
        if row.history_complete and not was_complete:
            habits.learn(function, row)
        revision, finished = row.last_event_id, is_terminal(row.status) and row.history_complete
        transaction.on_commit(lambda: live.execution_changed(row.pk, revision, finished=finished))
    return row.history_complete


def _copy_facts(row: Execution, history: History) -> None:
    facts = history.execution
    # While it is open AWS's list knows better: the events lag behind, and know no status that is new.
    row.status = merge(row.status, facts.status) if facts.status in OUTCOMES else row.status
    if row.ended_at is None and facts.ended_at is not None:
        row.ended_at = moment(facts.ended_at)
    if facts.timeout_seconds:
        row.timeout_seconds = number(facts.timeout_seconds)
    row.error_type = text(facts.error and facts.error.error_type, 300)
    row.activity = text(activity(history), 300)
    row.operation_count = len(history.operations)
    row.last_event_id = history.last_event_id
    row.contiguous_through = history.contiguous_through


def _is_final(row: Execution, history: History, now: dt.datetime, *, quiet: bool) -> bool:
    """Whether no event can come any more.

    InvocationCompleted may follow the event that ends the execution, so that right after the end it takes a reading
    that brought nothing new, and as long as code may still run it takes SETTLING.
    """
    if not is_terminal(row.status) or not history.is_complete(row.status):
        return False
    if row.ended_at is None or (now - row.ended_at).total_seconds() > SETTLING:
        return True
    return quiet and not _code_may_run(history)


def _code_may_run(history: History) -> bool:
    """Whether something has happened since code last returned. A stop does not end the code that is running."""
    last = next((event for event in reversed(history.events) if event.family != "Execution"), None)
    return last is None or last.family != "Invocation"


def _copy_callbacks(row: Execution, history: History) -> None:
    known = {callback.operation_id: callback for callback in row.callbacks.all()}
    fresh, changed = [], []
    for operation in history.operations.values():
        if not _can_be_a_row(operation):
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


def _can_be_a_row(operation: Operation) -> bool:
    """Whether it is a callback that can be answered and stored: AWS's ids are shorter than their columns."""
    callback_id = operation.callback and operation.callback.callback_id
    if not callback_id or operation.started_at is None:
        return False
    return fits(callback_id, 1024) and fits(operation.id, 200)


def _callback_values(history: History, operation: Operation) -> dict[str, Any]:
    facts = operation.callback
    assert facts is not None and operation.started_at is not None  # noqa: S101 - the caller has looked
    return {
        "callback_id": facts.callback_id or "",
        "name": text(history.called(operation), 300),
        "status": operation.status,
        "opened_at": moment(operation.started_at),
        "closed_at": moment(operation.ended_at) if operation.ended_at is not None else None,
        "timeout_at": moment(facts.deadline) if facts.deadline else None,
        "heartbeat_seconds": number(facts.heartbeat_seconds),
    }


def moment(epoch: float) -> dt.datetime:
    """Epoch seconds, as AWS's JSON has them, as an aware datetime."""
    return dt.datetime.fromtimestamp(epoch, tz=dt.UTC)


@dataclass(frozen=True)
class Share:
    """How many unfinished executions of a connection share how many calls a second."""

    running: int
    per_second: int


def _schedule(execution: Execution, pulled: Pulled, error: GatewayError | None, *, now: dt.datetime) -> None:
    """Free the claim and say when the history is due again; `error` is what kept it from being read."""
    connection = execution.function.connection
    theirs = Execution.objects.filter(~Q(status__in=TERMINAL), gone_at=None, function__connection=connection)
    share = Share(theirs.count(), budget.calls_per_second(connection.name, "history"))
    with transaction.atomic():
        row = Execution.objects.select_for_update().get(pk=execution.pk)
        row.function = execution.function
        row.history_misses = 0 if pulled.new_events else min(row.history_misses + 1, 1000)
        if error is None:
            row.history_read_at, row.history_failures = now, 0
        elif not error.retry:
            row.history_failures = min(row.history_failures + 1, 1000)
        due_at = _due_at(row, share, now)
        if due_at and row.history_due_at and row.history_due_at != execution.history_due_at:
            due_at = min(due_at, row.history_due_at)  # somebody has hastened it since this reading began
        row.history_due_at, row.history_claimed_until = due_at, None
        row.save(update_fields=SCHEDULE_FIELDS)


def _due_at(row: Execution, share: Share, now: dt.datetime) -> dt.datetime | None:
    interval = pacing.history_interval(
        status=row.status,
        complete=row.history_complete,
        misses=row.history_misses,
        running=share.running,
        per_second=share.per_second,
    )
    if interval is None or row.gone_at:
        return None
    interval = habits.interval(row.function, row, interval, now=now)
    if row.history_failures:
        interval = max(interval, pacing.refused_interval(row.history_failures))
    return now + dt.timedelta(seconds=interval)


def _free(execution: Execution) -> None:
    Execution.objects.filter(pk=execution.pk).update(history_claimed_until=None)
