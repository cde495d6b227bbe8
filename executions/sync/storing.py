"""What one reading of a history brings, on its way into the stored pages."""

import datetime as dt
import time
from bisect import bisect_right
from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.db.models import DateTimeField, Value
from django.db.models.functions import Coalesce

from executions import history_pages, metrics
from executions.domain.written import Written
from executions.models import Execution, HistoryPage
from executions.sync import places
from executions.sync.reading import Events, Part, names_child, numbered

log = structlog.get_logger(__name__)
STORE_EVERY = 1.0
"""Seconds of reading that a killed worker may lose."""


@dataclass
class Pulled:
    """What one reading brought."""

    new_events: int = 0
    replaced_events: int = 0
    complete: bool = False


@dataclass
class Book:
    """Events that have come and are not stored yet.

    `seen` are the pages that this reading has stored, so that the columns can be worked out without reading them back;
    None when payloads are so long that they are better not kept in memory.
    """

    execution: Execution
    pulled: Pulled
    seen: dict[int, Events] | None = field(default_factory=dict)
    waiting: dict[int, Events] = field(default_factory=dict)
    packed: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    """Of what waits, the pages that came from AWS as one."""
    _stored_at: float = field(default_factory=time.monotonic)

    def add(self, part: Part) -> None:
        for number, events in _by_page(part.events).items():
            before = self.waiting.get(number, {})
            told_again = before.keys() <= events.keys()
            self.waiting[number] = events if told_again else _in_order(before | events)
            self.packed.pop(number, None)
            if part.body and events is part.events and told_again:
                self.packed[number] = history_pages.pack(events.values(), part.body)

    def is_due(self) -> bool:
        return time.monotonic() - self._stored_at >= STORE_EVERY

    def store(self, *, now: dt.datetime) -> None:
        """Insert by EventId what has come. An event that AWS now tells differently replaces the stored one, is logged,
        and has the whole history told anew.
        """
        if self.waiting:
            store(self, now=now)
            self.waiting, self.packed = {}, {}
        self._stored_at = time.monotonic()


@metrics.STORING.time()
def store(book: Book, *, now: dt.datetime) -> None:
    execution, pulled = book.execution, book.pulled
    with transaction.atomic():
        # Two workers that read the same execution write one after the other.
        Execution.objects.select_for_update().only("pk").get(pk=execution.pk)
        stored = {page.number: page for page in execution.history_pages.filter(number__in=book.waiting)}
        before = pulled.new_events + pulled.replaced_events
        fresh, differs = [], False
        for number, incoming in sorted(book.waiting.items()):
            if page := stored.get(number):
                differs |= _merge(book, page, incoming)
            else:
                page = HistoryPage(execution=execution, number=number)
                fresh.append(write(book, page, incoming, book.packed.get(number)))
                pulled.new_events += len(incoming)
        HistoryPage.objects.bulk_create(fresh)
        if pulled.new_events + pulled.replaced_events > before:
            # A worker that is killed before it derives leaves word for the next one.
            Execution.objects.filter(pk=execution.pk).update(untold=True)
        if differs and not places.is_told_anew(execution):
            _begin_retelling(execution, now=now)


def _begin_retelling(execution: Execution, *, now: dt.datetime) -> None:
    """From here on, whoever reads it and however often that is broken off, it is read from its first event."""
    places.keep_history(execution, places.Retelling())
    due = Coalesce("history_due_at", Value(now), output_field=DateTimeField())
    Execution.objects.filter(pk=execution.pk).update(history_complete=False, history_due_at=due)


def _in_order(events: Events) -> Events:
    """By their numbers; the same ones when they are so already."""
    numbers = sorted(events)
    return events if numbers == list(events) else {number: events[number] for number in numbers}


def _by_page(events: Events) -> dict[int, Events]:
    """In order, by the page they are stored in."""
    events = _in_order(events)
    numbers, by_page, at = list(events), {}, 0
    while at < len(numbers):
        page = history_pages.page_number(numbers[at])
        end = bisect_right(numbers, history_pages.last_of(page), at)
        whole = end - at == len(numbers)
        by_page[page] = events if whole else {number: events[number] for number in numbers[at:end]}
        at = end
    return by_page


def _merge(book: Book, page: HistoryPage, incoming: Events) -> bool:
    """-> whether AWS tells a stored event differently."""
    known = numbered(history_pages.read(page.events, page.payloads))
    new = [number for number in incoming if number not in known]
    differing = [number for number, event in incoming.items() if not event.is_told_like(known.get(number, event))]
    if not new and not differing:
        return False
    book.pulled.new_events += len(new)
    book.pulled.replaced_events += len(differing)
    if differing:
        log.info("sync.events_replaced", execution_arn=book.execution.arn, event_ids=differing[:20])
    write(book, page, _in_order(known | incoming)).save()
    return not all(_is_filled_in(known[number], incoming[number]) for number in differing)


def _is_filled_in(before: Written, now: Written) -> bool:
    """Whether an invoke has got its child's ARN, which AWS is known to do."""
    kind = "ChainedInvokeStarted"
    return before.kind == now.kind == kind and not names_child(before) and names_child(now)


def end_retelling(book: Book, *, through: int) -> None:
    """A history that AWS tells differently has been read from 1 to its end: what else is stored of it is no more."""
    execution = book.execution
    with transaction.atomic():
        Execution.objects.select_for_update().only("pk").get(pk=execution.pk)
        for page in execution.history_pages.filter(number__gte=history_pages.page_number(through)):
            events = numbered(history_pages.read(page.events, page.payloads))
            kept = {number: event for number, event in sorted(events.items()) if number <= through}
            if len(kept) == len(events):
                continue
            dropped = len(events) - len(kept)
            log.warning("sync.events_dropped", execution_arn=execution.arn, after=through, events=dropped)
            write(book, page, kept).save() if kept else page.delete()
            Execution.objects.filter(pk=execution.pk).update(untold=True)
        places.retold(execution)
    book.seen = None


def write(book: Book, page: HistoryPage, events: Events, packed: tuple[bytes, bytes] | None = None) -> HistoryPage:
    """Put these, which are in order, into a page that is not saved yet."""
    page.event_count = len(events)
    page.events, page.payloads = packed or history_pages.pack(events.values())
    if page.payloads:
        book.seen = None
    if book.seen is not None:
        book.seen[page.number] = events
    return page
