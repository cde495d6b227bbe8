"""connections.toml: which accounts and Regions are mirrored, and how each is reached.

The file is the only place for roles and endpoints: neither is ever taken from the web. Every mistake in it is told
with its line and key, so that a start that fails can be mended at once. Without the file there is one connection from
the ambient AWS settings.
"""

import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from executions.domain import imports

AMBIENT = "default"

HISTORY = ("all", "failed", "looked-at", "none")
"""Which histories are read although nobody looks."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d{1,2}")
_ROLE = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_HISTORY = re.compile("|".join(HISTORY))
_PATTERN = re.compile(r"[A-Za-z0-9_*?\[\]!-]{1,140}")


class BadConnections(ValueError):
    """A sentence with the file, the line and the key, and what is wanted there."""


@dataclass(frozen=True)
class Configured:
    """One account and Region. `region` is "" for the ambient one: the AWS settings say which.

    `include` and `exclude` are patterns for names of functions, as shells have them; exclude wins. `budget_share` is
    the part of AWS's quota that may be used, `keep_days` and `keep_mb` what the mirror keeps; None for the
    installation's. `history` is one of HISTORY, "" for the installation's. `push_queue` is the URL of the queue that
    tells of this account and Region.
    """

    name: str = AMBIENT
    region: str = ""
    role_arn: str = ""
    external_id: str = ""
    endpoint: str = ""
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    budget_share: float | None = None
    push_queue: str = ""
    keep_days: float | None = None
    keep_mb: float | None = None
    history: str = ""

    def wants(self, function: str) -> bool:
        """Whether a function of this name is mirrored."""
        return any(fnmatchcase(function, pattern) for pattern in self.include) and not any(
            fnmatchcase(function, pattern) for pattern in self.exclude
        )


@lru_cache(maxsize=1)
def configured() -> tuple[Configured, ...]:
    """The connections of this installation; raises BadConnections. Read once: a change of the file takes a new
    start.
    """
    return load(Path(settings.CONNECTIONS_FILE)) if settings.CONNECTIONS_FILE else (Configured(),)


def named(name: str) -> Configured | None:
    return next((one for one in configured() if one.name == name), None)


def push_queue(name: str) -> str:
    """The URL of this connection's push queue, or "". PUSH_QUEUE_URL is the ambient connection's."""
    one = named(name)
    return "" if one is None else one.push_queue or ("" if settings.CONNECTIONS_FILE else str(settings.PUSH_QUEUE_URL))


def history(name: str) -> str:
    """Which histories of this connection are read although nobody looks: one of HISTORY."""
    own = one.history if (one := named(name)) else ""
    return own or str(settings.HISTORY)


def keep_days(name: str) -> float:
    """How long an execution of this connection is kept after its end; 0 for ever."""
    own = one.keep_days if (one := named(name)) else None
    return float(settings.KEEP_DAYS) if own is None else own


def keep_mb(name: str) -> float:
    """How much the histories of this connection may take; 0 without limit."""
    own = one.keep_mb if (one := named(name)) else None
    return float(settings.KEEP_MB) if own is None else own


def load(path: Path) -> tuple[Configured, ...]:
    """Read and check the file; raises BadConnections."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConnections(f"{path} cannot be read: {error}.") from error
    return parse(text, str(path))


def parse(text: str, source: str = "connections.toml") -> tuple[Configured, ...]:
    """The connections of a file's text, in its order."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConnections(f"{source}: {error}.") from error
    tables = document.pop("connection", None)
    if document:
        raise _Place(source, text, None).wrong(
            next(iter(document)), "is not known here: only [[connection]] tables are"
        )
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise BadConnections(f"{source}: at least one [[connection]] table is needed.")
    found: list[Configured] = []
    for index, table in enumerate(tables):
        place = _Place(source, text, index)
        made = _connection(table, place)
        if made.name in [other.name for other in found]:
            raise place.wrong("name", f"must be another one: {made.name!r} is taken")
        if made.name == imports.CONNECTION:
            raise place.wrong("name", f"must be another one: {made.name!r} is that of imported histories")
        if made.push_queue and made.push_queue in [other.push_queue for other in found]:
            raise place.wrong("push_queue", "must be another one: each connection needs a queue of its own")
        found.append(made)
    return tuple(found)


@dataclass(frozen=True)
class _Place:
    """Where in the file a connection stands, for messages."""

    source: str
    text: str
    index: int | None

    def wrong(self, key: str, wanted: str) -> BadConnections:
        return BadConnections(f"{self.source}, line {self._line(key)}: {key} {wanted}.")

    def _line(self, key: str) -> int:
        """The line of the key in this connection's table, else the table's own, else 1."""
        table, at = -1, 1
        for number, line in enumerate(self.text.splitlines(), 1):
            if re.match(r"\s*\[\[\s*connection\s*\]\]", line):
                table += 1
                if table == self.index:
                    at = number
            elif table == (-1 if self.index is None else self.index) and re.match(
                rf'\s*"?{re.escape(key)}"?\s*[=.]', line
            ):
                return number
        return at


def _connection(table: dict[str, Any], place: _Place) -> Configured:
    for key in table:
        if key not in Configured.__dataclass_fields__:
            raise place.wrong(key, f"is not known here: {', '.join(Configured.__dataclass_fields__)} are")
    for key in ("name", "region"):
        if key not in table:
            raise place.wrong(key, "is missing in this connection")
    made = Configured(
        name=_text(table, "name", place, _NAME, "letters, digits, dots, dashes; at most 60"),
        region=_text(table, "region", place, _REGION, "a Region such as eu-west-1"),
        role_arn=_text(table, "role_arn", place, _ROLE, "the ARN of an IAM role"),
        external_id=_text(table, "external_id", place, _EXTERNAL_ID, "2 to 1,224 of the characters IAM takes"),
        endpoint=_url(table, "endpoint", place),
        include=_patterns(table, "include", place) or ("*",),
        exclude=_patterns(table, "exclude", place),
        budget_share=_number(table, "budget_share", place, 0.07, 1.0),
        push_queue=_url(table, "push_queue", place),
        keep_days=_number(table, "keep_days", place, 0, 36_500),
        keep_mb=_number(table, "keep_mb", place, 0, 1e9),
        history=_text(table, "history", place, _HISTORY, "all, failed, looked-at or none"),
    )
    if made.external_id and not made.role_arn:
        raise place.wrong("external_id", "goes with role_arn")
    return made


def _text(table: dict[str, Any], key: str, place: _Place, pattern: re.Pattern[str], wanted: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or (key in table and not pattern.fullmatch(value)):
        raise place.wrong(key, f"must be {wanted}, not {value!r}")
    return value


def _url(table: dict[str, Any], key: str, place: _Place) -> str:
    value = table.get(key, "")
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        usable = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1)
    except ValueError:
        usable = False
    if key in table and not usable:
        raise place.wrong(key, f"must be a URL that starts with http:// or https://, not {value!r}")
    return str(value)


def _patterns(table: dict[str, Any], key: str, place: _Place) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and _PATTERN.fullmatch(item) for item in value):
        raise place.wrong(key, f'must be a list of names of functions or patterns such as "coffee-*", not {value!r}')
    return tuple(value)


def _number(table: dict[str, Any], key: str, place: _Place, least: float, most: float) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise place.wrong(key, f"must be a number from {least:g} to {most:g}, not {value!r}")
    return float(value)
