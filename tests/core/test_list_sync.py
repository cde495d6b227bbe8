"""The mirror of the functions and of their lists of executions."""

import datetime as dt
import email.utils

import pytest
from django.utils import timezone

from executions import live
from executions.domain.lanes import Lane
from executions.gateway import budget
from executions.gateway.errors import GatewayError
from executions.models import Execution, Function, StatusCount, Trouble
from executions.sync import functions, listing, schedule
from tests.fakes import EPOCH, FakeLambda, client_error, default_connection, function_arn

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


def the_function() -> Function:
    return Function.objects.select_related("connection").get()


def after(now: dt.datetime, seconds: float) -> dt.datetime:
    return now + dt.timedelta(seconds=seconds)


def test_only_durable_functions_are_discovered_over_all_pages(aws: FakeLambda, now: dt.datetime) -> None:
    aws.page_items = 2
    for name in ("a", "b", "c"):
        aws.add_function(name)
    aws.add_function("plain", DurableConfig=None)
    assert functions.discover(default_connection(), now=now) == 3
    assert set(Function.objects.values_list("name", flat=True)) == {"a", "b", "c"}
    assert aws.calls["list_functions"] == 2


def test_a_function_that_is_gone_is_marked_and_comes_back_unmarked(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    functions.discover(default_connection(), now=now)
    config = aws.functions.pop("a")
    functions.discover(default_connection(), now=now)
    assert the_function().gone_at == now
    aws.functions["a"] = config
    functions.discover(default_connection(), now=now)
    assert the_function().gone_at is None


def test_executions_are_listed_over_all_pages_and_counted_by_status(aws: FakeLambda, now: dt.datetime) -> None:
    aws.page_items = 3
    aws.add_function("a")
    arns = [aws.start("a", f"n-{number}", at=EPOCH + number) for number in range(8)]
    aws.add(arns[0], "ExecutionFailed", EPOCH + 50)
    functions.discover(default_connection(), now=now)
    assert listing.list_function(the_function(), now=now).new == 8
    assert set(Execution.objects.values_list("arn", flat=True)) == set(arns)
    assert dict(StatusCount.objects.values_list("status", "executions")) == {"RUNNING": 7, "FAILED": 1}
    assert the_function().listed_through == dt.datetime.fromtimestamp(EPOCH + 7, tz=dt.UTC)


def test_a_later_listing_asks_only_for_what_is_new_with_an_overlap(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    aws.start("a", "old", at=EPOCH)
    functions.discover(default_connection(), now=now)
    listing.list_function(the_function(), now=now)
    aws.start("a", "listed-late", at=EPOCH - 30)
    aws.start("a", "new", at=EPOCH + 100)
    assert listing.list_function(the_function(), now=after(now, 1)).new == 2
    asked = [request for name, request in aws.requests if name == "list_durable_executions_by_function"]
    assert asked[-1]["StartedAfter"] == dt.datetime.fromtimestamp(EPOCH - 60, tz=dt.UTC)


def test_an_old_execution_that_ended_is_noticed_by_reconciling(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    old = aws.start("a", "old", at=EPOCH)
    aws.start("a", "new", at=EPOCH + 900)
    functions.discover(default_connection(), now=now)
    listing.list_function(the_function(), now=now)
    aws.add(old, "ExecutionSucceeded", EPOCH + 905)
    listing.list_function(the_function(), now=after(now, 60))
    assert Execution.objects.get(arn=old).status == "SUCCEEDED"


def test_an_unfinished_execution_that_aws_no_longer_has_is_marked(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    arn = aws.start("a", "n", at=EPOCH)
    aws.start("a", "other", at=EPOCH + 900)
    functions.discover(default_connection(), now=now)
    listing.list_function(the_function(), now=now)
    del aws.executions[arn]
    listing.list_function(the_function(), now=after(now, 60))
    assert Execution.objects.get(arn=arn).gone_at is not None


def test_a_terminal_status_never_regresses_and_an_end_is_never_erased(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    arn = aws.start("a", "n")
    aws.add(arn, "ExecutionStopped", EPOCH + 5)
    functions.discover(default_connection(), now=now)
    listing.list_function(the_function(), now=now)
    aws.executions[arn]["Status"] = "RUNNING"
    del aws.executions[arn]["EndTimestamp"]
    listing.list_function(the_function(), now=after(now, 1))
    row = Execution.objects.get()
    assert row.status == "STOPPED" and row.ended_at is not None
    assert dict(StatusCount.objects.values_list("status", "executions")) == {"STOPPED": 1}


def test_an_unknown_status_is_kept_as_text(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    aws.executions[aws.start("a", "n")]["Status"] = "HIBERNATING"
    functions.discover(default_connection(), now=now)
    listing.list_function(the_function(), now=now)
    assert Execution.objects.get().status == "HIBERNATING"


def test_the_watermark_stays_when_a_later_page_fails(aws: FakeLambda, now: dt.datetime) -> None:
    aws.page_items = 2
    aws.add_function("a")
    for number in range(6):
        aws.start("a", f"n-{number}", at=EPOCH + number)
    functions.discover(default_connection(), now=now)
    answer = aws.list_durable_executions_by_function

    def fails_on_page_two(**request: object) -> dict[str, object]:
        if request.get("Marker"):
            raise client_error("ServiceException", 500)
        return answer(**request)

    aws.list_durable_executions_by_function = fails_on_page_two  # type: ignore[method-assign,assignment]
    with pytest.raises(GatewayError):
        listing.list_function(the_function(), now=now)
    function = the_function()
    assert Execution.objects.count() == 2
    assert function.listed_through is None and function.listed_at is None and function.list_due_at is not None
    aws.list_durable_executions_by_function = answer  # type: ignore[method-assign]
    listing.list_function(function, now=after(now, 1))
    assert Execution.objects.count() == 6


def test_trouble_with_the_list_of_functions_says_since_when(aws: FakeLambda, now: dt.datetime) -> None:
    aws.fail_next(
        "list_functions", client_error("ExpiredTokenException", 403), client_error("ExpiredTokenException", 403)
    )
    for seconds in (0, 30):
        with pytest.raises(GatewayError):
            functions.discover(default_connection(), now=after(now, seconds))
    trouble = Trouble.objects.get()
    assert (trouble.kind, trouble.since) == ("credentials", now)
    functions.discover(default_connection(), now=after(now, 60))
    assert not Trouble.objects.exists()


def test_each_due_function_is_handed_out_once_until_its_claim_ends(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    functions.discover(default_connection(), now=now)
    assert len(schedule.claim_functions(now=now)) == 1
    assert schedule.claim_functions(now=now) == []
    assert len(schedule.claim_functions(now=after(now, 100))) == 1


def test_each_due_history_is_handed_out_once_and_unfinished_ones_come_first(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    ended = aws.start("a", "ended")
    aws.add(ended, "ExecutionSucceeded", EPOCH + 1)
    running = aws.start("a", "running", at=EPOCH + 2)
    functions.discover(default_connection(), now=now)
    listing.list_function(the_function(), now=now)
    claimed = list(schedule.claim_histories(now=now))
    assert [Execution.objects.get(pk=pk).arn for pk in claimed] == [running, ended]
    assert not schedule.claim_histories(now=now)


def test_once_reads_until_nothing_is_due_and_reports_by_function(aws: FakeLambda, now: dt.datetime) -> None:
    for name in ("a", "b"):
        aws.add_function(name)
        for number in range(3):
            arn = aws.start(name, f"{name}-{number}", at=EPOCH + number)
            aws.add(arn, "ExecutionSucceeded", EPOCH + 10)
    reports = schedule.run_once(clock=lambda: now)
    assert [(report.name, report.new_executions, report.new_events) for report in reports] == [("a", 3, 6), ("b", 3, 6)]
    assert all(report.calls == {"list": 1, "history": 3} for report in reports)
    assert not Execution.objects.filter(history_complete=False).exists()
    assert schedule.run_once(clock=lambda: now, only=function_arn("a"))[0].new_events == 0


def test_once_goes_on_after_a_failure_and_reports_it(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    for number in range(2):
        aws.start("a", f"n-{number}", at=EPOCH + number)
    aws.fail_next("get_durable_execution_history", client_error("KMSAccessDeniedException"))
    (report,) = schedule.run_once(clock=lambda: now)
    assert report.new_events == 1 and len(report.failures) == 1 and "KMSAccessDenied" in report.failures[0]


def test_an_execution_without_a_start_keeps_no_other_from_being_listed(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    odd, known = aws.start("a", "odd"), aws.start("a", "known")
    functions.discover(default_connection(), now=now)
    real = aws._summary
    aws._summary = lambda arn: {k: v for k, v in real(arn).items() if arn != odd or k != "StartTimestamp"}  # type: ignore[method-assign]
    aws._page = lambda name, rows, request: {name: rows}  # type: ignore[method-assign]
    aws.list_durable_executions_by_function = lambda **_: {  # type: ignore[method-assign]
        "DurableExecutions": [aws._summary(arn) for arn in aws.executions]
    }
    listing.list_function(the_function(), now=now)
    assert set(Execution.objects.values_list("arn", flat=True)) == {known}
    aws._summary = real  # type: ignore[method-assign]
    listing.list_function(the_function(), now=after(now, 1))
    assert set(Execution.objects.values_list("arn", flat=True)) == {odd, known}
    aws._summary = lambda arn: {k: v for k, v in real(arn).items() if k != "StartTimestamp"}  # type: ignore[method-assign]
    aws.add(odd, "ExecutionSucceeded", EPOCH + 9)
    listing.list_function(the_function(), now=after(now, 2))
    assert Execution.objects.get(arn=odd).status == "SUCCEEDED", "what is known needs no start"


def answered_at(aws: FakeLambda, at: float) -> None:
    """AWS tells the time with its answers."""
    real = FakeLambda.list_durable_executions_by_function

    def answer(**request: object) -> dict[str, object]:
        meta = {"HTTPHeaders": {"date": email.utils.formatdate(at, usegmt=True)}}
        return {**real(aws, **request), "ResponseMetadata": meta}

    aws.list_durable_executions_by_function = answer  # type: ignore[method-assign,assignment]


@pytest.mark.parametrize("wrong", [-600, 0, 600])
def test_the_watermark_is_aws_own_time_whatever_this_machine_thinks(
    wrong: int, aws: FakeLambda, now: dt.datetime
) -> None:
    aws.add_function("a")
    aws.start("a", "old", at=EPOCH - 5000)
    functions.discover(default_connection(), now=now)
    answered_at(aws, EPOCH)
    listing.list_function(the_function(), now=after(dt.datetime.fromtimestamp(EPOCH, tz=dt.UTC), wrong))
    assert the_function().listed_through == dt.datetime.fromtimestamp(EPOCH, tz=dt.UTC)


def test_a_list_that_takes_long_is_known_until_it_was_begun_and_keeps_its_claim(
    aws: FakeLambda, now: dt.datetime
) -> None:
    aws.page_items = 2
    aws.add_function("a")
    for number in range(6):
        aws.start("a", f"n-{number}", at=EPOCH - 5000 + number)
    functions.discover(default_connection(), now=now)
    Function.objects.update(list_claimed_until=now)
    answer, claimed = aws.list_durable_executions_by_function, []

    def later_each_time(**request: object) -> dict[str, object]:
        meta = {"HTTPHeaders": {"date": email.utils.formatdate(EPOCH + 100 * len(claimed), usegmt=True)}}
        claimed.append(the_function().list_claimed_until)
        return {**answer(**request), "ResponseMetadata": meta}

    aws.list_durable_executions_by_function = later_each_time  # type: ignore[method-assign,assignment]
    listing.list_function(the_function(), now=now)
    assert the_function().listed_through == dt.datetime.fromtimestamp(EPOCH, tz=dt.UTC)
    assert claimed[0] == now and claimed[2] and claimed[2] > timezone.now()


def test_a_time_that_was_wrong_for_once_hides_nothing(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    functions.discover(default_connection(), now=now)
    answered_at(aws, EPOCH + 86400)
    listing.list_function(the_function(), now=now)
    missed = aws.start("a", "missed", at=EPOCH + 5)
    answered_at(aws, EPOCH + 600)
    listing.list_function(the_function(), now=after(now, 5))
    answered_at(aws, EPOCH + 610)
    listing.list_function(the_function(), now=after(now, 10))
    assert Execution.objects.filter(arn=missed).exists()


def test_a_time_that_is_a_little_behind_the_one_before_takes_nothing_back(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    functions.discover(default_connection(), now=now)
    for at in (EPOCH + 10, EPOCH + 5):
        answered_at(aws, at)
        listing.list_function(the_function(), now=now)
    assert the_function().listed_through == dt.datetime.fromtimestamp(EPOCH + 10, tz=dt.UTC)


def test_one_question_brings_what_is_new_and_what_has_ended(aws: FakeLambda, now: dt.datetime) -> None:
    aws.add_function("a")
    old = aws.start("a", "old", at=EPOCH - 900)
    functions.discover(default_connection(), now=now)
    answered_at(aws, EPOCH)
    listing.list_function(the_function(), now=now)
    aws.add(old, "ExecutionSucceeded", EPOCH + 5)
    new = aws.start("a", "new", at=EPOCH + 6)
    before = aws.calls.copy()
    listing.list_function(the_function(), now=after(now, 10))
    assert aws.calls - before == {"list_durable_executions_by_function": 1}
    assert dict(Execution.objects.values_list("arn", "status")) == {old: "SUCCEEDED", new: "RUNNING"}


def test_a_listing_is_warm_and_hot_while_somebody_looks(
    aws: FakeLambda, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.add_function("a")
    arn = aws.start("a", "n")
    functions.discover(default_connection(), now=now)
    lanes: list[Lane] = []
    monkeypatch.setattr(budget, "acquire", lambda *_, **__: lanes.append(budget.current_lane()))
    listing.list_function(the_function(), now=now)
    live.watch(Execution.objects.get(arn=arn).pk)
    listing.list_function(the_function(), now=after(now, 1))
    assert lanes == [Lane.WARM, Lane.HOT]
