"""A payload read once for everything that is asked of it: each branch that somebody opens is another request."""

import threading
from dataclasses import dataclass, field
from typing import Any

from cachetools import TTLCache

from dashboard.pages.tab import Subject
from executions import histories
from executions.domain.events import Payload
from executions.domain.payloads import decode, redact, redact_broken, to_text
from executions.sharing import patterns

LARGEST = 32 * 1024 * 1024
"""Characters that are read as JSON; AWS keeps at most 100 MB of a whole execution, and single payloads far below."""
_KEPT, _SECONDS = 16 * 1024 * 1024, 120
"""So many characters of payloads are kept in memory, for so long."""
_lock = threading.Lock()


@dataclass
class Reading:
    """A payload, as a rule without its secrets. `value`: decoded, or the text itself when `is_json` is False.

    `tagged`: the SDK's type tags were decoded; `hidden`: how many values are secrets.
    """

    payload: Payload
    value: Any
    is_json: bool
    tagged: bool
    hidden: int
    _texts: dict[str, str] = field(default_factory=dict)

    @property
    def length(self) -> int:
        return len(self.payload.text)

    def text_of(self, pointer: str, value: Any, *, indent: int | None = 2) -> str:
        """The JSON of a part of it; of the whole it is kept, because one looks at it page by page."""
        key = f"{indent}{pointer}"
        found = self._texts.get(key)
        if found is None:
            found = value if isinstance(value, str) and (pointer or not self.is_json) else to_text(value, indent=indent)
            self._texts = {key: found}
        return found

    def stored(self) -> str:
        """As AWS wrote it, to the character, unless there is a secret in it."""
        if not self.is_json:
            return str(self.value)
        return self.text_of("", self.value, indent=None) if self.hidden else self.payload.text


_readings: TTLCache[tuple[Any, ...], Reading] = TTLCache(_KEPT, _SECONDS, getsizeof=lambda reading: reading.length + 1)


def reading_of(subject: Subject, event_id: int, *, raw: bool, exact: bool = False) -> Reading | None:
    """None when this event has no payload. `raw`: type tags as they are stored. `exact`: with its secrets."""
    key = (subject.execution.pk, subject.execution.revision, event_id, raw, exact, patterns())
    with _lock:
        found = _readings.get(key)
    if found is not None:
        return found
    event = histories.event_with_payload(subject.execution, event_id)
    if event is None or event.payload is None:
        return None
    found = read(event.payload, tags=not raw, exact=exact)
    if found.length < _KEPT:
        with _lock:
            _readings[key] = found
    return found


def read(payload: Payload, *, tags: bool, exact: bool) -> Reading:
    value, is_json, tagged = payload.source, True, False
    if not isinstance(value, dict | list):
        decoded = decode(payload.text, decode_tags=tags) if len(payload.text) <= LARGEST else None
        is_json = decoded is not None and decoded.is_json
        value, tagged = (decoded.value, decoded.tagged) if decoded and is_json else (payload.text, False)
    if exact:
        return Reading(payload, value, is_json, tagged, 0)
    cleaned, hidden = redact(value, patterns()) if is_json else redact_broken(value, patterns())
    return Reading(payload, cleaned, is_json, tagged, hidden)
