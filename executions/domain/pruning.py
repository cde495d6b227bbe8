"""Two large JSON values reduced to where they differ, so that comparing them costs little more than reading them.

What is equal on both sides is found by comparisons and texts that the interpreter makes in one go, and replaced by a
marker; what is left is small wherever two states of one thing are compared.
"""

from dataclasses import dataclass
from typing import Any

from executions.domain.linediff import Budget, matching_numbers
from executions.domain.patches import LeftOut, nodes, same

_MOST_MEMBERS = 50  # of an object whose equal scalars are kept, for what stands around a change
_NAMES = frozenset({"name", "key", "Name", "Key"})  # they say whether the value beside them is a secret
_MOST_VALUES = 1_800  # that are kept of both together
_MARKER = "…"


@dataclass(frozen=True, slots=True)
class Pruned:
    """`complete`: every difference is in it; otherwise what lies beyond the first thousands is marked."""

    before: Any
    after: Any
    complete: bool


def prune(before: Any, after: Any) -> Pruned:
    pruner = _Pruner()
    old, new = pruner.pair(before, after)
    return Pruned(old, new, pruner.complete)


def same_quickly(a: Any, b: Any) -> bool:
    """`same`, but quick: Python takes 1, 1.0 and true for equal, and their texts tell them apart."""
    if type(a) is not type(b) or a != b:
        return False
    return type(a) is str or (repr(a) == repr(b) or same(a, b))


class _Pruner:
    def __init__(self) -> None:
        self.complete = True
        self._left = _MOST_VALUES
        self._budget = Budget()
        self._serial = 0

    def _gap(self, count: int, why: str) -> LeftOut:
        """One of its own, so that what stands for different things is never taken for equal."""
        self._serial += 1
        return LeftOut(count, why, self._serial)

    def pair(self, before: Any, after: Any) -> tuple[Any, Any]:
        """Of two values that differ."""
        if isinstance(before, dict) and isinstance(after, dict):
            return self._objects(before, after)
        if isinstance(before, list) and isinstance(after, list):
            return self._lists(before, after)
        return self._kept(before), self._kept(after)

    def _kept(self, value: Any) -> Any:
        """A value that only one side has, as it is while there is room."""
        if self._left <= 0:
            self.complete = False
            return self._gap(1, "not compared")
        number = nodes(value, self._left)
        if number > self._left:
            self.complete = False
            return self._gap(len(value), "not shown") if isinstance(value, dict | list) else value
        self._left -= number
        return value

    def _short(self, value: Any) -> Any:
        """Something equal on both sides: as it is when there is nothing inside."""
        return self._gap(len(value), "unchanged") if isinstance(value, dict | list) and value else value

    def _objects(self, before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        wide = max(len(before), len(after)) > _MOST_MEMBERS
        old: dict[str, Any] = {}
        new: dict[str, Any] = {}
        dropped = 0
        for key, item in before.items():
            if key not in after:
                old[key] = self._kept(item)
            elif not same_quickly(item, after[key]):
                old[key], new[key] = self.pair(item, after[key])
            elif wide and key not in _NAMES:
                dropped += 1
            else:
                old[key] = new[key] = self._short(item)
                self._left -= 1
        for key, item in after.items():
            if key not in before:
                new[key] = self._kept(item)
        if dropped:
            marker = _MARKER
            while marker in before or marker in after:
                marker += _MARKER
            old[marker] = new[marker] = self._gap(dropped, "unchanged")
        return old, new

    def _lists(self, before: list[Any], after: list[Any]) -> tuple[list[Any], list[Any]]:
        numbers: dict[str, int] = {}
        a, b = ([numbers.setdefault(repr(item), len(numbers)) for item in items] for items in (before, after))
        blocks, _ = matching_numbers(a, b, self._budget)
        old: list[Any] = []
        new: list[Any] = []
        i = j = 0
        for start_i, start_j, length in [*blocks, (len(before), len(after), 0)]:
            while i < start_i and j < start_j and self._left > 0:
                one, other = before[i], after[j]
                pair = (one, other) if same_quickly(one, other) else self.pair(one, other)
                old.append(pair[0])
                new.append(pair[1])
                i, j = i + 1, j + 1
            self._rest(before[i:start_i], old)
            self._rest(after[j:start_j], new)
            i, j = start_i + length, start_j + length
            if length:
                gap = self._gap(length, "unchanged")
                old.append(gap)
                new.append(gap)
        return old, new

    def _rest(self, items: list[Any], made: list[Any]) -> None:
        """Items that have no partner."""
        for at, item in enumerate(items):
            if self._left <= 0:
                self.complete = False
                made.append(self._gap(len(items) - at, "not compared"))
                return
            made.append(self._kept(item))
