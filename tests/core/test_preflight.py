"""`manage.py check_connections`: what the credentials allow, without changing anything."""

import datetime as dt
import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from executions.gateway.configuration import Configured
from executions.gateway.connections import Connection
from executions.gateway.errors import NoCredentials
from executions.models import Connection as Row
from executions.sync import preflight
from tests.fakes import REGION, FakeLambda, client_error, default_connection

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
READS = {
    "ListFunctions": "list_functions",
    "GetFunctionConfiguration": "get_function_configuration",
    "ListDurableExecutionsByFunction": "list_durable_executions_by_function",
    "GetDurableExecution": "get_durable_execution",
    "GetDurableExecutionHistory": "get_durable_execution_history",
}


class ByArn(FakeLambda):
    """AWS finds a function by its ARN as well as by its name."""

    def get_function_configuration(self, **request: str) -> dict[str, object]:
        return super().get_function_configuration(FunctionName=request["FunctionName"].rsplit(":", 1)[-1])


@pytest.fixture
def account(aws: FakeLambda, monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    fake = ByArn()
    monkeypatch.setattr(preflight, "reach", lambda _: Connection(name="default", region=REGION, client=fake))
    return fake


def said() -> tuple[str, str]:
    """(what it printed, what it failed with)"""
    out = io.StringIO()
    try:
        call_command("check_connections", stdout=out, no_color=True)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def test_what_is_allowed_is_tried_once_each_and_nothing_acts(account: FakeLambda) -> None:
    account.add_function("empty")
    account.add_function("a")
    account.start("a", "n")
    printed, failed = said()
    assert not failed
    for action in READS:
        assert f"allowed    lambda:{action}\n" in printed
    assert "not tried  lambda:StopDurableExecution: it would change something" in printed
    assert set(account.calls) == set(READS.values())
    assert account.calls["list_durable_executions_by_function"] == 2, "the first function had no execution"


@pytest.mark.parametrize("action", list(READS))
def test_what_is_denied_names_the_action_and_the_form_of_the_resource(account: FakeLambda, action: str) -> None:
    account.add_function("a")
    account.start("a", "n")
    account.fail_next(READS[action], client_error("AccessDeniedException", 403, "no identity-based policy allows it"))
    printed, failed = said()
    assert f"denied     lambda:{action}: " in printed and "no identity-based policy allows it" in printed
    assert failed == "1 of what is needed cannot be used."
    both, whole, plain = "function:NAME and function:NAME:*", "function:NAME:*", "*"
    form = plain if action == "ListFunctions" else whole if "DurableExecutionH" in action else both
    form = whole if action == "GetDurableExecution" else form
    assert f"resource as {form}.\n" in printed


def test_what_depends_on_something_that_is_not_there_is_not_tried_and_says_why(account: FakeLambda) -> None:
    printed, failed = said()
    assert not failed
    assert "not tried  lambda:ListDurableExecutionsByFunction: no durable function is known" in printed
    account.add_function("a")
    printed, failed = said()
    assert not failed
    assert "not tried  lambda:GetDurableExecutionHistory: no execution is known" in printed


def test_what_cannot_be_reached_fails_without_being_called_denied(account: FakeLambda) -> None:
    account.fail_next("list_functions", client_error("ServiceException", 503))
    printed, failed = said()
    assert "failed     lambda:ListFunctions" in printed and "denied" not in printed
    assert failed == "1 of what is needed cannot be used."


def test_a_connection_that_cannot_be_opened_fails_and_the_others_are_still_tried(
    account: FakeLambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach = preflight.reach

    def only_one(name: str) -> Connection:
        if name == "broken":
            raise NoCredentials("There are no AWS credentials.")
        return reach(name)

    monkeypatch.setattr(preflight, "reach", only_one)
    monkeypatch.setattr(preflight, "names", lambda: ["broken", "works"])
    printed, failed = said()
    assert "Connection broken\nfailed     There are no AWS credentials." in printed
    assert "Connection works\nallowed    lambda:ListFunctions" in printed and failed


@pytest.mark.parametrize("allowed", [True, False])
def test_a_role_that_may_not_be_assumed_is_named_and_nothing_else_is_tried(
    account: FakeLambda, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    role = "arn:aws:iam::123456789012:role/durascope"

    class Credentials:
        def get_frozen_credentials(self) -> None:
            if not allowed:
                raise client_error("AccessDenied", 403, "not authorized to perform sts:AssumeRole")

    by_role = Connection("default", REGION, account, Configured(role_arn=role), Credentials())
    monkeypatch.setattr(preflight, "reach", lambda _: by_role)
    printed, failed = said()
    if allowed:
        assert "allowed    sts:AssumeRole\nallowed    lambda:ListFunctions" in printed and not failed
        return
    assert f"denied     sts:AssumeRole: AWS refused to assume the role {role}" in printed
    assert "not tried  lambda:ListFunctions: the role cannot be assumed" in printed
    assert failed == "1 of what is needed cannot be used." and not account.calls


class Sqs:
    """A queue that lets us do some things; asked for what is impossible it says so to whoever may ask at all."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = allowed

    def _may(self, action: str) -> None:
        if action not in self.allowed:
            raise client_error("AccessDenied", 403, f"not authorized to perform: sqs:{action}")

    def get_queue_attributes(self, **_: object) -> dict[str, Any]:
        self._may("GetQueueAttributes")
        return {"Attributes": {"ApproximateNumberOfMessages": "0"}}

    def receive_message(self, **request: Any) -> dict[str, Any]:
        self._may("ReceiveMessage")
        assert request["MaxNumberOfMessages"] > 10, "this takes messages from the worker"
        raise client_error("InvalidParameterValue", 400)

    def delete_message(self, **_: object) -> dict[str, Any]:
        self._may("DeleteMessage")
        raise client_error("ReceiptHandleIsInvalid", 404)


@pytest.mark.parametrize("missing", ["", "GetQueueAttributes", "ReceiveMessage", "DeleteMessage"])
def test_what_may_be_done_with_the_push_queue_is_told_without_taking_from_it(
    missing: str, account: FakeLambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/push"
    actions = [action for action in ("GetQueueAttributes", "ReceiveMessage", "DeleteMessage") if action != missing]
    monkeypatch.setattr(preflight, "push_queue", lambda _: url)
    monkeypatch.setattr(preflight.queue, "reach", lambda *_: preflight.queue.Queue(url, Sqs(*actions)))
    printed, failed = said()
    for action in actions:
        assert f"allowed    sqs:{action}\n" in printed
    assert bool(failed) == bool(missing)
    if missing:
        assert f"denied     sqs:{missing}: " in printed


# --- kept for the page of connections ---


def test_it_is_kept_with_its_age_and_repeated_sooner_while_something_is_missing(
    account: FakeLambda, now: dt.datetime
) -> None:
    row = default_connection()
    assert not preflight.is_due(row, now=now), "nobody has looked for functions yet"
    Row.objects.update(swept_at=now)
    account.add_function("a")
    account.fail_next("list_durable_executions_by_function", client_error("AccessDeniedException", 403))
    for later, due in ((0, True), (299, False), (300, True), (301, False), (3600, False), (3900, True)):
        row.refresh_from_db()
        at = now + dt.timedelta(seconds=later)
        assert preflight.is_due(row, now=at) == due, later
        if due:
            preflight.check_and_keep(row, now=at)
    row.refresh_from_db()
    assert row.checked_at == at and [check["outcome"] for check in row.checks].count("allowed") >= 3


def test_a_connection_that_cannot_be_opened_is_kept_as_that(now: dt.datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        raise NoCredentials("There are no credentials.")

    monkeypatch.setattr(preflight, "reach", refuse)
    preflight.check_and_keep(row := default_connection(), now=now)
    row.refresh_from_db()
    assert row.checks[0]["outcome"] == "failed" and "no credentials" in row.checks[0]["words"]
