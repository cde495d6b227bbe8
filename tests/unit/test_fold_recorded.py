"""What the fold makes of the answers recorded from AWS's emulator, scenario by scenario."""

import pytest

from executions.domain.history import Operation
from executions.domain.payloads import decode
from tests.unit.wires import SCENARIOS, named, recorded, recorded_events, recorded_execution


def shape(operation: Operation) -> tuple[str, str, str, int]:
    return operation.label, operation.kind, operation.status, len(operation.attempts)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_events_agree_with_what_get_says(scenario: str) -> None:
    history, answer = recorded(scenario), recorded_execution(scenario)
    facts = history.execution
    assert facts.status == answer["Status"]
    assert facts.name == answer["DurableExecutionName"]
    assert facts.started_at == answer["StartTimestamp"]
    assert facts.ended_at == answer.get("EndTimestamp")
    assert facts.input is not None
    assert facts.input.text == answer["InputPayload"]
    assert (facts.result.text if facts.result else None) == answer.get("Result")
    assert (facts.error.source if facts.error else None) == answer.get("Error")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_recorded_history_is_complete_and_fully_understood(scenario: str) -> None:
    history = recorded(scenario)
    assert history.gaps == ()
    assert history.unknown_events == ()
    assert history.is_complete(recorded_execution(scenario)["Status"])
    assert history.contiguous_through == history.last_event_id == len(recorded_events(scenario))
    belonging = {number for operation in history.operations.values() for number in operation.event_ids}
    others = {event.id for event in history.events if event.family in ("Execution", "Invocation")}
    assert belonging | others == {event.id for event in history.events}


def test_an_accepted_coffee_has_a_step_a_callback_and_a_wait() -> None:
    history = recorded("coffee_accept")
    assert [shape(operation) for operation in history.operations.values()] == [
        ("validate_order", "Step", "SUCCEEDED", 1),
        ("charge_card", "Step", "SUCCEEDED", 1),
        ("barista-accept", "Callback", "SUCCEEDED", 0),
        ("notify-barista", "Step", "SUCCEEDED", 1),
        ("brew", "Wait", "SUCCEEDED", 0),
        ("notify-customer", "Step", "SUCCEEDED", 1),
    ]
    callback = named(history, "barista-accept")
    assert callback.result is not None
    assert decode(callback.result.text).value == {"barista": "Ana", "eta": 3}
    wait = named(history, "brew").wait
    assert wait is not None
    assert wait.duration_seconds == 1
    assert wait.scheduled_end == 1795403616.861048
    assert [invocation.number for invocation in history.invocations] == [1, 2, 3]
    assert history.code_seconds == pytest.approx(0.566, abs=0.001)


def test_an_open_callback_without_timeout_has_no_deadline() -> None:
    callback = named(recorded("coffee_pending"), "barista-accept")
    assert callback.status == "STARTED"
    assert callback.ended_at is None
    assert callback.callback is not None
    assert callback.callback.callback_id is not None
    assert callback.callback.deadline is None


def test_a_rejected_callback_keeps_the_whole_error() -> None:
    callback = named(recorded("coffee_reject"), "barista-accept")
    assert callback.status == "FAILED"
    assert callback.error is not None
    assert callback.error.error_type == "OutOfStock"
    assert callback.error.error_message == "out of oat milk"
    assert callback.error.source["ErrorData"] == '{"sku":"oat"}'
    assert callback.error.source["StackTrace"] == ["a.py:1 x", "b.py:2 y"]


def test_a_timed_out_callback_is_told_apart_from_a_rejected_one() -> None:
    assert named(recorded("coffee_timeout"), "barista-accept").status == "TIMED_OUT"


def test_three_failed_attempts_fail_the_step_and_the_context_around_it() -> None:
    history = recorded("doomed")
    payment, charge = named(history, "payment"), named(history, "charge")
    assert (payment.kind, payment.subtype, payment.status) == ("Context", "RunInChildContext", "FAILED")
    assert [history.operations[key].label for key in payment.children] == ["risk-check", "charge"]
    assert history.roots == (payment.id,)
    assert (payment.depth, charge.depth) == (0, 1)
    assert charge.status == "FAILED"
    assert [(one.number, one.status, one.next_delay_seconds) for one in charge.attempts] == [
        (1, "FAILED", 1.0), (2, "FAILED", 2.0), (3, "FAILED", None),
    ]  # fmt: skip
    assert charge.error is not None
    assert charge.error.error_type == "ValueError"
    assert payment.error is not None
    assert payment.error.error_type == "StepError"


def test_a_flaky_step_succeeds_on_its_third_attempt() -> None:
    step = named(recorded("flaky"), "call-upstream")
    assert step.status == "SUCCEEDED"
    assert [attempt.status for attempt in step.attempts] == ["FAILED", "FAILED", "SUCCEEDED"]
    assert step.error is None
    assert step.result is not None
    assert decode(step.result.text).value == {"attempt": 3}


def test_polls_of_a_condition_are_attempts_of_one_step() -> None:
    step = named(recorded("waiter"), "poll-job")
    assert step.subtype == "WaitForCondition"
    assert [attempt.status for attempt in step.attempts] == ["POLLED", "POLLED", "SUCCEEDED"]
    assert [attempt.next_delay_seconds for attempt in step.attempts] == [1.0, 2.0, None]
    assert [attempt.result is None for attempt in step.attempts] == [True, True, False]


def test_parallel_and_map_make_a_tree() -> None:
    history = recorded("fanout")
    assert [history.operations[key].subtype for key in history.roots] == ["Parallel", "Map"]
    checks, squares = (history.operations[key] for key in history.roots)
    assert len(checks.children) == 3
    assert [history.operations[key].status for key in squares.children] == [
        "SUCCEEDED", "SUCCEEDED", "FAILED", "SUCCEEDED",
    ]  # fmt: skip
    assert named(history, "deep-step").depth == 3
    assert named(history, "bad-item").attempts[0].status == "FAILED"


def test_chained_invokes_know_their_child_where_there_is_one() -> None:
    history = recorded("chain_parent")
    child, plain, doomed = history.operations.values()
    assert child.invoke is not None
    assert child.invoke.function_name == "coffee_child"
    assert child.invoke.child_arn == recorded_execution("chain_child_call-child")["DurableExecutionArn"]
    assert child.input is not None
    assert child.input.text == '{"n": 3}'
    assert plain.invoke is not None
    assert plain.invoke.child_arn is None
    assert [one.status for one in (child, plain, doomed)] == ["SUCCEEDED", "SUCCEEDED", "FAILED"]


def test_what_a_stop_cut_off_never_finished() -> None:
    history = recorded("forever")
    assert history.execution.status == "STOPPED"
    assert history.events[-1].type == "InvocationCompleted"
    wait = named(history, "pause-4")
    assert wait.status == "NEVER_FINISHED"
    assert wait.ended_at is None
    assert not wait.is_open


def test_a_timeout_of_the_execution_leaves_its_wait_unfinished() -> None:
    history = recorded("too_slow")
    assert history.execution.status == "TIMED_OUT"
    assert history.execution.timeout_seconds == 3
    assert named(history, "one-hour").status == "NEVER_FINISHED"
