"""What changed between two payloads: as lines of pretty text, and as JSON Patch operations.

Always done within a second: large or pathological values get a coarser answer that is still correct and says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jsonpatch
import jsonpointer

from executions.domain.jsontext import parse, to_text
from executions.domain.linediff import Block, matching
from executions.domain.patches import PatchOp, copied, holds_gap, in_order_of, nodes, plain_operations, same
from executions.domain.payloads import decode
from executions.domain.pruning import prune, same_quickly
from executions.domain.redaction import redact, redact_broken
from executions.domain.tags import untagged
from executions.domain.words import count, size

LARGEST = 256 * 1024  # characters on either side that are compared closely, with moves
LARGEST_PARSED = 8 * 1024 * 1024  # characters on either side that are read at all
MOST_LINES = 2000  # in one answer
_CONTEXT = 3  # unchanged lines shown around a change
_MOST_NODES = 2000  # for jsonpatch, which looks through all earlier operations at each new one
_MOST_OPERATIONS = 150
_LONGEST_LINE = 2000  # characters shown of a line in a coarse answer


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`kind`: same, removed, added, or skipped (a run of `count` lines left out). Line numbers count from 1."""

    kind: str
    text: str
    before_line: int | None = None
    after_line: int | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Diff:
    """`coarse`: too large to compare closely. `tagged`: type tags were decoded. `redacted`: how many values are hidden.

    The operations turn the decoded (and redacted) `before` into `after`, or one text into the other when either is not
    JSON or the answer is coarse.
    """

    lines: tuple[DiffLine, ...]
    operations: tuple[PatchOp, ...]
    summary: str
    equal: bool
    coarse: bool = False
    tagged: bool = False
    redacted: int = 0


def structural_diff(
    before: str | None, after: str | None, *, decode_tags: bool = True, redact_patterns: Sequence[str] | None = None
) -> Diff:
    """Compare two payloads. None is a payload that is not there. Secrets are hidden only when patterns are given."""
    largest = max(len(before or ""), len(after or ""))
    if largest > LARGEST:
        found = pruned_diff(before, after, decode_tags=decode_tags, redact_patterns=redact_patterns)
        return found or _coarse(before, after, hide=redact_patterns is not None)
    old, new = (_Side(text, decode_tags, redact_patterns) for text in (before, after))
    if old.is_json and new.is_json:
        old.value = in_order_of(old.value, new.value)
    redacted = old.redacted + new.redacted
    equal = before == after or (old.is_json and new.is_json and same(old.value, new.value))
    operations, moves_sought = ((), True) if equal else _operations(old, new)
    lines, exact = _lines(old, new)
    shown = _cut(lines)
    notes = [] if exact else ["too large for the smallest difference"]
    if not moves_sought:
        notes.append("too large to look for moved values")
    if len(shown) < len(lines):
        notes.append(f"the first {MOST_LINES:,} lines shown")
    if old.tagged or new.tagged:
        notes.append("SDK type tags decoded")
    if redacted:
        notes.append(f"{count(redacted, 'value')} redacted")
    hidden = equal and before != after and redacted > 0
    appears = "1 change: all of it added" if before is None else "1 change: all of it removed" if after is None else ""
    summary = " · ".join(
        [_tally(operations, equal, hidden=hidden) if equal else appears or _tally(operations, equal), *notes]
    )
    coarse = not (exact and moves_sought and len(shown) == len(lines))
    return Diff(shown, operations, summary, equal, coarse, old.tagged or new.tagged, redacted)


def pruned_diff(
    before: str | None, after: str | None, *, decode_tags: bool, redact_patterns: Sequence[str] | None
) -> Diff | None:
    """The same for large JSON: what is equal is left out before anything else is done. None when it cannot be read so.

    Moved values are not sought. With more differences than can be shown, the first are, and there are no operations.
    """
    if before is None or after is None or before == after or max(len(before), len(after)) > LARGEST_PARSED:
        return None
    (old_is_json, old_value), (new_is_json, new_value) = parse(before), parse(after)
    if not (old_is_json and new_is_json):
        return None
    if equal := same_quickly(old_value, new_value):
        return Diff((), (), "no difference", equal=equal)
    pruned = prune(old_value, new_value)
    old, new = (_Side.of(value, decode_tags, redact_patterns) for value in (pruned.before, pruned.after))
    old.value = in_order_of(old.value, new.value)
    operations = tuple(plain_operations(old.value, new.value))
    lines, exact = _lines(old, new)
    shown = _cut(lines)
    redacted = old.redacted + new.redacted
    tally = _tally(operations, not operations and pruned.complete, hidden=redacted > 0)
    notes = [
        tally if pruned.complete else f"more than {tally}: too many to show them all",
        "large: equal parts left out",
    ]
    if old.tagged or new.tagged:
        notes.append("SDK type tags decoded")
    if redacted:
        notes.append(f"{count(redacted, 'value')} redacted")
    coarse = not (exact and pruned.complete and len(shown) == len(lines))
    exact_steps = pruned.complete and not any(holds_gap(step.after) for step in operations)
    kept = operations if exact_steps else ()
    tagged = old.tagged or new.tagged
    return Diff(shown, kept, " · ".join(notes), pruned.complete and not operations, coarse, tagged, redacted)


class _Side:
    """One payload, read: `value` when it is JSON, and the lines to show."""

    def __init__(self, text: str | None, decode_tags: bool, redact_patterns: Sequence[str] | None) -> None:
        self.exists = text is not None
        self.tagged = False
        self.redacted = 0
        self.value: Any = text
        self.is_json = False
        if text is None:
            return
        decoded = decode(text, decode_tags=decode_tags)
        self.value, self.tagged, self.is_json = decoded.value, decoded.tagged, decoded.is_json
        if redact_patterns is not None:
            hide = redact if self.is_json else redact_broken
            self.value, self.redacted = hide(self.value, redact_patterns)

    @classmethod
    def of(cls, value: Any, decode_tags: bool, redact_patterns: Sequence[str] | None) -> "_Side":
        """Of a value that has been read and pruned."""
        made = cls(None, decode_tags, None)
        made.exists = made.is_json = True
        made.value, made.tagged = untagged(value) if decode_tags else (value, False)
        if redact_patterns is not None:
            made.value, made.redacted = redact(made.value, redact_patterns)
        return made

    def lines(self) -> list[str]:
        if not self.exists:
            return []
        return (to_text(self.value) if self.is_json else self.value).split("\n")


def _operations(old: _Side, new: _Side) -> tuple[tuple[PatchOp, ...], bool]:
    """(operations, whether moved values were looked for where there may be some)"""
    if not (old.is_json and new.is_json):
        return (PatchOp("replace", "", old.value, new.value),), True
    plain = tuple(plain_operations(old.value, new.value))
    if not {"add", "remove"} <= {operation.op for operation in plain}:
        return plain, True
    if len(plain) > _MOST_OPERATIONS or nodes(old.value, _MOST_NODES) + nodes(new.value, _MOST_NODES) > _MOST_NODES:
        return plain, False
    moving = _with_moves(old.value, new.value)
    return (moving if moving is not None and len(moving) < len(plain) else plain), True


def _with_moves(before: Any, after: Any) -> tuple[PatchOp, ...] | None:
    """jsonpatch's operations with the values they replace; None if they do not lead to `after`."""
    dumps: Callable[[Any], str] = to_text
    try:
        patch = jsonpatch.JsonPatch.from_diff(before, after, dumps=dumps)
        document = copied(before)
        made = []
        for step in patch.patch:
            made.append(_operation(step, document))
            document = jsonpatch.apply_patch(document, [copied(step)], in_place=True)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, KeyError, IndexError, TypeError):
        return None
    return tuple(made) if same(document, after) else None


def _operation(step: dict[str, Any], document: Any) -> PatchOp:
    path = str(step["path"])
    if step["op"] == "move":
        value = copied(jsonpointer.resolve_pointer(document, step["from"]))
        return PatchOp("move", path, value, value, str(step["from"]))
    before = None if step["op"] == "add" else copied(jsonpointer.resolve_pointer(document, path))
    return PatchOp(step["op"], path, before, step.get("value"))


def _tally(operations: Sequence[PatchOp], equal: bool, *, hidden: bool = False) -> str:
    if equal:
        return "no difference but in redacted values" if hidden else "no difference"
    words = {"replace": "changed", "add": "added", "remove": "removed", "move": "moved"}
    numbers = {word: sum(operation.op == op for operation in operations) for op, word in words.items()}
    parts = [f"{number:,} {word}" for word, number in numbers.items() if number]
    return f"{count(len(operations), 'change')}: {', '.join(parts)}"


def _lines(old: _Side, new: _Side) -> tuple[list[DiffLine], bool]:
    before, after = old.lines(), new.lines()
    if old.is_json and new.is_json:
        # A value that follows is no change of the line before it, though it puts a comma there.
        blocks, exact = matching([line.rstrip(",") for line in before], [line.rstrip(",") for line in after])
    else:
        blocks, exact = matching(before, after)
    return _rendered(before, after, blocks), exact


def _rendered(before: list[str], after: list[str], blocks: list[Block]) -> list[DiffLine]:
    lines: list[DiffLine] = []
    i = j = 0
    for start_i, start_j, length in [*blocks, (len(before), len(after), 0)]:
        lines += [DiffLine("removed", before[at], before_line=at + 1) for at in range(i, start_i)]
        lines += [DiffLine("added", after[at], after_line=at + 1) for at in range(j, start_j)]
        i, j = start_i + length, start_j + length
        lines += _unchanged(after, start_i, start_j, length, first=not lines, last=j >= len(after) and i >= len(before))
    return lines


def _unchanged(after: list[str], i: int, j: int, length: int, *, first: bool, last: bool) -> list[DiffLine]:
    """A run of equal lines, folded in the middle, or altogether where no change borders on it."""
    head, tail = (0 if first else _CONTEXT), (0 if last else _CONTEXT)
    if first and last:
        head = length
    skipped = length - head - tail
    if skipped < 2:  # one folded line would save nothing
        head, skipped, tail = length, 0, 0
    made = [DiffLine("same", after[j + at], i + at + 1, j + at + 1) for at in range(head)]
    if skipped:
        made.append(DiffLine("skipped", f"{skipped:,} unchanged lines", i + head + 1, j + head + 1, skipped))
    at = length - tail
    return made + [DiffLine("same", after[j + k], i + k + 1, j + k + 1) for k in range(at, length) if skipped]


def _cut(lines: list[DiffLine]) -> tuple[DiffLine, ...]:
    if len(lines) <= MOST_LINES:
        return tuple(lines)
    rest = sum(line.count for line in lines[MOST_LINES - 1 :])
    return (*lines[: MOST_LINES - 1], DiffLine("skipped", f"{rest:,} more lines", count=rest))


def _coarse(before: str | None, after: str | None, *, hide: bool) -> Diff:
    """By whole lines, from the first difference to the last; neither parsed nor, if secrets may be inside, shown."""
    equal = before == after
    sizes = " → ".join("nothing" if text is None else size(len(text)) for text in (before, after))
    summary = f"{'no difference' if equal else '1 change'} · {sizes}: too large to compare closely"
    if equal:
        return Diff((), (), summary, equal=True, coarse=True)
    if hide:
        return Diff((), (), summary + ", and not shown because it may hold secrets", equal=False, coarse=True)
    operations = (PatchOp("replace", "", before, after),)
    old, new = ([] if text is None else text.split("\n") for text in (before, after))
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    blocks = [(0, 0, head), (len(old) - tail, len(new) - tail, tail)]
    lines = _rendered(*_trimmed(old, new), [block for block in blocks if block[2]])
    return Diff(_cut(lines), operations, summary, equal=False, coarse=True)


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    for at, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return at
    return min(len(old), len(new))


def _trimmed(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    """Very long lines cut to the neighbourhood of their first difference, which is what one looks for."""
    start = 0
    if len(old) == len(new) == 1:
        start = max(0, _first_difference(old[0], new[0]) - _LONGEST_LINE // 2)

    def cut(line: str) -> str:
        if len(line) <= _LONGEST_LINE:
            return line
        part = line[start : start + _LONGEST_LINE]
        return ("…" if start else "") + part + ("…" if start + _LONGEST_LINE < len(line) else "")

    return [cut(line) for line in old], [cut(line) for line in new]


def _first_difference(one: str, other: str) -> int:
    """Found by halving: comparing slices is far faster than comparing characters."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
