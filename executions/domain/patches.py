"""From one JSON value to another as JSON Patch operations (RFC 6902), for values as `payloads.decode` gives them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from executions.domain.linediff import Budget, matching_numbers

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class PatchOp:
    """`op`: add, remove, replace or move. `path` is a JSON pointer at the moment the operation is applied.

    `before` and `after` are decoded values, None where they do not apply; `source` is where a moved value comes from.
    """

    op: str
    path: str
    before: Any = None
    after: Any = None
    source: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The operation as JSON Patch writes it."""
        made: dict[str, Any] = {"op": self.op, "path": self.path}
        if self.op == "move":
            made["from"] = self.source
        elif self.op != "remove":
            made["value"] = self.after
        return made


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Stands for `count` items or members that are not there; see pruning.py. Equal ones have the same `serial`."""

    count: int
    why: str
    serial: int

    def __str__(self) -> str:
        return f"… {self.count:,} {self.why}"


def same(a: Any, b: Any) -> bool:
    """Equal as JSON: the order of keys does not matter, but 1, 1.0 and true differ, and so do 9.8 and 9.80."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(item, b[key]) for key, item in a.items())
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


def pointer(path: Path) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def plain_operations(before: Any, after: Any) -> Iterator[PatchOp]:
    """Every difference, in an order in which they can be applied; no moves. Items of lists are aligned as far as the
    work stays bounded, so an item inserted at the front is one addition and not a change of all that follow."""
    yield from _Comparer().compare(before, after, ())


class _Comparer:
    """Numbers all values so that equal ones have equal numbers: each is looked at once, however deep it is nested."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._containers: dict[int, int] = {}  # by id(); the values outlive the comparison
        self._budget = Budget()

    def number(self, value: Any) -> int:
        if not isinstance(value, dict | list):
            return self._numbers.setdefault((type(value), value), len(self._numbers))
        known = self._containers.get(id(value))
        if known is None:
            parts: Any
            if isinstance(value, dict):
                parts = (dict, tuple(sorted([(key, self.number(item)) for key, item in value.items()])))
            else:
                parts = (list, tuple([self.number(item) for item in value]))
            known = self._containers[id(value)] = self._numbers.setdefault(parts, len(self._numbers))
        return known

    def compare(self, before: Any, after: Any, path: Path) -> Iterator[PatchOp]:
        if self.number(before) == self.number(after):
            return
        if isinstance(before, dict) and isinstance(after, dict):
            yield from self._objects(before, after, path)
        elif isinstance(before, list) and isinstance(after, list):
            yield from self._lists(before, after, path)
        else:
            yield PatchOp("replace", pointer(path), before=before, after=after)

    def _objects(self, before: dict[str, Any], after: dict[str, Any], path: Path) -> Iterator[PatchOp]:
        for key, item in before.items():
            if key not in after:
                yield PatchOp("remove", pointer((*path, key)), before=item)
        for key, item in after.items():
            if key in before:
                yield from self.compare(before[key], item, (*path, key))
            else:
                yield PatchOp("add", pointer((*path, key)), after=item)

    def _lists(self, before: list[Any], after: list[Any], path: Path) -> Iterator[PatchOp]:
        a, b = ([self.number(item) for item in items] for items in (before, after))
        blocks, _ = matching_numbers(a, b, self._budget)
        places = _places(after)  # the index in the list while it is being changed
        i = j = 0
        for start_i, start_j, length in [*blocks, (len(before), len(after), 0)]:
            while i < start_i and j < start_j:
                yield from self.compare(before[i], after[j], (*path, places[j]))
                i, j = i + 1, j + 1
            while i < start_i:
                yield PatchOp("remove", pointer((*path, places[j])), before=before[i])
                i += 1
            while j < start_j:
                yield PatchOp("add", pointer((*path, places[j])), after=after[j])
                j += 1
            i, j = i + length, j + length


def _places(items: list[Any]) -> Sequence[int]:
    """The index of each item, and of the end."""
    if not any(isinstance(item, LeftOut) for item in items):
        return range(len(items) + 1)
    return list(accumulate((item.count if isinstance(item, LeftOut) else 1 for item in items), initial=0))


def in_order_of(value: Any, model: Any) -> Any:
    """`value` with its keys in the order `model` has them, so that a new order is not shown as a change."""
    if isinstance(value, dict) and isinstance(model, dict):
        shared = iter([key for key in model if key in value])
        keys = [next(shared) if key in model else key for key in value]
        return {key: in_order_of(value[key], model.get(key)) for key in keys}
    if isinstance(value, list) and isinstance(model, list):
        missing = len(value) - len(model)
        return [in_order_of(item, other) for item, other in zip(value, [*model, *[None] * missing], strict=False)]
    return value


def nodes(value: Any, limit: int) -> int:
    """How many values there are in `value`, itself included; counting stops soon after `limit`."""
    counted, stack = 0, [value]
    while stack and counted <= limit:
        item = stack.pop()
        counted += 1
        if isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return counted


def holds_gap(value: Any) -> bool:
    """Whether something in it is left out."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, LeftOut):
            return True
        stack.extend(item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
    return False


def copied(value: Any) -> Any:
    """A deep copy of a decoded value; its scalars are immutable."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value
