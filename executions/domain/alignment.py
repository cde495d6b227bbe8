"""Which operation of one execution corresponds to which of another one.

By Id where kind and name agree: the SDKs make Ids from an operation's position, so that a step put in front shifts all
that follow. Then by name among the children of operations that correspond, in order; then by Id alone, for
what was renamed. Every operation is used once at the most.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from executions.domain.history import History, Operation

Keys: TypeAlias = "tuple[str | None, str | None]"
"""The Ids of two operations that correspond; None where one side has none."""


class _Matches:
    """What has been found so far, looked up from either side."""

    def __init__(self, left: History, right: History) -> None:
        self.left, self.right = left.operations, right.operations
        self.to_right: dict[str, str] = {}
        self.to_left: dict[str, str] = {}

    def add(self, left: str, right: str) -> None:
        self.to_right[left], self.to_left[right] = right, left

    def by_position(self, rights: Iterable[str], *, alike: bool) -> None:
        """Pair equal Ids of operations that are free, with `alike` only those of one kind and name."""
        for key in rights:
            if key in self.to_left or key in self.to_right or key not in self.left:
                continue
            one, other = self.left[key], self.right[key]
            if one.kind == other.kind and (not alike or _called(one) == _called(other)):
                self.add(key, key)

    def by_name(self, lefts: Iterable[str], rights: Iterable[str]) -> None:
        """Pair what is called the same among these siblings, the first with the first."""
        free: dict[tuple[str, str], deque[str]] = defaultdict(deque)
        for key in lefts:
            if key not in self.to_right:
                free[_called(self.left[key])].append(key)
        for key in rights:
            waiting = free.get(_called(self.right[key])) if key not in self.to_left else None
            if waiting:
                self.add(waiting.popleft(), key)


def _called(operation: Operation) -> tuple[str, str]:
    return operation.kind, operation.label


def align(left: History, right: History) -> tuple[tuple[Keys, int], ...]:
    """((the Ids on both sides, the depth in the common tree), ...) in the order of the tree, every operation once."""
    matches = _Matches(left, right)
    matches.by_position(right.operations, alike=True)
    _match_children(matches, left.roots, right.roots)
    return tuple(_walk(matches, left.roots, right.roots))


def _match_children(matches: _Matches, left_roots: Sequence[str], right_roots: Sequence[str]) -> None:
    """From the roots down, because children can only be matched by name once their parents are."""
    levels: deque[tuple[Sequence[str], Sequence[str]]] = deque([(left_roots, right_roots)])
    seen: set[str] = set()
    while levels:
        lefts, rights = levels.popleft()
        matches.by_name(lefts, rights)
        matches.by_position(rights, alike=False)
        for key in rights:
            partner = matches.to_left.get(key)
            if key not in seen:
                seen.add(key)
                levels.append((matches.left[partner].children if partner else (), matches.right[key].children))


def _walk(matches: _Matches, left_roots: Sequence[str], right_roots: Sequence[str]) -> Iterator[tuple[Keys, int]]:
    """Depth first and not recursive; a pair is met from either side and told once."""
    told: set[Keys] = set()
    pending = [(pair, 0) for pair in reversed(_merged(matches, left_roots, right_roots))]
    while pending:
        pair, depth = pending.pop()
        if pair in told:
            continue
        told.add(pair)
        yield pair, depth
        left, right = pair
        lefts = matches.left[left].children if left is not None else ()
        rights = matches.right[right].children if right is not None else ()
        pending += [(child, depth + 1) for child in reversed(_merged(matches, lefts, rights))]


def _merged(matches: _Matches, lefts: Sequence[str], rights: Sequence[str]) -> list[Keys]:
    """The siblings of both sides in the order of the right; what only the left has stays behind what it followed."""
    places = {key: index for index, key in enumerate(lefts)}
    made: list[Keys] = []
    at = 0

    def left_alone(until: int) -> None:
        nonlocal at
        made.extend((key, None) for key in lefts[at:until] if key not in matches.to_right)
        at = max(at, until)

    for key in rights:
        partner = matches.to_left.get(key)
        if partner is not None and partner in places:
            left_alone(places[partner])
        made.append((partner, key))
    left_alone(len(lefts))
    # Their partners hang somewhere else in the other execution.
    made.extend((key, matches.to_right[key]) for key in lefts if key in matches.to_right)
    return list(dict.fromkeys(made))
