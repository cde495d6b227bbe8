"""Payloads as people read them: decoded, pretty, cut to size, and without secrets.

What AWS stored is never changed; all this makes views of it.
"""

from dataclasses import dataclass
from typing import Any

from executions.domain.jsontext import Number, parse, to_text
from executions.domain.redaction import DEFAULT_PATTERNS, redact, redact_broken, redact_text
from executions.domain.tags import untagged

__all__ = [
    "DEFAULT_PATTERNS",
    "Decoded",
    "Number",
    "decode",
    "pretty",
    "redact",
    "redact_broken",
    "redact_text",
    "to_text",
    "truncate",
]


@dataclass(frozen=True, slots=True)
class Decoded:
    """`value` is the text itself when `is_json` is False. `tagged`: the SDK's type tags were there and are decoded."""

    value: Any
    tagged: bool
    is_json: bool


def decode(text: str, *, decode_tags: bool = True) -> Decoded:
    """Read a payload. Never raises: what is no JSON, or is nested too deep, is text."""
    is_json, value = parse(text)
    if is_json and decode_tags:
        plain, tagged = untagged(value)
        if tagged:
            return Decoded(plain, True, True)
    return Decoded(value, False, is_json)


def pretty(text: str, *, decode_tags: bool = True) -> str:
    """JSON with an indent of 2 and every number as written; anything else unchanged."""
    decoded = decode(text, decode_tags=decode_tags)
    return to_text(decoded.value) if decoded.is_json else text


def truncate(text: str, limit: int) -> tuple[str, bool]:
    """(at most `limit` characters, whether any were cut)"""
    return (text, False) if len(text) <= limit else (text[: max(0, limit)], True)
