"""One execution's stored history: as AWS wrote it, as events, and folded. Never calls AWS."""

import threading
from typing import Any

from cachetools import LRUCache

from executions import history_pages, metrics, sharing
from executions.domain.events import Event, parse_events
from executions.domain.operations import History, fold
from executions.models import Execution

_CACHED_EVENTS = 60_000
_histories: LRUCache[tuple[int, int], History] = LRUCache(
    maxsize=_CACHED_EVENTS, getsizeof=lambda history: max(1, len(history.events))
)
_lock = threading.Lock()


def history_of(execution: Execution) -> History:
    """The folded history; long payloads are only begun (CutText). Kept in memory by revision: a history only grows."""
    key = (execution.pk, execution.revision)
    with _lock:
        found = _histories.get(key)
    if found is None:
        wire = wire_events(execution, with_payloads=False)
        with metrics.FOLDING.time():
            found = fold(parse_events(wire))
        if len(found.events) <= _CACHED_EVENTS:
            with _lock:
                _histories[key] = found
    return found


def lacking(execution: Execution) -> str:
    """What is missing of a history to which nothing will be added, in a sentence; "" for nothing."""
    history = history_of(execution)
    if history.gaps:
        ranges = ", ".join(f"{first:,}-{last:,}" for first, last in history.gaps[:5])
        more = f" and {len(history.gaps) - 5} more stretches" if len(history.gaps) > 5 else ""
        return f"The history is not complete: events {ranges}{more} are missing."
    if execution.gone_at is not None and not history.is_over:
        return f"The history is not complete: what came after event {history.last_event_id:,} is missing."
    return ""


def wire_events(execution: Execution, *, with_payloads: bool) -> list[dict[str, Any]]:
    """The stored events as AWS wrote them, in order of EventId; through a share link, as it shows them."""
    pages = execution.history_pages.order_by("number")
    if not with_payloads:
        pages = pages.defer("payloads")
    events = [
        event for page in pages for event in history_pages.decode(page.events, page.payloads if with_payloads else None)
    ]
    return sharing.cleaned(execution, events)


def event_with_payload(execution: Execution, event_id: int) -> Event | None:
    """One event, its payload whole."""
    page = execution.history_pages.filter(number=history_pages.page_number(event_id)).first() if event_id > 0 else None
    if page is None:
        return None
    wire = [event for event in history_pages.decode(page.events, page.payloads) if event.get("EventId") == event_id]
    return parse_events(sharing.cleaned(execution, wire))[0] if wire else None
