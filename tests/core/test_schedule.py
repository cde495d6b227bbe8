"""What is due is handed out at the pace of the call budget, and nothing starves."""

import datetime as dt
import uuid
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database

from dashboard import embedded
from executions import live, tasks
from executions.actions import bulk as bulks
from executions.actions import claims, decisions, settle, starting
from executions.domain.lanes import Lane
from executions.gateway import budget
from executions.models import Bulk, Execution, Function
from executions.notices import delivering
from executions.sync import functions, hasten, listing, pacing, preflight, push_health, retention, schedule
from tests import factories

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


def test_no_more_functions_are_handed_out_than_the_budget_soon_lists(now: dt.datetime) -> None:
    for _ in range(60):
        factories.function(list_due_at=now)
    allowed = budget.calls_per_second("default", "list")
    claimed = [schedule.claim_functions(now=now) for _ in range(5)]
    assert 0 < sum(len(ids) for ids in claimed) <= allowed


def test_whoever_waits_longest_is_listed_first(now: dt.datetime) -> None:
    late = factories.function(list_due_at=now)
    early = factories.function(list_due_at=now - dt.timedelta(minutes=1))
    assert schedule.claim_functions(now=now) == [early.pk, late.pk]


def test_of_two_that_hand_out_at_once_one_gets_each(now: dt.datetime) -> None:
    factories.function(list_due_at=now)
    factories.execution(history_due_at=now)
    for claim in (schedule.claim_functions, schedule.claim_histories):
        theirs: list[Any] = []

        def another_was_first(execute: Any, sql: str, *rest: Any, claim: Any = claim, theirs: Any = theirs) -> Any:
            """Between looking for what is due and claiming it."""
            if sql.startswith("UPDATE") and not theirs:
                theirs.append(None)
                theirs.append(claim(now=now))
            return execute(sql, *rest)

        with database.execute_wrapper(another_was_first):
            mine = claim(now=now)
        assert not mine and len(theirs[1]) == 1


def test_executions_that_people_look_at_leave_room_for_those_that_nobody_does(now: dt.datetime) -> None:
    function = factories.function()
    for _ in range(40):
        live.watch(factories.execution(function, history_due_at=now + dt.timedelta(hours=1)).pk)
    failed = factories.execution(function, "FAILED", history_due_at=now)
    read, at = 0, now
    for _ in range(40):
        at += dt.timedelta(seconds=0.5)
        for pk in schedule.claim_histories(now=at):
            Execution.objects.filter(pk=pk).update(
                history_claimed_until=None, history_read_at=at, history_due_at=at + dt.timedelta(hours=1)
            )
            read += pk == failed.pk
    assert read == 1


def test_one_watched_execution_is_read_about_every_second(now: dt.datetime) -> None:
    watched = factories.execution(history_due_at=now + dt.timedelta(hours=1), history_read_at=now)
    live.watch(watched.pk)
    assert not schedule.claim_histories(now=now + dt.timedelta(seconds=0.5))
    assert list(schedule.claim_histories(now=now + dt.timedelta(seconds=1))) == [watched.pk]


def test_between_two_dispatches_only_what_somebody_waits_for_is_handed_out(
    now: dt.datetime, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    opens = factories.function(callback_share=0.9, list_due_at=now)
    failed = factories.execution(factories.function(), "FAILED", history_due_at=now)
    expected, watched = (factories.execution(opens, history_due_at=now) for _ in range(2))
    handed_out: list[int] = []
    listed: list[int] = []
    monkeypatch.setattr(tasks.list_function, "apply_async", lambda args, **_: listed.append(args[0]))
    monkeypatch.setattr(tasks.pull_history, "apply_async", lambda args, **_: handed_out.append(args[0]))
    with django_assert_num_queries(0):
        tasks.dispatch_hot()
    live.watch_inbox()
    live.watch(watched.pk)
    tasks.dispatch_hot()
    assert set(handed_out) == {expected.pk, watched.pk} and listed == [opens.pk]
    assert list(schedule.claim_histories(now=now)) == [failed.pk]


def a_bulk(now: dt.datetime, **values: Any) -> Bulk:
    about = {"kind": "stop", "chosen": "selection", "total": 1}
    return Bulk.objects.create(token=uuid.uuid4(), created_at=now, **about, **values)


def test_nothing_stays_in_the_queue_for_longer_than_its_claim_lasts(now: dt.datetime) -> None:
    factories.function(list_due_at=now)
    factories.execution(history_due_at=now)
    a_bulk(now)
    with pytest.MonkeyPatch.context() as patched:
        expiry: dict[str, float] = {}
        for task in (tasks.list_function, tasks.pull_history, tasks.bulk_step):
            handed_out = partial(expiry.__setitem__, task.name)
            patched.setattr(task, "apply_async", lambda _, expires=0, keep=handed_out: keep(expires))
        tasks.dispatch()
    names = ("list_function", "pull_history", "bulk_step")
    assert expiry == {f"executions.{name}": pacing.CLAIM for name in names}, "it is handed out again then"


def test_a_history_is_read_in_the_lane_in_which_it_was_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    lanes: list[Lane] = []
    monkeypatch.setattr(tasks.history, "pull", lambda *_, **__: lanes.append(budget.current_lane()))
    for lane in (Lane.HOT, Lane.RECONCILE):
        tasks.pull_history(factories.execution().pk, int(lane))
    assert lanes == [Lane.HOT, Lane.RECONCILE]


def test_where_nobody_has_looked_for_functions_yet_that_does_not_wait_for_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[bool] = []
    monkeypatch.setattr(tasks.discover, "delay", lambda: looked.append(True))
    tasks.dispatch()
    factories.connection()
    tasks.dispatch()
    assert looked == [True]


def test_now_and_then_what_nobody_else_would_is_put_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.connection()
    done: set[str] = set()
    for module, name in (
        *((settle, "settle_left"), (settle, "settle_deletions"), (starting, "settle_starts")),
        *((decisions, "send_left"), (push_health, "check"), (hasten, "expiring"), (functions, "discover")),
        *((listing, "learn_pace"), (retention, "retain"), (delivering, "forget"), (claims, "send_heartbeats")),
        (preflight, "is_due"),
    ):
        monkeypatch.setattr(module, name, lambda *_, told=name, **__: done.add(told))
    monkeypatch.setattr(tasks.discover_one, "delay", tasks.discover_one)
    tasks.discover()
    assert done == {
        *("settle_left", "settle_deletions", "settle_starts", "send_left", "check"),
        *("expiring", "discover", "learn_pace", "is_due"),
    }
    done.clear()
    tasks.retain()
    tasks.keep_alive()
    assert done == {"retain", "forget", "send_heartbeats"}


def test_what_was_done_is_settled_as_soon_as_its_history_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    row, settled = factories.execution(), list[int]()
    monkeypatch.setattr(settle, "settle", lambda pk, **_: settled.append(pk))
    monkeypatch.setattr(tasks.history, "pull", lambda *_, **__: None)
    tasks.pull_history(row.pk)
    assert settled == [row.pk]


def test_a_database_that_is_busy_when_a_process_starts_keeps_no_worker_from_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def busy() -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(schedule, "forget_claims", busy)
    embedded._take_back_claims()
    assert "claims_kept" in caplog.text


def test_a_process_that_is_alone_takes_back_what_its_predecessor_had_claimed(now: dt.datetime) -> None:
    factories.function(list_due_at=now)
    factories.execution(history_due_at=now)
    assert schedule.claim_functions(now=now) and schedule.claim_histories(now=now)
    bulk = a_bulk(now, claimed_until=now + dt.timedelta(hours=1))
    schedule.forget_claims()
    assert schedule.claim_functions(now=now) and schedule.claim_histories(now=now) and bulks.due(now=now) == [bulk.pk]
    assert not Function.objects.filter(list_claimed_until=None, list_due_at=now).exists()


def test_what_somebody_looks_at_comes_before_where_callbacks_are_expected_and_leaves_room_for_it(
    now: dt.datetime,
) -> None:
    asks = factories.function(callback_share=0.9)
    for _ in range(60):
        factories.execution(asks, history_due_at=now - dt.timedelta(minutes=5))
    for _ in range(40):
        factories.execution(status="SUCCEEDED", history_due_at=now - dt.timedelta(minutes=5))
    watched = factories.execution(history_due_at=now + dt.timedelta(hours=1))
    live.watch(watched.pk)
    read, at = Counter[str](), now
    for _ in range(10):
        at += dt.timedelta(seconds=0.5)
        claimed = schedule.claim_histories(now=at)
        assert len(claimed) <= budget.calls_per_second("default", "history")
        for row in Execution.objects.filter(pk__in=claimed).select_related("function"):
            read["watched" if row.pk == watched.pk else "asks" if row.function == asks else "others"] += 1
        taken = Execution.objects.filter(pk__in=claimed)
        taken.update(history_claimed_until=None, history_read_at=at, history_due_at=at + dt.timedelta(hours=1))
    assert read["watched"] == 5, "every second turn: 0.8 seconds are over"
    assert read["asks"] > read["others"] >= 5, "nobody starves"
