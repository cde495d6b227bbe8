"""The whole read path and the actions against AWS's emulator: what the mirror holds equals what boto3 reads, event
for event.
"""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from executions import histories
from executions.actions import decisions, perform
from executions.actions.records import Actor
from executions.gateway import budget, connections
from executions.models import ActionRecord, Callback, Execution, Function
from executions.sync import functions, history, listing, schedule
from tests import factories
from tests.fakes import default_connection

pytestmark = [pytest.mark.emulator, pytest.mark.django_db(transaction=True), pytest.mark.timeout(90)]

QUICK = {"stepSeconds": 0.01, "brewSeconds": 1, "retryDelay": 1}
SCENARIOS: dict[str, tuple[str, dict[str, Any], str]] = {
    "an order without its callback's answer": (
        "coffee-order",
        {**QUICK, "callbackTimeout": 2, "heartbeatTimeout": 0},
        "",
    ),
    "an order whose payment fails and is retried": (
        "coffee-order",
        {**QUICK, "paymentFailures": 1, "callbackTimeout": 2},
        "",
    ),
    "points": ("loyalty-points", {"points": 3, "settleSeconds": 1}, "SUCCEEDED"),
    "a roast of twenty beans": ("batch-roast", {"burnt": [3], "restSeconds": 0, "stepSeconds": 0.01}, ""),
    "a report that polls": ("daily-report", {"polls": 2, "pollSeconds": 1, "waitSeconds": 1}, "SUCCEEDED"),
    "a refund that fails for good": ("refund", {"retryDelay": 1}, "FAILED"),
    "a brew that times out": ("slow-brew", {"steepSeconds": 60}, "TIMED_OUT"),
}


@pytest.fixture
def mirror(demo_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The real gateway on the demo; the budget is for AWS's sake and would only make this slow."""
    for name, value in {
        "AWS_ENDPOINT_URL_LAMBDA": demo_server,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(budget, "acquire", lambda *_, **__: None)
    connections.reach.cache_clear()
    yield
    connections.reach.cache_clear()


@pytest.fixture
def as_boto3_reads(lambda_client: Any) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """All events of an execution as the JSON that plain boto3 received, page after page."""
    bodies: list[bytes] = []

    def keep(response_dict: dict[str, Any], **_: Any) -> None:
        bodies.append(response_dict["body"])

    name = "before-parse.lambda.GetDurableExecutionHistory"
    lambda_client.meta.events.register(name, keep)

    def read(arn: str) -> list[dict[str, Any]]:
        bodies.clear()
        marker: dict[str, str] = {}
        while True:
            answer = lambda_client.get_durable_execution_history(DurableExecutionArn=arn, MaxItems=50, **marker)
            if not answer.get("NextMarker"):
                return [event for body in bodies for event in json.loads(body)["Events"]]
            marker = {"Marker": answer["NextMarker"]}

    yield read
    lambda_client.meta.events.unregister(name, keep)


def begin(client: Any, function: str, payload: dict[str, Any]) -> str:
    name = f"{function}-{uuid.uuid4().hex[:8]}"
    answer = client.invoke(
        FunctionName=function, InvocationType="Event", DurableExecutionName=name, Payload=json.dumps(payload).encode()
    )
    return str(answer["DurableExecutionArn"])


def sync_until(ready: Callable[[], bool], seconds: float = 40.0) -> None:
    """Run the mirror as its worker does until `ready`, for as long as the functions need."""
    functions.discover(default_connection(), now=timezone.now())
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "the mirror never got there"
        for function in Function.objects.select_related("connection"):
            listing.list_function(function, now=timezone.now())
        for execution in Execution.objects.filter(history_complete=False).select_related("function__connection"):
            history.pull(execution, now=timezone.now())
        time.sleep(0.15)


def finished(arn: str) -> bool:
    return Execution.objects.filter(arn=arn, history_complete=True).exists()


def the(arn: str) -> Execution:
    return Execution.objects.select_related("function__connection").get(arn=arn)


def actor() -> Actor:
    user = factories.user("approver")
    return Actor(user=user, address=None, token=uuid.uuid4(), reason="tried it")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_is_mirrored_event_for_event_while_it_runs_and_to_its_end(
    mirror: None, lambda_client: Any, as_boto3_reads: Callable[[str], list[dict[str, Any]]], scenario: str
) -> None:
    function, payload, status = SCENARIOS[scenario]
    arn = begin(lambda_client, function, payload)
    sync_until(lambda: finished(arn))
    mirrored, direct = histories.wire_events(the(arn), with_payloads=True), as_boto3_reads(arn)
    assert mirrored == direct
    assert [event["EventId"] for event in mirrored] == list(range(1, len(mirrored) + 1))
    answer = lambda_client.get_durable_execution(DurableExecutionArn=arn)
    row = the(arn)
    assert (row.status, row.started_at, row.ended_at) == (
        answer["Status"],
        answer["StartTimestamp"],
        answer["EndTimestamp"],
    )
    assert status in ("", row.status)
    for event in mirrored:
        child = event.get("ChainedInvokeStartedDetails", {}).get("DurableExecutionArn")
        assert child is None or histories.wire_events(the(child), with_payloads=True) == as_boto3_reads(child)


def test_an_open_callback_is_found_answered_and_the_execution_finishes(
    mirror: None, lambda_client: Any, as_boto3_reads: Callable[[str], list[dict[str, Any]]]
) -> None:
    arn = begin(lambda_client, "coffee-order", {**QUICK, "callbackTimeout": 600, "heartbeatTimeout": 300})
    sync_until(lambda: Callback.objects.filter(execution__arn=arn, status="STARTED").exists())
    callback = Callback.objects.select_related("execution__function").get(execution__arn=arn)
    assert callback.name == "barista accepts" and callback.timeout_at and callback.heartbeat_seconds == 300
    assert perform.heartbeat(actor(), callback, now=timezone.now()).outcome == ActionRecord.Outcome.ACCEPTED
    typed = '{"accepted": true, "barista": "Zoë", "note": 12345678901234567890}'
    record = decisions.succeed(actor(), callback, result=typed, is_json=True, now=timezone.now())
    assert record.outcome == ActionRecord.Outcome.ACCEPTED and record.aws_request_id
    sync_until(lambda: finished(arn))
    events = as_boto3_reads(arn)
    answered = next(event for event in events if event["EventType"] == "CallbackSucceeded")
    assert answered["CallbackSucceededDetails"]["Result"]["Payload"] == typed
    assert histories.wire_events(the(arn), with_payloads=True) == events
    assert Callback.objects.get(execution__arn=arn).status == "SUCCEEDED"


def test_a_callback_that_the_barista_answered_meanwhile_is_refused_in_aws_words(
    mirror: None, lambda_client: Any
) -> None:
    arn = begin(lambda_client, "coffee-order", {**QUICK, "callbackTimeout": 600})
    sync_until(lambda: Callback.objects.filter(execution__arn=arn, status="STARTED").exists())
    callback = Callback.objects.select_related("execution__function").get(execution__arn=arn)
    payload = {"callbackId": callback.callback_id, "decision": "accept", "barista": "Ana"}
    lambda_client.invoke(FunctionName="barista-callback", Payload=json.dumps(payload).encode())
    record = decisions.succeed(actor(), callback, result="1", is_json=True, now=timezone.now())
    assert record.outcome == ActionRecord.Outcome.REFUSED and "answered already" in record.answer


def test_a_stopped_execution_keeps_the_error_it_was_stopped_with(mirror: None, lambda_client: Any) -> None:
    arn = begin(lambda_client, "open-tab", {"roundSeconds": 30})
    sync_until(lambda: Execution.objects.filter(arn=arn, contiguous_through__gt=2).exists())
    record = perform.stop(actor(), the(arn), error_type="TableLeft", error_message="they <left>", now=timezone.now())
    assert record.outcome == ActionRecord.Outcome.ACCEPTED
    sync_until(lambda: finished(arn))
    row = the(arn)
    assert (row.status, row.error_type) == ("STOPPED", "TableLeft")
    assert "NEVER_FINISHED" in {operation.status for operation in histories.history_of(row).operations.values()}


def test_sync_once_prints_what_was_new_by_function_and_is_idle_the_second_time(
    mirror: None, lambda_client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    arn = begin(lambda_client, "refund", {"retryDelay": 1})
    sync_until(lambda: finished(arn))
    Execution.objects.all().delete()
    Function.objects.update(listed_through=None)
    call_command("sync", "--once", "--function", "refund")
    first = capsys.readouterr().out
    new = Execution.objects.filter(function__name="refund").count()
    events = sum(row.contiguous_through for row in Execution.objects.all())
    assert first.startswith(f"refund: {new} new executions, {events} new events, ") and "history" in first
    call_command("sync", "--once", "--function", "refund")
    assert capsys.readouterr().out.startswith("refund: 0 new executions, 0 new events, 1 list")


def test_the_schedule_hands_out_what_is_due_until_all_is_mirrored(mirror: None, lambda_client: Any) -> None:
    arn = begin(lambda_client, "loyalty-points", {"settleSeconds": 1})
    functions.discover(default_connection(), now=timezone.now())
    deadline = time.monotonic() + 30
    while not finished(arn):
        assert time.monotonic() < deadline
        for pk in schedule.claim_functions(now=timezone.now()):
            listing.list_function(Function.objects.select_related("connection").get(pk=pk), now=timezone.now())
        for pk in schedule.claim_histories(now=timezone.now()):
            history.pull(Execution.objects.select_related("function__connection").get(pk=pk), now=timezone.now())
        time.sleep(0.1)
    assert the(arn).history_due_at is None
