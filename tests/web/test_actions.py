"""The confirmation forms and what sending them does, over a Lambda API in memory."""

import uuid
from typing import Any

import pytest
from django.test import Client

from executions.gateway.connections import Connection
from executions.models import ActionRecord, Callback, Execution
from tests import factories
from tests.fakes import EPOCH, REGION, FakeLambda, client_error

pytestmark = [pytest.mark.web, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    fake = FakeLambda()
    connection = Connection(name="default", region=REGION, client=fake)
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: connection)
    return fake


@pytest.fixture
def callback(aws: FakeLambda) -> Callback:
    """An open callback that AWS and the mirror both know."""
    aws.add_function("coffee")
    arn = aws.start("coffee", "order-1")
    callback_id = aws.open_callback(arn, EPOCH)
    return factories.callback(factories.execution(arn=arn, name="order-1"), callback_id=callback_id)


@pytest.fixture
def approver(client: Client) -> Client:
    client.force_login(factories.user("approver", "ada"))
    return client


def url(callback: Callback, action: str) -> str:
    if action in ("stop", "pause", "resume", "delete"):
        return f"/executions/{callback.execution_id}/{action}/"
    return f"/executions/{callback.execution_id}/callbacks/{callback.pk}/{action}/"


def form(**values: Any) -> dict[str, Any]:
    return {"token": str(uuid.uuid4()), "reason": "", **values}


@pytest.mark.parametrize("action", ["stop", "pause", "answer", "heartbeat"])
def test_asking_shows_a_form_and_changes_nothing(
    approver: Client, aws: FakeLambda, callback: Callback, action: str
) -> None:
    page = approver.get(url(callback, action))
    assert page.status_code == 200
    assert b"csrfmiddlewaretoken" in page.content and b'name="token"' in page.content and b"order-1" in page.content
    assert not ActionRecord.objects.exists() and not aws.calls


@pytest.mark.parametrize("action", ["stop", "pause", "answer", "heartbeat"])
def test_the_same_form_comes_as_a_fragment_for_the_dialog(approver: Client, callback: Callback, action: str) -> None:
    page = approver.get(url(callback, action), headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert b"<html" not in page.content and b"csrfmiddlewaretoken" in page.content


def test_answering_sends_the_text_once_and_says_what_aws_said(
    approver: Client, aws: FakeLambda, callback: Callback
) -> None:
    sent = form(do="approve", format="json", result='{\r\n "ok": true}', reason="looks good")
    for _ in range(2):
        answer = approver.post(url(callback, "answer"), sent, follow=True)
        assert answer.status_code == 200
    assert dict(aws.requests)["send_durable_execution_callback_success"]["Result"] == b'{\n "ok": true}'
    assert aws.calls["send_durable_execution_callback_success"] == 1
    record = ActionRecord.objects.get()
    assert (record.username, record.reason, record.outcome, record.address) == (
        "ada",
        "looks good",
        "accepted",
        "127.0.0.1",
    )
    assert b"AWS accepted it" in answer.content


def test_stopping_sends_the_type_and_message(approver: Client, aws: FakeLambda, callback: Callback) -> None:
    approver.post(url(callback, "stop"), form(error_type="TableLeft", error_message="gone <home>"))
    error = dict(aws.requests)["stop_durable_execution"]["Error"]
    assert error == {"ErrorType": "TableLeft", "ErrorMessage": "gone <home> (by ada)"}


def test_failing_without_words_says_who_rejected(approver: Client, aws: FakeLambda, callback: Callback) -> None:
    approver.post(url(callback, "answer"), form(do="fail"))
    error = dict(aws.requests)["send_durable_execution_callback_failure"]["Error"]
    assert error == {"ErrorType": "Rejected", "ErrorMessage": "Rejected by ada"}


def test_a_callback_answered_meanwhile_says_so_and_by_whom(
    approver: Client, aws: FakeLambda, callback: Callback
) -> None:
    grace = factories.user("approver", "grace")
    factories.action(callback.execution, grace, "succeed", callback=callback)
    page = approver.get(url(callback, "answer"))
    assert b"grace answered the callback with success" in page.content
    after = approver.post(url(callback, "answer"), form(do="fail"), follow=True)
    assert b"Nothing was sent" in after.content and b"grace" in after.content
    assert not aws.calls


def test_what_aws_refuses_is_shown_in_its_words(approver: Client, aws: FakeLambda, callback: Callback) -> None:
    aws.fail_next(
        "send_durable_execution_callback_heartbeat", client_error("CallbackTimeoutException", 400, "too late")
    )
    page = approver.post(url(callback, "heartbeat"), form(), follow=True)
    assert b"too late" in page.content


def test_from_the_dialog_the_whole_page_is_led_to_the_execution(approver: Client, callback: Callback) -> None:
    answer = approver.post(url(callback, "heartbeat"), form(), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer["HX-Redirect"] == f"/executions/{callback.execution_id}/"


def test_a_callback_of_another_execution_is_a_404(approver: Client, callback: Callback) -> None:
    other = factories.execution()
    assert approver.get(f"/executions/{other.pk}/callbacks/{callback.pk}/answer/").status_code == 404
    assert approver.get(f"/executions/{2**70}/stop/").status_code == 404


def test_pausing_and_resuming_send_reason_and_name(approver: Client, aws: FakeLambda, callback: Callback) -> None:
    approver.post(url(callback, "pause"), form(reason="stocktaking", timeout_too="on"))
    sent = dict(aws.requests)["pause_durable_execution"]
    assert (sent["Reason"], sent["ExecutionTimeoutPaused"]) == ("stocktaking (by ada)", True)
    Execution.objects.update(status="PAUSED")
    page = approver.get(f"/executions/{callback.execution_id}/").content.decode()
    assert "Resume…" in page and "Pause…" not in page
    approver.post(url(callback, "resume"), form())
    assert dict(aws.requests)["resume_durable_execution"]["Reason"] == "by ada"


def test_what_a_backend_cannot_do_is_said_at_the_button(approver: Client, aws: FakeLambda, callback: Callback) -> None:
    aws.fail_next("pause_durable_execution", client_error("UnknownOperationException", 404))
    approver.post(url(callback, "pause"), form())
    page = approver.get(f"/executions/{callback.execution_id}/").content.decode()
    assert "cannot pause executions" in page
    assert b"cannot pause executions" in approver.get(url(callback, "pause")).content


def test_deleting_takes_the_typed_name_and_leads_to_the_list_when_our_copy_went_too(
    client: Client, aws: FakeLambda, callback: Callback
) -> None:
    client.force_login(factories.user("admin"))
    aws.add(callback.execution.arn, "ExecutionSucceeded", EPOCH + 30)
    Execution.objects.update(status="SUCCEEDED", ended_at=factories.ago(5))
    wrong = client.post(url(callback, "delete"), form(copy="purge", typed="order-2"))
    assert b"not the execution" in wrong.content and not aws.calls
    answer = client.post(url(callback, "delete"), form(copy="purge", typed="order-1"))
    assert answer["Location"] == "/executions/" and not Execution.objects.exists()
    assert aws.calls["delete_durable_execution"] == 1


@pytest.mark.parametrize(("action", "operation"), [("stop", "stop_durable_execution"), ("answer", "callback_success")])
def test_what_has_no_history_yet_can_be_stopped_and_answered(
    approver: Client, aws: FakeLambda, callback: Callback, action: str, operation: str
) -> None:
    def never(**_: Any) -> None:
        raise AssertionError("the history was asked for")

    aws.get_durable_execution_history = never  # type: ignore[method-assign]
    page = approver.get(f"/executions/{callback.execution_id}/").content.decode()
    assert "Its history has not been read yet." in page
    assert url(callback, action) in page
    answer = approver.post(url(callback, action), form(do="approve", reason="now", format="json", result="1"))
    assert answer.status_code == 302 and ActionRecord.objects.get().outcome == "accepted"
    assert any(operation.removeprefix("callback_") in name for name in aws.calls)
