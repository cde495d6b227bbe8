"""What is going on, at the top of an execution's page: in words, with links, into the executions that it called."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from executions.histories import history_of
from executions.models import Execution
from tests import factories, histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
CHILD = "arn:aws:lambda:us-east-1:123456789012:function:loyalty:$LATEST/durable-execution/points/one"


def head(client: Client, execution: Execution) -> str:
    response = client.get(f"/executions/{execution.pk}/head/")
    assert response.status_code == 200
    return response.content.decode().split('class="facts"')[0]


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split())


def caller(status: str = "Failed") -> Execution:
    script = histories.Script()
    script.started()
    script.chained_started("points", "loyalty", CHILD)
    script.sleep(5)
    if status == "Failed":
        error = {"Payload": {"ErrorType": "InvokeError", "ErrorMessage": "no such card"}}
        script.event("ChainedInvokeFailed", "points", name="points", details={"Error": error})
        script.ended("Failed", ErrorType="InvokeError", ErrorMessage="no such card")
    return stored.execution(script.events)


def called(message: str = "no such card") -> Execution:
    script = histories.Script()
    script.started("points")
    script.context_started("ledger")
    script.step_started("ledger/book", "ledger", name="book points")
    script.step_failed("ledger/book", "ledger", message=message)
    script.context_ended("ledger", verb="Failed")
    script.ended("Failed", ErrorType="PaymentError", ErrorMessage=message)
    return stored.execution(script.events, arn=CHILD)


def test_a_failure_is_followed_into_the_execution_that_was_called(as_viewer: Client) -> None:
    parent, child = caller(), called()
    html = head(as_viewer, parent)
    assert "Failed in points: InvokeError: no such card" in words(html)
    assert f'href="/executions/{child.pk}/"' in html and f'href="/executions/{child.pk}/?op=' in html
    assert "Failed in book points: PaymentError: no such card" in words(html)


def test_what_a_waiting_execution_waits_for_is_followed_too(as_viewer: Client) -> None:
    parent = caller("Running")
    script = histories.Script()
    script.started("points")
    script.callback_started("clerk", timeout=3600)
    child = stored.execution(script.events, arn=CHILD)
    html = head(as_viewer, parent)
    told = words(html)
    assert "Waiting for loyalty" in told and "Waiting for clerk" in told and f"/executions/{child.pk}/" in html


def test_a_called_execution_that_is_not_here_is_still_a_link(as_viewer: Client) -> None:
    assert "Not mirrored here" in head(as_viewer, caller()) and "/arn/arn" in head(as_viewer, caller())


def test_what_is_said_of_a_child_is_escaped(as_viewer: Client) -> None:
    parent = caller()
    called('"><script>alert(1)</script>')
    assert "<script>" not in head(as_viewer, parent)


def test_the_contexts_around_a_cause_are_links(as_viewer: Client) -> None:
    child = called()
    ledger = next(iter(history_of(child).roots))
    html = head(as_viewer, child)
    assert f'<a href="/executions/{child.pk}/?op={ledger}"><bdi>ledger</bdi></a>' in html
    assert "It was inside ledger." in words(html)


def test_a_branch_is_told_by_its_number_in_what_it_is_a_branch_of(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    script.context_started("fan-out", subtype="Parallel")
    for number in range(4):
        path = f"fan-out/{number}"
        name = "sms" if number == 3 else f"parallel-branch-{number}"
        script.event("ContextStarted", path, parent="fan-out", subtype="ParallelBranch", name=name)
    script.step_started("fan-out/3/charge", "fan-out/3", name="charge card")
    script.step_failed("fan-out/3/charge", "fan-out/3", message="declined")
    script.context_ended("fan-out/3", "fan-out", subtype="ParallelBranch", verb="Failed")
    script.context_ended("fan-out", subtype="Parallel", verb="Failed")
    script.ended("Failed", ErrorType="PaymentError", ErrorMessage="declined")
    told = words(head(as_viewer, stored.execution(script.events)))
    assert "Failed in charge card: PaymentError: declined" in told
    assert "It was inside branch 4 (sms) of fan-out." in told


def test_who_stopped_it_is_told_but_not_through_a_share_link(as_viewer: Client, settings: Any) -> None:
    script = histories.Script()
    script.started()
    script.step_started("count")
    script.ended("Stopped", ErrorType="ShiftOver", ErrorMessage="late")
    execution, ada = stored.execution(script.events), factories.user("operator", "ada")
    factories.action(execution, ada, "stop", reason="closing time")
    assert "Stopped by ada because “closing time”: ShiftOver: late" in words(head(as_viewer, execution))
    settings.SHARE_LINKS = "login"
    factories.share_link(execution, token="abcdefghijklmnopqrstuv")
    shared = as_viewer.get("/shared/abcdefghijklmnopqrstuv/view/").content.decode()
    assert "Stopped: ShiftOver: late" in shared and "ada" not in words(shared.split('class="facts"')[0])


def paused() -> Execution:
    script = histories.Script()
    script.started()
    script.step("count")
    script.event("ExecutionPaused", "execution", details={"Reason": {"Payload": "quarter end"}})
    return stored.execution(script.events, status="PAUSED")


def test_a_pause_says_by_whom_and_why(as_viewer: Client) -> None:
    execution = paused()
    assert "because “quarter end”" in head(as_viewer, execution)
    ada = factories.user("operator", "ada")
    factories.action(execution, ada, "pause", reason="stocktaking")
    assert re.search("Paused by ada for .* because “stocktaking”", words(head(as_viewer, execution)))


def test_a_pause_that_was_lifted_from_here_is_not_blamed_for_the_next(as_viewer: Client) -> None:
    execution, ada = paused(), factories.user("operator", "ada")
    factories.action(execution, ada, "pause", reason="stocktaking", created_at=factories.ago(90))
    factories.action(execution, ada, "resume", created_at=factories.ago(60))
    assert "Paused by ada" not in head(as_viewer, execution)


def test_the_gauges_say_when_a_limit_is_met_and_when_aws_forgets(as_viewer: Client) -> None:
    running = stored.execution(histories.big_history(400)[:-2], status="RUNNING")
    running.started_at = factories.ago(1000)
    running.save()
    html = as_viewer.get(f"/executions/{running.pk}/head/").content.decode()
    assert "at this rate met in" in html and "invocations; waited" in html
    ended = stored.execution(stored.wire("flaky"))
    ended.function.retention_days = 14
    ended.function.save()
    html = as_viewer.get(f"/executions/{ended.pk}/head/").content.decode()
    assert "; kept here" in html and "at this rate" not in html


def test_logs_traces_and_commands_are_one_click_away(as_viewer: Client) -> None:
    execution = called()
    html = as_viewer.get(f"/executions/{execution.pk}/").content.decode()
    for words in ("logs-insights", "#xray:traces", "Logs Insights query", "aws lambda get-durable-execution", "sam "):
        assert words in html
    step = next(one for one in history_of(execution).operations.values() if one.kind == "Step")
    drawer = as_viewer.get(f"/executions/{execution.pk}/operations/{step.id}/").content.decode()
    assert "Its logs" in drawer and "operationId" in drawer


def logs_of(client: Client, execution: Execution, kind: str) -> str:
    operation = next(one for one in history_of(execution).operations.values() if one.kind == kind)
    drawer = client.get(f"/executions/{execution.pk}/operations/{operation.id}/").content.decode()
    return unescape(drawer)


@pytest.mark.parametrize(
    ("scenario", "kind", "words"),
    [
        ("coffee_accept", "Step", "Lines name an operation when they are written by the SDK's logger."),
        ("coffee_accept", "Callback", "No log line names a callback."),
        ("coffee_accept", "Wait", "No log line names a wait."),
        ("chain_parent", "ChainedInvoke", "what the child logged is at its own execution"),
    ],
)
def test_the_logs_of_every_operation_are_one_click_away_and_it_says_what_they_hold(
    as_viewer: Client, scenario: str, kind: str, words: str
) -> None:
    execution = stored.execution(stored.wire(scenario))
    drawer = logs_of(as_viewer, execution, kind)
    assert words in drawer and "Logs while it lasted" in drawer
    assert ("Its logs" in drawer) == ("operationId" in drawer) == (kind == "Step")
    met = [one.request_id for one in history_of(execution).invocations]
    assert any(f'@requestId in ["{one}"' in drawer or f', "{one}"' in drawer for one in met)


def test_logs_are_asked_for_by_the_invocations_that_ran_meanwhile(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    script.wait_started("nap", 10)
    waiting = stored.execution(script.events)
    assert "AWS has named no invocation that ran while it lasted" in logs_of(as_viewer, waiting, "Wait")
    for number in range(25):
        times = {"StartTimestamp": script.at, "EndTimestamp": script.at}
        script.event("InvocationCompleted", details={**times, "RequestId": f"r-{number}"})
    script.sleep(10)
    script.wait_succeeded("nap", 10)
    script.sleep(1)
    script.invoke()
    script.invocation()
    ended = stored.execution(script.events)
    drawer = logs_of(as_viewer, ended, "Wait")
    assert "Of 25 invocations that ran while it lasted, the first 20 are asked for" in drawer
    assert '"r-19"' in drawer and "r-20" not in drawer and "00000000-0000-4000" not in drawer


def test_a_deletion_that_aws_has_accepted_is_told_until_it_is_gone(as_admin: Client) -> None:
    script = histories.Script()
    script.started()
    script.ended()
    execution = stored.execution(script.events)
    assert f"/executions/{execution.pk}/delete/" in head(as_admin, execution)
    factories.action(execution, factories.user("admin", "ada"), "delete")
    page = head(as_admin, execution)
    assert "ada has had AWS delete it." in page and f"/executions/{execution.pk}/delete/" not in page
    Execution.objects.update(gone_at=factories.ago())
    page = head(as_admin, execution)
    assert "AWS no longer has this execution." in page and "has had AWS delete it" not in page
