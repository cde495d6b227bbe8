"""What stops half way, or arrives in a shape nobody expects, delays itself and nothing else."""

import datetime as dt
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from executions import live, tasks
from executions.domain import written
from executions.gateway.errors import GatewayError, NotFound, TooSlow
from executions.models import Callback, Execution, Function, HistoryPage, StatusCount, Trouble
from executions.sync import executions, functions, history, listing, on_demand, schedule, storing
from tests import factories
from tests.fakes import EPOCH, FakeLambda, client_error, default_connection

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
Stored = Callable[[str], list[dict[str, Any]]]


def the_function() -> Function:
    return Function.objects.select_related("connection").get()


def the_execution(**found: Any) -> Execution:
    return Execution.objects.select_related("function__connection").get(**found)


def after(now: dt.datetime, seconds: float) -> dt.datetime:
    return now + dt.timedelta(seconds=seconds)


@pytest.fixture
def arn(aws: FakeLambda, now: dt.datetime) -> str:
    """An execution that waits for a callback, listed and not read yet."""
    aws.add_function("coffee")
    arn = aws.start("coffee", "order-1")
    aws.open_callback(arn, EPOCH + 1)
    functions.discover(default_connection(), now=now)
    listing.list_function(the_function(), now=now)
    return arn


def test_events_that_were_stored_by_a_reading_that_was_killed_are_told_by_the_next(
    aws: FakeLambda, now: dt.datetime, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(history, "derive", killed)
        with pytest.raises(KeyboardInterrupt):
            history.pull(the_execution(), now=now)
    assert not Callback.objects.exists()
    history.pull(the_execution(), now=after(now, 100))
    row = the_execution()
    assert Callback.objects.get().is_open and (row.contiguous_through, row.revision) == (2, 1)


def test_what_was_read_before_a_failure_is_told_and_the_next_reading_goes_on_from_there(
    aws: FakeLambda, now: dt.datetime, arn: str
) -> None:
    for number in range(3, 2500):
        aws.add(arn, "StepSucceeded", EPOCH + number, operation=f"op-{number}")
    answer = aws.get_durable_execution_history

    def dies_between_the_ends(**request: Any) -> dict[str, Any]:
        if request.get("Marker"):
            raise client_error("ServiceException", 500)
        return answer(**request)

    aws.get_durable_execution_history = dies_between_the_ends  # type: ignore[method-assign]
    with pytest.raises(GatewayError):
        history.pull(the_execution(), now=now)
    row = the_execution()
    assert (row.contiguous_through, row.last_event_id) == (1000, 2499) and Callback.objects.get().is_open
    assert row.history_read_at is None, "a page would say that it is up to date"


def test_who_waits_is_told_to_come_back_and_finds_what_was_read_meanwhile(
    aws: FakeLambda, now: dt.datetime, arn: str
) -> None:
    aws.page_items = 1
    aws.add(arn, "WaitStarted", EPOCH + 9, operation="w")
    answer = aws.get_durable_execution_history

    def takes_its_time(**request: Any) -> dict[str, Any]:
        time.sleep(0.3)
        return answer(**request)

    aws.get_durable_execution_history = takes_its_time  # type: ignore[method-assign]
    with pytest.raises(TooSlow):
        history.pull(the_execution(), now=now, deadline=time.monotonic() + 0.2)
    assert (the_execution().contiguous_through, the_execution().last_event_id) == (1, 3)
    assert not Trouble.objects.exists()


def test_each_page_waits_only_for_what_is_left_of_the_time(
    aws: FakeLambda, now: dt.datetime, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []
    clock = iter(range(0, 100, 4))
    monkeypatch.setattr("executions.gateway.budget.acquire", lambda *_, patience, **__: asked.append(patience))
    monkeypatch.setattr("executions.sync.reading.time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    aws.page_items = 1
    history.pull(the_execution(), now=now, deadline=10.0)
    assert sorted(asked) == [6.0, 10.0]


def test_a_budget_that_is_used_up_while_somebody_waits_is_no_trouble(
    aws: FakeLambda, now: dt.datetime, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from executions.gateway.errors import OverBudget

    def used_up(*_: object, **__: object) -> None:
        raise OverBudget("The call budget for history is used up.")

    monkeypatch.setattr("executions.gateway.budget.acquire", used_up)
    with pytest.raises(GatewayError):
        on_demand.complete_history(the_execution(), now=now)
    assert not Trouble.objects.exists()


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        ("ExecutionFailed", {"Error": {"Payload": {"ErrorType": "A\x00B", "ErrorMessage": "nul \x00"}}}),
        ("CallbackStarted", {"CallbackId": "c" * 2000, "Timeout": 60}),
        ("CallbackStarted", {"CallbackId": "c\x00", "Timeout": 60}),
        ("CallbackStarted", {"CallbackId": "c", "HeartbeatTimeout": 10**10}),
        ("ExecutionStarted", {"ExecutionTimeout": 10**10}),
        ("StepFailed", {"Error": {"Payload": {"$cut": 5}}}),
        ("StepStarted", {"Deep": None}),
    ],
)
def test_values_that_no_column_can_hold_stop_nothing(
    aws: FakeLambda, now: dt.datetime, arn: str, stored: Stored, kind: str, details: dict[str, Any]
) -> None:
    aws.add(arn, kind, EPOCH + 3, operation="o" * 300, name="n\x00" * 400, **details)
    history.pull(the_execution(), now=now)
    history.pull(the_execution(), now=after(now, 1))
    assert stored(arn) == aws.events[arn]
    assert the_execution().contiguous_through == 3 and not Trouble.objects.exists()


def test_an_event_number_that_no_column_can_hold_is_left_out(aws: FakeLambda, now: dt.datetime, arn: str) -> None:
    aws.events[arn].append({"EventType": "StepStarted", "EventId": 2**40, "EventTimestamp": EPOCH})
    history.pull(the_execution(), now=now)
    assert the_execution().last_event_id == 2


def test_long_names_and_statuses_are_cut_and_do_not_change_with_each_listing(
    aws: FakeLambda, now: dt.datetime, arn: str
) -> None:
    aws.executions[arn] |= {"Status": "HIBERNATING" * 9, "DurableExecutionName": "n\x00" * 400}
    other = aws.start("coffee", "x" * 500, at=EPOCH + 1)
    aws.executions[other]["Status"] = "HIBERNATING" * 9
    listing.list_function(the_function(), now=now)
    assert listing.list_function(the_function(), now=after(now, 1)).changed == 0
    assert Execution.objects.filter(status=("HIBERNATING" * 9)[:40]).count() == 2
    assert sum(StatusCount.objects.values_list("executions", flat=True)) == 2


def test_a_function_with_odd_configuration_is_discovered(aws: FakeLambda, now: dt.datetime) -> None:
    config = {"ExecutionTimeout": 2**40, "RetentionPeriodInDays": 7, "KMSKeyArn": "k" * 900}
    aws.add_function("odd", Runtime="r" * 100, LastModified="m" * 100, Description="d\x00", DurableConfig=config)
    assert functions.discover(default_connection(), now=now) == 1


def test_an_unforeseen_failure_delays_that_execution_and_is_shown(
    aws: FakeLambda, now: dt.datetime, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> str:
        raise KeyError("surprise")

    monkeypatch.setattr("executions.sync.deriving.activity", breaks)
    assert schedule.claim_histories(now=now)
    with pytest.raises(GatewayError, match=r"order-1.*KeyError"):
        history.pull(the_execution(), now=now)
    row = the_execution()
    assert row.history_claimed_until is None and row.history_due_at is not None and row.history_due_at > now
    assert "order-1" in Trouble.objects.get().words
    monkeypatch.undo()


def test_an_unforeseen_failure_of_a_listing_frees_the_function(
    aws: FakeLambda, now: dt.datetime, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> str:
        raise KeyError("surprise")

    with monkeypatch.context() as patched:
        patched.setattr(executions, "_apply", breaks)
        with pytest.raises(GatewayError, match=r"coffee.*KeyError"):
            listing.list_function(the_function(), now=now)
    assert the_function().list_claimed_until is None and Trouble.objects.exists()
    listing.list_function(the_function(), now=now)
    assert not Trouble.objects.exists()


def test_what_aws_refuses_to_tell_is_asked_ever_more_rarely_even_while_somebody_looks(
    aws: FakeLambda, now: dt.datetime, arn: str
) -> None:
    live.watch(the_execution().pk)
    aws.fail_next("get_durable_execution_history", *[client_error("KMSAccessDeniedException")] * 1000)
    asked, at = 0, now
    for _ in range(600):
        for pk in schedule.claim_histories(now=at):
            asked += 1
            with pytest.raises(GatewayError):
                history.pull(the_execution(pk=pk), now=at)
        at = after(at, 0.5)
    assert 3 <= asked <= 12


LONG_AGO = EPOCH - 9000
"""So that no listing of what is new tells how it has ended."""


def test_an_execution_whose_key_is_broken_keeps_no_other_from_being_reconciled(
    aws: FakeLambda, now: dt.datetime, arn: str
) -> None:
    olds = [aws.start("coffee", f"old-{number}", at=LONG_AGO + number) for number in range(3)]
    aws.start("coffee", "new", at=EPOCH + 900)
    listing.list_function(the_function(), now=after(now, -900))
    Function.objects.update(listed_through=None)
    listing.list_function(the_function(), now=after(now, -890))
    for old in olds:
        aws.add(old, "ExecutionSucceeded", EPOCH + 905)
    answer = aws.get_durable_execution

    def denied_for_the_first(**request: Any) -> dict[str, Any]:
        if request["DurableExecutionArn"] == olds[0]:
            raise client_error("KMSAccessDeniedException")
        return answer(**request)

    aws.get_durable_execution = denied_for_the_first  # type: ignore[method-assign]
    listing.list_function(the_function(), now=after(now, 60))
    assert {the_execution(arn=old).status for old in olds} == {"SUCCEEDED"}, "a broken key stops Get, not List"
    assert the_function().listed_at == after(now, 60)


def test_executions_that_aws_tells_nothing_about_take_turns_with_the_others(
    aws: FakeLambda, now: dt.datetime, arn: str
) -> None:
    hidden = [aws.start("coffee", f"hidden-{number:02}", at=LONG_AGO) for number in range(25)]
    ended = aws.start("coffee", "zz-ended", at=LONG_AGO)
    Function.objects.update(listed_through=None)
    listing.list_function(the_function(), now=after(now, 10))
    for one in hidden:
        aws.executions[one]["Status"] = "HIBERNATING"
    aws.add(ended, "ExecutionSucceeded", EPOCH + 905)
    aws.start("coffee", "new", at=EPOCH + 900)
    listing.list_function(the_function(), now=after(now, 20))
    for seconds in range(30, 60, 5):
        listing.list_function(the_function(), now=after(now, seconds))
    assert the_execution(arn=ended).status == "SUCCEEDED"


def test_an_unknown_status_outlives_the_reading_of_the_history(aws: FakeLambda, now: dt.datetime, arn: str) -> None:
    aws.executions[arn]["Status"] = "HIBERNATING"
    listing.list_function(the_function(), now=now)
    history.pull(the_execution(), now=now)
    assert the_execution().status == "HIBERNATING"
    assert listing.list_function(the_function(), now=now).changed == 0


def test_an_unfinished_execution_that_aws_lists_is_not_gone_for_good(
    aws: FakeLambda, now: dt.datetime, arn: str
) -> None:
    aws.fail_next("get_durable_execution_history", client_error("ResourceNotFoundException", 404))
    with pytest.raises(GatewayError):
        history.pull(the_execution(), now=now)
    assert the_execution().gone_at is not None
    listing.list_function(the_function(), now=after(now, 1))
    row = the_execution()
    assert row.gone_at is None and row.history_due_at is not None and row.history_due_at > after(now, 2)


def test_the_trouble_of_a_function_goes_with_the_function(aws: FakeLambda, now: dt.datetime, arn: str) -> None:
    aws.fail_next("get_durable_execution_history", client_error("AccessDeniedException", 403))
    with pytest.raises(GatewayError):
        history.pull(the_execution(), now=now)
    del aws.functions["coffee"]
    aws.fail_next("list_durable_executions_by_function", client_error("ResourceNotFoundException", 404))
    with pytest.raises(GatewayError):
        listing.list_function(the_function(), now=now)
    assert Trouble.objects.count() == 2
    functions.discover(default_connection(), now=after(now, 30))
    assert not Trouble.objects.exists()


def test_an_answer_about_another_execution_than_was_asked_for_is_not_understood(
    aws: FakeLambda, now: dt.datetime, arn: str
) -> None:
    from executions.domain.arns import ExecutionArn

    other = ExecutionArn.parse(arn.replace("order-1", "order-2"))
    aws.get_durable_execution = lambda **_: aws._summary(arn)  # type: ignore[method-assign]
    with pytest.raises(GatewayError):
        executions.read_one(other, now=now)


def test_a_report_counts_what_was_stored_before_a_failure(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    for number in range(4):
        aws.start("a", f"n-{number}", at=EPOCH + number)
    first = next(iter(aws.executions))
    for number in range(2, 2500):
        aws.add(first, "StepSucceeded", EPOCH + number, operation=f"op-{number}")
    aws.page_items = 1000
    history_answer, list_answer = aws.get_durable_execution_history, aws.list_durable_executions_by_function

    def second_page_fails(answer: Any) -> Any:
        def asked(**request: Any) -> Any:
            if request.get("Marker"):
                raise client_error("ServiceException", 500)
            return answer(**request)

        return asked

    aws.get_durable_execution_history = second_page_fails(history_answer)  # type: ignore[method-assign]
    (report,) = schedule.run_once(clock=timezone.now)
    assert (report.new_executions, report.new_events, len(report.failures)) == (4, 2003, 1)
    for number in range(4, 1100):
        aws.start("a", f"n-{number}", at=EPOCH + number)
    aws.list_durable_executions_by_function = second_page_fails(list_answer)  # type: ignore[method-assign]
    Function.objects.update(listed_through=None)
    (report,) = schedule.run_once(clock=timezone.now)
    assert report.new_executions == Execution.objects.count() - 4 > 0


def test_what_is_removed_while_its_history_is_read_is_no_trouble(
    aws: FakeLambda, now: dt.datetime, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = aws.get_durable_execution_history

    def purged_meanwhile(**request: Any) -> dict[str, Any]:
        Execution.objects.all().delete()
        return answer(**request)

    monkeypatch.setattr(aws, "get_durable_execution_history", purged_meanwhile)
    execution = the_execution()
    with pytest.raises(NotFound):
        history.pull(execution, now=now)
    tasks.pull_history(execution.pk)
    assert not Trouble.objects.exists()


def test_a_run_in_the_foreground_goes_on_when_something_is_removed_meanwhile(
    aws: FakeLambda, now: dt.datetime, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = history.pull

    def purged_afterwards(*args: Any, **given: Any) -> Any:
        pulled = pull(*args, **given)
        Execution.objects.all().delete()
        return pulled

    aws.start("coffee", "order-2", at=EPOCH + 20)
    monkeypatch.setattr(history, "pull", purged_afterwards)
    [report] = schedule.run_once(clock=lambda: now)
    assert not report.failures and not Execution.objects.exists()


def test_events_are_not_stored_without_word_for_who_tells_of_them(
    monkeypatch: pytest.MonkeyPatch, now: dt.datetime
) -> None:
    execution = factories.execution()
    [event] = written.of([{"EventId": 1, "EventType": "ExecutionStarted", "EventTimestamp": 1.0}])
    events = {1: event}

    def killed(**_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Execution.objects, "filter", killed)
        with pytest.raises(KeyboardInterrupt):
            storing.store(storing.Book(execution, storing.Pulled(), waiting={0: events}), now=now)
    assert not HistoryPage.objects.exists()
    storing.store(storing.Book(execution, storing.Pulled(), waiting={0: events}), now=now)
    assert HistoryPage.objects.exists() and Execution.objects.get().untold


def test_what_was_read_or_listed_may_be_handed_out_again_at_once(aws: FakeLambda, now: dt.datetime, arn: str) -> None:
    execution = the_execution()
    Execution.objects.update(history_due_at=now)
    Function.objects.update(list_due_at=now)
    assert schedule.claim_histories(now=now) and schedule.claim_functions(now=now)
    history.pull(execution, now=now)
    listing.list_function(execution.function, now=now)
    assert Execution.objects.get().history_claimed_until is None
    assert not Function.objects.filter(list_claimed_until__isnull=False).exists()


def test_what_a_locked_database_kept_from_being_stored_is_handed_out_again_at_once(
    aws: FakeLambda, now: dt.datetime, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    Function.objects.update(list_due_at=now)
    [function_id], [execution_id] = schedule.claim_functions(now=now), schedule.claim_histories(now=now)
    with monkeypatch.context() as patched:
        patched.setattr(storing, "store", locked)
        patched.setattr(listing, "upsert", locked)
        with pytest.raises(OperationalError):
            tasks.pull_history(execution_id)
        with pytest.raises(OperationalError):
            tasks.list_function(function_id)
    assert list(schedule.claim_histories(now=now)) == [execution_id]
    assert schedule.claim_functions(now=now) == [function_id]
