"""Executions inside one another: below the row of a chained invoke come the rows of the execution that it called.

A timeline and those unfolded in it are one list of rows, cut into pieces that each belong to one of them, so that a
window of rows costs the same wherever it lies.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from executions.domain.timeline import Timeline

NOTE = -1
"""In the place of a first row: this piece is one line that says why there are no rows."""


@dataclass(frozen=True)
class Branch:
    """What is unfolded below the row of `operation_id`.

    `path` names it: the first events of the invokes that lead there, "12" or "12-5". Without a timeline, or when that
    has no rows, it takes one line.
    """

    path: str
    operation_id: str
    timeline: Timeline | None
    inside: tuple["Branch", ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """`count` rows from row `first` of the timeline `path` ("" is the outermost): rows `at` and on of the whole,
    `depth` levels deeper than in their own timeline.
    """

    path: str
    at: int
    first: int
    count: int
    depth: int


def weave(timeline: Timeline, inside: Sequence[Branch]) -> tuple[Piece, ...]:
    """All rows, top to bottom, without gap or overlap."""
    found: list[Piece] = []
    _weave(found, "", timeline, inside, 0)
    return tuple(found)


def _weave(found: list[Piece], path: str, timeline: Timeline, inside: Sequence[Branch], depth: int) -> None:
    placed = [(timeline.index_of(branch.operation_id), branch) for branch in inside]
    first = 0
    for index, branch in sorted(((at, one) for at, one in placed if at is not None), key=lambda pair: pair[0]):
        _add(found, path, first, index + 1 - first, depth)
        first = index + 1
        below = depth + timeline.history.operations[branch.operation_id].depth + 1
        if branch.timeline is None or not branch.timeline.total_rows:
            _add(found, branch.path, NOTE, 1, below)
        else:
            _weave(found, branch.path, branch.timeline, branch.inside, below)
    _add(found, path, first, timeline.total_rows - first, depth)


def _add(found: list[Piece], path: str, first: int, count: int, depth: int) -> None:
    if count > 0:
        found.append(Piece(path, total(found), first, count, depth))


def total(pieces: Sequence[Piece]) -> int:
    return pieces[-1].at + pieces[-1].count if pieces else 0


def window(pieces: Sequence[Piece], first: int, count: int) -> Iterator[Piece]:
    """The pieces, cut to rows `first` to `first + count` of the whole."""
    end = first + count
    for piece in pieces[max(0, bisect_right(pieces, first, key=lambda one: one.at) - 1) :]:
        if piece.at >= end:
            return
        skipped = max(0, first - piece.at)
        kept = min(end, piece.at + piece.count) - piece.at - skipped
        if kept > 0:
            start = piece.first + skipped if piece.first != NOTE else NOTE
            yield replace(piece, at=piece.at + skipped, first=start, count=kept)


def place_of(pieces: Sequence[Piece], path: str, index: int) -> int | None:
    """Where row `index` of the timeline `path` stands in the whole."""
    for piece in pieces:
        if piece.path == path and piece.first <= index < piece.first + piece.count and piece.first != NOTE:
            return piece.at + index - piece.first
    return None
