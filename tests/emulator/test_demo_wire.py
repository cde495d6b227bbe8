"""The demo backend speaks Lambda's wire as unmodified boto3 expects it, and each sample function ends as meant."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from demo.backend import Backend
from demo.catalog import build_catalog
from demo.orders import Start, Till
from demo.traffic import SERVED, Traffic

pytestmark = pytest.mark.emulator

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "arn:aws:lambda:us-east-1:123456789012:function:"
QUICK = {"brewSeconds": 1, "retryDelay": 1, "stepSeconds": 0.01}
TERMINAL = {"SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"}

# Scenario -> function, input, intended status. All run at once, so the slowest alone counts.
SCENARIOS: dict[str, tuple[str, dict[str, Any], str]] = {
    "order accepted": ("coffee-order", {**QUICK, "paymentFailures": 2, "orderId": "w-1"}, "SUCCEEDED"),
    "order refused": ("coffee-order", {**QUICK, "orderId": "w-2"}, "SUCCEEDED"),
    "order forgotten": ("coffee-order", {**QUICK, "callbackTimeout": 1, "heartbeatTimeout": 0}, "SUCCEEDED"),
    "order without a heartbeat": ("coffee-order", {**QUICK, "heartbeatTimeout": 1}, "SUCCEEDED"),
    "order unpaid": ("coffee-order", {**QUICK, "paymentFailures": 9}, "FAILED"),
    "order impossible": ("coffee-order", {"items": [{"drink": "latte", "qty": 0}]}, "FAILED"),
    "points": ("loyalty-points", {"card": 2**53 + 1, "points": 7}, "SUCCEEDED"),
    "roast": ("batch-roast", {"burnt": [3, 11], "stepSeconds": 0.01}, "SUCCEEDED"),
    "roast spoilt": ("batch-roast", {"burnt": [0, 1, 2], "tolerated": 1, "stepSeconds": 0.01}, "FAILED"),
    "report": ("daily-report", {"waitSeconds": 1, "polls": 3, "pollSeconds": 1}, "SUCCEEDED"),
    "refund": ("refund", {"orderId": "w-3", "amount": 9.5}, "FAILED"),
    "slow brew": ("slow-brew", {}, "TIMED_OUT"),
    "tab": ("open-tab", {"roundSeconds": 1}, "STOPPED"),
}
STOP_ERROR = {"ErrorType": "ShiftOver", "ErrorMessage": "zu spät 🌙", "ErrorData": "{}", "StackTrace": ["a", "b"]}


def invoke(client: Any, function: str, payload: Any = None, **more: Any) -> str:
    body = json.dumps(payload or {}, ensure_ascii=False).encode()
    answer = client.invoke(FunctionName=function, InvocationType="Event", Payload=body, **more)
    assert answer["StatusCode"] == 202
    return str(answer["DurableExecutionArn"])


def events_of(client: Any, arn: str, **more: Any) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    request = {"DurableExecutionArn": arn, "MaxItems": 1000, **more}
    while True:
        page = client.get_durable_execution_history(**request)
        events += page["Events"]
        if "NextMarker" not in page:
            return events
        request["Marker"] = page["NextMarker"]


def list_of(client: Any, function: str, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    request = {"FunctionName": function, **more}
    while True:
        page = client.list_durable_executions_by_function(**request)
        found += page["DurableExecutions"]
        if "NextMarker" not in page:
            return found
        request["Marker"] = page["NextMarker"]


def details(event: dict[str, Any]) -> dict[str, Any]:
    return dict(event[event["EventType"] + "Details"])


def wait_for(probe: Any, seconds: float = 15.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(0.05)
    raise AssertionError("nothing came")


def wait_for_end(client: Any, arn: str) -> dict[str, Any]:
    def probe() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get_durable_execution(DurableExecutionArn=arn)
        return found if found["Status"] in TERMINAL else None

    return dict(wait_for(probe, 20))


def callback_of(client: Any, arn: str) -> str:
    """The open callback's id, once its invocation has ended: answering earlier is possible, but rarely what happens."""

    def probe() -> str | None:
        events = events_of(client, arn)
        started = [e for e in events if e["EventType"] == "CallbackStarted"]
        return details(started[0])["CallbackId"] if started and events[-1]["EventType"] != "StepStarted" else None

    return str(wait_for(probe))


@pytest.fixture(scope="module")
def ran(lambda_client: Any) -> dict[str, str]:
    """The ARN of every scenario, all of them ended."""
    client = lambda_client
    arns = {name: invoke(client, function, payload) for name, (function, payload, _) in SCENARIOS.items()}
    client.send_durable_execution_callback_success(
        CallbackId=callback_of(client, arns["order accepted"]), Result=b'{"barista":"Ana"}'
    )
    client.send_durable_execution_callback_failure(
        CallbackId=callback_of(client, arns["order refused"]), Error={"ErrorType": "NoMilk", "ErrorMessage": "none"}
    )
    wait_for(lambda: any(e["EventType"] == "WaitSucceeded" for e in events_of(client, arns["tab"])))
    client.stop_durable_execution(DurableExecutionArn=arns["tab"], Error=STOP_ERROR)
    for arn in arns.values():
        wait_for_end(client, arn)
    return arns


@pytest.fixture
def waiting(lambda_client: Any) -> tuple[str, str]:
    """The ARN of an order that waits for the barista, and its callback's id."""
    arn = invoke(lambda_client, "coffee-order", QUICK)
    return arn, callback_of(lambda_client, arn)


# --- the sample functions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_scenario_reaches_its_intended_status(lambda_client: Any, ran: dict[str, str], scenario: str) -> None:
    found = lambda_client.get_durable_execution(DurableExecutionArn=ran[scenario])
    assert found["Status"] == SCENARIOS[scenario][2]
    last = [e["EventType"] for e in events_of(lambda_client, ran[scenario]) if e["EventType"].startswith("Execution")]
    assert last[-1].removeprefix("Execution").upper() == found["Status"].replace("_", "")


def test_a_payment_fails_twice_with_growing_delays_and_then_succeeds(lambda_client: Any, ran: dict[str, str]) -> None:
    events = [e for e in events_of(lambda_client, ran["order accepted"]) if e.get("Name") == "charge card"]
    assert [e["EventType"] for e in events] == ["StepStarted", "StepFailed"] * 2 + ["StepStarted", "StepSucceeded"]
    assert len({e["Id"] for e in events}) == 1
    retries = [details(e)["RetryDetails"] for e in events[1::2]]
    assert [r["CurrentAttempt"] for r in retries] == [1, 2, 3]
    assert [r["NextAttemptDelaySeconds"] for r in retries] == [1, 2, 0]
    assert details(events[1])["Error"]["Payload"]["ErrorType"].endswith("CardTerminalBusy")


def test_an_accepted_order_notifies_in_parallel_and_books_points_in_a_child(
    lambda_client: Any, ran: dict[str, str]
) -> None:
    events = events_of(lambda_client, ran["order accepted"])
    subtypes = {e.get("SubType") for e in events}
    assert {"WaitForCallback", "Callback", "Parallel", "ParallelBranch", "ChainedInvoke", "Wait", "Step"} <= subtypes
    started = next(e for e in events if e["EventType"] == "ChainedInvokeStarted")
    child = details(started)["DurableExecutionArn"]
    assert child.startswith(PREFIX + "loyalty-points:$LATEST/durable-execution/")
    assert lambda_client.get_durable_execution(DurableExecutionArn=child)["Status"] == "SUCCEEDED"
    assert len(events_of(lambda_client, child)) > 8


def test_a_callback_that_nobody_answers_times_out_with_its_error_whole(lambda_client: Any, ran: dict[str, str]) -> None:
    for scenario, error_type in (
        ("order forgotten", "Callback.Timeout"),
        ("order without a heartbeat", "Callback.Heartbeat"),
    ):
        events = events_of(lambda_client, ran[scenario])
        error = details(next(e for e in events if e["EventType"] == "CallbackTimedOut"))["Error"]
        assert error["Truncated"] is False
        assert error["Payload"]["ErrorType"] == error_type


def test_a_refused_order_keeps_the_answer_of_whoever_refused(lambda_client: Any, ran: dict[str, str]) -> None:
    events = events_of(lambda_client, ran["order refused"])
    error = details(next(e for e in events if e["EventType"] == "CallbackFailed"))["Error"]["Payload"]
    assert error == {"ErrorType": "NoMilk", "ErrorMessage": "none"}
    result = lambda_client.get_durable_execution(DurableExecutionArn=ran["order refused"])["Result"]
    assert json.loads(result)["state"] == "declined"


def test_a_roast_maps_twenty_beans_in_nested_contexts_and_tolerates_failures(
    lambda_client: Any, ran: dict[str, str]
) -> None:
    events = events_of(lambda_client, ran["roast"])
    items = [e for e in events if e.get("SubType") == "MapIteration"]
    assert sum(e["EventType"] == "ContextStarted" for e in items) == 20
    assert sum(e["EventType"] == "ContextFailed" for e in items) == 2
    cupping = next(e for e in events if e.get("Name") == "cupping")
    assert cupping["ParentId"] in {e["Id"] for e in items}
    result = json.loads(lambda_client.get_durable_execution(DurableExecutionArn=ran["roast"])["Result"])
    assert (result["roasted"], result["burnt"]) == (18, 2)


def test_a_report_polls_until_the_books_balance_and_reads_a_large_ledger(
    lambda_client: Any, ran: dict[str, str]
) -> None:
    events = events_of(lambda_client, ran["report"])
    polls = [e["EventType"] for e in events if e.get("SubType") == "WaitForCondition"]
    assert polls == ["StepStarted", "StepSucceeded"] * 3
    ledger = [e for e in events if e.get("Name") == "read ledger" and e["EventType"] == "StepSucceeded"]
    payload = details(ledger[0])["Result"]["Payload"]
    assert len(payload) > 15_000
    assert str(2**53 + 1) in payload


def test_a_refund_fails_for_good_after_its_retries(lambda_client: Any, ran: dict[str, str]) -> None:
    error = lambda_client.get_durable_execution(DurableExecutionArn=ran["refund"])["Error"]
    assert error["ErrorType"].endswith("RefundRefused")
    assert "refused after 3 attempts" in error["ErrorMessage"]
    assert sum(e["EventType"] == "StepFailed" for e in events_of(lambda_client, ran["refund"])) == 3


def test_numbers_beyond_a_double_and_text_of_any_script_survive(lambda_client: Any) -> None:
    payload = {"card": 2**60 + 1, "note": "抹茶 🥐 <script>alert(1)</script>", "nested": [{"deep": [None, 1.5]}]}
    arn = invoke(lambda_client, "loyalty-points", payload)
    found = lambda_client.get_durable_execution(DurableExecutionArn=arn)
    assert json.loads(found["InputPayload"]) == payload
    assert str(2**60 + 1) in found["InputPayload"]


# --- history ----------------------------------------------------------------------------------------------------------


def test_event_ids_count_from_one_without_gaps_and_time_never_runs_back(
    lambda_client: Any, ran: dict[str, str]
) -> None:
    for arn in ran.values():
        events = events_of(lambda_client, arn)
        assert [e["EventId"] for e in events] == list(range(1, len(events) + 1))
        stamps = [e["EventTimestamp"] for e in events]
        assert stamps == sorted(stamps)
        assert events[0]["EventType"] == "ExecutionStarted"


def test_an_event_once_shown_stays_the_same_while_the_execution_goes_on(lambda_client: Any) -> None:
    arns = [invoke(lambda_client, "batch-roast", {"stepSeconds": 0.01}) for _ in range(3)]
    seen: dict[tuple[str, int], dict[str, Any]] = {}
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        ended = [lambda_client.get_durable_execution(DurableExecutionArn=a)["Status"] in TERMINAL for a in arns]
        for arn in arns:
            events = events_of(lambda_client, arn)
            assert [e["EventId"] for e in events] == list(range(1, len(events) + 1))
            for event in events:
                assert seen.setdefault((arn, event["EventId"]), event) == event
        if all(ended):
            return
    raise AssertionError("the roasts did not end")


def test_pages_of_a_few_events_add_up_to_the_whole_in_both_directions(lambda_client: Any, ran: dict[str, str]) -> None:
    arn = ran["order accepted"]
    whole = events_of(lambda_client, arn)
    assert events_of(lambda_client, arn, MaxItems=7) == whole
    assert events_of(lambda_client, arn, MaxItems=7, ReverseOrder=True) == whole[::-1]
    assert events_of(lambda_client, arn, MaxItems=len(whole)) == whole


def test_max_items_of_zero_means_the_default_and_does_not_loop(lambda_client: Any, ran: dict[str, str]) -> None:
    page = lambda_client.get_durable_execution_history(DurableExecutionArn=ran["roast"], MaxItems=0)
    assert len(page["Events"]) == 100
    assert events_of(lambda_client, ran["roast"], MaxItems=0) == events_of(lambda_client, ran["roast"])


def test_history_without_data_keeps_every_event_and_no_payload(lambda_client: Any, ran: dict[str, str]) -> None:
    whole = events_of(lambda_client, ran["order refused"])
    bare = events_of(lambda_client, ran["order refused"], IncludeExecutionData=False)
    assert [(e["EventId"], e["EventType"]) for e in bare] == [(e["EventId"], e["EventType"]) for e in whole]
    assert not any("Payload" in str(details(e)) for e in bare)
    assert all(e in bare for e in whole if e["EventType"] in ("CallbackStarted", "InvocationCompleted", "WaitStarted"))


def test_callbacks_and_invocations_show_all_their_details(lambda_client: Any, ran: dict[str, str]) -> None:
    events = events_of(lambda_client, ran["order accepted"])
    callback = details(next(e for e in events if e["EventType"] == "CallbackStarted"))
    assert (callback["Timeout"], callback["HeartbeatTimeout"]) == (900, 480)
    invocations = [details(e) for e in events if e["EventType"] == "InvocationCompleted"]
    assert len(invocations) >= 4
    assert len({i["RequestId"] for i in invocations}) == len(invocations)
    assert all(i["StartTimestamp"] < i["EndTimestamp"] for i in invocations)
    assert details(events[0])["ExecutionTimeout"] == 86_400


@pytest.mark.parametrize("marker", ["nonsense", "e30=", "WyJoaXN0b3J5IiwgMV0="])
def test_a_marker_from_elsewhere_is_refused(lambda_client: Any, ran: dict[str, str], marker: str) -> None:
    with pytest.raises(lambda_client.exceptions.InvalidParameterValueException):
        lambda_client.get_durable_execution_history(DurableExecutionArn=ran["roast"], Marker=marker)


# --- get and stop ---------------------------------------------------------------------------------------------------


def test_get_tells_version_configuration_and_expected_timeout(lambda_client: Any, waiting: tuple[str, str]) -> None:
    found = lambda_client.get_durable_execution(DurableExecutionArn=waiting[0])
    assert found["Version"] == "$LATEST"
    assert found["FunctionArn"] == PREFIX + "coffee-order:$LATEST"
    assert found["DurableConfig"] == {"ExecutionTimeout": 86_400, "RetentionPeriodInDays": 30}
    assert found["ExpectedExecutionTimeoutTimestamp"] - found["StartTimestamp"] == timedelta(days=1)
    assert found["ExecutionDataIncluded"] is True
    assert "EndTimestamp" not in found
    lambda_client.stop_durable_execution(DurableExecutionArn=waiting[0])


def test_get_without_data_leaves_out_input_result_and_error(lambda_client: Any, ran: dict[str, str]) -> None:
    for scenario in ("order accepted", "refund"):
        found = lambda_client.get_durable_execution(DurableExecutionArn=ran[scenario], IncludeExecutionData=False)
        assert found["ExecutionDataIncluded"] is False
        assert not {"InputPayload", "Result", "Error"} & found.keys()
        assert "ExpectedExecutionTimeoutTimestamp" not in found
        assert found["EndTimestamp"] >= found["StartTimestamp"]


def test_the_error_given_to_stop_is_kept_in_get_and_in_the_event(lambda_client: Any, ran: dict[str, str]) -> None:
    assert lambda_client.get_durable_execution(DurableExecutionArn=ran["tab"])["Error"] == STOP_ERROR
    stopped = next(e for e in events_of(lambda_client, ran["tab"]) if e["EventType"] == "ExecutionStopped")
    assert details(stopped)["Error"] == {"Payload": STOP_ERROR, "Truncated": False}


def test_stopping_twice_answers_with_the_first_stop(lambda_client: Any, waiting: tuple[str, str]) -> None:
    first = lambda_client.stop_durable_execution(DurableExecutionArn=waiting[0])["StopTimestamp"]
    again = lambda_client.stop_durable_execution(DurableExecutionArn=waiting[0], Error=STOP_ERROR)["StopTimestamp"]
    assert isinstance(first, datetime)
    assert first == again
    assert lambda_client.get_durable_execution(DurableExecutionArn=waiting[0])["Status"] == "STOPPED"


def test_unknown_executions_and_garbled_arns_raise_typed_errors(lambda_client: Any, ran: dict[str, str]) -> None:
    unknown = ran["roast"].rsplit("/", 1)[0] + "/" + str(uuid.uuid4())
    for operation in ("get_durable_execution", "get_durable_execution_history", "stop_durable_execution"):
        call = getattr(lambda_client, operation)
        with pytest.raises(lambda_client.exceptions.ResourceNotFoundException):
            call(DurableExecutionArn=unknown)
        with pytest.raises(lambda_client.exceptions.InvalidParameterValueException):
            call(DurableExecutionArn="not-an-arn")


def test_a_paused_execution_stands_still_until_it_is_resumed(lambda_client: Any, waiting: tuple[str, str]) -> None:
    arn, callback_id = waiting
    for _ in range(2):  # the same token pauses once
        lambda_client.pause_durable_execution(
            DurableExecutionArn=arn, ClientToken="p1", Reason="stocktaking", ExecutionTimeoutPaused=True
        )
    paused = wait_for(lambda: seen(lambda_client, arn, "PAUSED"))
    assert paused["PauseDetails"]["Reason"] == "stocktaking" and paused["PauseDetails"]["ExecutionTimeoutPaused"]
    with pytest.raises(lambda_client.exceptions.ResourceConflictException):
        lambda_client.pause_durable_execution(DurableExecutionArn=arn)
    with pytest.raises(lambda_client.exceptions.ResourceConflictException):
        lambda_client.delete_durable_execution(DurableExecutionArn=arn)
    lambda_client.send_durable_execution_callback_success(CallbackId=callback_id, Result=b'{"accepted": true}')
    time.sleep(0.5)
    assert lambda_client.get_durable_execution(DurableExecutionArn=arn)["Status"] == "PAUSED"
    lambda_client.resume_durable_execution(DurableExecutionArn=arn, Reason="counted")
    wait_for(lambda: seen(lambda_client, arn, "SUCCEEDED"))
    events = lambda_client.get_durable_execution_history(DurableExecutionArn=arn, MaxItems=1000)["Events"]
    kinds = [event["EventType"] for event in events]
    assert kinds.count("ExecutionPaused") == 1
    assert kinds.index("ExecutionPaused") < kinds.index("CallbackSucceeded") < kinds.index("ExecutionResumed")
    with pytest.raises(lambda_client.exceptions.ResourceConflictException):
        lambda_client.resume_durable_execution(DurableExecutionArn=arn)
    assert lambda_client.delete_durable_execution(DurableExecutionArn=arn)["DeletionRequestTimestamp"]
    assert lambda_client.get_durable_execution(DurableExecutionArn=arn)["Status"] == "DELETING"
    wait_for(lambda: gone(lambda_client, arn))


def seen(client: Any, arn: str, status: str) -> Any:
    found = client.get_durable_execution(DurableExecutionArn=arn)
    return found if found["Status"] == status else None


def gone(client: Any, arn: str) -> bool:
    try:
        client.get_durable_execution(DurableExecutionArn=arn)
    except client.exceptions.ResourceNotFoundException:
        return True
    return False


# --- callbacks ------------------------------------------------------------------------------------------------------


def test_a_second_answer_to_a_callback_is_a_callback_timeout(lambda_client: Any, waiting: tuple[str, str]) -> None:
    callback_id = waiting[1]
    lambda_client.send_durable_execution_callback_heartbeat(CallbackId=callback_id)
    lambda_client.send_durable_execution_callback_success(CallbackId=callback_id, Result=b'"yes"')
    late = lambda_client.exceptions.CallbackTimeoutException
    with pytest.raises(late) as caught:
        lambda_client.send_durable_execution_callback_success(CallbackId=callback_id, Result=b'"again"')
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(late):
        lambda_client.send_durable_execution_callback_failure(CallbackId=callback_id)
    with pytest.raises(late):
        lambda_client.send_durable_execution_callback_heartbeat(CallbackId=callback_id)


def test_of_many_answers_at_once_exactly_one_counts(lambda_client: Any, waiting: tuple[str, str]) -> None:
    def answer(number: int) -> bool:
        try:
            lambda_client.send_durable_execution_callback_success(CallbackId=waiting[1], Result=str(number).encode())
        except lambda_client.exceptions.CallbackTimeoutException:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(answer, range(8))) == 1


def test_a_callback_of_a_stopped_execution_cannot_be_answered(lambda_client: Any, waiting: tuple[str, str]) -> None:
    lambda_client.stop_durable_execution(DurableExecutionArn=waiting[0])
    with pytest.raises(lambda_client.exceptions.CallbackTimeoutException):
        lambda_client.send_durable_execution_callback_success(CallbackId=waiting[1])


def test_a_heartbeat_puts_the_heartbeat_timeout_off_and_leaves_no_event(lambda_client: Any) -> None:
    arn = invoke(lambda_client, "coffee-order", {**QUICK, "heartbeatTimeout": 2})
    callback_id = callback_of(lambda_client, arn)
    for _ in range(3):
        time.sleep(0.9)
        lambda_client.send_durable_execution_callback_heartbeat(CallbackId=callback_id)
    assert {e["EventType"] for e in events_of(lambda_client, arn) if e.get("SubType") == "Callback"} == {
        "CallbackStarted"
    }
    lambda_client.stop_durable_execution(DurableExecutionArn=arn)


def test_a_made_up_callback_id_is_refused(lambda_client: Any) -> None:
    with pytest.raises(lambda_client.exceptions.InvalidParameterValueException):
        lambda_client.send_durable_execution_callback_success(CallbackId="made-up")


def test_the_plain_function_answers_a_callback_through_the_endpoint(
    lambda_client: Any, waiting: tuple[str, str]
) -> None:
    payload = json.dumps({"callbackId": waiting[1], "barista": "千夏"}).encode()
    answer = lambda_client.invoke(FunctionName="barista-callback", Payload=payload)
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert json.loads(answer["Payload"].read())["decision"] == "accept"
    succeeded = next(e for e in events_of(lambda_client, waiting[0]) if e["EventType"] == "CallbackSucceeded")
    assert json.loads(details(succeeded)["Result"]["Payload"])["barista"] == "千夏"


def test_what_a_plain_function_raises_comes_back_as_a_function_error(lambda_client: Any) -> None:
    answer = lambda_client.invoke(FunctionName="barista-callback", Payload=b'{"callbackId": "made-up"}')
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorType"] == "InvalidParameterValueException"


# --- invoke ---------------------------------------------------------------------------------------------------------


def test_invoke_answers_with_an_arn_of_the_right_shape(lambda_client: Any) -> None:
    name = f"shape-{uuid.uuid4().hex[:8]}"
    arn = invoke(lambda_client, "loyalty-points", DurableExecutionName=name)
    head, execution_id = arn.rsplit("/", 1)
    assert head == f"{PREFIX}loyalty-points:$LATEST/durable-execution/{name}"
    assert str(uuid.UUID(execution_id)) == execution_id


def test_the_same_name_and_payload_give_the_same_execution_and_another_payload_is_refused(lambda_client: Any) -> None:
    name = f"same-{uuid.uuid4().hex[:8]}"
    first = invoke(lambda_client, "loyalty-points", {"points": 1}, DurableExecutionName=name)
    assert invoke(lambda_client, "loyalty-points", {"points": 1}, DurableExecutionName=name) == first
    with pytest.raises(lambda_client.exceptions.DurableExecutionAlreadyStartedException):
        invoke(lambda_client, "loyalty-points", {"points": 2}, DurableExecutionName=name)
    assert len(list_of(lambda_client, "loyalty-points", DurableExecutionName=name)) == 1
    # Names are unique within one function only.
    assert invoke(lambda_client, "refund", {"points": 2}, DurableExecutionName=name) != first


def test_a_synchronous_invoke_waits_for_the_result(lambda_client: Any) -> None:
    answer = lambda_client.invoke(FunctionName="loyalty-points", Payload=b'{"points": 3, "settleSeconds": 1}')
    assert json.loads(answer["Payload"].read())["entry"] == "walk-in+3"
    assert answer["DurableExecutionArn"].startswith(PREFIX + "loyalty-points:$LATEST/")
    assert "FunctionError" not in answer


def test_a_synchronous_invoke_of_a_long_execution_is_refused(lambda_client: Any) -> None:
    with pytest.raises(lambda_client.exceptions.InvalidParameterValueException, match="ExecutionTimeout"):
        lambda_client.invoke(FunctionName="coffee-order", Payload=b"{}")


def test_bad_invocations_are_refused_with_typed_errors(lambda_client: Any) -> None:
    errors = lambda_client.exceptions
    with pytest.raises(errors.InvalidRequestContentException):
        lambda_client.invoke(FunctionName="refund", InvocationType="Event", Payload=b"{not json")
    with pytest.raises(errors.InvalidParameterValueException):
        lambda_client.invoke(FunctionName="refund", InvocationType="Event", DurableExecutionName="no spaces")
    with pytest.raises(errors.InvalidParameterValueException):
        lambda_client.invoke(FunctionName="barista-callback", InvocationType="Event", DurableExecutionName="plain")
    with pytest.raises(errors.ResourceNotFoundException):
        lambda_client.invoke(FunctionName="tea-order", InvocationType="Event")
    with pytest.raises(errors.RequestTooLargeException):
        lambda_client.invoke(FunctionName="refund", InvocationType="Event", Payload=b'"%s"' % (b"x" * 1_048_576))
    assert lambda_client.invoke(FunctionName="refund", InvocationType="DryRun")["StatusCode"] == 204


def test_an_alias_runs_the_version_it_stands_for(lambda_client: Any) -> None:
    arn = invoke(lambda_client, "coffee-order:live", QUICK)
    assert arn.startswith(PREFIX + "coffee-order:7/durable-execution/")
    assert lambda_client.get_durable_execution(DurableExecutionArn=arn)["Version"] == "7"
    seven = [e["DurableExecutionArn"] for e in list_of(lambda_client, "coffee-order", Qualifier="7")]
    latest = [e["DurableExecutionArn"] for e in list_of(lambda_client, "coffee-order:$LATEST")]
    assert arn in seven and arn not in latest
    assert arn in [e["DurableExecutionArn"] for e in list_of(lambda_client, "coffee-order")]
    lambda_client.stop_durable_execution(DurableExecutionArn=arn)


# --- list -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "identifier",
    [
        "refund",
        "refund:$LATEST",
        "123456789012:function:refund",
        "123456789012:refund",
        PREFIX + "refund",
        PREFIX + "refund:$LATEST",
    ],
)
def test_a_function_may_be_named_in_every_form(lambda_client: Any, ran: dict[str, str], identifier: str) -> None:
    assert ran["refund"] in [e["DurableExecutionArn"] for e in list_of(lambda_client, identifier)]
    assert lambda_client.get_function_configuration(FunctionName=identifier)["FunctionName"] == "refund"


def test_unknown_functions_and_qualifiers_are_not_found(lambda_client: Any) -> None:
    for identifier in ("tea-order", "refund:99", PREFIX.replace("123456789012", "999999999999") + "refund"):
        with pytest.raises(lambda_client.exceptions.ResourceNotFoundException):
            lambda_client.list_durable_executions_by_function(FunctionName=identifier)
        with pytest.raises(lambda_client.exceptions.ResourceNotFoundException):
            lambda_client.get_function_configuration(FunctionName=identifier)
    with pytest.raises(lambda_client.exceptions.InvalidParameterValueException):
        lambda_client.list_durable_executions_by_function(FunctionName="refund:$LATEST", Qualifier="7")


def test_the_newest_execution_comes_first_unless_reversed(lambda_client: Any, ran: dict[str, str]) -> None:
    found = list_of(lambda_client, "coffee-order")
    starts = [e["StartTimestamp"] for e in found]
    assert starts == sorted(starts, reverse=True)
    assert list_of(lambda_client, "coffee-order", ReverseOrder=True) == found[::-1]


def test_pages_of_one_or_two_executions_add_up_to_the_whole(lambda_client: Any, ran: dict[str, str]) -> None:
    whole = list_of(lambda_client, "coffee-order")
    assert len(whole) >= 6
    for size in (1, 2, 0, len(whole)):
        assert list_of(lambda_client, "coffee-order", MaxItems=size) == whole
        assert list_of(lambda_client, "coffee-order", MaxItems=size, ReverseOrder=True) == whole[::-1]


def test_executions_started_between_two_pages_do_not_shift_them(lambda_client: Any) -> None:
    for _ in range(3):
        invoke(lambda_client, "slow-brew")
    first = lambda_client.list_durable_executions_by_function(FunctionName="slow-brew", MaxItems=2)
    invoke(lambda_client, "slow-brew")
    rest = list_of(lambda_client, "slow-brew", Marker=first["NextMarker"])
    arns = [e["DurableExecutionArn"] for e in first["DurableExecutions"] + rest]
    assert len(arns) == len(set(arns))


def test_statuses_filter_the_list(lambda_client: Any, ran: dict[str, str]) -> None:
    whole = list_of(lambda_client, "coffee-order")
    for statuses in (["FAILED"], ["SUCCEEDED", "STOPPED"], ["PAUSED"], ["RUNNING"]):
        found = list_of(lambda_client, "coffee-order", Statuses=statuses, MaxItems=1)
        assert found == [e for e in whole if e["Status"] in statuses]
    with pytest.raises(lambda_client.exceptions.InvalidParameterValueException):
        lambda_client.list_durable_executions_by_function(FunctionName="refund", Statuses=["BREWING"])


def test_start_times_filter_the_list(lambda_client: Any, ran: dict[str, str]) -> None:
    whole = list_of(lambda_client, "coffee-order", ReverseOrder=True)
    middle = whole[2]["StartTimestamp"]
    after = list_of(lambda_client, "coffee-order", StartedAfter=middle, ReverseOrder=True)
    before = list_of(lambda_client, "coffee-order", StartedBefore=middle, ReverseOrder=True)
    assert after == [e for e in whole if e["StartTimestamp"] >= middle]
    assert before == [e for e in whole if e["StartTimestamp"] <= middle]
    assert list_of(lambda_client, "coffee-order", StartedAfter=whole[-1]["StartTimestamp"] + timedelta(days=1)) == []


def test_summaries_carry_what_the_model_requires(lambda_client: Any, ran: dict[str, str]) -> None:
    for found in list_of(lambda_client, "refund"):
        assert {"DurableExecutionArn", "DurableExecutionName", "FunctionArn", "Status", "StartTimestamp"} <= set(found)
    assert all("EndTimestamp" in e for e in list_of(lambda_client, "refund", Statuses=["FAILED"]))


# --- functions ------------------------------------------------------------------------------------------------------


def test_functions_are_listed_in_pages_with_their_durable_configuration(lambda_client: Any) -> None:
    pages = lambda_client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 3})
    found = {f["FunctionName"]: f for page in pages for f in page["Functions"]}
    assert set(found) == {
        "barista-callback", "batch-roast", "coffee-order", "daily-report", "loyalty-points", "open-tab", "refund",
        "slow-brew",
    }  # fmt: skip
    assert "DurableConfig" not in found["barista-callback"]
    assert found["coffee-order"]["DurableConfig"] == {"ExecutionTimeout": 86_400, "RetentionPeriodInDays": 30}
    assert found["coffee-order"]["FunctionArn"] == PREFIX + "coffee-order"


def test_all_versions_are_listed_when_asked(lambda_client: Any) -> None:
    found = lambda_client.list_functions(FunctionVersion="ALL")["Functions"]
    assert PREFIX + "coffee-order:7" in [f["FunctionArn"] for f in found]


def test_one_function_is_described_with_and_without_qualifier(lambda_client: Any) -> None:
    plain = lambda_client.get_function_configuration(FunctionName="coffee-order")
    assert (plain["FunctionArn"], plain["Version"]) == (PREFIX + "coffee-order", "$LATEST")
    live = lambda_client.get_function_configuration(FunctionName="coffee-order", Qualifier="live")
    assert (live["FunctionArn"], live["Version"]) == (PREFIX + "coffee-order:live", "7")
    assert lambda_client.get_function(FunctionName="refund")["Configuration"]["Timeout"] == 60


# --- the server -----------------------------------------------------------------------------------------------------


def test_every_answer_carries_a_request_id_of_its_own(lambda_client: Any) -> None:
    answers = [lambda_client.list_functions() for _ in range(2)]
    with pytest.raises(lambda_client.exceptions.ResourceNotFoundException) as caught:
        lambda_client.get_function(FunctionName="tea-order")
    metadata = [a["ResponseMetadata"] for a in answers] + [caught.value.response["ResponseMetadata"]]
    assert len({m["RequestId"] for m in metadata}) == 3


def test_an_unknown_operation_is_refused_with_a_type(lambda_client: Any) -> None:
    with pytest.raises(lambda_client.exceptions.ClientError, match="UnknownOperationException"):
        lambda_client.list_layers()


def test_the_health_route_counts_executions(demo_server: str) -> None:
    with urllib.request.urlopen(f"{demo_server}/healthz") as answer:  # noqa: S310 - our own address
        assert json.load(answer)["status"] == "ok"


def test_many_concurrent_maps_all_end(lambda_client: Any) -> None:
    payload = {"stepSeconds": 0.001, "beans": [f"bean {n}" for n in range(6)], "burnt": [1], "restSeconds": 1}
    with ThreadPoolExecutor(8) as pool:
        arns = list(pool.map(lambda _: invoke(lambda_client, "batch-roast", payload), range(8)))
    assert {wait_for_end(lambda_client, arn)["Status"] for arn in arns} == {"SUCCEEDED"}


def test_the_demo_ends_at_once_when_asked_to() -> None:
    command = [sys.executable, "-m", "demo", "--port", "0", "--seed", "1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline().startswith("demo: Lambda endpoint http://127.0.0.1:")
        time.sleep(1.5)
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        assert time.monotonic() - asked < 3
        assert (process.returncode, errors) == (0, "")


def test_the_traffic_shows_every_function_every_status_and_open_callbacks_and_keeps_to_its_cap() -> None:
    with Backend() as backend:
        traffic = Traffic(backend, cap=22, seed=7)
        traffic.start()
        client = backend.client()
        durable = [name for name, spec in backend.catalog.specs.items() if spec.durable]
        wait_for(lambda: all(list_of(client, name) for name in durable))

        def statuses() -> bool:
            return {e["Status"] for name in durable for e in list_of(client, name)} >= {"RUNNING", *TERMINAL}

        wait_for(statuses)
        assert len(traffic.open_callbacks()) >= 3
        traffic.stop()
        assert len(backend.index.all()) <= 22


def test_a_tab_is_not_closed_before_it_has_served_something() -> None:
    with Backend() as backend:
        traffic = Traffic(backend, cap=10, seed=7)
        for number in range(3):
            traffic._start(Start("open-tab", f"tab-{number}", {"roundSeconds": 1}))
        traffic._close_tabs()
        tabs = backend.index.of_function("open-tab")
        assert len(tabs) == 3 and not any(tab.finished.is_set() for tab in tabs)
        wait_for(lambda: all(len(tab.get_assertable_operations()) >= SERVED for tab in tabs))
        traffic._close_tabs()
        wait_for(lambda: sum(tab.finished.is_set() for tab in tabs) == 2)


def test_executions_that_lost_their_timer_or_their_invocation_are_woken() -> None:
    with Backend() as backend:
        client = backend.client()
        lost_timer = backend.index.get(invoke(client, "loyalty-points", {"settleSeconds": 1}))
        ready = backend.index.get(invoke(client, "coffee-order", {**QUICK, "paymentFailures": 1, "retryDelay": 60}))
        timers = backend.executor._pending_wakeup
        for execution in (lost_timer, ready):
            wait_for(partial(timers.__contains__, execution.durable_execution_arn), 5)
            timers.pop(execution.durable_execution_arn).cancel()
        step = next(o for o in ready.operations if o.name == "charge card")
        ready.complete_retry(step.operation_id)
        assert wait_for_end(client, lost_timer.durable_execution_arn)["Status"] == "SUCCEEDED"
        assert callback_of(client, ready.durable_execution_arn)
        assert backend.healer.healed == 2


def test_a_seed_makes_the_traffic_repeatable() -> None:
    one, two, other = Till(5), Till(5), Till(6)
    same = [till.opening() + [till.next() for _ in range(40)] for till in (one, two)]
    assert same[0] == same[1]
    assert other.opening() + [other.next() for _ in range(40)] != same[0]
    assert any("<script>" in str(start.payload) for start in same[0])


def test_the_template_deploys_the_functions_as_the_demo_runs_them() -> None:
    text = (ROOT / "demo" / "template.yaml").read_text()
    specs = build_catalog(lambda: None).specs
    for name, spec in specs.items():
        block = text.split(f"FunctionName: {name}\n")[1].split("\n\n")[0]
        assert f"Handler: {spec.module}.handler\n" in block
        assert f"      Timeout: {spec.timeout}" in block
        assert ("DurableConfig:" in block) == spec.durable
        if spec.durable:
            assert f"ExecutionTimeout: {spec.execution_timeout}\n" in block
            assert f"RetentionPeriodInDays: {spec.retention_days}" in block
    assert text.count("Type: AWS::Serverless::Function") == len(specs)


def test_each_function_file_loads_alone_as_lambda_would_load_it() -> None:
    folder = ROOT / "demo" / "functions"
    modules = sorted(path.stem for path in folder.glob("[a-z]*.py"))
    program = f"import importlib\nfor m in {modules}: assert callable(importlib.import_module(m).handler), m"
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True, timeout=30)


def test_a_backend_in_this_process_serves_next_to_others() -> None:
    before = threading.active_count()
    with Backend() as one, Backend() as two:
        assert one.url != two.url
        invoke(one.client(), "loyalty-points", DurableExecutionName="here")
        assert len(list_of(one.client(), "loyalty-points")) == 1
        assert list_of(two.client(), "loyalty-points") == []
    assert threading.active_count() < before + 20
