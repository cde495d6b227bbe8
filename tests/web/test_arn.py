"""`/arn/<execution ARN>`."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from django.test import Client

from executions.gateway.connections import Connection
from executions.models import Execution
from tests import factories
from tests.fakes import REGION, FakeLambda

pytestmark = [pytest.mark.web, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    fake = FakeLambda()
    connection = Connection(name="default", region=REGION, client=fake)
    monkeypatch.setattr("executions.sync.executions.reach", lambda *_: connection)
    return fake


@pytest.fixture
def viewer(client: Client) -> Client:
    client.force_login(factories.user("viewer"))
    return client


def test_a_mirrored_execution_is_opened_without_asking_aws(viewer: Client, aws: FakeLambda) -> None:
    execution = factories.execution()
    answer = viewer.get(f"/arn/{execution.arn}")
    assert answer["Location"] == f"/executions/{execution.pk}/"
    assert not aws.calls


def test_an_unknown_execution_is_read_from_aws_with_its_function(viewer: Client, aws: FakeLambda) -> None:
    aws.add_function("coffee")
    arn = aws.start("coffee", "order-1")
    answer = viewer.get(f"/arn/{arn}")
    execution = Execution.objects.get(arn=arn)
    assert answer["Location"] == f"/executions/{execution.pk}/"
    assert execution.function.name == "coffee" and execution.history_due_at is not None


def test_an_execution_that_nobody_has_is_a_404_that_says_so(viewer: Client, aws: FakeLambda) -> None:
    answer = viewer.get("/arn/arn:aws:lambda:us-east-1:123456789012:function:a:1/durable-execution/x/y")
    assert answer.status_code == 404 and b"Neither AWS nor the mirror" in answer.content


@pytest.mark.parametrize("text", ["x", "arn:aws:s3:::bucket", "a/b/c", "%00", "<script>", "x" * 2000])
def test_what_is_not_an_arn_is_a_404_that_says_why(viewer: Client, aws: FakeLambda, text: str) -> None:
    answer = viewer.get(f"/arn/{text}")
    assert answer.status_code == 404 and not aws.calls
    assert b"<script>x" not in answer.content


def test_when_aws_does_not_answer_the_page_says_so_and_to_come_back(viewer: Client, aws: FakeLambda) -> None:
    aws.fail_next("get_durable_execution", EndpointConnectionError(endpoint_url="http://x"))
    answer: Any = viewer.get("/arn/arn:aws:lambda:us-east-1:123456789012:function:a:1/durable-execution/x/y")
    assert answer.status_code == 503 and answer["Retry-After"] == "10"
    assert b"cannot be reached" in answer.content
