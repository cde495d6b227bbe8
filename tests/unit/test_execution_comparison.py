"""Two executions compared: which operations correspond, and what differs first."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from executions.domain.alignment import align
from executions.domain.comparison import Comparison, Pair, compare
from executions.domain.events import parse_events
from executions.domain.history import History
from executions.domain.operations import fold
from tests.histories import Script, big_history
from tests.unit.wires import SCENARIOS, recorded_events, wire_events

any_wires = st.one_of(st.sampled_from(SCENARIOS).map(recorded_events), wire_events())


def folded(events: list[dict[str, Any]]) -> History:
    return fold(parse_events(events))


def compared(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> Comparison:
    return compare(folded(left), folded(right))


def named(found: Comparison, name: str) -> Pair:
    (pair,) = [pair for pair in found.pairs if pair.either.label == name]
    return pair


def first(found: Comparison) -> Pair:
    assert found.first is not None
    return found.pairs[found.first]


def steps(*paths: str, ended: str | None = "Succeeded", named: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Steps whose Ids come from their position, as the SDKs make them."""
    script = Script()
    script.started()
    for number, name in enumerate(paths):
        script.step_started(str(number), name=name)
        script.sleep(0.1)
        script.step_succeeded(str(number), name=name, result=f'"{name}"')
    if ended:
        script.ended(ended)
    return script.events


@given(any_wires, any_wires)
def test_every_operation_is_used_exactly_once(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    left, right = folded(one), folded(other)
    pairs = [pair for pair, _ in align(left, right)]
    assert sorted(key for key, _ in pairs if key is not None) == sorted(left.operations)
    assert sorted(key for _, key in pairs if key is not None) == sorted(right.operations)
    assert all(pair != (None, None) for pair in pairs)


@given(any_wires)
def test_an_execution_does_not_diverge_from_itself(wires: list[dict[str, Any]]) -> None:
    found = compared(wires, wires)
    assert found.first is None
    assert {pair.what for pair in found.pairs} <= {"same"}
    assert all(pair.left == pair.right and pair.payloads == () for pair in found.pairs)


@given(any_wires, any_wires)
def test_swapping_the_sides_swaps_what_is_missing_and_added(
    one: list[dict[str, Any]], other: list[dict[str, Any]]
) -> None:
    there, back = compared(one, other).counts, compared(other, one).counts
    if there["changed"] + there["same"] == back["changed"] + back["same"]:
        assert there["added"] == back["missing"] + back["ahead"]
    assert there["added"] + there["changed"] + there["same"] == len(folded(other).operations)
    assert there["missing"] + there["ahead"] + there["changed"] + there["same"] == len(folded(one).operations)


def test_a_step_put_in_front_is_one_addition_though_all_ids_after_it_are_shifted() -> None:
    found = compared(steps("check", "charge", "ship"), steps("check", "fraud", "charge", "ship"))
    assert found.counts == {"changed": 0, "added": 1, "missing": 0, "ahead": 0, "same": 3}
    assert [pair.either.label for pair in found.pairs] == ["check", "fraud", "charge", "ship"]
    assert first(found) == named(found, "fraud")


def test_a_step_that_is_gone_stays_where_it_was() -> None:
    found = compared(steps("check", "fraud", "charge"), steps("check", "charge"))
    assert [(pair.either.label, pair.what) for pair in found.pairs] == [
        ("check", "same"), ("fraud", "missing"), ("charge", "same"),
    ]  # fmt: skip
    assert first(found).words == "only in A"


def test_a_renamed_step_is_found_by_its_id() -> None:
    found = compared(steps("check", "charge", "ship"), steps("check", "charge card", "ship"))
    pair = first(found)
    assert (pair.what, pair.words, pair.payloads) == ("changed", "renamed from charge", ("result",))
    assert found.counts["same"] == 2


def test_what_a_running_execution_has_not_reached_is_not_missing() -> None:
    found = compared(steps("check", "charge"), steps("check", ended=None))
    assert [pair.what for pair in found.pairs] == ["same", "ahead"]
    assert found.first is None


def failing(attempts: int, *, succeeds: bool) -> list[dict[str, Any]]:
    script = Script()
    script.started()
    script.context_started("payment")
    for attempt in range(1, attempts + 1):
        script.step_started("charge", "payment")
        script.sleep(0.1)
        if succeeds and attempt == attempts:
            script.step_succeeded("charge", "payment", result='{"paid": true}')
        else:
            script.step_failed("charge", "payment", attempt=attempt, delay=0 if attempt == attempts else 1)
    script.context_ended("payment", verb="Succeeded" if succeeds else "Failed")
    script.ended("Succeeded" if succeeds else "Failed")
    return script.events


def test_the_first_divergence_is_the_step_that_failed_and_not_the_context_around_it() -> None:
    found = compared(failing(1, succeeds=True), failing(3, succeeds=False))
    assert [pair.what for pair in found.pairs] == ["changed", "changed"]
    assert first(found).either.label == "charge"
    assert first(found).words == "succeeded → failed, 1 → 3 attempts"
    assert first(found).payloads == ("result", "error")


def test_a_step_that_needed_more_attempts_diverges_though_it_succeeded() -> None:
    assert first(compared(failing(1, succeeds=True), failing(3, succeeds=True))).words == "1 → 3 attempts"


def test_other_payloads_and_durations_are_told_and_are_no_divergence() -> None:
    left, right = Script(), Script()
    for script, seconds, result in ((left, 0.5, '"a"'), (right, 2.0, '"b"')):
        script.started()
        script.step("check", seconds=seconds, result=result)
        script.ended()
    found = compared(left.events, right.events)
    assert found.first is None
    assert (found.pairs[0].what, found.pairs[0].payloads) == ("same", ("result",))
    assert [round(seconds or 0, 3) for seconds in found.pairs[0].seconds] == [0.5, 2.0]


def test_equal_names_among_siblings_are_matched_in_order() -> None:
    left, right = Script(), Script()
    for script, positions in ((left, "abc"), (right, "xyz")):
        script.started()
        for position in positions:
            script.step_started(position, name="poll")
    pairs = [
        (pair.left.first_event_id, pair.right.first_event_id)
        for pair in compared(left.events, right.events).pairs
        if pair.left and pair.right
    ]
    assert pairs == [(2, 2), (3, 3), (4, 4)]


def test_three_thousand_siblings_and_thirty_levels_are_aligned() -> None:
    siblings = steps(*[f"item-{number}" for number in range(3000)])
    shifted = steps("new", *[f"item-{number}" for number in range(3000)])
    assert compared(siblings, shifted).counts == {"changed": 0, "added": 1, "missing": 0, "ahead": 0, "same": 3000}
    script = Script()
    script.started()
    for depth in range(1000):
        script.context_started(f"level-{depth}", f"level-{depth - 1}" if depth else None)
    assert compared(script.events, script.events).first is None
    assert compared(script.events, steps("other")).counts["added"] == 1


def test_histories_with_gaps_and_orphans_are_aligned_by_id() -> None:
    whole = big_history(200)
    holed = [event for event in whole if event["EventId"] % 7]
    found = compared(whole, holed)
    assert found.counts["added"] == 0
    assert len(found.pairs) == len(folded(whole).operations)


def test_parents_that_contain_each_other_the_other_way_round_end() -> None:
    one, other = Script(), Script()
    one.context_started("p")
    one.context_started("q", "p")
    other.context_started("q")
    other.context_started("p", "q")
    assert len(compared(one.events, other.events).pairs) == 2
