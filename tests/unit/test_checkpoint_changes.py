from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain.checkpoints import Change, batch_count, batches, changes, state_at
from executions.domain.events import in_order, parse_events
from executions.domain.operations import fold
from tests.histories import Script
from tests.unit.wires import SCENARIOS, recorded_events, wire_events

any_wires = st.one_of(st.sampled_from(SCENARIOS).map(recorded_events), wire_events())


def by_name(found: tuple[Change, ...]) -> dict[str, Change]:
    return {change.name: change for change in found}


@given(any_wires)
def test_the_last_checkpoint_is_the_fold_but_for_what_never_finished(wires: list[dict[str, Any]]) -> None:
    events = parse_events(wires)
    state, whole = state_at(events, len(wires)), fold(events)
    assert state.execution == whole.execution
    assert list(state.operations) == list(whole.operations)
    for key, operation in whole.operations.items():
        if operation.status == "NEVER_FINISHED":
            assert state.operations[key].status in ("STARTED", "PENDING")
        else:
            assert state.operations[key] == operation
    assert all(operation.status != "NEVER_FINISHED" for operation in state.operations.values())


@given(any_wires)
def test_batches_partition_the_events(wires: list[dict[str, Any]]) -> None:
    events = parse_events(wires)
    found = batches(events)
    assert batch_count(in_order(list(events))) == len(found)
    assert [batch.number for batch in found] == list(range(1, len(found) + 1))
    assert sum(batch.event_count for batch in found) == len(events)
    covered = [number for batch in found for number in range(batch.first_event_id, batch.last_event_id + 1)]
    assert covered == [event.id for event in events]
    for before, after in pairwise(found):
        assert before.at != after.at


@given(any_wires, st.data())
def test_changes_name_every_operation_and_only_later_ones_appear(
    wires: list[dict[str, Any]], data: st.DataObject
) -> None:
    events = parse_events(wires)
    a, b = sorted((data.draw(st.integers(0, len(wires))), data.draw(st.integers(0, len(wires)))))
    execution, *found = changes(events, a, b)
    assert execution.operation_id == ""
    assert [change.operation_id for change in found] == list(state_at(events, b).operations)
    earlier = state_at(events, a).operations
    for change in found:
        assert (change.what == "appeared") == (change.operation_id not in earlier)
        assert change.words
        if a == b:
            assert change.what == "unchanged"
        if change.what == "unchanged":
            assert change.before == change.after
            assert not change.payload_changed


def test_a_retry_that_succeeds_is_told_in_one_phrase() -> None:
    events = parse_events(recorded_events("flaky"))
    change = by_name(changes(events, 8, 11))["call-upstream"]
    assert (change.what, change.words) == ("finished", "attempt 2 failed → attempt 3 succeeded")
    assert change.payload_changed
    assert change.before is not None and change.before.payload is not None
    assert change.after is not None and change.after.payload is not None
    assert change.before.payload.text == '{"ErrorMessage": "upstream 503 (attempt 2)", "ErrorType": "ConnectionError"}'
    assert change.after.payload.text == '{"t":"m","v":{"attempt":{"t":"i","v":3}}}'
    assert by_name(changes(events, 8, 11))["begin"].what == "unchanged"


@pytest.mark.parametrize(
    ("scenario", "a", "b", "name", "what", "words"),
    [
        ("waiter", 1, 2, "settle", "appeared", "appeared, sleeping 2 s"),
        ("waiter", 2, 4, "settle", "finished", "started → succeeded"),
        ("waiter", 6, 9, "poll-job", "changed", "attempt 1 polled → attempt 2 polled"),
        ("coffee_accept", 5, 6, "barista-accept", "appeared", "appeared, waiting for an answer"),
        ("coffee_timeout", 9, 10, "barista-accept", "finished", "started → timed out"),
        ("fanout", 1, 17, "checks", "appeared", "appeared: 3 branches, succeeded"),
        ("fanout", 18, 33, "squares", "changed", "0 → 3 of 4 done inside"),
        ("fanout", 0, 3, "fanout-1", "appeared", "started"),
        ("doomed", 3, 15, "doomed-1", "finished", "running → failed"),
        ("doomed", 0, 6, "charge", "appeared", "appeared, attempt 1 failed"),
        ("doomed", 2, 3, "doomed-1", "unchanged", "1 event, still running"),
        ("chain_parent", 0, 2, "call-child", "appeared", "appeared, started"),
    ],
)
def test_changes_are_told_in_words(scenario: str, a: int, b: int, name: str, what: str, words: str) -> None:
    change = by_name(changes(parse_events(recorded_events(scenario)), a, b))[name]
    assert (change.what, change.words) == (what, words)


def test_before_anything_there_is_nothing() -> None:
    events = parse_events(recorded_events("flaky"))
    execution, *rest = changes(events, 0, 0)
    assert (execution.before, execution.after, execution.what, rest) == (None, None, "unchanged", [])


def test_a_batch_is_summed_up_by_the_last_word_on_each_operation() -> None:
    summaries = [batch.summary for batch in batches(parse_events(recorded_events("fanout")))]
    assert summaries[0] == "execution started"
    assert summaries[1] == "checks started, check-milk started, milk-step succeeded and 2 more"
    assert summaries[-2:] == ["invocation completed", "execution succeeded"]


def test_a_batch_of_an_unknown_type_says_which() -> None:
    script = Script()
    script.event("TeaBrewed", "tea", name="tea")
    assert batches(parse_events(script.events))[0].summary == "tea TeaBrewed"
