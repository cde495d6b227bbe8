"""What people need to know before they answer a callback: fields of the payloads before it, without secrets."""

from collections.abc import Iterator
from dataclasses import dataclass

import jsonpointer
from django.urls import reverse

from dashboard.pages.payload_box import PayloadBox, box
from executions import histories
from executions.domain.decisions import Form, Shown
from executions.domain.events import Payload
from executions.domain.payloads import decode, redact, to_text
from executions.models import Callback
from executions.sharing import patterns

MOST_CHARACTERS = 2000


@dataclass(frozen=True)
class Fact:
    """`missing` says why there is no text."""

    label: str
    text: str = ""
    missing: str = ""
    is_long: bool = False


def facts_of(callback: Callback, decision: Form) -> list[Fact]:
    """What the decision form wants to be shown."""
    payloads: dict[str, Payload | None] = {}
    return [_fact(callback, shown, payloads) for shown in decision.show]


def boxes_of(callback: Callback) -> list[PayloadBox]:
    """Without a decision form: the execution's input, and the last result before the callback."""
    found = []
    for title, event_id in _context(callback):
        event = histories.event_with_payload(callback.execution, event_id)
        if event and event.payload:
            url = reverse("execution-payload", args=[callback.execution_id, event_id])
            found.append(box(event.payload, title=title, element_id=f"asked-{event_id}", url=url))
    return found


def _context(callback: Callback) -> Iterator[tuple[str, int]]:
    history = histories.history_of(callback.execution)
    yield "Input", 1
    asked = history.operations.get(callback.operation_id)
    before = asked.first_event_id if asked else history.last_event_id + 1
    done = [one for one in history.operations.values() if one.result is not None and one.last_event_id < before]
    if done:
        last = max(done, key=lambda one: one.last_event_id)
        if (number := _result_event(callback, last.event_ids)) is not None:
            yield f"Result of {last.label}", number


def _fact(callback: Callback, shown: Shown, payloads: dict[str, Payload | None]) -> Fact:
    if shown.of not in payloads:
        payloads[shown.of] = _payload(callback, shown.of)
    payload = payloads[shown.of]
    source = f"the result of {shown.of}" if shown.of else "the input"
    if payload is None:
        return Fact(shown.label, missing=f"{source} is not there")
    if payload.truncated:
        return Fact(shown.label, missing=f"AWS has cut {source}")
    decoded = decode(payload.text)
    if not decoded.is_json:
        return Fact(shown.label, missing=f"{source} is no JSON") if shown.pointer else _said(shown.label, payload.text)
    value, _ = redact(decoded.value, patterns())
    try:
        found = jsonpointer.resolve_pointer(value, shown.pointer)
    except (jsonpointer.JsonPointerException, TypeError):
        return Fact(shown.label, missing=f"{source} has no {shown.pointer}")
    return _said(shown.label, found if isinstance(found, str) else to_text(found))


def _said(label: str, text: str) -> Fact:
    if len(text) > MOST_CHARACTERS:
        text = f"{text[:MOST_CHARACTERS]}… (only the beginning is shown)"
    return Fact(label, text, is_long="\n" in text or len(text) > 120)


def _payload(callback: Callback, of: str) -> Payload | None:
    """The execution's input, or the last result of the operation with that name before the callback."""
    number: int | None = 1
    if of:
        history = histories.history_of(callback.execution)
        asked = history.operations.get(callback.operation_id)
        before = asked.first_event_id if asked else history.last_event_id + 1
        named = [one for one in history.operations.values() if one.name == of and one.first_event_id < before]
        number = _result_event(callback, named[-1].event_ids) if named else None
    event = histories.event_with_payload(callback.execution, number) if number is not None else None
    return event.payload if event else None


def _result_event(callback: Callback, event_ids: tuple[int, ...]) -> int | None:
    history = histories.history_of(callback.execution)
    for number in reversed(event_ids):
        event = history.event(number)
        if event and event.payload and event.payload.role == "result":
            return number
    return None
