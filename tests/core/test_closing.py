"""Callbacks of executions that will never take an answer: they wait no more, and what is gone is counted apart."""

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User

from executions import gauges, queries
from executions.actions import permissions
from executions.domain.statuses import LEFT
from executions.gateway.configuration import Configured
from executions.gateway.errors import GatewayError
from executions.models import Callback, Connection, Execution, Function, StatusCount, Trouble
from executions.queries import ListFilter
from executions.sync import executions, functions, history, listing, retention
from tests import factories
from tests.fakes import EPOCH, FakeLambda, client_error, default_connection

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def arn(aws: FakeLambda, now: dt.datetime) -> str:
    """An execution whose callback waits, listed and read."""
    aws.add_function("a")
    arn = aws.start("a", "n")
    details = {"CallbackId": "cb-1", "HeartbeatTimeout": 60, "Timeout": 86_400}
    aws.add(arn, "CallbackStarted", EPOCH + 1, operation="op-1", name="approve", **details)
    functions.discover(default_connection(), now=now)
    listing.list_function(Function.objects.select_related("connection").get(), now=now)
    history.pull(the_execution(), now=now)
    assert Callback.objects.get().is_open
    return arn


def the_execution() -> Execution:
    return Execution.objects.select_related("function__connection").get()


def the_callback() -> Callback:
    return Callback.objects.select_related("execution__function__connection").get()


def why_not(user: User) -> str:
    verdict = permissions.can_answer(user, the_callback())
    assert not verdict and queries.open_callbacks(user).count() == 0
    return verdict.why


def counts() -> dict[str, int]:
    return dict(StatusCount.objects.exclude(executions=0).values_list("status", "executions"))


def list_again(at: dt.datetime) -> None:
    listing.list_function(Function.objects.select_related("connection").get(), now=at)


def test_what_aws_has_no_longer_waits_for_nobody_and_is_not_running(
    aws: FakeLambda, now: dt.datetime, arn: str, approver: User
) -> None:
    del aws.executions[arn]
    with pytest.raises(GatewayError):
        history.pull(the_execution(), now=now)
    assert why_not(approver) == "AWS no longer has this execution."
    assert counts() == {"GONE": 1}
    for chosen in (ListFilter(), ListFilter(name="n")):
        assert queries.status_counts(approver, chosen).by_status == {"GONE": 1}
    assert not queries.execution_list(approver, ListFilter(status="RUNNING")).rows
    assert len(queries.execution_list(approver, ListFilter(status="GONE")).rows) == 1


def test_what_aws_lists_again_waits_again(aws: FakeLambda, now: dt.datetime, arn: str, approver: User) -> None:
    executions.mark_gone(the_execution(), now=now)
    list_again(now + dt.timedelta(seconds=60))
    history.pull(the_execution(), now=now)
    assert permissions.can_answer(approver, the_callback()) and counts() == {"RUNNING": 1}


def test_what_has_ended_waits_for_nobody_although_its_history_cannot_be_read(
    aws: FakeLambda, now: dt.datetime, arn: str, approver: User
) -> None:
    aws.add(arn, "ExecutionStopped", EPOCH + 900)
    aws.fail_next("get_durable_execution_history", client_error("KMSAccessDeniedException", 400))
    list_again(now + dt.timedelta(seconds=60))
    with pytest.raises(GatewayError):
        history.pull(the_execution(), now=now)
    assert why_not(approver) == "The execution ended before this callback was answered."


def test_a_history_read_later_still_tells_how_a_callback_ended(aws: FakeLambda, now: dt.datetime, arn: str) -> None:
    aws.add(arn, "CallbackSucceeded", EPOCH + 800, operation="op-1", Result={"Payload": "1", "Truncated": False})
    aws.add(arn, "ExecutionSucceeded", EPOCH + 900)
    list_again(now + dt.timedelta(seconds=60))
    assert the_callback().status == "NEVER_FINISHED"
    history.pull(the_execution(), now=now)
    assert the_callback().status == "SUCCEEDED"


def test_an_answer_is_not_judged_by_an_end_whose_history_is_not_read_yet(
    aws: FakeLambda, now: dt.datetime, arn: str, approver: User
) -> None:
    from executions.actions import settle

    record = factories.action(
        the_execution(), approver, "succeed", callback=the_callback(), outcome="unconfirmed", created_at=now
    )
    aws.add(arn, "CallbackSucceeded", EPOCH + 800, operation="op-1", Result={"Payload": "1", "Truncated": False})
    aws.add(arn, "ExecutionSucceeded", EPOCH + 900)
    list_again(now + dt.timedelta(seconds=60))
    settle.settle(the_execution().pk, now=now)
    record.refresh_from_db()
    assert record.outcome == "unconfirmed"
    history.pull(the_execution(), now=now)
    settle.settle(the_execution().pk, now=now)
    record.refresh_from_db()
    assert record.outcome == "accepted"


def test_a_late_part_of_a_history_opens_no_callback_of_what_has_ended(
    aws: FakeLambda, now: dt.datetime, arn: str
) -> None:
    aws.add(arn, "CallbackStarted", EPOCH + 2, operation="op-2", name="later", CallbackId="cb-2", Timeout=86_400)
    aws.executions[arn] |= {"Status": "STOPPED", "EndTimestamp": EPOCH + 900}
    list_again(now + dt.timedelta(seconds=60))
    history.pull(the_execution(), now=now)
    assert set(Callback.objects.values_list("status", flat=True)) == {"NEVER_FINISHED"}


def test_a_callback_that_the_history_tells_no_more_waits_for_nobody(
    aws: FakeLambda, now: dt.datetime, arn: str, approver: User
) -> None:
    del aws.events[arn][1:]
    aws.add(arn, "StepStarted", EPOCH + 1, operation="op-9")
    aws.add(arn, "StepSucceeded", EPOCH + 2, operation="op-9")
    history.pull(the_execution(), now=now)
    assert why_not(approver) == "AWS does not tell of this callback any more."


def test_callbacks_of_a_connection_wait_only_while_it_is_configured(
    aws: FakeLambda, now: dt.datetime, arn: str, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(functions, "configured", lambda: [Configured(name="other")])
    functions.connection_rows(now=now)
    assert why_not(approver) == "The connection default is not configured any more: nothing can be sent."
    monkeypatch.setattr(functions, "configured", lambda: [Configured(name="default")])
    assert [row.name for row in functions.connection_rows(now=now)] == ["default"]
    assert Connection.objects.get(name="default").gone_at is None
    assert the_execution().history_due_at == now
    history.pull(the_execution(), now=now)
    assert permissions.can_answer(approver, the_callback())


@pytest.fixture
def removed(
    aws: FakeLambda, now: dt.datetime, arn: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], None]]:
    """The connection has been taken out of the file; the fixture puts it back."""

    def configured(name: str) -> None:
        monkeypatch.setattr(functions, "configured", lambda: [Configured(name=name)])
        functions.connection_rows(now=now)

    configured("other")
    yield lambda: configured("default")


def shown(user: User) -> tuple[dict[str, int], dict[str, int], dict[str, int], int, int]:
    """Counts by status for the list, for part of it and for the functions; what the lists of running and of removed
    executions have.
    """
    user = User.objects.get(pk=user.pk)  # as in another request
    counted = [queries.status_counts(user, chosen).by_status for chosen in (ListFilter(), ListFilter(name="n"))]
    by_function = queries.counts_of(queries.functions_with_counts(user)[0])
    lists = [len(queries.execution_list(user, ListFilter(status=one)).rows) for one in ("RUNNING", LEFT)]
    return counted[0], counted[1], by_function, lists[0], lists[1]


def test_what_went_on_when_its_connection_was_removed_is_counted_apart_until_it_is_back(
    removed: Callable[[], None], approver: User
) -> None:
    assert shown(approver) == ({LEFT: 1}, {LEFT: 1}, {LEFT: 1}, 0, 1)
    removed()
    assert shown(approver) == ({"RUNNING": 1}, {"RUNNING": 1}, {"RUNNING": 1}, 1, 0)


def test_what_has_ended_stays_what_it_was_when_its_connection_is_removed(
    aws: FakeLambda, now: dt.datetime, arn: str, removed: Callable[[], None], approver: User
) -> None:
    removed()
    aws.stop_durable_execution(DurableExecutionArn=arn, Error={"ErrorType": "E"})
    history.pull(the_execution(), now=now)
    Connection.objects.update(gone_at=now)
    assert shown(approver)[:3] == ({"STOPPED": 1}, {"STOPPED": 1}, {"STOPPED": 1})


def test_a_removed_connection_makes_no_figure_of_the_mirror_worse(
    now: dt.datetime, removed: Callable[[], None], approver: User
) -> None:
    days_later = now + dt.timedelta(days=3)
    trouble = {"kind": "denied", "words": "No.", "since": now}
    Trouble.objects.create(connection=Connection.objects.get(name="default"), scope="list functions", **trouble)
    said = gauges.exposition(now=days_later).decode()
    theirs = [line for line in said.splitlines() if 'connection="default"' in line]
    assert f'durascope_executions{{connection="default",status="{LEFT}"}} 1.0' in theirs
    for figure in ("data_age", "sync_lag", "histories_overdue", "histories_waiting", "troubles"):
        assert not any(line.startswith(f"durascope_{figure}") for line in theirs)
    assert not queries.troubles(approver)
    assert queries.looked_at(approver, now=now).running == 0
    # Of the functions that are still listed none is old.
    assert queries.data_age(approver) is None and queries.age_of(queries.functions_listed(approver)) is None


def test_nothing_is_sent_through_a_removed_connection(removed: Callable[[], None], admin_user: User) -> None:
    why = "The connection default is not configured any more: nothing can be sent."
    execution = the_execution()
    for can in (permissions.can_stop, permissions.can_pause):
        assert can(admin_user, execution).why == why
    assert permissions.can_start(admin_user, execution.function).why == why
    assert not Execution.objects.filter(permissions.able(admin_user, "stop")).exists()
    removed()
    assert permissions.can_stop(admin_user, the_execution())
    assert Execution.objects.filter(permissions.able(admin_user, "stop")).exists()


def test_what_went_long_ago_without_an_end_is_removed_in_time(
    aws: FakeLambda, now: dt.datetime, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.gateway.configuration.keep_days", lambda _: 7.0)
    executions.mark_gone(the_execution(), now=now)
    retention.retain(now=now + dt.timedelta(days=6), sleep=lambda _: None)
    assert Execution.objects.exists() and counts() == {"GONE": 1}
    later = now + dt.timedelta(days=8)
    assert retention.plan(default_connection(), now=later)[0].executions == 1
    retention.retain(now=later, sleep=lambda _: None)
    assert not Execution.objects.exists() and counts() == {}


def test_open_inboxes_hear_of_what_waits_no_more(
    aws: FakeLambda, now: dt.datetime, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr("executions.live.inbox_changed", lambda: told.append(1))
    executions.mark_gone(the_execution(), now=now)
    executions.mark_gone(the_execution(), now=now)
    assert told == [1]
