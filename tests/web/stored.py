"""Executions with a history, stored as sync stores it."""

import itertools
from pathlib import Path
from typing import Any

import orjson

from executions import history_pages
from executions.domain.events import parse_events
from executions.domain.operations import fold
from executions.domain.statuses import is_terminal
from executions.models import Execution, HistoryPage
from executions.sync.deriving import moment
from tests import factories

_revisions = itertools.count(1_000)
RECORDED = Path(__file__).parents[1] / "recorded"


def wire(name: str) -> list[dict[str, Any]]:
    """The events of a recorded history."""
    return list(orjson.loads((RECORDED / f"{name}.history.json").read_bytes())["Events"])


def scenarios() -> list[str]:
    return sorted(path.name.removesuffix(".history.json") for path in RECORDED.glob("*.history.json"))


def execution(events: list[dict[str, Any]], **values: Any) -> Execution:
    """An execution with these events; its callbacks have rows, as sync makes them."""
    history = fold(parse_events(events))
    facts = history.execution
    made = factories.execution(
        status=values.pop("status", facts.status),
        started_at=moment(facts.started_at or history.events[0].at),
        **{
            "ended_at": moment(facts.ended_at) if facts.ended_at else None,
            "history_complete": is_terminal(facts.status),
            "last_event_id": history.last_event_id,
            "contiguous_through": history.contiguous_through,
            "history_read_at": factories.ago(5),
            # Folded histories are kept by id and revision, and ids begin anew with each test.
            "revision": next(_revisions),
            **values,
        },
    )
    by_page: dict[int, list[dict[str, Any]]] = {}
    for event in events:
        by_page.setdefault(history_pages.page_number(event["EventId"]), []).append(event)
    for number, page in by_page.items():
        body, payloads = history_pages.encode(page)
        HistoryPage.objects.create(execution=made, number=number, event_count=len(page), events=body, payloads=payloads)
    for operation in history.operations.values():
        if operation.callback is not None:
            factories.callback(
                made,
                operation.status,
                operation_id=operation.id,
                callback_id=operation.callback.callback_id or "",
                name=operation.name or "",
            )
    return made
