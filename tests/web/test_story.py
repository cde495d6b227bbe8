"""What is going on, at the top of an execution's page: in words, with links, into the executions that it called."""

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
    assert "Failed because points failed: InvokeError: no such card" in html
    assert f'href="/executions/{child.pk}/"' in html and f'href="/executions/{child.pk}/?op=' in html
    assert "Failed because ledger/book failed" in html or "Failed because book points failed" in html


def test_what_a_waiting_execution_waits_for_is_followed_too(as_viewer: Client) -> None:
    parent = caller("Running")
    script = histories.Script()
    script.started("points")
    script.callback_started("clerk", timeout=3600)
    child = stored.execution(script.events, arn=CHILD)
    html = head(as_viewer, parent)
    assert "Waiting for loyalty" in html and "Waiting for clerk" in html and f"/executions/{child.pk}/" in html


def test_a_called_execution_that_is_not_here_is_still_a_link(as_viewer: Client) -> None:
    assert "Not mirrored here" in head(as_viewer, caller()) and "/arn/arn" in head(as_viewer, caller())


def test_what_is_said_of_a_child_is_escaped(as_viewer: Client) -> None:
    parent = caller()
    called('"><script>alert(1)</script>')
    assert "<script>" not in head(as_viewer, parent)


def test_the_contexts_around_a_cause_are_links(as_viewer: Client) -> None:
    child = called()
    ledger = next(iter(history_of(child).roots))
    assert f'Inside <a href="/executions/{child.pk}/?op={ledger}">ledger</a>' in head(as_viewer, child)


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
    assert "Paused by ada" in head(as_viewer, execution) and "because “stocktaking”" in head(as_viewer, execution)


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
