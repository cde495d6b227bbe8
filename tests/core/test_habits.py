"""Functions that usually open callbacks have their running executions read first, and when it is time."""

import datetime as dt

import pytest
from django.db.models import Min

from executions import live
from executions.domain.lanes import Lane
from executions.models import Execution, Function
from executions.sync import habits, history, pacing, schedule
from executions.sync.storing import Pulled
from tests import factories

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


def learnt(function: Function, now: dt.datetime, *, opens_after: float | None, times: int = 30) -> None:
    for _ in range(times):
        done = factories.execution(function, "SUCCEEDED", started_at=now)
        if opens_after is not None:
            factories.callback(done, opened_at=now + dt.timedelta(seconds=opens_after), status="SUCCEEDED")
        habits.learn(function, done, done.callbacks.aggregate(at=Min("opened_at"))["at"])


def test_it_is_learnt_whether_and_when_callbacks_open(now: dt.datetime) -> None:
    asks, never = factories.function(), factories.function()
    learnt(asks, now, opens_after=40)
    learnt(never, now, opens_after=None)
    asks.refresh_from_db(), never.refresh_from_db()
    assert asks.callback_share == 1.0 and asks.callback_from == pytest.approx(40)
    assert never.callback_share == 0.0 and never.callback_from is None
    learnt(asks, now, opens_after=None, times=60)
    assert asks.callback_share < habits.RARE, "what has changed is learnt anew"


def test_nothing_is_looked_for_before_it_is_time_and_often_from_then_on(now: dt.datetime) -> None:
    function = factories.function(callback_share=0.9, callback_from=100.0)
    young = factories.execution(function, started_at=now)
    old = factories.execution(function, started_at=now - dt.timedelta(seconds=60))
    assert habits.interval(function, young, 10.0, now=now) == 50.0
    assert habits.interval(function, old, 10.0, now=now) == 5.0


def test_it_is_looked_for_as_often_until_it_is_there_or_long_overdue(now: dt.datetime) -> None:
    function = factories.function(callback_share=0.9, callback_from=2.0)
    asked = factories.execution(function, started_at=now)
    assert habits.opens_about_now(function, asked, now=now + dt.timedelta(seconds=20))
    assert not habits.opens_about_now(function, asked, now=now + dt.timedelta(seconds=60)), "not for ever"
    factories.callback(asked)
    assert not habits.opens_about_now(function, asked, now=now + dt.timedelta(seconds=20)), "it is there"
    unlikely = factories.function(callback_share=0.1, callback_from=2.0)
    assert not habits.opens_about_now(unlikely, factories.execution(unlikely, started_at=now), now=now)
    ended = factories.execution(function, "SUCCEEDED", started_at=now)
    assert not habits.opens_about_now(function, ended, now=now), "then none comes any more"


def test_readings_that_find_nothing_are_as_frequent_where_a_callback_is_expected(now: dt.datetime) -> None:
    due = {}
    for share in (0.9, None):
        function = factories.function(callback_share=share, callback_from=2.0 if share else None)
        started = now - dt.timedelta(seconds=10)
        row = factories.execution(function, started_at=started, history_misses=8)
        due[share] = history._due_at(row, history.Share(1, 10), now)
    assert due[0.9] == now + dt.timedelta(seconds=pacing.UNWATCHED_FLOOR / 2)
    assert due[None] and due[None] > now + dt.timedelta(seconds=2 * pacing.UNWATCHED_FLOOR)


@pytest.mark.parametrize("inbox_is_open", [False, True])
@pytest.mark.parametrize("running", [1, 5, 10, 11, 40, 3000])
def test_where_all_that_runs_is_about_to_open_callbacks_the_budget_is_enough_for_it(
    running: int, inbox_is_open: bool, now: dt.datetime
) -> None:
    function = factories.function(callback_share=0.9, callback_from=2.0)
    row = factories.execution(function, started_at=now - dt.timedelta(seconds=10), history_misses=8)
    often = pacing.watched_interval(watched=running, per_second=7) if inbox_is_open else None
    share = history.Share(running, 7, often)
    due = history._due_at(row, share, now)
    assert due and running / (due - now).total_seconds() <= share.per_second


def test_while_somebody_looks_at_the_inbox_an_expected_callback_is_looked_for_as_what_is_watched_is(
    now: dt.datetime,
) -> None:
    usual = factories.function(callback_share=0.9, callback_from=4.0)
    unknown, never = factories.function(callback_share=None), factories.function(callback_share=0.0)

    def due(of: Function, *, age: float, often: float | None) -> float:
        row = factories.execution(of, started_at=now - dt.timedelta(seconds=age), history_misses=5)
        at = history._due_at(row, history.Share(1, 7, often), now)
        assert at is not None
        return (at - now).total_seconds()

    assert due(usual, age=4, often=0.8) == 0.8
    assert due(usual, age=4, often=None) == pacing.UNWATCHED_FLOOR / 2
    assert due(usual, age=1, often=0.2) == pytest.approx(1.0), "not before half of the usual time"
    assert due(unknown, age=4, often=0.8) == 0.8, "perhaps it opens some"
    assert due(unknown, age=60, often=0.8) > pacing.UNWATCHED_FLOOR
    assert due(usual, age=120, often=0.8) > pacing.UNWATCHED_FLOOR / 2, "it has had its time"
    assert due(never, age=4, often=0.8) > pacing.UNWATCHED_FLOOR


def test_the_more_callbacks_are_expected_the_less_often_each_is_looked_for(now: dt.datetime) -> None:
    usual, never = factories.function(callback_share=0.9), factories.function(callback_share=0.0)
    asked, *_ = factories.executions(usual, 9, "RUNNING")
    factories.callback(asked)
    factories.executions(never, 50, "RUNNING")
    running = Execution.objects.all()
    assert history._share(running, "default", Pulled()).often is None, "nobody looks at the inbox"
    live.watch_inbox()
    share = history._share(running, "default", Pulled())
    assert share.running == 59
    assert share.often == pacing.watched_interval(watched=8, per_second=share.per_second) > pacing.WATCHED
    running.filter(function=usual).exclude(pk=asked.pk).delete()
    factories.execution(usual)
    assert history._share(running, "default", Pulled()).often == pacing.EXPECTED < pacing.WATCHED


@pytest.mark.parametrize(("share", "opens_after"), [(0.9, 36_000.0), (0.0, None)])
def test_also_what_is_not_expected_for_hours_is_read_every_minute_when_there_is_room(
    share: float, opens_after: float | None, now: dt.datetime
) -> None:
    function = factories.function(callback_share=share, callback_from=opens_after)
    row = factories.execution(function, started_at=now, history_misses=12)
    assert history._due_at(row, history.Share(1, 7), now) == now + dt.timedelta(seconds=pacing.UNWATCHED_CEILING)
    crowded = history._due_at(row, history.Share(2100, 7), now)
    assert crowded and crowded >= now + dt.timedelta(seconds=600), "where there is none nobody asks more often"


def test_functions_that_hardly_ever_open_any_leave_the_calls_to_others(now: dt.datetime) -> None:
    row = factories.execution(factories.function(callback_share=0.0))
    assert habits.interval(row.function, row, 10.0, now=now) == 40.0
    unknown = factories.execution(factories.function(callback_share=None))
    assert habits.interval(unknown.function, unknown, 10.0, now=now) == 10.0


def test_where_callbacks_are_expected_is_read_first(now: dt.datetime) -> None:
    for _ in range(20):
        factories.execution(factories.function(callback_share=0.0), history_due_at=now - dt.timedelta(minutes=5))
    likely = factories.execution(factories.function(callback_share=0.9), history_due_at=now)
    claimed = schedule.claim_histories(now=now)
    assert claimed[likely.pk] == Lane.HOT and next(iter(claimed)) == likely.pk
