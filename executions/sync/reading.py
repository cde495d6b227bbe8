"""The pages of one execution's history, asked of AWS in as few calls as possible."""

import contextvars
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from executions import history_pages
from executions.domain.written import Written
from executions.gateway import answers, lambda_api
from executions.gateway.connections import Connection
from executions.gateway.errors import OverBudget, TooSlow
from executions.gateway.lambda_api import PAGE_ITEMS
from executions.models import Execution
from executions.sync import places
from executions.sync.columns import LARGEST

FEW = 100
"""Events that are asked for where hardly any are new: what is known already need not be sent and compared again."""
Events = dict[int, Written]
"""By EventId; what has none that could be stored is left out."""


@dataclass(frozen=True)
class Part:
    """One page. `body`: AWS's JSON with just these events, "" when some were left out."""

    events: Events
    next_marker: str | None
    body: bytes

    @property
    def highest(self) -> int:
        return max(self.events, default=0)

    @property
    def lowest(self) -> int:
        """Of a page without events: beyond all."""
        return min(self.events, default=LARGEST + 1)


@dataclass
class Reading:
    """One execution's history as it is asked for. Raises GatewayError; TooSlow rather than wait beyond `deadline` (of
    time.monotonic).
    """

    connection: Connection
    execution: Execution
    deadline: float | None
    markers: answers.Markers = field(default_factory=answers.Markers)
    place: places.Block | places.Retelling | None = None
    """Where it goes on, once all that was yielded is stored, should it be broken off; None when nothing is missing."""
    told: int = 0
    """Of a history that was read anew to its end: how many events it has; 0 when there are gaps between them."""

    def from_both_ends(self, *, at_once: bool) -> Iterator[Part]:
        """All events: the first page, the newest one, then what is between them. The newest page takes the place of the
        last one, so that this takes no more calls than one way through. `at_once`: both ends are asked for at the same
        time, which wastes a call on a history of one page.
        """
        newest = partial(self._ask, newest_first=True)
        if at_once:
            beside = ThreadPoolExecutor(1)
            newest = beside.submit(contextvars.copy_context().run, newest).result  # type: ignore[assignment]
            beside.shutdown(wait=False)
        part = self._ask()
        yield part
        marker, reached = self.markers.follow(part.next_marker), part.highest
        if not marker:
            return
        part = newest()
        ahead = part.lowest
        if reached + 1 < ahead:
            self.place = places.Block(part.next_marker, ahead, part.highest) if part.next_marker else None
        yield part
        while marker and reached + 1 < ahead:
            part = self._ask(marker=marker)
            yield part
            marker, reached = self.markers.follow(part.next_marker), max(reached, part.highest)
        self.place = None

    def backwards(self, settled: int) -> Iterator[Part]:
        """From the newest event to the one called `settled`, up to which all is known; past the block that an earlier
        reading has left, in which all is known as well.
        """
        kept = places.of_history(self.execution)
        known = self.place = kept if isinstance(kept, places.Block) else None
        low, top = LARGEST + 1, 0
        marker, most = None, min(PAGE_ITEMS, self.execution.last_event_id - settled + FEW)
        while True:
            part = self._ask(newest_first=True, marker=marker, most=most)
            marker, most = self.markers.follow(part.next_marker), PAGE_ITEMS
            low, top = min(low, part.lowest), max(top, part.highest)
            if known and low <= known.top + 1:
                if known.low < low:
                    low, marker = known.low, known.marker
                known = None
            if known is None:
                self.place = places.Block(marker, low, top) if marker and low > settled else None
            yield part
            if not marker or low <= settled:
                return

    def anew(self) -> Iterator[Part]:
        """All events from the first one on, or from where an earlier such reading was broken off."""
        kept = places.of_history(self.execution)
        self.place = kept if isinstance(kept, places.Retelling) else places.Retelling()
        marker: str | None = self.place.marker or None
        through = highest = self.place.through
        while True:
            part = self._ask(marker=marker)
            while through + 1 in part.events:
                through += 1
            highest = max(highest, part.highest)
            is_whole = through == highest
            marker = self.markers.follow(part.next_marker)
            self.place = places.Retelling(marker, through) if marker and is_whole else places.Retelling()
            yield part
            if not marker:
                self.told = through if is_whole else 0
                return

    def beginning(self) -> places.Retelling | None:
        """The place from which everything is asked for again."""
        return places.Retelling() if isinstance(self.place, places.Retelling) else None

    def _ask(self, *, newest_first: bool = False, marker: str | None = None, most: int = PAGE_ITEMS) -> Part:
        left = 60.0 if self.deadline is None else self.deadline - time.monotonic()
        slow = TooSlow("AWS needs longer than you should have to wait.", "Try again in a moment: it goes on from here.")
        if left <= 0:
            raise slow
        try:
            page = lambda_api.get_history(
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
        events = numbered(page.items)
        return Part(events, page.next_marker, page.body if len(events) == len(page.items) else b"")


def settled_through(execution: Execution) -> int:
    """Stored events up to this one are final.

    A ChainedInvokeStarted may get its child's ARN a moment after the event was first readable, so the oldest one that
    still lacks it, unless the invoke has ended, is read again.
    """
    waiting: dict[str, int] = {}
    for page in execution.history_pages.order_by("number").only("events"):
        for event in history_pages.read(page.events):
            kind = str(event.kind)
            if kind == "ChainedInvokeStarted":
                if not names_child(event):
                    waiting[str(event.operation_id)] = event.number
            elif kind.startswith("ChainedInvoke"):
                waiting.pop(str(event.operation_id), None)
    return min([execution.contiguous_through, *(number - 1 for number in waiting.values())])


def names_child(event: Written) -> bool:
    """Whether a ChainedInvokeStarted has its child's ARN, or can have none."""
    details = event.whole().get("ChainedInvokeStartedDetails") or {}
    return not isinstance(details, dict) or bool(details.get("DurableExecutionArn"))


def numbered(events: list[Written]) -> Events:
    return {number: event for event in events if type(number := event.number) is int and 0 < number <= LARGEST}
