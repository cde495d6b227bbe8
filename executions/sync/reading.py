"""The pages of one execution's history, asked of AWS in as few calls as possible."""

import contextvars
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from executions import history_pages
from executions.gateway import answers, lambda_api
from executions.gateway.connections import Connection
from executions.gateway.errors import OverBudget, TooSlow
from executions.gateway.lambda_api import PAGE_ITEMS
from executions.models import Execution
from executions.sync.columns import LARGEST

WireEvent = dict[str, Any]
Page = answers.Page[WireEvent]
FEW = 100
"""Events that are asked for where hardly any are new: what is known already need not be sent and compared again."""


@dataclass
class Reading:
    """One execution's history as it is asked for. Raises GatewayError; TooSlow rather than wait beyond `deadline` (of
    time.monotonic).
    """

    connection: Connection
    execution: Execution
    deadline: float | None
    markers: answers.Markers = field(default_factory=answers.Markers)

    def from_both_ends(self, *, at_once: bool) -> Iterator[list[WireEvent]]:
        """All events: the first page, the newest one, then what is between them. The newest page takes the place of the
        last one, so that this takes no more calls than one way through. `at_once`: both ends are asked for at the same
        time, which wastes a call on a history of one page.
        """
        newest = partial(self._ask, newest_first=True)
        if at_once:
            beside = ThreadPoolExecutor(1)
            newest = beside.submit(contextvars.copy_context().run, newest).result  # type: ignore[assignment]
            beside.shutdown(wait=False)
        page = self._ask()
        yield page.items
        marker, reached = self.markers.follow(page.next_marker), _highest(page)
        if not marker:
            return
        page = newest()
        yield page.items
        ahead = _lowest(page)
        while marker and reached + 1 < ahead:
            page = self._ask(marker=marker)
            yield page.items
            marker, reached = self.markers.follow(page.next_marker), max(reached, _highest(page))

    def backwards(self, settled: int) -> Iterator[list[WireEvent]]:
        """From the newest event to the one called `settled`, up to which all is known."""
        marker, most = None, min(PAGE_ITEMS, self.execution.last_event_id - settled + FEW)
        while True:
            page = self._ask(newest_first=True, marker=marker, most=most)
            yield page.items
            if _lowest(page) <= settled:
                return
            marker, most = self.markers.follow(page.next_marker), PAGE_ITEMS
            if not marker:
                return

    def _ask(self, *, newest_first: bool = False, marker: str | None = None, most: int = PAGE_ITEMS) -> Page:
        left = 60.0 if self.deadline is None else self.deadline - time.monotonic()
        slow = TooSlow("AWS needs longer than you should have to wait.", "Try again in a moment: it goes on from here.")
        if left <= 0:
            raise slow
        try:
            return lambda_api.get_history(
                self.connection,
                self.execution.arn,
                newest_first=newest_first,
                marker=marker,
                most=most,
                patience=left,
            )
        except OverBudget as error:
            if self.deadline is None:
                raise
            raise slow from error


def _highest(page: Page) -> int:
    return max((event_id(event) for event in page.items), default=0)


def _lowest(page: Page) -> int:
    """Of a page without events: beyond all."""
    return min((number for event in page.items if (number := event_id(event))), default=LARGEST + 1)


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
                if not names_child(event):
                    waiting[str(event.get("Id"))] = event_id(event)
            elif kind.startswith("ChainedInvoke"):
                waiting.pop(str(event.get("Id")), None)
    return min([execution.contiguous_through, *(number - 1 for number in waiting.values())])


def names_child(event: WireEvent) -> bool:
    """Whether a ChainedInvokeStarted has its child's ARN, or can have none."""
    details = event.get("ChainedInvokeStartedDetails") or {}
    return not isinstance(details, dict) or bool(details.get("DurableExecutionArn"))


def event_id(event: WireEvent) -> int:
    """0 when there is none that could be stored."""
    number = event.get("EventId")
    return number if isinstance(number, int) and 0 < number <= LARGEST else 0
