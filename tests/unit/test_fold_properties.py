import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executions.domain.events import parse_events
from executions.domain.operations import fold
from tests.histories import big_history
from tests.unit.wires import SCENARIOS, recorded_events, wire_events

recorded_or_made = st.one_of(
    st.sampled_from(SCENARIOS).map(recorded_events),
    st.integers(0, 120).map(big_history),
    wire_events(),
)


@given(recorded_or_made, st.data())
def test_the_order_and_number_of_copies_of_events_do_not_matter(
    wires: list[dict[str, Any]], data: st.DataObject
) -> None:
    copies = data.draw(st.lists(st.sampled_from(wires), max_size=10)) if wires else []
    shuffled = data.draw(st.permutations([*wires, *copies]))
    assert fold(parse_events(shuffled)) == fold(parse_events(wires))


@given(recorded_or_made, st.data())
def test_fold_itself_puts_events_in_order(wires: list[dict[str, Any]], data: st.DataObject) -> None:
    events = parse_events(wires)
    assert fold(data.draw(st.permutations(events))) == fold(events)


@given(recorded_or_made, st.data())
def test_any_part_of_a_history_can_be_folded_and_its_gaps_are_exact(
    wires: list[dict[str, Any]], data: st.DataObject
) -> None:
    kept = data.draw(st.sets(st.sampled_from(range(len(wires))))) if wires else set()
    part = [wires[index] for index in sorted(kept)]
    history = fold(parse_events(part))
    present = {wire["EventId"] for wire in part}
    missing = {number for first, last in history.gaps for number in range(first, last + 1)}
    assert present.isdisjoint(missing)
    assert present | missing == set(range(1, max(present, default=0) + 1))
    assert all(first <= last for first, last in history.gaps)
    through = history.contiguous_through
    assert set(range(1, through + 1)) <= present
    assert through + 1 not in present


@given(recorded_or_made)
def test_the_operations_always_form_a_tree_with_finite_times(wires: list[dict[str, Any]]) -> None:
    history = fold(parse_events(wires))
    reached = list(history.roots)
    for key in reached:
        operation = history.operations[key]
        reached.extend(operation.children)
        for child in operation.children:
            assert history.operations[child].depth == operation.depth + 1
    assert sorted(reached) == sorted(history.operations)
    for operation in history.operations.values():
        assert operation.event_ids == tuple(sorted(operation.event_ids))
        assert math.isfinite(operation.first_at)
        assert operation.first_at <= operation.last_at
        if history.is_over:
            assert not operation.is_open


@settings(max_examples=30)
@given(st.integers(0, 200))
def test_a_made_history_has_as_many_operations_as_asked_for(operations: int) -> None:
    history = fold(parse_events(big_history(operations)))
    assert len(history.operations) == operations
    assert history.is_complete("SUCCEEDED")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_prefix_of_a_recorded_history_folds(scenario: str) -> None:
    wires = recorded_events(scenario)
    for length in range(len(wires) + 1):
        history = fold(parse_events(wires[:length]))
        assert history.gaps == ()
        assert history.last_event_id == length
