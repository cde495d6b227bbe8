"""The drawer of one event: every field as AWS wrote it."""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from django.http import Http404

from dashboard.pages.drawer import Pair, Place, Step
from dashboard.pages.operation import event_box
from dashboard.pages.payload_box import PayloadBox, box
from dashboard.pages.tab import NAMES, Subject
from executions.domain.events import Event, Payload
from executions.history_pages import CutText

_PAYLOADS = frozenset({"Result", "Error", "Input"})


@dataclass(frozen=True)
class EventDrawer:
    """`link` is the event's permanent address."""

    event: Event
    execution_id: int
    pairs: list[Pair]
    details: PayloadBox | None
    payload: PayloadBox | None
    neighbours: list[Step]
    operation: Step | None
    links: list[Step]
    link: str
    within: str
    close_url: str

    @classmethod
    def of(cls, place: Place, number: int) -> Self | None:
        """None when the history has no such event."""
        subject = place.shown
        event = subject.history.event(number)
        if event is None:
            return None
        around = ((number - 1, "previous"), (number + 1, "next"))
        operation = subject.history.operations.get(event.operation_id or "")
        return cls(
            event=event,
            execution_id=subject.execution.pk,
            pairs=list(_pairs(event)),
            details=_details(event),
            payload=event_box(subject, event) if event.payload is not None else None,
            neighbours=[place.event(one, words) for one, words in around if subject.history.event(one)],
            operation=place.operation(operation.id, operation.label) if operation else None,
            links=_links(subject, event),
            link=subject.url("execution-event", number),
            within=place.within,
            close_url=place.closed,
        )


def event_or_404(place: Place, number: int) -> EventDrawer:
    drawer = EventDrawer.of(place, number)
    if drawer is None:
        raise Http404("This history has no such event.")
    return drawer


def _pairs(event: Event) -> list[Pair]:
    """The fields of the event but its details, as AWS wrote them."""
    pairs = [Pair("EventTimestamp", at=event.at)]
    for key, value in event.raw.items():
        if key == "EventTimestamp" or isinstance(value, dict | list):
            continue
        text = str(value)
        long = len(text) > 24 and " " not in text
        pairs.append(Pair(key, f"{text[:17]}…" if long else text, mono=True, copy=text if long else ""))
    return pairs


def _details(event: Event) -> PayloadBox | None:
    """The details without the payload, which has a box of its own; and what else is not a plain field."""
    shown: dict[str, Any] = {
        key: value for key, value in event.details.items() if key not in _PAYLOADS and not isinstance(value, CutText)
    }
    for key, value in event.raw.items():
        if isinstance(value, dict | list) and value is not event.details:
            shown[key] = value
    if not shown:
        return None
    return box(Payload("details", shown), title="Details", element_id=f"details-{event.id}")


def _links(subject: Subject, event: Event) -> list[Step]:
    other = "history" if subject.tab == "timeline" else "timeline"
    found = [Step(f"in the {other}", f"{subject.url(NAMES[other][1])}?event={event.id}")]
    key = event.operation_id or ""
    own = f"&op={quote(key)}" if key in subject.history.operations else ""
    change = f"{subject.url('execution-checkpoints')}?a={event.id - 1}&b={event.id}{own}"
    return [*found, Step("what it changed", change)]
