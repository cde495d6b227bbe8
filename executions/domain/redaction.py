"""Hide secrets in payloads by the names of their keys."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from executions.domain.jsontext import Number, parse, to_text

HIDDEN = "[redacted]"
SHOWN = "!"

# Regular expressions over the lower-case words of a key joined by "_" (see words_of); each has to match whole words.
DEFAULT_PATTERNS: tuple[str, ...] = (
    "pass_?(?:word|wd|phrase|code)",
    "pwd|pin|otp|jwt|bearer|credential|cookie|signature",
    "(?:client)?secret",
    "(?:access|auth|refresh|csrf|xsrf|session|bearer|id)?token",
    "auth|authorization",
    "session_?id",
    "(?:api|access|private|secret|signing|encryption)_?key",
    "ssn|social_?security(?:_?number)?",
    "(?:credit_?)?card_?(?:number|no|num)|pan|cvv|cvv2|cvc|iban",
    "(?:bank_?)?account_?number|routing_?number",
)

# A secret's name followed by one of these is about the secret and does not hold it: token_count, password_policy.
_ABOUT = frozenset(
    {
        "age", "arn", "at", "budget", "count", "enabled", "expiration", "expire", "expires", "expiry", "in", "length",
        "limit", "manager", "max", "method", "min", "name", "policy", "provider", "required", "rotation", "scheme",
        "status", "ttl", "type", "uri", "url", "usage", "used", "valid", "version",
    }
)  # fmt: skip
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")
_BROKEN_KEY = re.compile(r'"((?:[^"\\]|\\.){1,200})"\s*:\s*')
_BROKEN_VALUE = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[^\s,\]}"\[{]+')
# The same inside a string that was quoted: \"password\": \"...\", by one backslash or more.
_QUOTED = re.compile(
    r'(?P<q>\\+")(?P<key>[^"\\]{1,200})(?P=q)\s*:\s*(?P<value>(?P=q)(?:(?!(?P=q)).)*(?:(?P=q)|\Z)|[^\s,\]}"\\\[{]+)',
    re.DOTALL,
)
_NAME_KEYS, _VALUE_KEYS = ("name", "key", "Name", "Key"), ("value", "Value")
_NESTED = 3  # levels of JSON inside strings inside JSON


def redact(value: Any, patterns: Sequence[str] | None = None) -> tuple[Any, int]:
    """(a copy in which the values of secret keys are "[redacted]", how many were).

    Also inside strings that are themselves JSON, and in lists of {"name": "Authorization", "value": ...}. `patterns`
    replaces DEFAULT_PATTERNS; one with SHOWN before it is of whole keys that are never hidden. A plural key with a
    number in it ("tokens": 812) is a count and stays.
    """
    redactor = _redactor(patterns)
    return redactor.clean(value, _NESTED), redactor.count


def redact_text(text: str, patterns: Sequence[str] | None = None) -> tuple[str, int]:
    """The same for a payload's text. It comes back unchanged when nothing was hidden, else as compact JSON."""
    is_json, value = parse(text)
    if not is_json:
        return redact_broken(text, patterns)
    cleaned, count = redact(value, patterns)
    return (to_text(cleaned, indent=None), count) if count else (text, 0)


def redact_broken(text: str, patterns: Sequence[str] | None = None) -> tuple[str, int]:
    """The same for text that looks like JSON but cannot be read, as a payload that AWS has cut: its secrets still
    can.
    """
    redactor = _redactor(patterns)
    text, hidden = _redact_quoted(text, redactor)
    parts, at = [], 0
    for key in _BROKEN_KEY.finditer(text):
        if key.start() < at or not redactor.is_secret(key.group(1)):
            continue
        value = _BROKEN_VALUE.match(text, key.end())
        # A list or an object after a secret's name may end anywhere: hide what is left.
        end = value.end() if value else len(text)
        parts += [text[at : key.end()], HIDDEN]
        at, hidden = end, hidden + 1
    return ("".join([*parts, text[at:]]), hidden) if hidden else (text, 0)


def _redact_quoted(text: str, redactor: "_Redactor") -> tuple[str, int]:
    if '\\"' not in text:
        return text, 0
    parts, at, hidden = [], 0, 0
    for found in _QUOTED.finditer(text):
        if redactor.is_secret(found["key"]):
            parts += [text[at : found.start("value")], HIDDEN]
            at, hidden = found.end(), hidden + 1
    return "".join([*parts, text[at:]]), hidden


def words_of(key: str) -> str:
    """ "accessToken", "access-token" and "ACCESS_TOKEN" are all "access_token"."""
    return "_".join(_WORDS.findall(key)).lower()


def _redactor(patterns: Sequence[str] | None) -> "_Redactor":
    return _Redactor(*_compiled(tuple(DEFAULT_PATTERNS if patterns is None else patterns)))


@lru_cache(maxsize=32)
def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str] | None, re.Pattern[str] | None]:
    """(what is hidden, which keys are shown nevertheless); groups of the first: 1 the plural's s, 2 the word that
    follows.
    """
    hidden = "|".join(f"(?:{pattern})" for pattern in patterns if not pattern.startswith(SHOWN))
    shown = "|".join(f"(?:{pattern[1:]})" for pattern in patterns if pattern.startswith(SHOWN))
    return (
        re.compile(rf"(?:^|_)(?:{hidden})(?:(s)?$|_([^_]+))") if hidden else None,
        re.compile(shown) if shown else None,
    )


class _Redactor:
    def __init__(self, secret: re.Pattern[str] | None, shown: re.Pattern[str] | None) -> None:
        self._secret = secret
        self._shown = shown
        self._known: dict[str, str] = {}
        self.count = 0

    def clean(self, value: Any, nested: int) -> Any:
        if isinstance(value, dict):
            return self._clean_dict(value, nested)
        if isinstance(value, list):
            return [self.clean(item, nested) for item in value]
        if isinstance(value, str) and nested and value[:1] in ("{", "["):
            before = self.count
            is_json, inner = parse(value)
            cleaned = self.clean(inner, nested - 1) if is_json else None
            return to_text(cleaned, indent=None) if self.count > before else value
        return value

    def _clean_dict(self, value: dict[str, Any], nested: int) -> dict[str, Any]:
        named = any(isinstance(value.get(key), str) and self._kind(value[key]) == "secret" for key in _NAME_KEYS)
        made = {}
        for key, item in value.items():
            kind = self._kind(key)
            if kind == "secret" or (kind == "plural" and not _is_number(item)) or (named and key in _VALUE_KEYS):
                self.count += 1
                made[key] = HIDDEN
            else:
                made[key] = self.clean(item, nested)
        return made

    def is_secret(self, key: str) -> bool:
        return self._kind(key) != "plain"

    def _kind(self, key: str) -> str:
        """secret, plural (of a secret) or plain"""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._judge(key)
        return known

    def _judge(self, key: str) -> str:
        if self._secret is None or len(key) > 200:
            return "plain"
        words = words_of(key)
        if self._shown is not None and self._shown.fullmatch(words):
            return "plain"
        kind = "plain"
        for found in self._secret.finditer(words):
            if found.group(2) is None:
                return "plural" if found.group(1) else "secret"
            if found.group(2) not in _ABOUT:
                kind = "secret"
        return kind


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Number) and not isinstance(value, bool)
