"""Looking around in one payload: branches in windows, paths, search."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain import browse
from executions.domain.browse import Node, NoSuchPlace, Path, Span
from executions.domain.jsontext import parse

KEYS = st.text(max_size=6) | st.sampled_from(["~json", "a/b", "~1", "~0", "", "0", "-1"])
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)


def leaves(windows: list[Span], start: int, stop: int) -> list[int]:
    """All items that are reached by opening every span to its end."""
    if not windows:
        assert stop - start <= browse.WINDOW
        return list(range(start, stop))
    assert len(windows) <= browse.WINDOW
    return [item for one in windows for item in leaves(browse.windows(one.start, one.stop), one.start, one.stop)]


def everywhere(value: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    found = [(path, value)]
    if isinstance(value, dict):
        found += [one for key, item in value.items() for one in everywhere(item, (*path, key))]
    elif isinstance(value, list):
        found += [one for at, item in enumerate(value) for one in everywhere(item, (*path, str(at)))]
    return found


@given(st.integers(0, 30_000), st.integers(0, 50))
def test_the_windows_of_a_branch_cover_every_item_exactly_once(wide: int, start: int) -> None:
    assert leaves(browse.windows(start, start + wide), start, start + wide) == list(range(start, start + wide))


def test_a_million_items_are_three_steps_away() -> None:
    first = browse.windows(0, 1_000_000)
    assert len(first) == 100 and first[-1] == Span(990_000, 1_000_000)
    second = browse.windows(0, 10_000)
    assert len(second) == 100 and browse.windows(0, 100) == []


@given(st.lists(st.none() | KEYS, max_size=6))
def test_a_path_survives_being_written(steps: list[str | None]) -> None:
    path = tuple(steps)
    # One empty key is the only path that is written as the root's neighbour: "/".
    assert browse.read(browse.written(path)) == path


@given(VALUES)
def test_every_value_is_found_at_its_path(value: Any) -> None:
    for path, item in everywhere(value):
        assert browse.value_at(value, browse.read(browse.written(path))) is item


@given(VALUES, st.text(min_size=1, max_size=3))
def test_search_finds_what_a_walk_through_everything_finds(value: Any, wanted: str) -> None:
    low = wanted.casefold()
    expected = []
    for path, item in everywhere(value):
        holder = browse.value_at(value, path[:-1]) if path else None
        named = isinstance(holder, dict) and low in (path[-1] or "").casefold()
        text = item if isinstance(item, str) else "" if isinstance(item, dict | list) else json.dumps(item)
        if named or low in text.casefold():
            expected.append(path)
    assert browse.search(value, wanted) == expected


def test_search_stops_when_it_has_found_enough() -> None:
    assert len(browse.search(["tea"] * 5_000, "TEA")) == browse.MOST_HITS


@pytest.mark.parametrize(
    "pointer", ["/no", "/rows/9", "/rows/-1", "/rows/x", "/rows/0/more", "/text/~json", "/n/~json"]
)
def test_a_path_that_leads_nowhere_says_so(pointer: str) -> None:
    value = {"rows": [1], "text": "no JSON", "n": 7}
    with pytest.raises(NoSuchPlace):
        browse.value_at(value, browse.read(pointer))


def test_json_in_a_string_is_a_step_further_and_keeps_its_numbers() -> None:
    _, value = parse(json.dumps({"body": '{"id": 12345678901234567890, "price": 9.80}'}))
    inner = browse.value_at(value, ("body", None))
    assert [one.text for one in browse.branch(inner, ()) if isinstance(one, Node)] == ["12345678901234567890", "9.80"]
    (row,) = browse.branch(value, ())
    assert isinstance(row, Node) and row.unwraps


def test_a_long_string_is_shown_cut_and_says_how_much_is_left_out() -> None:
    (row,) = browse.branch({"a": "x" * 1_000}, ())
    assert isinstance(row, Node)
    assert row.left_out == 700 and len(row.text) == browse.LONGEST + 2


def test_the_beginning_of_a_group_is_written_without_writing_all_of_it() -> None:
    text = browse.beginning({"rows": list(range(1_000_000))})
    assert text.startswith('{"rows": [0, 1, 2') and text.endswith("…") and len(text) == browse.PREVIEW + 1
    assert browse.beginning({"a": [1, {}]}) == '{"a": [1, {}]}'


def test_places_of_a_text_are_found_whatever_their_case() -> None:
    assert browse.places("Tea, tea. tEA", "TEA") == [(0, 3), (5, 8), (10, 13)]
    assert browse.places("a.b", ".") == [(1, 2)]
