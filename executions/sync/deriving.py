"""The columns and the callbacks that come from a history, brought up to date after it has grown."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Sum

from executions import history_pages, live, metrics, sharing
from executions.domain.about import about
from executions.domain.diagnosis import activity
from executions.domain.gist import Gist, gist
from executions.domain.operations import History, Operation
from executions.domain.statuses import OUTCOMES, counted_as, is_terminal, merge
from executions.domain.written import Written
from executions.models import Callback, Execution, Function
from executions.sync import closing, habits, places
from executions.sync.columns import fits, insert, number, text
from executions.sync.executions import recount
from executions.sync.storing import Book

CALLBACK_FIELDS = ["callback_id", "name", "status", "opened_at", "closed_at", "timeout_at", "heartbeat_seconds"]
SETTLING = 900.0
"""Seconds after its end in which an execution's history may still grow: as long as code can run that a stop did not
end. Longer than this machine's clock can be wrong: from five minutes on AWS refuses what it signs.
"""


def derive(book: Book, *, now: dt.datetime, to_the_end: bool) -> bool:
    """Bring the columns that come from the history up to date; -> whether the history is complete.

    `to_the_end`: AWS has just been asked for all there is.
    """
    execution = book.execution
    if not book.pulled.new_events and not _may_have_changed(execution, to_the_end=to_the_end):
        return False
    with transaction.atomic():
        function = Function.objects.select_for_update().get(pk=execution.function_id)
        row = Execution.objects.select_for_update().get(pk=execution.pk)
        quiet = not row.untold
        if quiet and not (to_the_end and is_terminal(row.status)):
            return False
        events = _stored_events(row, book)
        with metrics.FOLDING.time():
            found = gist(events)
        before, gone = row.status, row.gone_at is not None
        copy_facts(row, found)
        was_complete = row.history_complete
        whole = to_the_end and not places.is_told_anew(row)
        row.history_complete = whole and _is_final(row, found.history, now, quiet=quiet)
        if is_terminal(row.status) and row.end_seen_at is None:
            row.end_seen_at = now
        recount(row.function_id, counted_as(before, gone=gone), counted_as(row.status, gone=gone))
        if not quiet:
            row.revision += 1
        row.untold = False
        row.save()
        opened = copy_callbacks(row, found.history, events, now=now)
        if row.history_complete and not was_complete:
            habits.learn(function, row, opened)
        revision, finished = row.revision, is_terminal(row.status) and row.history_complete
        transaction.on_commit(lambda: live.execution_changed(row.pk, revision, finished=finished))
    return row.history_complete


def _may_have_changed(execution: Execution, *, to_the_end: bool) -> bool:
    """A look before anything is locked: whether something was stored that nobody has told of, or it has ended, so that
    this reading may be the one that completes it.
    """
    status, untold = Execution.objects.values_list("status", "untold").get(pk=execution.pk)
    return untold or (to_the_end and is_terminal(status))


def _stored_events(row: Execution, book: Book) -> list[Written]:
    """What is stored, from memory when this reading has seen all of it."""
    if book.seen:
        seen = [event for _, events in sorted(book.seen.items()) for event in events.values()]
        if row.history_pages.aggregate(stored=Sum("event_count"))["stored"] == len(seen):
            return seen
    pages = row.history_pages.order_by("number").only("events")
    return [event for page in pages for event in history_pages.read(page.events)]


def copy_facts(row: Execution, found: Gist) -> None:
    history, facts = found.history, found.history.execution
    # While it is open AWS's list knows better: the events lag behind, and know no status that is new.
    row.status = merge(row.status, facts.status) if facts.status in OUTCOMES else row.status
    if row.ended_at is None and facts.ended_at is not None:
        row.ended_at = moment(facts.ended_at)
    if facts.timeout_seconds:
        row.timeout_seconds = number(facts.timeout_seconds)
    row.error_type = text(facts.error and facts.error.error_type, 300)
    row.activity = text(activity(history), 300)
    row.operation_count = found.operation_count
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


def copy_callbacks(
    row: Execution, history: History, events: Sequence[Written] = (), *, now: dt.datetime
) -> dt.datetime | None:
    """`events`: all that are stored; what a callback is about is worked out once, when it is new and waits. Those whose
    operation is told no more wait no more.

    -> when the first one was opened, None when there is none
    """
    known = {callback.operation_id: callback for callback in row.callbacks.all()}
    fresh: list[dict[str, Any]] = []
    changed, opened = [], []
    over = is_terminal(row.status) or row.gone_at is not None
    for operation in history.operations.values():
        if not _can_be_a_row(operation):
            continue
        values = _callback_values(history, operation)
        opened.append(values["opened_at"])
        if values["status"] == "STARTED" and over:
            values |= {"status": closing.NEVER_FINISHED, "closed_at": row.ended_at or row.gone_at}
        callback = known.pop(operation.id, None)
        if callback is None:
            belongs = {"execution": row.pk, "function": row.function_id, "operation_id": operation.id}
            fresh.append({**belongs, "about": "", **values})
        elif any(getattr(callback, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(callback, name, value)
            changed.append(callback)
    waiting = {callback["operation_id"]: callback for callback in fresh if callback["status"] == "STARTED"}
    if waiting:
        for operation_id, said in about(events, waiting, sharing.patterns()).items():
            waiting[operation_id]["about"] = text(said, 200)
    insert(Callback, fresh)
    if changed:
        Callback.objects.bulk_update(changed, CALLBACK_FIELDS)
    if fresh or changed:
        transaction.on_commit(live.inbox_changed)
    if untold := [callback.pk for callback in known.values() if callback.is_open]:
        closing.close(row.callbacks.filter(pk__in=untold), at=row.ended_at or now)
    return min(opened, default=None)


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
