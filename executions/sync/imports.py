"""Histories from files: stored as the mirror stores AWS's, but never asked about, listed, counted or kept by retention.

An imported execution belongs to a function row of its own in the connection "imported", which is not configured. Both
are marked as gone, so that nothing ever asks AWS about them, and neither has a count by status nor rows for callbacks.
"""

import datetime as dt
import hashlib
from typing import Any

import orjson
from django.db import transaction

from executions import history_pages
from executions.domain import imports, written
from executions.domain.gist import gist
from executions.domain.history import History
from executions.domain.imports import Details, HistoryFile
from executions.models import Connection, Execution, Function, HistoryImport, HistoryPage
from executions.sync.columns import fits, text
from executions.sync.deriving import copy_facts, moment


def arn_of(found: HistoryFile, function: str) -> str:
    """What the imported execution is called here: the same for the same history of the same function."""
    events = orjson.dumps(found.events, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(b"\0".join([function.encode(errors="replace"), found.details.arn.encode(), events]))
    return f"{imports.PREFIX}{digest.hexdigest()}"


def store(found: HistoryFile, function: str, *, file_names: str, user: Any, now: dt.datetime) -> Execution:
    """The execution of a history; one that is there already stays as it is. Called in a transaction."""
    arn = arn_of(found, function)
    known = Execution.objects.filter(arn=arn).first()
    if known is not None:
        return known
    told = gist(written.of(found.events))
    row = _execution(arn, _function(function, now), told.history, found.details, now)
    copy_facts(row, told)
    row.history_complete, row.revision, row.history_read_at = True, 1, now
    if row.ended_at is None and found.details.ended_at is not None:
        row.ended_at = moment(found.details.ended_at)
    row.save()
    HistoryPage.objects.bulk_create(_pages(row, found.events))
    source = found.details.arn if fits(found.details.arn, 1024) else ""
    HistoryImport.objects.create(
        execution=row,
        file_names=text(file_names, 500),
        source_arn=source,
        user=user,
        username=user.get_username(),
        created_at=now,
    )
    return row


def _function(name: str, now: dt.datetime) -> Function:
    connection, _ = Connection.objects.get_or_create(name=imports.CONNECTION, defaults={"gone_at": now})
    made, _ = Function.objects.get_or_create(
        arn=f"{imports.PREFIX}{name}", defaults={"connection": connection, "name": name, "gone_at": now}
    )
    return made


def _execution(arn: str, function: Function, history: History, details: Details, now: dt.datetime) -> Execution:
    facts = history.execution
    begun = facts.started_at or details.started_at or history.events[0].at
    return Execution(
        function=function,
        arn=arn,
        name=text(details.name or facts.name or "unnamed", 300),
        version=text(details.version or "?", 40),
        status=text(details.status or facts.status, 40),
        started_at=moment(begun),
        gone_at=now,
    )


def _pages(row: Execution, events: list[dict[str, Any]]) -> list[HistoryPage]:
    by_page: dict[int, list[dict[str, Any]]] = {}
    for event in events:
        by_page.setdefault(history_pages.page_number(event["EventId"]), []).append(event)
    made = []
    for number, some in by_page.items():
        body, payloads = history_pages.encode(some)
        made.append(HistoryPage(execution=row, number=number, event_count=len(some), events=body, payloads=payloads))
    return made


def remove(execution: Execution) -> None:
    """The execution, its history, and its function's row when that was the last."""
    with transaction.atomic():
        function = Function.objects.select_for_update().get(pk=execution.function_id)
        Execution.objects.filter(pk=execution.pk).delete()
        if not function.executions.exists():
            function.delete()
