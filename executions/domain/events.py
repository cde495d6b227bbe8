"""One event of an execution's history, from the dict AWS's JSON decodes to.

Shape (botocore 1.44.5, `Event`): EventType, EventId, EventTimestamp (epoch seconds), Id, ParentId, Name, SubType and a
member called `<EventType>Details`. Nothing in it is trusted to be there or to have its type.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from executions.domain.records import quick
from executions.domain.statuses import EVENT_PARTS

_LATEST = 1e11  # seconds; a larger number is milliseconds (other tools' exports write those)


@dataclass(frozen=True, slots=True)
class Payload:
    """An input, result or error. `source` is what AWS sent: a string, or for errors usually a dict (`ErrorObject`)."""

    role: str
    source: Any
    truncated: bool = False

    @property
    def text(self) -> str:
        """The payload as stored; an error object becomes the JSON it was."""
        return self.source if isinstance(self.source, str) else to_json(self.source)

    def _part(self, key: str) -> str | None:
        value = self.source.get(key) if isinstance(self.source, dict) else None
        return value if value is None or isinstance(value, str) else to_json(value)

    @property
    def error_type(self) -> str | None:
        """`ErrorType` without the module path some SDKs put before the class name."""
        kind = self._part("ErrorType")
        return kind.rsplit(".", 1)[-1] if kind and kind.replace(".", "").replace("_", "").isalnum() else kind

    @property
    def error_message(self) -> str | None:
        return self.source if isinstance(self.source, str) else self._part("ErrorMessage")


@dataclass(frozen=True, slots=True)
class Event:
    """`at` is in epoch seconds. `details` is {} when absent. `raw` is the dict itself, not a copy."""

    id: int
    type: str
    at: float
    operation_id: str | None
    parent_id: str | None
    name: str | None
    subtype: str | None
    details: dict[str, Any]
    raw: dict[str, Any]

    @staticmethod
    def parse(raw: dict[str, Any]) -> "Event":
        """Never raises. An unreadable EventId is 0, an unreadable timestamp is 0.0."""
        get = raw.get
        kind = get("EventType")
        if not isinstance(kind, str):
            kind = "" if kind is None else str(kind)
        parts = EVENT_PARTS.get(kind)
        details = get(parts[2] if parts else kind + "Details")
        number, at = get("EventId"), get("EventTimestamp")
        operation, parent, name, subtype = get("Id"), get("ParentId"), get("Name"), get("SubType")
        return _event(
            number if type(number) is int else whole(number) or 0,
            kind,
            timestamp(at) or 0.0,
            operation if type(operation) is str else _text(operation),
            parent if type(parent) is str else _text(parent),
            name if type(name) is str else _text(name),
            subtype if type(subtype) is str else _text(subtype),
            details if type(details) is dict else {},
            raw,
        )

    @property
    def family(self) -> str:
        """Step, Wait, Callback, ChainedInvoke, Context, Execution, Invocation, or Unknown."""
        parts = EVENT_PARTS.get(self.type)
        return parts[0] if parts else "Unknown"

    @property
    def verb(self) -> str:
        """Started, Succeeded, ...; an unknown type has the whole of its name as its verb."""
        parts = EVENT_PARTS.get(self.type)
        return parts[1] if parts else self.type

    @property
    def payload(self) -> Payload | None:
        """The Input, Result or Error in the details."""
        details = self.details
        if not details:
            return None
        role = _role(details)
        return payload_of(details.get(role), role.lower())

    @property
    def payload_source(self) -> Any:
        """What `payload.source` would be, None without one: quicker, for passes over thousands of events."""
        details = self.details
        holder = details.get(_role(details)) if details else None
        return holder.get("Payload") if type(holder) is dict else holder


def _role(details: dict[str, Any]) -> str:
    return "Result" if "Result" in details else "Error" if "Error" in details else "Input"


_event = quick(Event)
_payload = quick(Payload)


def parse_events(raw_events: Iterable[Any]) -> list[Event]:
    """Events by ascending id, one for each id: of duplicates the last given wins, as AWS may fill in an event later.

    What is not a dict or has no usable id is left out: the id is the key and the order. An unreadable timestamp is
    replaced by its neighbour's.
    """
    parse = Event.parse
    events = [parse(raw) for raw in raw_events if isinstance(raw, dict)]
    return in_order(events)


def in_order(events: list[Event]) -> list[Event]:
    """The same list when it is in order already, else a sorted one without duplicates; see `parse_events`."""
    last, sound = 0, True
    for event in events:
        if event.id <= last or event.at <= 0.0:
            sound = False
            break
        last = event.id
    if sound:
        return events
    latest = {event.id: event for event in events if event.id > 0}
    return _with_times([latest[number] for number in sorted(latest)])


def _with_times(events: list[Event]) -> list[Event]:
    known = next((event.at for event in events if event.at > 0.0), 1.0)
    for index, event in enumerate(events):
        if event.at > 0.0:
            known = event.at
        else:
            events[index] = replace(event, at=known)
    return events


def payload_of(holder: Any, role: str) -> Payload | None:
    """From AWS's `{"Payload": ..., "Truncated": bool}`. None when there is no payload and nothing was cut."""
    if type(holder) is dict:
        source, truncated = holder.get("Payload"), holder.get("Truncated") is True
        if source is not None:
            return _payload(role, source, truncated)
        return _payload(role, "", True) if truncated else None
    return None if holder is None else _payload(role, holder, False)


def to_json(value: Any) -> str:
    """Compact JSON, or `repr` of what JSON cannot say."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return repr(value)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else to_json(value)


def whole(value: Any) -> int | None:
    """An integer, also when written as a float or as digits; otherwise None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and len(value) <= 18 and value.isascii() and value.isdigit():
        return int(value)
    return None


def seconds(value: Any) -> float | None:
    """A length of time of at least 0 seconds; otherwise None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _LATEST else None


def timestamp(value: Any) -> float | None:
    """Epoch seconds from AWS's JSON number, or from the ISO text or milliseconds of other tools' exports."""
    if type(value) is float and 0.0 < value < _LATEST:
        return value
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        return _timestamp_of_text(value)
    if not isinstance(value, int | float) or not 0 < value < _LATEST * 1000:
        return None
    at = float(value)
    return at if at < _LATEST else at / 1000


def _timestamp_of_text(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        return at if at > 0.0 else None
    except (ValueError, OverflowError):
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return timestamp(number) if math.isfinite(number) else None
