"""JSON without loss: what is read is written again with the same numbers, keys and strings.

Integers are Python's; every other number keeps its source text in `Number`, so no digit passes through a float.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

MAX_DEPTH = 150  # levels; deeper JSON is shown as the text it is, and recursion stays safe
_MAX_DIGITS = 4000  # Python refuses to convert longer integers (sys.set_int_max_str_digits)
_SURROGATE = re.compile("[\ud800-\udfff]")


class Number(NamedTuple):
    """A JSON number that Python has no exact type for, as it was written: 9.80, 1e400, -0, NaN."""

    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:  # unlike that of any other value, and quick
        return self.text


class _DuplicateKeyError(ValueError):
    """An object with one key twice cannot be held in a dict without losing one."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _DuplicateKeyError
    return made


def _integer(text: str) -> int | Number:
    return Number(text) if text == "-0" or len(text) > _MAX_DIGITS else int(text)


_DECODER = json.JSONDecoder(
    parse_float=Number, parse_int=_integer, parse_constant=Number, object_pairs_hook=_pairs, strict=False
)


def parse(text: str) -> tuple[bool, Any]:
    """(True, the value) or (False, the text): not JSON, nested too deep, or not representable without loss."""
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return False, text
    return (True, value) if not _too_deep(value) else (False, text)


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for holder in level
            if isinstance(holder, dict | list)
            for child in (holder.values() if isinstance(holder, dict) else holder)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def to_text(value: Any, *, indent: int | None = 2) -> str:
    """JSON of a decoded value; one line without an indent."""
    return "".join(_written(value, "\n" if indent is not None else "", " " * (indent or 0)))


def pieces(value: Any) -> Iterator[str]:
    """The JSON of a decoded value on one line, piece by piece, for who wants only its beginning."""
    return _written(value, "", "")


def _written(value: Any, line: str, step: str) -> Iterator[str]:
    """`line` is what begins a line at this depth: a newline and the indent, or nothing."""
    inner = line + step
    separator = ("," + inner) if line else ", "
    if isinstance(value, dict) and value:
        yield "{" + inner
        for index, (key, item) in enumerate(value.items()):
            yield (separator if index else "") + quoted(key) + ": "
            yield from _written(item, inner, step)
        yield line + "}"
    elif isinstance(value, list) and value:
        yield "[" + inner
        for index, item in enumerate(value):
            if index:
                yield separator
            yield from _written(item, inner, step)
        yield line + "]"
    else:
        yield scalar(value)


def scalar(value: Any) -> str:
    """JSON of anything that has nothing inside."""
    if isinstance(value, str):
        return quoted(value)
    if value is None or value is True or value is False:
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, dict):
        return "{}"
    return "[]" if isinstance(value, list) else str(value)


def quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    # A lone surrogate cannot be encoded as UTF-8, so it stays an escape.
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", quoted)
