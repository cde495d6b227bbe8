"""What an execution or a callback is about, in one line, from its input, and the newest result before a callback.

The history of a callback says only its name; what the person is asked about is in what the code had in its hands when
it asked: "orderId o-1042 · drink flat white · qty 2 · amount 9.80".
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from executions.domain.events import Event, Payload
from executions.domain.payloads import decode, redact, redact_broken
from executions.domain.written import Written

MOST = 200
"""Characters of the line."""
FROM_INPUT, FROM_RESULT = 5, 3
_LONGEST, _DEEPEST = 40, 100
_RESULTS = frozenset({"StepSucceeded", "ContextSucceeded", "ChainedInvokeSucceeded", "CallbackSucceeded"})
_VAGUE = frozenset({"id", "name", "value", "type", "key", "number", "no", "text", "title"})
"""Keys that say something only together with the key around them."""
_PAIR = re.compile(r'"([^"\\]{1,60})"\s*:\s*("(?:[^"\\]|\\.){0,200}"|-?[0-9.eE+-]{1,40}|true|false)')
_SPACES = re.compile(r"\s+")


def about(
    events: Sequence[Written], operation_ids: Collection[str], patterns: Sequence[str] | None = None
) -> dict[str, str]:
    """`events`: in order; `operation_ids`: of the callbacks that are asked for.

    `patterns`: of the keys whose values are secret; see redaction.py.

    -> a line for each of them that `events` open, "" when the payloads before it tell nothing
    """
    before = _before(events, operation_ids)
    begun = 0 if events and events[0].kind == "ExecutionStarted" else None
    said = _first(_payload(events, begun), FROM_INPUT, {}, patterns)
    # Each payload is read once, however many callbacks came after it.
    lines = {at: _line(said | _first(_payload(events, at), FROM_RESULT, said, patterns)) for at in set(before.values())}
    return {operation_id: lines[at] for operation_id, at in before.items()}


def about_input(payload: Payload | None, patterns: Sequence[str] | None = None) -> str:
    """What an execution that began with this input is about; "" when that tells nothing."""
    return _line(_first(payload, FROM_INPUT, {}, patterns))


def _before(events: Sequence[Written], operation_ids: Collection[str]) -> dict[str, int | None]:
    """Where in `events` the newest result before each callback stands, of an operation beside it or around it."""
    wanted, found = set(operation_ids), dict[str, int | None]()
    parents: dict[str | None, str | None] = {}
    newest: dict[str | None, int] = {}  # by the parent of the operation whose result it is; None is the execution
    for at, event in enumerate(events):
        operation_id, parent, kind = event.operation_id, event.parent_id, event.kind
        parent = parent if isinstance(parent, str) else None
        if isinstance(operation_id, str):
            parents[operation_id] = parent
            if operation_id in wanted and kind == "CallbackStarted":
                wanted.remove(operation_id)
                results = (newest[one] for one in _around(operation_id, parents) if one in newest)
                found[operation_id] = max(results, default=None)
        if isinstance(kind, str) and kind in _RESULTS:
            newest[parent] = at
    return found


def _around(operation_id: str, parents: dict[str | None, str | None]) -> Iterator[str | None]:
    """What is around an operation, from its parent outwards."""
    around: str | None = operation_id
    for _ in range(_DEEPEST):
        if around not in parents:
            return
        around = parents[around]
        yield around


def _payload(events: Sequence[Written], at: int | None) -> Payload | None:
    return None if at is None else Event.parse(events[at].whole()).payload


def _first(payload: Payload | None, most: int, known: dict[str, str], patterns: Sequence[str] | None) -> dict[str, str]:
    """The first so many of a payload's leaves whose names are not known yet."""
    said: dict[str, str] = {}
    for name, words in _leaves_of(payload, patterns):
        if len(said) == most:
            break
        if name not in known:
            said.setdefault(name, words)
    return said


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
