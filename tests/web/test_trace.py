"""To an execution's own trace in X-Ray."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from django.contrib.auth.models import User
from django.test import Client

from executions.gateway.connections import Connection
from executions.models import Execution
from tests import factories
from tests.fakes import REGION, FakeLambda

pytestmark = [pytest.mark.web, pytest.mark.django_db]
HEADER = {"XAmznTraceId": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    fake = FakeLambda()
    connection = Connection(name="default", region=REGION, client=fake)
    monkeypatch.setattr("executions.sync.executions.reach", lambda *_: connection)
    return fake


@pytest.fixture
def execution(aws: FakeLambda) -> Execution:
    aws.add_function("coffee")
    return factories.execution(arn=aws.start("coffee", "order-1"))


def told(client: Client, execution: Execution) -> str:
    response = client.get(f"/executions/{execution.pk}/trace/", follow=True)
    assert response.redirect_chain == [(f"/executions/{execution.pk}/", 302)]
    return response.content.decode()


def test_a_traced_execution_leads_to_its_own_trace(as_viewer: Client, aws: FakeLambda, execution: Execution) -> None:
    aws.executions[execution.arn]["TraceHeader"] = HEADER
    response = as_viewer.get(f"/executions/{execution.pk}/trace/")
    assert response.status_code == 302
    assert response["Location"].startswith(f"https://{REGION}.console.aws.amazon.com/cloudwatch/home")
    assert response["Location"].endswith("#xray:traces/1-5759e988-bd862e3fe1be46a994272793")


def test_one_that_is_not_traced_says_so_and_stays_here(as_viewer: Client, execution: Execution) -> None:
    assert "AWS names no trace of this execution" in told(as_viewer, execution)


def test_one_that_aws_no_longer_has_says_so(as_viewer: Client, aws: FakeLambda, execution: Execution) -> None:
    del aws.executions[execution.arn]
    assert "AWS no longer has this execution" in told(as_viewer, execution)


def test_when_aws_does_not_answer_the_page_says_why(as_viewer: Client, aws: FakeLambda, execution: Execution) -> None:
    aws.fail_next("get_durable_execution", *[EndpointConnectionError(endpoint_url="http://x")] * 9)
    assert "traces of the function meanwhile" in told(as_viewer, execution)


def test_who_has_no_role_is_led_nowhere(nobody: User, login: Any, aws: FakeLambda, execution: Execution) -> None:
    assert login(nobody).get(f"/executions/{execution.pk}/trace/").status_code == 403
    assert not aws.calls


def test_an_unknown_execution_is_not_found(as_viewer: Client) -> None:
    assert as_viewer.get("/executions/9/trace/").status_code == 404
