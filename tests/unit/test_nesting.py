"""Rows of executions inside one another: every row once, in its place."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from executions.domain import nesting
from executions.domain.events import parse_events
from executions.domain.nesting import NOTE, Branch
from executions.domain.operations import fold
from executions.domain.timeline import Timeline, build
from tests.histories import START, Script


def timeline(rows: int) -> Timeline:
    script = Script()
    script.started()
    for number in range(rows):
        script.step(f"s{number}")
    script.ended()
    return build(fold(parse_events(script.events)), now=START)


SIZES = [timeline(rows) for rows in range(9)]
branches = st.recursive(
    st.just(()),
    lambda inner: st.dictionaries(st.integers(0, 8), st.tuples(st.integers(-1, 8), inner), max_size=3),
    max_leaves=8,
)


def made(tree: object, outer: Timeline, prefix: str = "") -> tuple[Branch, ...]:
    found = []
    for row, (rows, inner) in dict(tree).items():  # type: ignore[call-overload]
        path, shown = f"{prefix}{row}", None if rows < 0 else SIZES[rows]
        key = outer.order[row] if row < outer.total_rows else "elsewhere"
        found.append(Branch(path, key, shown, made(inner, shown, f"{path}-") if shown else ()))
    return tuple(found)


def listed(pieces: object) -> list[tuple[str, int]]:
    return list(
        chain.from_iterable(
            [(one.path, NOTE if one.first == NOTE else one.first + offset) for offset in range(one.count)]
            for one in pieces  # type: ignore[attr-defined]
        )
    )


@given(tree=branches, outer=st.integers(0, 8), size=st.integers(1, 7))
def test_windows_cover_every_row_exactly_once(tree: object, outer: int, size: int) -> None:
    whole = SIZES[outer]
    pieces = nesting.weave(whole, made(tree, whole))
    everything = listed(pieces)
    assert len(everything) == len(set(everything)) == nesting.total(pieces)
    assert [row for path, row in everything if path == ""] == list(range(outer))
    windows = [listed(nesting.window(pieces, first, size)) for first in range(0, nesting.total(pieces), size)]
    assert list(chain.from_iterable(windows)) == everything
    for place, (path, row) in enumerate(everything):
        if row != NOTE:
            assert nesting.place_of(pieces, path, row) == place


def test_a_child_stands_below_the_row_that_called_it_and_deeper() -> None:
    outer = SIZES[3]
    pieces = nesting.weave(outer, (Branch("4", outer.order[1], SIZES[2]), Branch("6", outer.order[2], None)))
    assert [(one.path, one.at, one.first, one.count, one.depth) for one in pieces] == [
        ("", 0, 0, 2, 0), ("4", 2, 0, 2, 1), ("", 4, 2, 1, 0), ("6", 5, NOTE, 1, 1),
    ]  # fmt: skip
