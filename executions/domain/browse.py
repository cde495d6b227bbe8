"""One payload as people look around in it: branches of its tree in windows, paths into it, and a search.

A path is a tuple of steps: a key, the digits of an index, or None for the JSON that a string holds. It is written as a
JSON pointer (RFC 6901) in which "~json" stands for None: no key is ever written so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from executions.domain.jsontext import Number, parse, pieces, quoted, scalar
from executions.domain.redaction import HIDDEN

WINDOW = 100
"""At most so many rows of one branch at a time."""
LONGEST = 300
"""Characters shown of a string in the tree."""
PREVIEW = 90
"""Characters shown of what is inside a branch that is closed."""
MOST_HITS = 1_000
_INSIDE = "~json"
_LONGEST_POINTER = 8_000

Path = tuple[str | None, ...]
Link = tuple["Link", str] | None
"""A path while it is being walked: (what leads to the parent, the last step); None for the root."""


class NoSuchPlace(LookupError):
    """The path leads nowhere in this payload."""


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a branch. `label`: its key as JSON writes it, or its index. `count`: of what is inside a group.

    `text`: a scalar as JSON, or the beginning of what is inside. `left_out`: characters of a long string that are not
    in `text`. `unwraps`: a string that may hold JSON.
    """

    path: Path
    label: str
    kind: str
    text: str
    count: int = 0
    left_out: int = 0
    unwraps: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Items `start` to `stop` (not included) of a branch that is too wide to be shown at once."""

    start: int
    stop: int


def written(path: Path) -> str:
    return "".join("/" + (_INSIDE if step is None else step.replace("~", "~0").replace("/", "~1")) for step in path)


def read(pointer: str) -> Path:
    """Never fails: what is no pointer leads nowhere."""
    if not pointer or len(pointer) > _LONGEST_POINTER:
        return ()
    steps = pointer.removeprefix("/").split("/")
    return tuple(None if step == _INSIDE else step.replace("~1", "/").replace("~0", "~") for step in steps)


def value_at(value: Any, path: Path) -> Any:
    """Raises NoSuchPlace."""
    for step in path:
        value = _step(value, step)
    return value


def _step(value: Any, step: str | None) -> Any:
    if step is None:
        if isinstance(value, str):
            is_json, inner = parse(value)
            if is_json:
                return inner
    elif isinstance(value, dict):
        if step in value:
            return value[step]
    elif isinstance(value, list) and (number := index_of(value, step)) is not None:
        return value[number]
    raise NoSuchPlace


def index_of(value: Any, step: str | None) -> int | None:
    """The place of a step among the items of a branch; None when it is not there."""
    if isinstance(value, list):
        number = int(step) if step and step.isascii() and step.isdigit() and len(step) < 10 else -1
        return number if 0 <= number < len(value) else None
    if isinstance(value, dict) and step in value:
        return next(at for at, key in enumerate(value) if key == step)
    return None


def is_group(value: Any) -> bool:
    """Whether there is a branch below it."""
    return isinstance(value, dict | list) and len(value) > 0


def windows(start: int, stop: int, most: int = WINDOW) -> list[Span]:
    """Items `start` to `stop` as at most `most` spans that follow each other; [] when they are few enough as they are.

    Each span, asked again, falls into smaller ones, so that any item of any branch is a few steps away.
    """
    wide = stop - start
    if wide <= most:
        return []
    size = most
    while size * most < wide:
        size *= most
    return [Span(at, min(at + size, stop)) for at in range(start, stop, size)]


def branch(value: Any, path: Path, start: int = 0, stop: int | None = None) -> list[Node] | list[Span]:
    """What is directly inside a group, from item `start` to `stop`: the items, or spans of them where they are many."""
    size = len(value)
    start, stop = max(0, min(start, size)), size if stop is None else max(0, min(stop, size))
    if spans := windows(start, stop):
        return spans
    if isinstance(value, dict):
        return [node(item, (*path, key), quoted(key)) for key, item in islice(value.items(), start, stop)]
    return [node(value[at], (*path, str(at)), str(at)) for at in range(start, stop)]


def node(value: Any, path: Path, label: str) -> Node:
    if is_group(value):
        kind = "object" if isinstance(value, dict) else "array"
        return Node(path, label, kind, beginning(value), len(value))
    if isinstance(value, str):
        left_out = max(0, len(value) - LONGEST)
        return Node(path, label, "string", quoted(value[:LONGEST]), 0, left_out, looks_like_json(value))
    kind = "number" if isinstance(value, Number | int) and not isinstance(value, bool) else "literal"
    return Node(path, label, kind, scalar(value))


def looks_like_json(text: str) -> bool:
    ends = text[:40].lstrip()[:1], text[-40:].rstrip()[-1:]
    return ends in (("{", "}"), ("[", "]")) and text != HIDDEN


def beginning(value: Any, most: int = PREVIEW) -> str:
    """The first characters of its JSON on one line; what is long is not written to its end."""
    made, length = [], 0
    for piece in pieces(value):
        made.append(piece[: most + 1])
        length += len(piece)
        if length > most:
            return "".join(made)[:most] + "…"
    return "".join(made)


def search(value: Any, wanted: str, most: int = MOST_HITS) -> list[Path]:
    """Where a key or a scalar holds this text, whatever its case; in the order of the payload, the first `most`."""
    wanted = wanted.casefold()
    found: list[Path] = []
    stack: list[tuple[Link, Any, bool]] = [(None, value, False)]
    while stack and len(found) < most:
        link, item, named = stack.pop()
        if isinstance(item, dict):
            hit = False
            stack.extend([((link, key), inner, True) for key, inner in reversed(item.items())])
        elif isinstance(item, list):
            hit = False
            stack.extend([((link, str(at)), item[at], False) for at in reversed(range(len(item)))])
        else:
            hit = wanted in (item if isinstance(item, str) else scalar(item)).casefold()
        if hit or (named and link is not None and wanted in link[1].casefold()):
            found.append(_path(link))
    return found


def _path(link: Link) -> Path:
    steps = []
    while link is not None:
        link, step = link
        steps.append(step)
    return tuple(reversed(steps))


def places(text: str, wanted: str, most: int = MOST_HITS) -> list[tuple[int, int]]:
    """(start, end) of each place of a text in another, whatever its case; the first `most`."""
    found: Iterator[re.Match[str]] = re.finditer(re.escape(wanted), text, re.IGNORECASE)
    return [match.span() for match in islice(found, most)]
