"""The fragment in the list's last column and the sentence at the top of an execution's page."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain.diagnosis import (
    By,
    activity,
    open_callbacks,
    root_cause,
    whats_going_on,
)
from executions.domain.events import parse_events
from executions.domain.history import History
from executions.domain.operations import fold
from executions.domain.sentences import parts_of
from executions.domain.statuses import ExecutionStatus
from tests.histories import Script
from tests.unit.wires import named, recorded, wire_events


def folded(script: Script) -> History:
    return fold(parse_events(script.events))


def begun() -> Script:
    script = Script()
    script.started()
    script.step("validate", seconds=0.1)
    script.invocation()
    return script


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("coffee_accept", "succeeded in 1.5 s"),
        ("coffee_pending", "barista-accept · no timeout"),
        ("doomed", "charge: ValueError: card declined: insufficient funds"),
        ("too_slow", "timed out during one-hour"),
        ("forever", "stopped: ManualStop: operator said no"),
    ],
)
def test_recorded_executions_are_summed_up_in_a_fragment(scenario: str, words: str) -> None:
    assert activity(recorded(scenario)) == words


def test_an_open_callback_says_how_long_is_left_where_that_cannot_grow_stale() -> None:
    script = begun()
    script.callback_started("barista accepts", timeout=10_800, heartbeat=300)
    history, now = folded(script), script.at + 8_100
    assert activity(history) == "barista accepts"
    sentence = whats_going_on(history, "RUNNING", now)
    assert sentence.headline == "Waiting for barista accepts (callback) for 2 h 15 m; times out in 45 m."
    assert re.fullmatch(r"The timeout is at .* UTC\. A heartbeat is due every 5 m\.", sentence.detail)
    assert sentence.tone == "waiting"
    assert sentence.operation_id == named(history, "barista accepts").id
    assert sentence.deadline == script.at + 10_800


def test_a_callback_is_called_as_the_code_calls_it() -> None:
    script = begun()
    script.context_started("manager approval", subtype="WaitForCallback")
    script.callback_started("manager approval create callback id", "manager approval", timeout=600)
    history = folded(script)
    assert activity(history) == "manager approval"
    sentence = whats_going_on(history, "RUNNING", script.at + 60)
    assert sentence.headline == "Waiting for manager approval (callback) for 1 m; times out in 9 m."


def test_the_callback_with_the_nearest_deadline_comes_first() -> None:
    script = begun()
    script.callback_started("whenever")
    script.callback_started("later", timeout=900)
    script.callback_started("sooner", timeout=600)
    history = folded(script)
    assert [operation.label for operation in open_callbacks(history)] == ["sooner", "later", "whenever"]
    assert activity(history) == "sooner (+2 more)"
    script.callback_ended("sooner")
    assert len(open_callbacks(folded(script))) == 2
    script.ended("Stopped")
    assert open_callbacks(folded(script)) == ()


def test_a_step_that_backs_off_tells_its_error_first() -> None:
    script = begun()
    script.step_started("charge card")
    script.step_failed("charge card", attempt=2, delay=30)
    history = folded(script)
    assert activity(history) == "charge card: PaymentError: declined · will be retried"
    sentence = whats_going_on(history, "RUNNING", script.at + 10)
    assert sentence.headline == "charge card failed and will be tried again in 20 s."
    assert (sentence.detail, sentence.tone) == ("Attempt 2: PaymentError: declined", "bad")


def test_a_map_says_how_far_it_is() -> None:
    script = begun()
    script.context_started("map", subtype="Map")
    for item in range(20):
        script.context_started(f"item {item}", "map", "MapIteration")
        script.step_started(f"work {item}", f"item {item}")
    for item in range(14):
        script.step_succeeded(f"work {item}", f"item {item}")
        script.context_ended(f"item {item}", "map", "MapIteration")
    history = folded(script)
    assert activity(history) == "map 14 / 20"
    sentence = whats_going_on(history, "RUNNING", script.at)
    assert sentence.headline == "map: 14 / 20 items done."
    assert sentence.operation_id == named(history, "map").id


def test_a_wait_and_a_chained_invoke_are_named() -> None:
    script = begun()
    script.wait_started("let payment settle", 7200)
    assert activity(folded(script)) == "let payment settle · sleeping"
    assert whats_going_on(folded(script), "RUNNING", script.at + 60).tone == "idle"
    script = begun()
    script.chained_started("loyalty", "loyalty-points")
    assert activity(folded(script)) == "waiting for loyalty-points"
    assert whats_going_on(folded(script), "RUNNING", script.at + 3).headline == "Waiting for loyalty-points for 3 s."


def test_a_running_step_and_the_very_beginning() -> None:
    script = Script()
    script.started()
    assert activity(folded(script)) == "starting"
    script.step_started("charge")
    assert activity(folded(script)) == "running charge"
    assert whats_going_on(folded(script), "RUNNING", script.at + 2).headline == "Running charge for 2 s."
    script.step_succeeded("charge")
    assert activity(folded(script)) == "running"


def test_a_failure_is_explained_by_its_deepest_cause() -> None:
    sentence = whats_going_on(recorded("doomed"), "FAILED", 2e9)
    assert sentence.headline == "Failed in charge, attempt 3 of 3: ValueError: card declined: insufficient funds"
    assert sentence.detail == "The step failed, and with it the execution."
    assert sentence.operation_id == named(recorded("doomed"), "charge").id
    assert sentence.tone == "bad"


def test_a_failure_that_was_caught_is_not_the_cause() -> None:
    script = begun()
    script.step_started("optional")
    script.step_failed("optional", message="no sugar")
    script.step("go on")
    script.ended("Failed", ErrorType="KeyError", ErrorMessage="'price'")
    history = folded(script)
    assert root_cause(history) is None
    assert activity(history) == "KeyError: 'price'"
    sentence = whats_going_on(history, "FAILED", script.at)
    assert sentence.headline == "Failed: KeyError: 'price'"
    assert "own code" in sentence.detail


def test_a_failure_with_another_message_is_the_cause_if_it_came_last() -> None:
    script = begun()
    script.step_started("charge")
    script.step_failed("charge", message="declined")
    script.invocation()
    script.ended("Failed", ErrorType="OrderError", ErrorMessage="giving up")
    cause = root_cause(folded(script))
    assert cause is not None
    assert cause.label == "charge"


def test_of_two_failures_in_a_context_the_one_with_the_same_message_is_the_cause() -> None:
    script = begun()
    script.context_started("payment", subtype="Parallel")
    for name, message in (("charge", "declined"), ("notify", "no such address")):
        script.step_started(name, "payment")
        script.step_failed(name, "payment", message=message)
    script.context_ended("payment", subtype="Parallel", verb="Failed")
    script.ended("Failed", ErrorType="x.ChildContextError", ErrorMessage="declined")
    cause = root_cause(folded(script))
    assert cause is not None
    assert cause.label == "charge"


def test_paused_executions_say_why_and_what_goes_on_meanwhile() -> None:
    script = begun()
    script.event("ExecutionPaused", "execution", details={"Reason": {"Payload": "quarter end"}})
    history = folded(script)
    assert activity(history) == "paused: quarter end"
    sentence = whats_going_on(history, "PAUSED", script.at + 60)
    assert sentence.headline == "Paused for 1 m because “quarter end”."
    assert "no code runs until it is resumed" in sentence.detail
    ours = whats_going_on(history, "PAUSED", script.at + 60, By("ada", "stocktaking"))
    assert ours.headline == "Paused by ada for 1 m because “stocktaking”."
    wordless = whats_going_on(history, "PAUSED", script.at + 60, By("ada"))
    assert wordless.headline == "Paused by ada for 1 m.", "what AWS has been told then is only who it was"
    assert whats_going_on(history, "PAUSING", script.at, By("ada")).headline == "Being paused by ada."
    assert whats_going_on(history, "PAUSING", script.at).headline == "Being paused."


def test_a_pause_without_a_reason_gives_none_also_when_only_aws_tells_of_it() -> None:
    script = begun()
    script.event("ExecutionPaused", "execution", details={"Reason": {"Payload": "by ada"}})
    assert whats_going_on(folded(script), "PAUSED", script.at + 60).headline == "Paused for 1 m by ada."


def test_a_sleeping_execution_says_until_when() -> None:
    script = begun()
    script.wait_started("nap", 7200)
    sentence = whats_going_on(folded(script), "RUNNING", script.at + 60)
    assert re.fullmatch(r"Sleeping until (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d UTC\.", sentence.headline)
    assert sentence.detail == "In nap for 1 m; it wakes in 1 h 59 m."
    late = whats_going_on(folded(script), "RUNNING", script.at + 9000)
    assert "it should have woken by now" in late.detail


def test_an_unknown_status_is_said_as_it_is() -> None:
    assert whats_going_on(recorded("flaky"), "THAWING", 2e9).headline == "The status is THAWING."


def test_a_status_that_is_ahead_of_the_events_does_not_invent_a_cause() -> None:
    history = fold(parse_events(begun().events))
    assert whats_going_on(history, "FAILED", 2e9).headline == "Failed."
    assert whats_going_on(history, "SUCCEEDED", 2e9).tone == "good"


def test_operations_are_counted_by_status_and_kind() -> None:
    counts = recorded("fanout").counts
    assert (counts.total, counts.open, counts.failed) == (17, 0, 2)
    assert counts.by_status == {"SUCCEEDED": 15, "FAILED": 2}
    assert counts.by_kind == {"Context": 10, "Step": 7}
    assert recorded("flaky").counts.retries == 2
    assert recorded("flaky").counts.limit_used == 4
    waiter = recorded("waiter").counts
    assert (waiter.retries, waiter.polls) == (0, 2)


def test_long_errors_are_cut_and_kept_on_one_line() -> None:
    script = begun()
    script.ended("Failed", ErrorType="E", ErrorMessage="line one\nline two " + "x" * 500)
    words = activity(folded(script))
    assert words.startswith("E: line one line two x")
    assert len(words) == 160
    assert words.endswith("…")


@given(wire_events(), st.sampled_from([*ExecutionStatus, "THAWING"]), st.floats(1.7e9, 1.9e9))
def test_any_history_has_words(wires: list[dict[str, Any]], status: str, now: float) -> None:
    history = fold(parse_events(wires))
    assert activity(history)
    sentence = whats_going_on(history, status, now)
    assert sentence.headline
    assert sentence.tone in {"info", "waiting", "bad", "good", "idle"}
    assert sentence.operation_id is None or sentence.operation_id in history.operations
    assert history.counts.total == len(history.operations)


def test_a_stopped_execution_says_by_whom_and_names_what_never_finished() -> None:
    script = begun()
    script.context_started("approval", subtype="WaitForCallback")
    script.callback_started("approval create callback id", "approval")
    script.ended("Stopped", ErrorType="ShiftOver", ErrorMessage="last orders")
    history = folded(script)
    sentence = whats_going_on(history, "STOPPED", script.at, By("ada", "closing time"))
    assert sentence.headline == "Stopped by ada because “closing time”: ShiftOver: last orders"
    assert sentence.detail == "approval and 1 operation around or beside it never finished."
    assert sentence.operation_id == named(history, "approval create callback id").id


@pytest.mark.parametrize(
    ("why", "message", "told"),
    [
        ("closing time", "closing time (by ada)", "Stopped by ada because “closing time”."),
        ("", "by ada", "Stopped by ada."),
        ("late", "no milk: late (by ada)", "Stopped by ada because “late”: StoppedByOperator: no milk: late (by ada)"),
    ],
)
def test_what_was_sent_with_a_stop_from_here_is_not_said_twice(why: str, message: str, told: str) -> None:
    script = begun()
    script.ended("Stopped", ErrorType="StoppedByOperator", ErrorMessage=message)
    assert whats_going_on(folded(script), "STOPPED", script.at, By("ada", why)).headline == told


def test_a_sentence_knows_its_names_and_clocks() -> None:
    script = begun()
    script.callback_started("barista accepts", timeout=600)
    headline = whats_going_on(folded(script), "RUNNING", script.at + 60).headline
    kinds = {part.kind: part for part in parts_of(headline)}
    assert kinds["name"].text == "barista accepts" and kinds["until"].at == script.at + 600
    assert kinds["since"].text == "1 m" and "".join(part.text for part in parts_of(headline)) == headline
    assert [part.text for part in parts_of("just text")] == ["just text"] and parts_of("") == ()
