"""From one JSON value to another as JSON Patch operations (RFC 6902), for values as `payloads.decode` gives them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from executions.domain.jsontext import Number


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


def same(a: Any, b: Any) -> bool:
    """Equal as JSON: the order of keys does not matter, but 1, 1.0 and true differ, and so do 9.8 and 9.80."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(item, b[key]) for key, item in a.items())
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


def pointer(path: tuple[str | int, ...]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def plain_operations(before: Any, after: Any, path: tuple[str | int, ...] = ()) -> Iterator[PatchOp]:
    """Every difference, list items compared by their index; no moves. Linear in the size of the values."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, item in before.items():
            if key not in after:
                yield PatchOp("remove", pointer((*path, key)), before=item)
        for key, item in after.items():
            if key in before:
                yield from plain_operations(before[key], item, (*path, key))
            else:
                yield PatchOp("add", pointer((*path, key)), after=item)
    elif isinstance(before, list) and isinstance(after, list):
        for index, (old, new) in enumerate(zip(before, after, strict=False)):
            yield from plain_operations(old, new, (*path, index))
        for index in range(len(before) - 1, len(after) - 1, -1):
            yield PatchOp("remove", pointer((*path, index)), before=before[index])
        for index in range(len(before), len(after)):
            yield PatchOp("add", pointer((*path, index)), after=after[index])
    elif not same(before, after):
        yield PatchOp("replace", pointer(path), before=before, after=after)


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


def copied(value: Any) -> Any:
    """A deep copy of a decoded value; its scalars are immutable."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value


def to_plain(value: Any) -> Any:
    """`Number` as the text it is, for a library that writes JSON itself."""
    return value.text if isinstance(value, Number) else value
