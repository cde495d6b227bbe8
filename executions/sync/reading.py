"""The pages of one execution's history, asked of AWS in as few calls as possible."""

import time
from collections.abc import Iterator
from typing import Any

from executions import history_pages
from executions.gateway import lambda_api
from executions.gateway.connections import Connection
from executions.gateway.errors import OverBudget, TooSlow
from executions.models import Execution
from executions.sync.columns import LARGEST

WireEvent = dict[str, Any]


def pages(connection: Connection, execution: Execution, *, deadline: float | None) -> Iterator[list[WireEvent]]:
    """What may be new: from its first event when it is not known yet, else backwards from its newest event until a
    known one that can no longer change. Raises GatewayError; TooSlow rather than wait beyond `deadline` (of
    time.monotonic).
    """
    newest_first = execution.contiguous_through > 0
    settled = settled_through(execution) if newest_first else 0
    marker, markers = None, lambda_api.Markers()
    while True:
        page = _page(connection, execution, deadline, newest_first=newest_first, marker=marker)
        yield page.items
        lowest = min((event_id(event) for event in page.items), default=settled + 1)
        if newest_first and lowest <= settled:
            return
        marker = markers.follow(page.next_marker)
        if not marker:
            return


def _page(
    connection: Connection, execution: Execution, deadline: float | None, *, newest_first: bool, marker: str | None
) -> lambda_api.Page[WireEvent]:
    left = 60.0 if deadline is None else deadline - time.monotonic()
    slow = TooSlow("AWS needs longer than you should have to wait.", "Try again in a moment: it goes on from here.")
    if left <= 0:
        raise slow
    try:
        return lambda_api.get_history(
            connection, execution.arn, newest_first=newest_first, marker=marker, patience=left
        )
    except OverBudget as error:
        if deadline is None:
            raise
        raise slow from error


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
                    waiting[str(event.get("Id"))] = event_id(event)
            elif kind.startswith("ChainedInvoke"):
                waiting.pop(str(event.get("Id")), None)
    return min([execution.contiguous_through, *(number - 1 for number in waiting.values())])


def event_id(event: WireEvent) -> int:
    """0 when there is none that could be stored."""
    number = event.get("EventId")
    return number if isinstance(number, int) and 0 < number <= LARGEST else 0
