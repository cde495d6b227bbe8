"""What the emulator never says: pauses, cancelled waits, unknown types, gaps, malformed events, strange trees."""

from typing import Any

import pytest

from executions.domain.events import Event, parse_events
from executions.domain.history import History
from executions.domain.operations import fold
from tests.histories import Script, big_history, operation_id
from tests.unit.wires import named


def folded(script: Script) -> History:
    return fold(parse_events(script.events))


def test_a_cancelled_wait_keeps_its_error() -> None:
    script = Script()
    script.started()
    script.wait_started("settle", 60)
    script.sleep(5)
    error = {"Error": {"Payload": {"ErrorType": "Cancelled", "ErrorMessage": "not needed"}}}
    script.event("WaitCancelled", "settle", name="settle", subtype="Wait", details=error)
    wait = named(folded(script), "settle")
    assert wait.status == "CANCELLED"
    assert wait.ended_at == script.at
    assert wait.error is not None
    assert wait.error.error_message == "not needed"


def test_a_pause_is_shown_until_it_is_resumed() -> None:
    script = Script()
    script.started()
    script.sleep(1)
    script.event("ExecutionPaused", "execution", details={"Reason": {"Payload": "quarter end", "Truncated": False}})
    paused = folded(script).execution
    assert (paused.status, paused.paused_at, paused.pause_reason) == ("PAUSED", script.at, "quarter end")
    script.event("ExecutionResumed", "execution", details={})
    resumed = folded(script).execution
    assert (resumed.status, resumed.paused_at, resumed.pause_reason) == ("RUNNING", None, None)
    script.ended()
    assert folded(script).execution.status == "SUCCEEDED"


def test_a_pause_that_is_told_after_the_end_does_not_reopen_it() -> None:
    script = Script()
    script.started()
    script.ended("Stopped", ErrorType="Stop")
    script.event("ExecutionPaused", "execution", details={})
    script.event("ExecutionResumed", "execution", details={})
    script.ended("Succeeded")
    assert folded(script).execution.status == "STOPPED"


def test_an_unknown_event_type_is_kept_and_shown_as_what_it_is() -> None:
    script = Script()
    script.started()
    script.step("brew")
    script.event("TeaBrewed", "tea", name="tea", details={"Leaves": 3})
    script.event("StepSteeped", "brew", name="brew", details={})
    script.event("ExecutionArchived", "execution", details={})
    history = folded(script)
    assert [event.type for event in history.unknown_events] == ["TeaBrewed", "StepSteeped", "ExecutionArchived"]
    assert (named(history, "tea").kind, named(history, "tea").status) == ("Unknown", "UNKNOWN")
    assert named(history, "brew").status == "SUCCEEDED"
    assert named(history, "brew").event_ids == (2, 3, 5)
    assert history.gaps == ()


def test_an_attempt_that_a_new_one_replaced_never_finished() -> None:
    script = Script()
    script.started()
    script.step_started("charge")
    script.sleep(10)
    script.step("charge")
    charge = named(folded(script), "charge")
    assert [attempt.status for attempt in charge.attempts] == ["NEVER_FINISHED", "SUCCEEDED"]
    assert [attempt.number for attempt in charge.attempts] == [1, 2]


def test_a_step_between_attempts_is_pending() -> None:
    script = Script()
    script.started()
    script.step_started("charge")
    script.step_failed("charge", attempt=1, delay=30)
    charge = named(folded(script), "charge")
    assert charge.status == "PENDING"
    assert charge.retry_at == script.at + 30
    assert charge.error is None
    assert charge.last_error is not None
    script.ended("Stopped")
    charge = named(folded(script), "charge")
    assert charge.status == "NEVER_FINISHED"
    assert [attempt.status for attempt in charge.attempts] == ["FAILED"]


def test_a_branch_left_behind_by_a_finished_parallel_never_finishes() -> None:
    script = Script()
    script.started()
    script.context_started("race", subtype="Parallel")
    script.context_started("race/slow", "race", "ParallelBranch")
    script.wait_started("race/slow/wait", 3600, "race/slow")
    script.context_ended("race", subtype="Parallel")
    history = folded(script)
    assert not history.is_over
    assert named(history, "race").status == "SUCCEEDED"
    assert named(history, "race/slow").status == "NEVER_FINISHED"
    assert named(history, "race/slow/wait").status == "NEVER_FINISHED"


def test_an_operation_whose_parent_is_missing_becomes_an_orphan_root() -> None:
    script = Script()
    script.started()
    script.context_started("payment")
    script.step("charge", "payment")
    del script.events[1]
    history = folded(script)
    charge = named(history, "charge")
    assert charge.orphan
    assert history.roots == (charge.id,)
    assert charge.parent_id == operation_id("payment")
    assert history.gaps == ((2, 2),)
    assert not history.is_complete("RUNNING")
    assert history.contiguous_through == 1


def test_a_child_of_the_execution_itself_is_a_plain_root() -> None:
    script = Script()
    script.started()
    script.step("charge", "execution")
    assert not named(folded(script), "charge").orphan


def test_operations_that_are_their_own_ancestors_are_cut_loose() -> None:
    script = Script()
    script.started()
    script.context_started("a", "b")
    script.context_started("b", "c")
    script.context_started("c", "a")
    script.step("below", "b")
    script.context_started("self", "self")
    history = folded(script)
    assert len(history.operations) == 5
    assert [history.operations[root].label for root in history.roots] == ["a", "self"]
    reached = list(history.roots)
    for key in reached:
        reached.extend(history.operations[key].children)
    assert sorted(reached) == sorted(history.operations)
    assert named(history, "below").depth == 3


def test_contexts_may_nest_thousands_deep() -> None:
    script = Script()
    script.started()
    for depth in range(5000):
        script.context_started(f"c{depth}", f"c{depth - 1}" if depth else None)
    assert named(folded(script), "c4999").depth == 4999


def test_the_end_alone_does_not_make_a_history_complete() -> None:
    script = Script()
    script.started()
    script.step("a")
    assert folded(script).is_complete("RUNNING")
    assert not folded(script).is_complete("SUCCEEDED")
    script.ended()
    assert folded(script).is_complete("SUCCEEDED")
    assert not fold(parse_events(script.events[1:])).is_complete("SUCCEEDED")
    assert not fold([]).is_complete("RUNNING")


def test_a_child_arn_that_appears_later_replaces_the_earlier_reading() -> None:
    script = Script()
    script.started()
    script.chained_started("call", "child")
    late = {**script.events[1], "ChainedInvokeStartedDetails": {"DurableExecutionArn": "arn:child"}}
    invoke = named(fold(parse_events([*script.events, late])), "call").invoke
    assert invoke is not None
    assert invoke.child_arn == "arn:child"


def test_callback_timeouts_give_deadlines_and_zero_means_none() -> None:
    script = Script()
    script.started()
    script.callback_started("soon", timeout=600, heartbeat=60)
    script.callback_started("never", timeout=0, heartbeat=0)
    history = folded(script)
    soon, never = named(history, "soon").callback, named(history, "never").callback
    assert soon is not None
    assert never is not None
    assert (soon.deadline, soon.heartbeat_seconds) == (script.at + 600, 60)
    assert (never.deadline, never.timeout_seconds, never.heartbeat_seconds) == (None, None, None)


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ("2026-11-23T03:13:35.493856+00:00", 1795403615.493856),
        ("2026-11-23T03:13:35.493856", 1795403615.493856),
        ("2026-11-23T03:13:35Z", 1795403615.0),
        (1795403615493, 1795403615.493),
        ("1795403615.5", 1795403615.5),
        ("yesterday", 0.0), (None, 0.0), (True, 0.0), (float("nan"), 0.0), (float("inf"), 0.0), ([], 0.0),
        (10**400, 0.0),
    ],
)  # fmt: skip
def test_timestamps_of_other_tools_are_read_and_nonsense_is_not(raw: Any, at: float) -> None:
    assert Event.parse({"EventId": 1, "EventType": "StepStarted", "EventTimestamp": raw}).at == at


def test_wrongly_typed_members_survive_as_text_or_none() -> None:
    event = Event.parse(
        {"EventId": "7", "EventType": 5, "Id": 12, "Name": {"a": 1}, "SubType": None, "5Details": [], "ParentId": True}
    )
    assert (event.id, event.type, event.family, event.verb) == (7, "5", "Unknown", "5")
    assert (event.operation_id, event.name, event.subtype, event.parent_id) == ("12", '{"a": 1}', None, "true")
    assert event.details == {}
    assert event.payload is None


def test_an_unreadable_time_is_taken_from_its_neighbour() -> None:
    script = Script()
    script.started()
    script.sleep(5)
    script.step("a", seconds=1)
    script.events[0]["EventTimestamp"] = None
    script.events[2]["EventTimestamp"] = "soon"
    events = parse_events(script.events)
    assert [event.at for event in events] == [events[1].at] * 3


def test_what_has_no_usable_id_is_left_out() -> None:
    wires: list[Any] = [{"EventType": "StepStarted"}, {"EventId": 0}, {"EventId": -4}, {"EventId": []}, "no", None, 7]
    assert parse_events(wires) == []


def test_the_big_history_has_the_size_it_promises() -> None:
    history = fold(parse_events(big_history(3000)))
    assert len(history.operations) == 3000
    assert 8_300 <= len(history.events) <= 9_000
    assert history.is_complete("SUCCEEDED")
    assert {operation.kind for operation in history.operations.values()} == {"Step", "Wait", "Callback", "Context"}
    assert {operation.status for operation in history.operations.values()} == {"SUCCEEDED"}
