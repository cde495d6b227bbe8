"""Pausing, resuming and deleting: permitted, on record, and at AWS at most once."""

import datetime as dt
import uuid
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction

from executions.actions import lifecycle, perform, permissions
from executions.actions import settle as settle_module
from executions.actions.records import Actor
from executions.actions.settle import GRACE, settle, settle_deletions
from executions.models import ActionRecord, Execution, Function, StatusCount
from executions.sync import functions, history, listing
from tests import factories
from tests.fakes import EPOCH, FakeLambda, client_error, default_connection

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
Outcome = ActionRecord.Outcome


@pytest.fixture
def arn(aws: FakeLambda) -> str:
    aws.add_function("coffee")
    return aws.start("coffee", "order-1")


@pytest.fixture
def execution(aws: FakeLambda, arn: str, now: dt.datetime) -> Execution:
    functions.discover(default_connection(), now=now)
    return mirrored(now)


def mirrored(now: dt.datetime) -> Execution:
    """As listing and reading have it now."""
    function = functions.Function.objects.select_related("connection").get()
    functions.Function.objects.update(reconciled_at=None)
    listing.list_function(function, now=now)
    row = Execution.objects.select_related("function__connection").get()
    history.pull(row, now=now)
    return Execution.objects.select_related("function__connection").get()


def actor(user: User, reason: str = "", token: uuid.UUID | None = None) -> Actor:
    return Actor(user=user, address=None, token=token or uuid.uuid4(), reason=reason, user_agent="a browser")


def lose_the_answer(aws: FakeLambda, operation: str, *, arrives: bool = True) -> None:
    send = getattr(aws, operation)

    def lost(**request: Any) -> dict[str, Any]:
        if arrives:
            send(**request)
        raise ReadTimeoutError(endpoint_url="http://x")

    setattr(aws, operation, lost)


def test_a_pause_says_why_and_who_to_aws_and_the_mirror_learns_of_it(
    aws: FakeLambda, execution: Execution, operator: User, now: dt.datetime
) -> None:
    record = lifecycle.pause(actor(operator, "stocktaking"), execution, timeout_too=False, now=now)
    sent = dict(aws.requests)["pause_durable_execution"]
    assert sent["Reason"] == f"stocktaking (by {operator.username})"
    assert sent["ExecutionTimeoutPaused"] is False and sent["ClientToken"] == str(record.token)
    assert record.outcome == Outcome.ACCEPTED and record.user_agent == "a browser"
    assert record.request == {"DurableExecutionArn": execution.arn, **sent}
    paused = mirrored(now)
    assert paused.status == "PAUSED"
    assert permissions.can_pause(operator, paused).why == "This execution is paused already."
    assert lifecycle.resume(actor(operator), paused, now=now).outcome == Outcome.ACCEPTED
    assert mirrored(now).status == "RUNNING"


def test_a_pause_of_what_began_long_ago_is_seen_at_the_next_listing_because_only_that_tells_of_it(
    aws: FakeLambda, execution: Execution, operator: User, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.sync.pacing.ONE_QUESTION", 0)  # as among many others that have begun since
    for second, (act, status) in enumerate(
        [(partial(lifecycle.pause, timeout_too=True), "PAUSED"), (lifecycle.resume, "RUNNING")]
    ):
        at = now + dt.timedelta(hours=1, seconds=second)
        mirrored(at)
        row = Execution.objects.select_related("function__connection").get()
        act(actor(operator), row, now=at)
        Function.objects.update(listed_through=at)
        function = Function.objects.select_related("connection").get()
        assert function.list_due_at == at
        listing.list_function(function, now=at)
        assert Execution.objects.get().status == status


def test_the_same_form_sent_twice_pauses_once(
    aws: FakeLambda, execution: Execution, operator: User, now: dt.datetime
) -> None:
    one = actor(operator)
    first, second = (lifecycle.pause(one, execution, timeout_too=True, now=now) for _ in range(2))
    assert first.pk == second.pk and aws.calls["pause_durable_execution"] == 1


def test_a_reason_as_long_as_the_form_allows_is_not_too_long_for_aws(
    aws: FakeLambda, execution: Execution, now: dt.datetime
) -> None:
    person = factories.user("operator", "o" * 100)
    lifecycle.pause(actor(person, "x" * 1000), execution, timeout_too=True, now=now)
    sent = dict(aws.requests)["pause_durable_execution"]["Reason"]
    assert len(sent) == 1024 and sent.endswith(f"… (by {person.username})")


@pytest.mark.parametrize(("arrives", "outcome"), [(True, Outcome.ACCEPTED), (False, Outcome.REFUSED)])
def test_a_pause_whose_answer_was_lost_is_settled_from_what_aws_lists(
    aws: FakeLambda, execution: Execution, operator: User, now: dt.datetime, arrives: bool, outcome: str
) -> None:
    lose_the_answer(aws, "pause_durable_execution", arrives=arrives)
    record = lifecycle.pause(actor(operator), execution, timeout_too=True, now=now)
    assert record.outcome == Outcome.UNCONFIRMED
    with pytest.raises(perform.AlreadyDone, match="not confirmed"):
        lifecycle.pause(actor(operator), execution, timeout_too=True, now=now)
    later = now + GRACE + dt.timedelta(seconds=1)
    mirrored(later)
    settle(execution.pk, now=later)
    record.refresh_from_db()
    assert record.outcome == outcome


def test_what_the_backend_does_not_know_is_remembered_for_a_day_and_said(
    aws: FakeLambda, execution: Execution, operator: User, now: dt.datetime
) -> None:
    aws.fail_next("pause_durable_execution", client_error("UnknownOperationException", 404))
    record = lifecycle.pause(actor(operator), execution, timeout_too=True, now=now)
    assert record.outcome == Outcome.REFUSED and "backend cannot" in record.answer
    verdict = permissions.can_pause(operator, execution)
    assert not verdict and verdict.lasting and "cannot pause" in verdict.why
    assert permissions.can_stop(operator, execution)
    execution.function.connection.missing_operations.update(
        since=dt.datetime.now(tz=dt.UTC) - permissions.FORGET_MISSING
    )
    assert permissions.can_pause(operator, execution)


@pytest.mark.parametrize(
    ("error", "unknown"),
    [
        (client_error("", 404), True),
        (client_error("404", 404), True),
        (client_error("501", 501), True),
        (client_error("500", 500, "Unknown path pattern: /pause"), True),
        (client_error("ResourceNotFoundException", 404), False),
        (client_error("ServiceException", 500), False),
        (client_error("AccessDeniedException", 403), False),
    ],
)
def test_only_an_answer_that_says_so_means_that_the_backend_cannot(
    aws: FakeLambda, execution: Execution, operator: User, now: dt.datetime, error: Exception, unknown: bool
) -> None:
    aws.fail_next("pause_durable_execution", error)
    lifecycle.pause(actor(operator), execution, timeout_too=True, now=now)
    assert execution.function.connection.missing_operations.exists() is unknown


def test_only_what_has_ended_can_be_deleted_and_only_by_who_may(
    aws: FakeLambda, execution: Execution, arn: str, operator: User, admin: User, now: dt.datetime
) -> None:
    assert permissions.can_delete(operator, execution).forbidden
    with pytest.raises(perform.NotAllowed, match="stop it first"):
        lifecycle.delete(actor(admin), execution, purge=False, now=now)
    aws.add(arn, "ExecutionSucceeded", EPOCH + 30)
    ended = mirrored(now)
    assert lifecycle.delete(actor(admin), ended, purge=False, now=now).outcome == Outcome.ACCEPTED
    with pytest.raises(perform.AlreadyDone):
        lifecycle.delete(actor(admin), ended, purge=False, now=now)
    settle_deletions(now=now)
    assert Execution.objects.get().gone_at is None, "it is still being deleted"
    del aws.executions[arn]
    settle_deletions(now=now)
    kept = Execution.objects.get()
    assert kept.gone_at and kept.status == "SUCCEEDED" and kept.history_pages.exists()


def test_a_purged_copy_is_gone_with_its_count_and_does_not_come_back(
    aws: FakeLambda, execution: Execution, arn: str, admin: User, now: dt.datetime
) -> None:
    aws.add(arn, "ExecutionSucceeded", EPOCH + 30)
    lifecycle.delete(actor(admin), mirrored(now), purge=True, now=now)
    assert not Execution.objects.exists() and not StatusCount.objects.filter(executions__gt=0).exists()
    function = functions.Function.objects.select_related("connection").get()
    listing.list_function(function, now=now + dt.timedelta(seconds=90))
    assert not Execution.objects.exists(), "AWS lists it as DELETING"
    aws.executions[arn]["Status"] = "SUCCEEDED"  # an old answer
    listing.list_function(function, now=now + dt.timedelta(seconds=180))
    settle_deletions(now=now)
    assert not Execution.objects.exists()
    assert ActionRecord.objects.get().execution_arn == arn


@pytest.mark.parametrize(("arrives", "outcome"), [(True, Outcome.ACCEPTED), (False, Outcome.REFUSED)])
def test_a_deletion_whose_answer_was_lost_is_settled_by_asking(
    aws: FakeLambda, execution: Execution, arn: str, admin: User, now: dt.datetime, arrives: bool, outcome: str
) -> None:
    aws.add(arn, "ExecutionSucceeded", EPOCH + 30)
    lose_the_answer(aws, "delete_durable_execution", arrives=arrives)
    record = lifecycle.delete(actor(admin), mirrored(now), purge=True, now=now)
    assert record.outcome == Outcome.UNCONFIRMED
    settle(execution.pk, now=now + GRACE * 2)
    settle_deletions(now=now)
    record.refresh_from_db()
    assert record.outcome == Outcome.UNCONFIRMED
    settle_deletions(now=now + GRACE + dt.timedelta(seconds=1))
    record.refresh_from_db()
    assert record.outcome == outcome
    assert Execution.objects.exists() is not arrives


def test_deletions_that_nobody_can_be_asked_about_do_not_keep_others_from_being_settled(
    aws: FakeLambda, execution: Execution, arn: str, admin: User, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle_module, "AT_ONCE", 1)
    told = {"outcome": Outcome.UNCONFIRMED, "created_at": now - 2 * GRACE, "finished_at": None}
    # Of another function: what AWS denies opens the circuit of its function.
    before, after = (factories.execution(factories.function(name), "FAILED") for name in ("tea", "cake"))
    factories.action(before, admin, "delete", **told)
    record = factories.action(execution, admin, "delete", **told)
    factories.action(after, admin, "delete", **told)
    answer = aws.get_durable_execution

    def refuses_others(**request: Any) -> dict[str, Any]:
        if request["DurableExecutionArn"] != arn:
            raise client_error("AccessDeniedException", 403)
        return answer(**request)

    monkeypatch.setattr(aws, "get_durable_execution", refuses_others)
    for _ in range(60):
        settle_deletions(now=now)
    record.refresh_from_db()
    assert record.outcome == Outcome.REFUSED
    assert ActionRecord.objects.filter(outcome=Outcome.UNCONFIRMED).count() == 2


def test_a_purge_changes_lists_once(
    aws: FakeLambda, execution: Execution, arn: str, admin: User, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.add(arn, "ExecutionSucceeded", EPOCH + 30)
    lifecycle.delete(actor(admin), mirrored(now), purge=True, now=now)
    told: list[int] = []
    monkeypatch.setattr("executions.live.executions_changed", lambda: told.append(1))
    settle_deletions(now=now)
    assert not told


# --- the record is append-only ---


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "refused"},
        {"answer": "something else"},
        {"username": "somebody else"},
        {"reason": "another one"},
        {"request": {}},
        {"created_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
        {"token": uuid.UUID(int=0)},
        {"execution_arn": "arn"},
        {"purge": True},
    ],
    ids=lambda change: str(next(iter(change))),
)
def test_the_database_refuses_to_change_a_decided_record(db: Any, change: dict[str, Any]) -> None:
    record = factories.action(reason="because")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ActionRecord.objects.filter(pk=record.pk).update(**change)
    assert ActionRecord.objects.filter(pk=record.pk, reason="because", username=record.username).exists()


def test_the_database_refuses_to_remove_a_record(db: Any) -> None:
    record = factories.action()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        record.delete()
    if connection.vendor == "postgresql":
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("TRUNCATE executions_actionrecord CASCADE")
    assert ActionRecord.objects.count() == 1


def test_an_open_record_may_get_its_outcome_once_but_nothing_else(db: Any) -> None:
    record = factories.action(outcome=Outcome.SENDING, answer="", aws_request_id="", finished_at=None)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ActionRecord.objects.filter(pk=record.pk).update(username="mallory")
    for outcome in (Outcome.UNCONFIRMED, Outcome.ACCEPTED):
        ActionRecord.objects.filter(pk=record.pk).update(outcome=outcome)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ActionRecord.objects.filter(pk=record.pk).update(outcome=Outcome.REFUSED)


def test_who_and_what_a_record_refers_to_may_be_removed(db: Any) -> None:
    record = factories.action()
    assert record.user is not None and record.execution is not None
    record.user.delete()
    record.execution.delete()
    record.refresh_from_db()
    assert record.user is None and record.execution is None and record.username
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ActionRecord.objects.filter(pk=record.pk).update(user=factories.user())
