import json
import random
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain.diff import LARGEST, MOST_LINES, Diff, pruned_diff, structural_diff
from executions.domain.jsontext import to_text
from executions.domain.linediff import matching
from executions.domain.patches import copied, same
from executions.domain.payloads import decode
from executions.domain.pruning import same_quickly
from executions.domain.redaction import DEFAULT_PATTERNS
from tests.unit.wires import json_values


def applied(found: Diff, before: str) -> Any:
    """The decoded `before` after the diff's operations, by the library's own patcher."""
    document = copied(decode(before).value)
    return jsonpatch.apply_patch(document, [copied(operation.as_json()) for operation in found.operations])


def texts(found: Diff, *kinds: str) -> list[str]:
    return [line.text for line in found.lines if line.kind in kinds]


@given(json_values, json_values)
def test_applying_the_operations_to_before_gives_after(before: Any, after: Any) -> None:
    old, new = json.dumps(before), json.dumps(after)
    found = structural_diff(old, new)
    assert same(applied(found, old), decode(new).value)
    assert found.equal == (found.operations == ())


@st.composite
def edited(draw: st.DrawFn) -> tuple[Any, Any]:
    """A value and the same value with a few edits: closer to real life than two unrelated ones."""
    before = draw(st.dictionaries(st.sampled_from("abcde"), st.lists(json_values, max_size=4), min_size=1))
    after = json.loads(json.dumps(before))
    for key in draw(st.lists(st.sampled_from(sorted(before)), max_size=3)):
        items = after[key]
        match draw(st.sampled_from(["insert", "remove", "reverse", "rename"])):
            case "insert":
                items.insert(draw(st.integers(0, len(items))), draw(json_values))
            case "remove" if items:
                items.pop(draw(st.integers(0, len(items) - 1)))
            case "reverse":
                items.reverse()
            case _:
                after[key + "'"] = list(items)
    return before, after


@given(edited())
def test_applying_the_operations_to_an_edited_value_gives_the_edit(pair: tuple[Any, Any]) -> None:
    old, new = (json.dumps(value) for value in pair)
    found = structural_diff(old, new)
    assert same(applied(found, old), decode(new).value)
    assert structural_diff(new, new).equal


@given(json_values, json_values)
def test_the_lines_of_each_side_add_up_to_its_pretty_text(before: Any, after: Any) -> None:
    found = structural_diff(json.dumps(before), json.dumps(after))
    new = to_text(decode(json.dumps(after)).value).split("\n")
    assert [new[line.after_line - 1] for line in found.lines if line.kind == "added" and line.after_line] == texts(
        found, "added"
    )
    counted = sum(line.count for line in found.lines if line.kind != "removed")
    assert counted == len(new)
    counted = sum(line.count for line in found.lines if line.kind != "added")
    assert counted == len(to_text(decode(json.dumps(before)).value).split("\n"))


def test_a_changed_payment_reads_like_a_change() -> None:
    before = '{"orderId":"o-1042","payment":{"state":"declined","attempt":2},"total":9.80}'
    after = (
        '{"orderId":"o-1042","payment":{"state":"captured","attempt":3,"authorisation":12345678901234567890},'
        '"total":9.80,"receipt":"r-77120"}'
    )
    found = structural_diff(before, after)
    assert texts(found, "removed") == ['    "state": "declined",', '    "attempt": 2']
    assert texts(found, "added") == [
        '    "state": "captured",', '    "attempt": 3,', '    "authorisation": 12345678901234567890',
        '  "receipt": "r-77120"',
    ]  # fmt: skip
    assert found.summary == "4 changes: 2 changed, 2 added"
    assert {(operation.op, operation.path) for operation in found.operations} == {
        ("replace", "/payment/state"), ("replace", "/payment/attempt"),
        ("add", "/payment/authorisation"), ("add", "/receipt"),
    }  # fmt: skip
    replaced = next(operation for operation in found.operations if operation.path == "/payment/state")
    assert (replaced.before, replaced.after) == ("declined", "captured")


def test_a_moved_value_is_a_move() -> None:
    found = structural_diff('{"a":{"x":[1,2,3]},"b":{}}', '{"a":{},"b":{"x":[1,2,3]}}')
    (move,) = found.operations
    assert (move.op, move.source, move.path, move.after) == ("move", "/a/x", "/b/x", [1, 2, 3])
    assert found.summary == "1 change: 1 moved"


def test_an_item_removed_from_the_front_of_a_list_is_one_removal() -> None:
    rows = [{"id": number} for number in range(2000)]
    found = structural_diff(json.dumps(rows), json.dumps(rows[1:]))
    (removal,) = found.operations
    assert (removal.op, removal.path, removal.before) == ("remove", "/0", {"id": 0})
    found = structural_diff("[1,2,3,4]", "[0,1,2,5,4]")
    assert [(operation.op, operation.path) for operation in found.operations] == [("add", "/0"), ("replace", "/3")]


@pytest.mark.parametrize(
    ("before", "after", "equal"),
    [
        ('{"a":1,"b":2}', '{"b":2,"a":1}', True),
        ("[1,  2]", "[1,2]", True),
        ('{"a":9.8}', '{"a":9.80}', False),
        ("1", "true", False),
        ("1", "1.0", False),
        ('"1.0"', "1.0", False),
        ("12345678901234567890", "12345678901234567891", False),
        ("null", None, False),
        (None, None, True),
        ("", "", True),
        ("text", "text", True),
        ("text", "other", False),
        ('{"t":"m","v":{"a":{"t":"i","v":1}}}', '{"a":1}', True),
    ],
)
def test_equal_means_that_nothing_changed(before: str | None, after: str | None, equal: bool) -> None:
    found = structural_diff(before, after)
    assert found.equal is equal
    assert (found.operations == ()) is equal
    assert found.summary.startswith("no difference" if equal else "1 change")


def test_tags_are_decoded_only_when_asked() -> None:
    before, after = '{"t":"m","v":{"a":{"t":"i","v":1}}}', '{"t":"m","v":{"a":{"t":"i","v":2}}}'
    found = structural_diff(before, after)
    assert [operation.path for operation in found.operations] == ["/a"]
    assert found.tagged
    assert found.summary == "1 change: 1 changed · SDK type tags decoded"
    assert [operation.path for operation in structural_diff(before, after, decode_tags=False).operations] == ["/v/a/v"]


def test_a_payload_that_appears_is_all_added() -> None:
    found = structural_diff(None, '{"a":1}')
    assert texts(found, "added") == ["{", '  "a": 1', "}"]
    assert not texts(found, "removed", "same")


def test_long_unchanged_runs_are_folded_beyond_three_lines() -> None:
    before = [{"n": number} for number in range(50)]
    after = [*before]
    after[25] = {"n": "x"}
    found = structural_diff(json.dumps(before), json.dumps(after))
    kinds = [line.kind for line in found.lines]
    assert kinds == ["skipped", *["same"] * 3, "removed", "added", *["same"] * 3, "skipped"]
    assert found.lines[0].text == "74 unchanged lines"
    changed = found.lines[4]
    assert (changed.before_line, changed.after_line) == (78, None)


def test_one_unchanged_line_is_not_folded_away_between_those_around_two_changes() -> None:
    before = [*range(30)]
    for between, folded in ((7, False), (8, True)):
        after: list[Any] = [*before]
        after[5] = after[5 + between + 1] = "x"
        found = structural_diff(json.dumps(before), json.dumps(after))
        kinds = [line.kind for line in found.lines][5:-5]
        assert ("skipped" in kinds) is folded


def test_what_does_not_fit_into_an_answer_is_counted() -> None:
    before, after = ("\n".join(f"{side} {number}" for number in range(MOST_LINES)) for side in "ab")
    lines = structural_diff(before, after).lines
    assert len(lines) == MOST_LINES and sum(line.count for line in lines) == 2 * MOST_LINES


def test_slashes_and_tildes_in_keys_are_escaped_as_in_a_json_pointer() -> None:
    found = structural_diff('{"a/b": 1, "c~d": 1, "~1": 1}', '{"a/b": 2, "c~d": 2, "~1": 2}')
    assert [operation.path for operation in found.operations] == ["/a~1b", "/c~0d", "/~01"]


def test_moves_are_told_only_where_that_makes_it_shorter() -> None:
    found = structural_diff('[2, [1], {"d": "1"}, "1"]', '[1, [0, null, "a", false]]')
    assert len(found.operations) == 7 and not any(operation.op == "move" for operation in found.operations)


def test_text_is_compared_line_by_line() -> None:
    found = structural_diff("one\ntwo\nthree", "one\n2\nthree")
    assert [(line.kind, line.text) for line in found.lines] == [
        ("same", "one"), ("removed", "two"), ("added", "2"), ("same", "three"),
    ]  # fmt: skip


def test_secrets_never_reach_lines_operations_or_large_answers() -> None:
    before, after = '{"password":"hunter1","a":1}', '{"password":"hunter2","a":2}'
    found = structural_diff(before, after, redact_patterns=DEFAULT_PATTERNS)
    assert "hunter" not in repr(found)
    assert found.redacted == 2
    assert found.summary == "1 change: 1 changed · 2 values redacted"
    only = structural_diff('{"password":"hunter1"}', '{"password":"hunter2"}', redact_patterns=DEFAULT_PATTERNS)
    assert only.summary == "no difference but in redacted values · 2 values redacted"
    padding = "x" * LARGEST
    large = structural_diff(before + padding, after + padding, redact_patterns=DEFAULT_PATTERNS)
    assert "hunter" not in repr(large)
    assert not large.equal


def pathological() -> dict[str, tuple[str, str]]:
    dice = random.Random(7)
    rows = [{"id": number, "name": f"n{number}", "ok": True} for number in range(4000)]
    return {
        "shifted list": (json.dumps(list(range(40_000))), json.dumps(list(range(1, 40_001)))),
        "repeated values": (json.dumps([0, 1] * 40_000), json.dumps([1, 0, 0] * 27_000)),
        "random values": tuple(json.dumps([dice.randrange(9) for _ in range(60_000)]) for _ in "ab"),  # type: ignore[dict-item]
        "unrelated objects": tuple(json.dumps({f"{letter}{n}": n for n in range(15_000)}) for letter in "ab"),  # type: ignore[dict-item]
        "rows with one removed": (json.dumps(rows), json.dumps(rows[1:])),
        "reversed rows": (json.dumps(rows), json.dumps(rows[::-1])),
        "shuffled lines": ("\n".join(map(str, range(40_000))), "\n".join(map(str, dice.sample(range(40_000), 40_000)))),
        "one long string": (json.dumps("a" * 250_000), json.dumps("a" * 249_999 + "b")),
        "two hundred scattered edits": (
            json.dumps({f"k{n}": n for n in range(3000)}),
            json.dumps({f"k{n}": n if n % 15 else "x" for n in range(3000)}),
        ),
        "moved items": (json.dumps([[n] for n in range(900)]), json.dumps([[n] for n in range(899, -1, -1)])),
        "large": (json.dumps(rows * 30), json.dumps(rows * 31)),
        "large on one line": ("x" * 6_000_000, "x" * 5_999_999 + "y"),
        "deep brackets": ("[" * 200_000, "[" * 200_001),
        "many empty lines": ("\n" * 200_000, "\n" * 150_000 + "x"),
    }  # fmt: skip


@pytest.mark.parametrize("case", sorted(pathological()))
@pytest.mark.timeout(30)
def test_pathological_values_get_a_bounded_and_true_answer(case: str) -> None:
    before, after = pathological()[case]
    found = structural_diff(before, after)
    assert not found.equal
    assert len(found.lines) <= MOST_LINES
    if max(len(before), len(after)) <= LARGEST and decode(before).is_json:
        assert same(applied(found, before), decode(after).value)


def test_a_large_answer_says_that_it_is_coarse_and_shows_where_the_difference_is() -> None:
    found = structural_diff("x" * 400_000 + "before", "x" * 400_000 + "after!")
    assert found.coarse
    assert "too large to compare closely" in found.summary
    assert texts(found, "removed")[0].endswith("before")
    assert len(texts(found, "removed")[0]) < 3000


few_lines = st.lists(st.sampled_from("abc"), max_size=30)


@given(few_lines, few_lines, st.integers(0, 300))
def test_matched_lines_are_equal_and_in_order(before: list[str], after: list[str], steps: int) -> None:
    blocks, _ = matching(before, after, steps=steps)
    i = j = 0
    for start_i, start_j, length in blocks:
        assert start_i >= i
        assert start_j >= j
        assert length > 0
        assert before[start_i : start_i + length] == after[start_j : start_j + length]
        i, j = start_i + length, start_j + length


def longest_common(a: list[str], b: list[str]) -> int:
    best = [0] * (len(b) + 1)
    for one in a:
        previous = 0
        for index, other in enumerate(b, 1):
            previous, best[index] = best[index], previous + 1 if one == other else max(best[index], best[index - 1])
    return best[-1]


@given(few_lines, few_lines)
def test_small_texts_are_matched_as_well_as_possible(before: list[str], after: list[str]) -> None:
    blocks, exact = matching(before, after)
    assert exact
    assert sum(length for _, _, length in blocks) == longest_common(before, after)


large_pairs = st.one_of(edited(), st.tuples(json_values, json_values))


def as_if_large(old: str, new: str, **options: Any) -> Diff | None:
    return pruned_diff(old, new, **{"decode_tags": True, "redact_patterns": None, **options})


@given(large_pairs)
def test_the_way_for_large_payloads_leads_to_after_too(pair: tuple[Any, Any]) -> None:
    old, new = (json.dumps(value) for value in pair)
    found = as_if_large(old, new)
    if found is None:
        assert old == new
        return
    assert found.equal == same(decode(old).value, decode(new).value)
    if found.operations:
        assert same(applied(found, old), decode(new).value)
    elif not found.equal:
        assert found.lines


@given(st.lists(st.sampled_from([0, 1, True, False, "1", None, [1], [True], {"a": 1}, {"a": True}]), max_size=4))
def test_quick_equality_is_equality(items: list[Any]) -> None:
    values = [decode(json.dumps(item)).value for item in items]
    for one in values:
        for other in values:
            assert same_quickly(one, other) == same(one, other)


def test_parts_that_are_left_out_are_not_mistaken_for_each_other() -> None:
    old = [{"a": [1], "x": 1}, {"a": [2], "x": 2}]
    new = [{"a": [1], "x": 2}, {"a": [2], "x": 3}]
    found = as_if_large(json.dumps(old), json.dumps(new))
    assert found is not None
    assert [(step.op, step.path, step.after) for step in found.operations] == [
        ("replace", "/0/x", 2), ("replace", "/1/x", 3),
    ]  # fmt: skip


def test_a_megabyte_is_compared_closely_and_without_its_secrets() -> None:
    rows = [{"id": number, "name": f"n{number}", "token": f"hunter{number}", "price": 9.5} for number in range(20_000)]
    later = [dict(row) for row in rows]
    later[70]["price"], later[9_000]["token"] = 1.25, "hunter-other"
    later.insert(100, {"id": -1, "token": "hunter"})
    before, after = json.dumps({"rows": rows}), json.dumps({"rows": later, "n": 1})
    assert len(before) > 1_000_000
    found = structural_diff(before, after, redact_patterns=DEFAULT_PATTERNS)
    assert {(step.op, step.path) for step in found.operations} == {
        ("replace", "/rows/70/price"), ("add", "/rows/100"), ("add", "/n"),
    }  # fmt: skip
    assert "hunter" not in repr(found)
    assert found.summary.startswith("3 changes: 1 changed, 2 added · large: equal parts left out")
    assert any("10,999 unchanged" in line.text for line in found.lines)


def test_a_secret_whose_name_stands_beside_it_stays_hidden_among_many_members() -> None:
    filler = {f"k{number}": "x" * 40 for number in range(9_000)}
    old, new = ({**filler, "name": "Authorization", "value": f"hunter{n}"} for n in (1, 2))
    found = structural_diff(json.dumps(old), json.dumps(new), redact_patterns=DEFAULT_PATTERNS)
    assert "hunter" not in repr(found)
    assert "no difference but in redacted values" in found.summary


def test_large_payloads_that_differ_everywhere_get_a_beginning() -> None:
    before, after = (json.dumps([{"id": n, "at": f"{mark}{n}"} for n in range(30_000)]) for mark in "ab")
    found = structural_diff(before, after, redact_patterns=DEFAULT_PATTERNS)
    assert (found.equal, found.coarse, found.operations) == (False, True, ())
    assert found.summary.startswith("more than ") and "too many to show them all" in found.summary
    assert len(found.lines) <= MOST_LINES


def test_type_tags_of_large_payloads_are_decoded() -> None:
    rows = [{"t": "m", "v": {"id": {"t": "i", "v": n}, "name": {"t": "s", "v": "x" * 30}}} for n in range(6_000)]
    later = json.loads(json.dumps(rows))
    later[5_000]["v"]["id"]["v"] = -1
    found = structural_diff(*(json.dumps({"t": "l", "v": one}) for one in (rows, later)))
    assert found.tagged
    assert [(step.op, step.path, step.after) for step in found.operations] == [("replace", "/5000/id", -1)]
