"""Two executions of one function, operation by operation: what the second did differently.

`left` is what one compares with, `right` what is compared. A *divergence* is a difference in the course of things: an
operation that only one has, another name, status or number of attempts. Payloads and durations differ in nearly every
execution, so they are told and are no divergence.
"""

from dataclasses import dataclass
from functools import cached_property

from executions.domain.alignment import align
from executions.domain.events import Payload
from executions.domain.history import History, Operation
from executions.domain.words import count


@dataclass(frozen=True, slots=True)
class Pair:
    """An operation on both sides; None where a side has none.

    `what`: same, changed, missing (only on the left), added (only on the right) or ahead (the right is still running
    and may come to it). `words` say what differs. `payloads`: the roles of the payloads that differ.
    """

    left: Operation | None
    right: Operation | None
    depth: int
    what: str
    words: str
    payloads: tuple[str, ...]

    @property
    def either(self) -> Operation:
        """The right one if there is one."""
        found = self.right or self.left
        assert found is not None  # noqa: S101 - a pair has a side
        return found

    @property
    def diverges(self) -> bool:
        return self.what in ("changed", "missing", "added")

    @property
    def seconds(self) -> tuple[float | None, float | None]:
        return length(self.left), length(self.right)


@dataclass(frozen=True)
class Comparison:
    """`pairs` in the order of the common tree. `first`: the index of the first divergence that nothing inside of it
    explains, None when there is none."""

    pairs: tuple[Pair, ...]
    first: int | None

    @cached_property
    def counts(self) -> dict[str, int]:
        made = dict.fromkeys(("changed", "added", "missing", "ahead", "same"), 0)
        for pair in self.pairs:
            made[pair.what] += 1
        return made


def compare(left: History, right: History) -> Comparison:
    pairs = tuple(
        _pair(
            left.operations[a] if a is not None else None, right.operations[b] if b is not None else None, depth, right
        )
        for (a, b), depth in align(left, right)
    )
    return Comparison(pairs, _first(pairs))


def _first(pairs: tuple[Pair, ...]) -> int | None:
    """The first that diverges with nothing diverging inside: a context fails because of something in it."""
    for index, pair in enumerate(pairs):
        if not pair.diverges:
            continue
        if pair.what == "changed" and _diverges_inside(pairs, index):
            continue
        return index
    return None


def _diverges_inside(pairs: tuple[Pair, ...], index: int) -> bool:
    depth = pairs[index].depth
    for pair in pairs[index + 1 :]:
        if pair.depth <= depth:
            return False
        if pair.diverges:
            return True
    return False


def _pair(left: Operation | None, right: Operation | None, depth: int, history: History) -> Pair:
    if left is None:
        return Pair(None, right, depth, "added", "only in B", ())
    if right is None:
        if history.is_over:
            return Pair(left, None, depth, "missing", "only in A", ())
        return Pair(left, None, depth, "ahead", "not reached in B so far", ())
    found = tuple(_differences(left, right))
    payloads = tuple(role for role in ("input", "result", "error") if differ(getattr(left, role), getattr(right, role)))
    return Pair(left, right, depth, "changed" if found else "same", ", ".join(found), payloads)


def _differences(left: Operation, right: Operation) -> list[str]:
    found = []
    if left.label != right.label:
        found.append(f"renamed from {left.label}")
    if left.status != right.status:
        found.append(f"{_plain(left.status)} → {_plain(right.status)}")
    if len(left.attempts) != len(right.attempts):
        found.append(f"{len(left.attempts):,} → {count(len(right.attempts), 'attempt')}")
    return found


def _plain(status: str) -> str:
    return status.lower().replace("_", " ")


def differ(left: Payload | None, right: Payload | None) -> bool:
    """Whether two payloads are not the same text; of long ones whose beginning alone is here, as far as that says."""
    if left is None or right is None:
        return left is not right
    one, other = left.source, right.source
    return one != other or getattr(one, "size", None) != getattr(other, "size", None)


def length(operation: Operation | None) -> float | None:
    """How long it took; None when it has not ended, or that is not known: both ends came in one checkpoint, say."""
    if operation is None or operation.started_at is None or operation.ended_at is None:
        return None
    if operation.started_at == operation.ended_at:
        return None
    return max(0.0, operation.ended_at - operation.started_at)
