"""What the log says of calls of AWS."""

import logging
from typing import Any

import pytest
from botocore.exceptions import ClientError

from executions.gateway import calling
from executions.gateway.connections import Connection
from executions.gateway.errors import GatewayError
from executions.sync import history
from tests import factories
from tests.fakes import FakeLambda

pytestmark = [pytest.mark.core, pytest.mark.django_db]


def refused(**_: Any) -> dict[str, Any]:
    answer = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
    raise ClientError({**answer, "ResponseMetadata": {"RequestId": "r-42", "HTTPStatusCode": 403}}, "Get")  # type: ignore[typeddict-item]


def logged(caplog: pytest.LogCaptureFixture, event: str) -> dict[str, Any]:
    [found] = [record.msg for record in caplog.records if isinstance(record.msg, dict) and record.msg["event"] == event]
    return found


def test_a_call_that_fails_is_logged_with_the_request_id_and_what_it_was_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    arn = factories.execution().arn
    with pytest.raises(GatewayError):
        calling.call_aws(Connection("default", "eu", None), "get", "read", refused, DurableExecutionArn=arn)
    said = logged(caplog, "aws.failed")
    assert (said["aws_request_id"], said["execution_arn"], said["api"]) == ("r-42", arn, "get")
    assert (said["outcome"], said["code"], said["connection"]) == ("denied", "AccessDeniedException", "default")


def test_a_call_that_works_is_logged_for_those_who_look_closely(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer = {"ResponseMetadata": {"RequestId": "r-43"}}
    calling.call_aws(Connection("default", "eu", None), "list", "list", lambda **_: answer, FunctionName="coffee")
    said = logged(caplog, "aws.called")
    assert (said["aws_request_id"], said["function"], said["outcome"]) == ("r-43", "coffee", "ok")


def test_whatever_is_logged_while_a_history_is_read_names_its_execution(
    aws: FakeLambda, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, now: Any
) -> None:
    execution = factories.execution()

    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("nobody has foreseen this")

    monkeypatch.setattr(history, "_bring_up_to_date", broken)
    with pytest.raises(GatewayError):
        history.pull(execution, now=now)
    for event in ("sync.not_understood", "aws.trouble"):
        assert logged(caplog, event)["execution_arn"] == execution.arn
