"""Which lines of two texts correspond: exact while the work stays small, coarser but still correct beyond that.

difflib's matcher takes quadratic time or worse on repeated lines, which pretty JSON is full of; this counts its steps.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from math import isqrt

Block = tuple[int, int, int]  # a[i:i+n] corresponds to b[j:j+n]
_STEPS = 400_000  # about a tenth of a second


class _OutOfStepsError(Exception):
    """The exact comparison would take too long."""


class Budget:
    """Steps that comparisons may still take, shared by all that are given it."""

    __slots__ = ("left",)

    def __init__(self, steps: int = _STEPS) -> None:
        self.left = steps

    def take(self, steps: int) -> None:
        self.left -= steps
        if self.left < 0:
            raise _OutOfStepsError


def matching(before: Sequence[str], after: Sequence[str], *, steps: int = _STEPS) -> tuple[list[Block], bool]:
    """(blocks of corresponding lines in ascending order, whether the match is exact rather than coarse)"""
    numbers: dict[str, int] = {}
    a = [numbers.setdefault(line, len(numbers)) for line in before]
    b = [numbers.setdefault(line, len(numbers)) for line in after]
    return matching_numbers(a, b, Budget(steps))


def matching_numbers(a: list[int], b: list[int], budget: Budget) -> tuple[list[Block], bool]:
    """The same for lines, or anything else, given as numbers of which equal ones stand for equal things."""
    # What only one side has cannot correspond to anything: without it the rest is matched in far fewer steps.
    in_both = set(a) & set(b)
    left, right = ([at for at, number in enumerate(side) if number in in_both] for side in (a, b))
    short_a, short_b = [a[at] for at in left], [b[at] for at in right]
    pairs, exact = _match(short_a, short_b, (0, len(left), 0, len(right)), budget, split=True)
    return _blocks([(left[i], right[j]) for i, j in pairs]), exact


Region = tuple[int, int, int, int]  # a[i0:i1] against b[j0:j1]
Pairs = list[tuple[int, int]]


def _match(a: list[int], b: list[int], region: Region, budget: Budget, *, split: bool) -> tuple[Pairs, bool]:
    i0, i1, j0, j1 = region
    head: Pairs = []
    tail: Pairs = []
    while i0 < i1 and j0 < j1 and a[i0] == b[j0]:
        head.append((i0, j0))
        i0, j0 = i0 + 1, j0 + 1
    while i0 < i1 and j0 < j1 and a[i1 - 1] == b[j1 - 1]:
        i1, j1 = i1 - 1, j1 - 1
        tail.append((i1, j1))
    tail.reverse()
    if i0 == i1 or j0 == j1:
        return head + tail, True
    try:
        return head + _shortest(a, b, (i0, i1, j0, j1), budget, share=2 if split else 1) + tail, True
    except _OutOfStepsError:
        middle = _by_anchors(a, b, (i0, i1, j0, j1), budget) if split else []
        return head + middle + tail, False


def _shortest(a: list[int], b: list[int], region: Region, budget: Budget, *, share: int) -> Pairs:
    """The longest common subsequence by Myers's greedy algorithm, within a part of the budget."""
    i0, i1, j0, j1 = region
    n, m = i1 - i0, j1 - j0
    allowed = max(0, budget.left) // share
    own = Budget(allowed)
    most = min(n + m, isqrt(allowed) + 1)  # the steps of distance d alone are d squared
    middle = most + 1
    furthest = [0] * (2 * most + 3)  # of each diagonal k, at middle + k
    trace: list[list[int]] = []
    try:
        for distance in range(most + 1):
            own.take(2 * distance + 1)
            trace.append(furthest[middle - distance - 1 : middle + distance + 2])
            for k in range(-distance, distance + 1, 2):
                left, right = furthest[middle + k - 1], furthest[middle + k + 1]
                x = right if k == -distance or (k != distance and left < right) else left + 1
                start = x
                while x < n and x - k < m and a[i0 + x] == b[j0 + x - k]:
                    x += 1
                own.take(x - start)
                furthest[middle + k] = x
                if x >= n and x - k >= m:
                    return _walk_back(trace, n, m, i0, j0)
    finally:
        budget.left -= allowed - max(0, own.left)
    raise _OutOfStepsError


def _walk_back(trace: list[list[int]], n: int, m: int, i0: int, j0: int) -> Pairs:
    pairs: Pairs = []
    x, y = n, m
    for distance in range(len(trace) - 1, -1, -1):
        furthest, k = trace[distance], x - y
        left, right = furthest[distance + k], furthest[distance + k + 2]
        down = k == -distance or (k != distance and left < right)
        previous_k = k + 1 if down else k - 1
        previous_x = (right if down else left) if distance else 0
        previous_y = previous_x - previous_k if distance else 0
        while x > previous_x and y > previous_y:
            x, y = x - 1, y - 1
            pairs.append((i0 + x, j0 + y))
        x, y = previous_x, previous_y
    return pairs[::-1]


def _by_anchors(a: list[int], b: list[int], region: Region, budget: Budget) -> Pairs:
    """Lines that occur once on both sides hold the match together; between two of them it is made again."""
    pairs: Pairs = []
    i0, i1, j0, j1 = region
    for i, j in [*_anchors(a, b, region), (i1, j1)]:
        found, _ = _match(a, b, (i0, i, j0, j), budget, split=False)
        pairs += found
        if i < i1:
            pairs.append((i, j))
        i0, j0 = i + 1, j + 1
    return pairs


def _anchors(a: list[int], b: list[int], region: Region) -> Pairs:
    i0, i1, j0, j1 = region
    in_a, in_b = Counter(a[i0:i1]), Counter(b[j0:j1])
    where = {line: j for j, line in enumerate(b[j0:j1], j0) if in_b[line] == 1}
    unique = [(i, where[line]) for i, line in enumerate(a[i0:i1], i0) if in_a[line] == 1 and line in where]
    return _rising(unique)


def _rising(pairs: Pairs) -> Pairs:
    """The longest run of pairs, in order, whose second numbers rise too (patience sorting)."""
    ends: list[int] = []
    last_of: list[int] = []
    previous: list[int] = []
    for index, (_, j) in enumerate(pairs):
        at = bisect_left(ends, j)
        previous.append(last_of[at - 1] if at else -1)
        if at == len(ends):
            ends.append(j)
            last_of.append(index)
        else:
            ends[at], last_of[at] = j, index
    kept: Pairs = []
    index = last_of[-1] if last_of else -1
    while index >= 0:
        kept.append(pairs[index])
        index = previous[index]
    return kept[::-1]


def _blocks(pairs: Pairs) -> list[Block]:
    blocks: list[Block] = []
    for i, j in pairs:
        if blocks and blocks[-1][0] + blocks[-1][2] == i and blocks[-1][1] + blocks[-1][2] == j:
            blocks[-1] = (blocks[-1][0], blocks[-1][1], blocks[-1][2] + 1)
        else:
            blocks.append((i, j, 1))
    return blocks
