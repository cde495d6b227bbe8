"""Executions of whose history nothing, or not all, has been read: what can be done is there all the same."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from executions.gateway import budget
from executions.gateway.connections import Connection
from executions.gateway.errors import GatewayError
from executions.models import ActionRecord, Execution
from executions.sync import history
from tests import factories
from tests.fakes import EPOCH, REGION, FakeLambda, client_error

pytestmark = [pytest.mark.web, pytest.mark.django_db(transaction=True)]
READ = "Read it from AWS now"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    fake = FakeLambda()
    connection = Connection(name="default", region=REGION, client=fake)
    for module in ("sync.history", "sync.executions", "actions.perform"):
        monkeypatch.setattr(f"executions.{module}.reach", lambda *_: connection)
    monkeypatch.setattr(budget, "acquire", lambda *_, **__: None)
    monkeypatch.setattr(budget, "throttled", lambda *_, **__: None)
    return fake


@pytest.fixture
def unread(aws: FakeLambda) -> Execution:
    """Known to the mirror by its name only; at AWS it has 3,001 events, the last of which opens a callback."""
    aws.add_function("refund")
    arn = aws.start("refund", "order-1")
    for number in range(2, 3001):
        aws.add(arn, "StepSucceeded", EPOCH + number / 100, operation=f"op-{number}")
    aws.open_callback(arn, EPOCH + 40)
    return factories.execution(factories.function("refund"), arn=arn, name="order-1")


def page(client: Client, execution: Execution) -> str:
    return client.get(f"/executions/{execution.pk}/").content.decode()


def answer_url(execution: Execution) -> str:
    return f"/executions/{execution.pk}/callbacks/{execution.callbacks.get().pk}/answer/"


def break_off(aws: FakeLambda, monkeypatch: pytest.MonkeyPatch, when: Callable[[dict[str, Any]], bool]) -> None:
    told = aws.get_durable_execution_history

    def broken(**request: Any) -> dict[str, Any]:
        if when(request):
            raise client_error("KMSAccessDeniedException", 502)
        return told(**request)

    monkeypatch.setattr(aws, "get_durable_execution_history", broken)


def test_a_callback_in_the_part_that_was_read_is_answered_while_the_rest_is_missing(
    as_approver: Client, aws: FakeLambda, unread: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_off(aws, monkeypatch, lambda request: bool(request.get("Marker")))
    with pytest.raises(GatewayError):
        history.pull(unread, now=timezone.now())
    html = page(as_approver, unread)
    assert "History incomplete: events 1,001-2,001 missing." in html and READ in html
    assert "an open callback may be one that has been answered" in html
    assert '≥ 1,999 <span class="muted rest">/ 3,000' in html and "; waited" not in html
    assert answer_url(unread) in html and f"/executions/{unread.pk}/stop/" in html
    form = as_approver.get(answer_url(unread)).content.decode()
    token = form.partition('name="token" value="')[2].partition('"')[0]
    typed = {"token": token, "do": "approve", "format": "json", "result": "1"}
    assert as_approver.post(answer_url(unread), typed).status_code == 302
    assert (
        ActionRecord.objects.get().outcome == "accepted" and aws.calls["send_durable_execution_callback_success"] == 1
    )


def test_what_was_never_read_is_read_at_once_by_a_button(
    as_approver: Client, aws: FakeLambda, unread: Execution, settings: Any
) -> None:
    settings.READ_ONLY = True
    html = page(as_approver, unread)
    assert "Its history has not been read yet." in html and "Stopping does not need it" in html and READ in html
    assert "/ 3,000" not in html and "; waited" not in html
    assert as_approver.get(f"/executions/{unread.pk}/read/").status_code == 405
    html = as_approver.post(f"/executions/{unread.pk}/read/", follow=True).content.decode()
    assert "The history was read up to event 3,001." in html and READ not in html
    assert unread.callbacks.get().is_open


def test_a_history_that_aws_refuses_says_so_and_can_be_asked_for_again(
    as_approver: Client, aws: FakeLambda, unread: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_off(aws, monkeypatch, lambda _: True)
    html = as_approver.post(f"/executions/{unread.pk}/read/", follow=True).content.decode()
    assert "The history was not read to its end." in html and "AWS has not let it be read so far" in html
    assert READ in html and f"/executions/{unread.pk}/stop/" in html and "being read from AWS;" not in html
    assert "send-durable-execution-callback-success" in html


def test_what_aws_has_deleted_cannot_be_read_any_more(as_approver: Client, aws: FakeLambda, unread: Execution) -> None:
    aws.events.pop(unread.arn)
    aws.executions.pop(unread.arn)
    html = as_approver.post(f"/executions/{unread.pk}/read/", follow=True).content.decode()
    assert "AWS no longer has this execution." in html and READ not in html and "Its history is gone." in html
