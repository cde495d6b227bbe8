"""The type tags that AWS's Python SDK writes into structured step and context results: `{"t": TAG, "v": VALUE}`.

From the SDK's `serdes.py` (aws-durable-execution-sdk-python 3.0.0, `TypeTag`): n null, s string, i integer, f float,
b boolean, B bytes in base64, u UUID, d Decimal, dt datetime, D date, t tuple, l list, m mapping, br the result of a map
or parallel. Primitives and lists of nothing but primitives are written plainly, so they never stand tagged at the root.
"""

import base64
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from executions.domain.jsontext import Number
from executions.domain.patches import LeftOut

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_PRIMITIVES = frozenset({"n", "s", "i", "f", "b"})
_MAPPINGS = frozenset({"m", "br"})
_LISTS = frozenset({"l", "t"})


class _NotTaggedError(Exception):
    """Some part is not as the SDK would have written it."""


def untagged(value: Any) -> tuple[Any, bool]:
    """(the plain value, True), or (the value as it is, False) unless every part of it is tagged as the SDK does it.

    So data that merely has keys called t and v survives. A Decimal becomes a number with
    its own digits; bytes, UUIDs and dates stay the text they are.
    """
    if not _is_root(value):
        return value, False
    try:
        return _plain(value), True
    except _NotTaggedError:
        return value, False


def _is_root(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != {"t", "v"}:
        return False
    tag = value["t"]
    if not isinstance(tag, str) or tag in _PRIMITIVES:
        return False
    return tag != "l" or not _only_primitives(value)


def _only_primitives(value: Any) -> bool:
    """Whether a tagged list is one that the SDK would have written plainly."""
    if not isinstance(value, dict) or not isinstance(value.get("t"), str):
        return False
    if value["t"] in _PRIMITIVES:
        return True
    items = value.get("v")
    return value["t"] == "l" and isinstance(items, list) and all(_only_primitives(item) for item in items)


def _plain(node: Any) -> Any:
    if isinstance(node, LeftOut):
        return node
    if not isinstance(node, dict) or node.keys() != {"t", "v"} or not isinstance(node["t"], str):
        raise _NotTaggedError
    tag, value = node["t"], node["v"]
    if tag in _MAPPINGS and isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if tag in _LISTS and isinstance(value, list):
        return [_plain(item) for item in value]
    if tag == "d" and isinstance(value, str) and _NUMBER.fullmatch(value):
        return Number(value)
    check = _SCALARS.get(tag)
    if check is None or not check(value):
        raise _NotTaggedError
    return value


def _is_integer(value: Any) -> bool:
    if isinstance(value, Number):
        return value.text.lstrip("-").isdigit()
    return isinstance(value, int) and not isinstance(value, bool)


def _is_float(value: Any) -> bool:
    return isinstance(value, Number | int) and not isinstance(value, bool)


def _is_special_decimal(value: Any) -> bool:
    """A Decimal that is no JSON number stays text; the others are read before the scalars are."""
    return isinstance(value, str) and value.lstrip("+-").lower() in {"nan", "snan", "inf", "infinity"}


def _reads(reader: Callable[[str], Any]) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        try:
            reader(value)
        except ValueError:
            return False
        return True

    return check


_SCALARS: dict[str, Callable[[Any], bool]] = {
    "n": lambda value: value is None,
    "s": lambda value: isinstance(value, str),
    "i": _is_integer,
    "f": _is_float,
    "b": lambda value: isinstance(value, bool),
    "B": _reads(lambda text: base64.b64decode(text, validate=True)),
    "u": _reads(UUID),
    "d": _is_special_decimal,
    "dt": _reads(datetime.fromisoformat),
    "D": _reads(date.fromisoformat),
}
