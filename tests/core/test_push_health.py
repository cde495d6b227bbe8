"""Whether push is silent, what it has missed, and how rarely is listed while it works."""

import datetime as dt
from typing import Any

import pytest
from django.core.cache import cache

from executions import tasks
from executions.gateway import queue
from executions.gateway.errors import NoCredentials
from executions.models import Connection, Function, Trouble
from executions.sync import functions, listing, pacing, push, push_health
from tests import factories
from tests.fakes import EPOCH, FakeLambda

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def row(settings: Any) -> Connection:
    settings.PUSH_QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/durascope"
    return factories.connection()


def after(now: dt.datetime, seconds: float) -> dt.datetime:
    return now + dt.timedelta(seconds=seconds)


def fresh() -> Connection:
    return Connection.objects.get()


def test_push_is_silent_when_something_happened_a_minute_ago_and_nothing_was_told(
    row: Connection, now: dt.datetime
) -> None:
    push_health.listens(row, now=now)
    factories.execution(started_at=after(now, 10))
    assert not push_health.silent(fresh(), now=after(now, 69)), "it may still be told"
    assert push_health.silent(fresh(), now=after(now, 70))
    push_health.told(row, [after(now, 10)], now=after(now, 71))
    assert not push_health.silent(fresh(), now=after(now, 700))


def test_an_end_that_was_not_told_counts_like_a_start(row: Connection, now: dt.datetime) -> None:
    push_health.listens(row, now=now)
    factories.execution(status="FAILED", started_at=after(now, -500), ended_at=after(now, 5))
    assert push_health.silent(fresh(), now=after(now, 65))


def test_a_quiet_day_is_not_silence(row: Connection, now: dt.datetime) -> None:
    factories.execution(status="SUCCEEDED", started_at=after(now, -500), ended_at=after(now, -100))
    push_health.listens(row, now=now)
    assert not push_health.silent(fresh(), now=after(now, 86_400))


def test_nothing_is_blamed_on_push_while_nobody_listens(row: Connection, now: dt.datetime, settings: Any) -> None:
    factories.execution(started_at=now)
    assert not push_health.silent(fresh(), now=after(now, 100))
    push_health.listens(row, now=after(now, -1))
    assert push_health.silent(fresh(), now=after(now, 100))
    settings.PUSH_QUEUE_URL = ""
    assert not push_health.silent(fresh(), now=after(now, 100))


def test_a_clock_of_ours_that_is_ten_minutes_late_makes_no_silence(row: Connection, now: dt.datetime) -> None:
    push_health.listens(row, now=now)
    aws_says = after(now, 600)
    factories.execution(started_at=aws_says)
    push_health.told(row, [aws_says], now=after(now, 1))
    assert not push_health.silent(fresh(), now=after(now, 700))


def test_a_time_in_the_far_future_does_not_make_push_look_alive_for_ever(row: Connection, now: dt.datetime) -> None:
    push_health.told(row, [after(now, 1e8), None], now=now)
    assert fresh().pushed_at == now
    push_health.told(row, [], now=after(now, -5))
    assert fresh().pushed_at == now, "and it never goes back"


def test_silence_is_a_banner_that_goes_when_push_speaks(row: Connection, now: dt.datetime) -> None:
    push_health.listens(row, now=now)
    factories.execution(started_at=after(now, 1))
    push_health.check(now=after(now, 61))
    push_health.check(now=after(now, 62))
    assert Trouble.objects.get().scope == push_health.SCOPE and "silent" in Trouble.objects.get().words
    push_health.told(row, [], now=after(now, 63))
    push_health.check(now=after(now, 64))
    assert not Trouble.objects.exists()


def test_settings_that_cannot_be_used_are_told_like_a_queue_that_cannot_be_read(
    row: Connection, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "no-address")
    queue.reach.cache_clear()
    with pytest.raises(NoCredentials, match="AWS_ENDPOINT_URL_SQS"):
        push.opened(row, clock=lambda: now)
    assert Trouble.objects.get().scope == push_health.READING


def test_banners_of_a_queue_go_when_it_is_no_longer_configured(
    row: Connection, now: dt.datetime, settings: Any
) -> None:
    for scope in (push_health.SCOPE, push_health.READING):
        factories.trouble(scope=scope)
    settings.PUSH_QUEUE_URL = ""
    push_health.check(now=now)
    assert not Trouble.objects.exists()


# --- with the real listing ---


@pytest.fixture
def listed(aws: FakeLambda, now: dt.datetime, row: Connection) -> Function:
    aws.add_function("orders")
    aws.start("orders", "before", at=EPOCH)
    discover(now)
    listing.list_function(the_function(), now=now)
    return the_function()


def discover(now: dt.datetime) -> None:
    for row in functions.connection_rows(now=now):
        functions.discover(row, now=now)


def the_function() -> Function:
    return Function.objects.select_related("connection").get()


def listen_and_list(seconds: float, now: dt.datetime) -> None:
    push_health.listens(fresh(), now=now)
    listing.list_function(the_function(), now=after(now, seconds))


def test_a_start_and_an_end_that_a_listing_finds_too_late_are_missed(
    listed: Function, aws: FakeLambda, now: dt.datetime
) -> None:
    push_health.listens(fresh(), now=now)
    arn = aws.start("orders", "o-1", at=EPOCH + 1001)
    listen_and_list(70, now)
    assert fresh().push_missed == 1
    aws.add(arn, "ExecutionSucceeded", EPOCH + 1080, Result={})
    listen_and_list(150, now)
    assert fresh().push_missed == 2


def test_what_a_listing_finds_soon_or_of_earlier_times_is_not_missed(
    listed: Function, aws: FakeLambda, now: dt.datetime
) -> None:
    push_health.listens(fresh(), now=now)
    aws.start("orders", "backlog", at=EPOCH + 990)
    aws.start("orders", "just-now", at=EPOCH + 1050)
    listen_and_list(70, now)
    assert fresh().push_missed == 0


def test_without_a_queue_nothing_is_missed(listed: Function, aws: FakeLambda, now: dt.datetime, settings: Any) -> None:
    push_health.listens(fresh(), now=now)
    settings.PUSH_QUEUE_URL = ""
    aws.start("orders", "o-1", at=EPOCH + 1001)
    listen_and_list(90, now)
    assert fresh().push_missed == 0


def interval(now: dt.datetime) -> float:
    listing.list_function(the_function(), now=now)
    due = the_function().list_due_at
    assert due is not None
    return (due - now).total_seconds()


def test_listing_is_rare_only_while_push_tells_everything(listed: Function, aws: FakeLambda, now: dt.datetime) -> None:
    usual = interval(now)
    push_health.listens(fresh(), now=now)
    push_health.told(fresh(), [], now=now)
    assert interval(after(now, 30)) == usual, "not before it has shown for a minute that it works"
    assert interval(after(now, 90)) == pacing.PUSHED_LIST > usual
    aws.start("orders", "not-told", at=EPOCH + 1100)
    assert interval(after(now, 190)) == usual, "it has missed something"
    cache.clear()
    push_health.listens(fresh(), now=after(now, 200))
    push_health.told(fresh(), [], now=after(now, 250))
    assert interval(after(now, 300)) == pacing.PUSHED_LIST
    assert interval(after(now, 250 + 901)) == usual, "nothing was told for a quarter of an hour"


@pytest.mark.parametrize("usual", [1.0, 30.0, 400.0])
def test_push_never_makes_listing_more_frequent(usual: float) -> None:
    assert pacing.pushed_list_interval(usual, healthy=False) == usual
    assert pacing.pushed_list_interval(usual, healthy=True) == max(usual, pacing.PUSHED_LIST)


def test_misses_can_be_found_while_listing_is_rare() -> None:
    assert push_health.TELLS_WITHIN.total_seconds() < pacing.PUSHED_LIST


def test_discovery_looks_after_the_banner(
    row: Connection, aws: FakeLambda, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.trouble(scope=push_health.SCOPE)
    monkeypatch.setattr(tasks.discover_one, "delay", lambda _: None)
    tasks.discover()
    assert not Trouble.objects.exists()
