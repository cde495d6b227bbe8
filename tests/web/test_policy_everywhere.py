"""What the policy of a decision form forbids is forbidden on every path: page, API, command, bulk."""

import contextlib
import io
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from dashboard.forms.answering import version_of
from executions.actions import bulk, tokens
from executions.actions.records import Actor
from executions.decision_forms import form_of
from executions.gateway.connections import Connection
from executions.models import ActionRecord, Callback, DecisionForm
from tests import factories
from tests.fakes import EPOCH, REGION, FakeLambda

pytestmark = [pytest.mark.web, pytest.mark.django_db(transaction=True)]
SENT = "send_durable_execution_callback_success"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    fake = FakeLambda()
    connection = Connection(name="default", region=REGION, client=fake)
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: connection)
    return fake


@pytest.fixture
def starter() -> User:
    return factories.user("admin", "starter")


@pytest.fixture
def callback(aws: FakeLambda, starter: User) -> Callback:
    """Of an execution that this admin has started; the form has somebody else decide."""
    aws.add_function("refund")
    arn = aws.start("refund", "order-1")
    callback_id = aws.open_callback(arn, EPOCH)
    execution = factories.execution(factories.function("refund"), arn=arn, name="order-1")
    factories.action(execution, starter, "start")
    values = {"title": "Refund", "not_by_starter": True}
    DecisionForm.objects.create(name="refund", values=values, username="admin", changed_at=timezone.now())
    return factories.callback(execution, callback_id=callback_id, name="manager approval")


def by_page(user: User, callback: Callback) -> None:
    client = Client()
    client.force_login(user)
    version = version_of(form_of(callback))
    data = {"token": str(uuid.uuid4()), "version": version, "do": "approve", "format": "json", "result": "1"}
    client.post(f"/executions/{callback.execution_id}/callbacks/{callback.pk}/answer/?in=pane", data)


def by_api(user: User, callback: Callback) -> None:
    _, token = tokens.make(user, name="test", scopes=tokens.SCOPES, days=1, now=timezone.now())
    Client().post(
        f"/api/v1/callbacks/{callback.pk}/succeed",
        {"result": "1", "reason": "x"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def by_command(user: User, callback: Callback) -> None:
    words = ["callback", "succeed", callback.callback_id, "--result", "1", "--as", user.username]
    with contextlib.suppress(CommandError, SystemExit):
        call_command(*words, stdout=io.StringIO())


def by_bulk(user: User, callback: Callback) -> None:
    actor = Actor(user=user, address=None, token=uuid.uuid4())
    rows = Callback.objects.filter(pk=callback.pk)
    options = {"result": "1", "is_json": True}
    made = bulk.begin_answers(
        actor, ActionRecord.Kind.SUCCEED, rows, options=options, chosen="test", now=timezone.now()
    )
    bulk.step(made.pk)


PATHS = [by_page, by_api, by_command, by_bulk]


@pytest.mark.parametrize("path", PATHS)
def test_who_started_it_cannot_answer_it_on_any_path(
    callback: Callback, aws: FakeLambda, starter: User, path: Callable[[User, Callback], Any]
) -> None:
    path(starter, callback)
    assert not aws.calls[SENT]


@pytest.mark.parametrize("path", PATHS)
def test_somebody_else_can_on_every_path(
    callback: Callback, aws: FakeLambda, path: Callable[[User, Callback], Any]
) -> None:
    path(factories.user("admin", "other"), callback)
    assert aws.calls[SENT] == 1
