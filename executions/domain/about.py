"""What a callback is about, in one line, from the payloads before it: the execution's input, then the newest result.

The history of a callback says only its name; what the person is asked about is in what the code had in its hands when
it asked: "orderId o-1042 · drink flat white · qty 2 · amount 9.80".
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from executions.domain.events import Event, Payload, parse_events
from executions.domain.payloads import decode, redact, redact_broken

MOST = 200
"""Characters of the line."""
FROM_INPUT, FROM_RESULT = 5, 3
_LONGEST = 40
_RESULTS = frozenset({"StepSucceeded", "ContextSucceeded", "ChainedInvokeSucceeded", "CallbackSucceeded"})
_VAGUE = frozenset({"id", "name", "value", "type", "key", "number", "no", "text", "title"})
"""Keys that say something only together with the key around them."""
_PAIR = re.compile(r'"([^"\\]{1,60})"\s*:\s*("(?:[^"\\]|\\.){0,200}"|-?[0-9.eE+-]{1,40}|true|false)')
_SPACES = re.compile(r"\s+")

WireEvent = dict[str, Any]


def about(wire: Sequence[WireEvent], operation_id: str, patterns: Sequence[str] | None = None) -> str:
    """`wire`: the events in order; `operation_id`: of the callback. "" when the payloads before it tell nothing.

    `patterns`: of the keys whose values are secret; see redaction.py.
    """
    started, result = _before(wire, operation_id)
    said: dict[str, str] = {}
    for payload, most in ((started, FROM_INPUT), (result, FROM_RESULT)):
        added = 0
        for key, value in _leaves_of(payload, patterns):
            if added < most and key not in said:
                said[key] = value
                added += 1
    return _line(said)


def _before(wire: Sequence[WireEvent], operation_id: str) -> tuple[Payload | None, Payload | None]:
    """(the execution's input, the newest result before the callback, of an operation beside it or around it)."""
    position = next((n for n, raw in enumerate(wire) if _opens(raw, operation_id)), None)
    if position is None:
        return None, None
    parents = {raw["Id"]: raw.get("ParentId") for raw in wire[: position + 1] if isinstance(raw.get("Id"), str)}
    around: list[Any] = [parents.get(operation_id)]
    while isinstance(around[-1], str) and around[-1] in parents and len(around) < 100:
        around.append(parents[around[-1]])
    first = next(iter(parse_events([raw for raw in wire[:1] if raw.get("EventType") == "ExecutionStarted"])), None)
    newest: Event | None = None
    for raw in reversed(wire[:position]):
        if raw.get("EventType") in _RESULTS and raw.get("ParentId") in around:
            newest = Event.parse(raw)
            break
    return first.payload if first else None, newest.payload if newest else None


def _opens(raw: WireEvent, operation_id: str) -> bool:
    return raw.get("EventType") == "CallbackStarted" and raw.get("Id") == operation_id


def _leaves_of(payload: Payload | None, patterns: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    if payload is None:
        return
    decoded = decode(payload.text)
    if decoded.is_json:
        cleaned, _ = redact(decoded.value, patterns)
        yield from _leaves(cleaned, "", "")
        return
    # A payload that AWS or the store has cut still begins with something.
    text, _ = redact_broken(payload.text, patterns)
    found = False
    for key, value in _PAIR.findall(text):
        found = True
        yield key, _short(value.strip('"'))
    if not found and text.strip()[:1] not in ("{", "["):
        yield "", _short(text)


def _leaves(value: Any, key: str, above: str) -> Iterator[tuple[str, str]]:
    """(name, words) of every scalar, in the order in which they stand."""
    if isinstance(value, dict):
        for inner, one in value.items():
            yield from _leaves(one, str(inner), key)
    elif isinstance(value, list):
        if value and all(isinstance(one, str) for one in value):
            yield _named(key, above), _short(", ".join(value))
            return
        for one in value:
            yield from _leaves(one, key, above)
    elif value is not None and value != "" and not isinstance(value, bool):
        yield _named(key, above), _short(str(value))


def _named(key: str, above: str) -> str:
    return f"{above} {key}" if above and key.lower() in _VAGUE else key


def _short(text: str) -> str:
    text = _SPACES.sub(" ", text).strip()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _line(said: dict[str, str]) -> str:
    """As many of them as there is room for, each whole."""
    line = ""
    for key, value in said.items():
        part = f"{_short(key)} {value}".strip()
        if part and len(line) + len(part) + 3 <= MOST:
            line = f"{line} · {part}" if line else part
    return line
