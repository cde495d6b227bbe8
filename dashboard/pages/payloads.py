"""The tab with the execution's own input and result, whole."""

from dataclasses import dataclass
from typing import Self

from django.http import Http404

from dashboard.pages.payload_box import INLINE_LIMIT, PayloadBox, box, readable, reveal_url
from dashboard.pages.tab import Subject
from executions import histories
from executions.domain.events import Event, Payload
from executions.domain.payloads import pretty
from executions.domain.statuses import OUTCOMES, TERMINAL_EVENTS


@dataclass(frozen=True)
class PayloadsPage:
    """`raw`: type tags as stored. `missing` are sentences about what is not there."""

    boxes: list[PayloadBox]
    missing: list[str]
    raw: bool
    toggle_url: str
    fragment: str
    is_live: bool

    @classmethod
    def of(cls, subject: Subject, *, raw: bool) -> Self:
        url = subject.url("execution-payloads")
        boxes = [_box(subject, event, raw=raw) for event in _events(subject)]
        return cls(
            boxes=[one for one in boxes if one is not None],
            missing=list(_missing(subject)),
            raw=raw,
            toggle_url=url if raw else f"{url}?tags=raw",
            fragment=f"{url}?part=content{'&tags=raw' if raw else ''}",
            is_live=subject.is_live,
        )


def _events(subject: Subject) -> list[Event]:
    """The events that carry the execution's payloads: its start, and the first that ended it."""
    started = [event for event in subject.history.events[:1] if event.type == "ExecutionStarted"]
    ended = next((event for event in reversed(subject.history.events) if event.type in TERMINAL_EVENTS), None)
    return [event for event in (*started, *([ended] if ended else [])) if event.payload is not None]


def _box(subject: Subject, event: Event, *, raw: bool) -> PayloadBox | None:
    whole = histories.event_with_payload(subject.execution, event.id)
    if whole is None or whole.payload is None:
        return None
    return box(
        whole.payload,
        title=whole.payload.role.capitalize(),
        element_id=f"payload-{event.id}",
        url=subject.url("execution-payload", event.id),
        tags=not raw,
        limit=INLINE_LIMIT,
        reveal=reveal_url(subject, event.id),
        explore=subject.url("execution-explore", event.id),
    )


def _missing(subject: Subject) -> list[str]:
    facts, found = subject.history.execution, []
    if not subject.history.events:
        return ["The history has not been read yet."]
    if facts.input is None:
        found.append("It was started without an input, or the event of its start has not been read.")
    if facts.status not in OUTCOMES:
        found.append("It has not ended: there is no result yet.")
    elif facts.result is None and facts.error is None:
        found.append("It ended without a result.")
    return found


def exact_payload(subject: Subject, event_id: int) -> Payload:
    """The payload of an event as AWS wrote it. Raises Http404."""
    event = histories.event_with_payload(subject.execution, event_id)
    if event is None or event.payload is None:
        raise Http404("This event has no payload.")
    return event.payload


def file_of(subject: Subject, event_id: int) -> tuple[str, str]:
    """(the name of a file, its text): exactly as AWS wrote it unless there is a secret in it. Raises Http404."""
    payload = exact_payload(subject, event_id)
    seen = readable(payload, tags=False)
    name = f"execution-{subject.execution.pk}-event-{event_id}-{payload.role}"
    exact = subject.share is not None and not subject.share.redacted  # its maker may see secrets, and said so
    return (f"{name}-redacted.txt", seen.text) if seen.hidden and not exact else (f"{name}.txt", payload.text)


def revealed_box(payload: Payload, event_id: int) -> PayloadBox | None:
    """The payload as it is stored, secrets and all; None when that is too long for a box."""
    text = pretty(payload.text, decode_tags=False)
    if len(text) > INLINE_LIMIT:
        return None
    notes = ["Shown with its secrets: this look has been put on record."]
    size = len(payload.text.encode("utf-8", "surrogatepass"))
    return PayloadBox(f"payload-{event_id}", payload.role.capitalize(), "json", text, size, notes, "")
