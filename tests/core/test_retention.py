"""Our own retention: the oldest ended go first, by age and by size; counts stay true; nothing comes back by itself."""

import datetime as dt
import io
import threading
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as some

from executions import tasks
from executions.domain.arns import ExecutionArn
from executions.gateway import configuration
from executions.models import ActionRecord, Callback, Execution, Function, HistoryPage, StatusCount
from executions.sync import executions, functions, history, listing, retention
from tests import factories
from tests.fakes import EPOCH, FakeLambda

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
KB = 1024


def ended(function: Function, days: float, status: str = "SUCCEEDED", size: int = 0) -> Execution:
    """An execution that ended so many days ago, with so many bytes of history."""
    at = factories.ago(days=days)
    made = factories.execution(function, status, started_at=at - dt.timedelta(minutes=1), ended_at=at)
    if size:
        HistoryPage.objects.create(
            execution=made, number=0, event_count=1, events=b"x" * (size - size // 4), payloads=b"y" * (size // 4)
        )
    return made


def retain() -> retention.Removed:
    return retention.retain(now=timezone.now(), sleep=lambda _: None)


def left() -> set[int]:
    return set(Execution.objects.values_list("pk", flat=True))


def counts_are_true() -> bool:
    told = {(row.function_id, row.status): row.executions for row in StatusCount.objects.all() if row.executions}
    rows = Execution.objects.values_list("function_id", "status")
    counted: dict[tuple[int, str], int] = {}
    for function_id, status in rows:
        counted[function_id, status] = counted.get((function_id, status), 0) + 1
    return told == counted


def test_by_default_everything_is_kept_for_ever() -> None:
    ended(factories.function(), 4000, size=KB)
    assert retain().executions == 0 and Execution.objects.count() == 1


def test_what_ended_longer_ago_than_keep_days_is_removed_and_nothing_else(settings: Any) -> None:
    settings.KEEP_DAYS = 30
    function, other = factories.function(), factories.function()
    kept = {
        ended(function, 29).pk,
        factories.execution(function, started_at=factories.ago(days=300)).pk,
        factories.execution(other, "HIBERNATING", started_at=factories.ago(days=300)).pk,
        ended(other, 0.1, "FAILED").pk,
    }
    for status in ("SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED"):
        ended(function, 31, status, size=KB)
        ended(other, 90, status)
    removed = retain()
    assert (removed.executions, removed.size) == (8, 4 * KB)
    assert left() == kept and counts_are_true()


def test_each_connection_keeps_what_it_is_told_to(settings: Any, tmp_path: Path) -> None:
    settings.KEEP_DAYS, settings.KEEP_MB = 30, 0
    own = {"a": "", "b": "keep_days = 5", "c": "keep_days = 0", "d": "keep_days = 0\nkeep_mb = 0.05"}
    (tmp_path / "connections.toml").write_text(
        "".join(f'[[connection]]\nname = "{name}"\nregion = "eu-west-1"\n{keys}\n' for name, keys in own.items())
    )
    settings.CONNECTIONS_FILE = str(tmp_path / "connections.toml")
    configuration.configured.cache_clear()
    try:
        of = {name: factories.function(connection=factories.connection(name=name)) for name in [*own, "gone"]}
        made = {name: [ended(function, days, size=40 * KB) for days in (3, 10, 90)] for name, function in of.items()}
        retain()
        kept = {name: sum(row.pk in left() for row in rows) for name, rows in made.items()}
        assert kept == {"a": 2, "b": 1, "c": 3, "d": 1, "gone": 2} and counts_are_true()
    finally:
        configuration.configured.cache_clear()


def test_a_history_that_is_being_read_waits_for_the_next_time(settings: Any) -> None:
    settings.KEEP_DAYS = 1
    row = ended(factories.function(), 2)
    Execution.objects.filter(pk=row.pk).update(history_claimed_until=factories.ago(-60))
    assert retain().executions == 0
    Execution.objects.filter(pk=row.pk).update(history_claimed_until=factories.ago(1))
    assert retain().executions == 1


def test_for_want_of_space_the_oldest_ended_go_first_until_the_rest_fits(settings: Any) -> None:
    settings.KEEP_MB = 100 * KB / retention.MB
    function, other = factories.function(), factories.function()
    rows = [ended(function if days % 2 else other, days, size=30 * KB) for days in (1, 2, 3, 4, 5, 6)]
    running = factories.execution(function, started_at=factories.ago(days=50))
    assert retain().executions == 3
    assert left() == {running.pk, *(row.pk for row in rows[:3])} and counts_are_true()
    assert retain().executions == 0


def test_what_has_only_just_ended_is_not_removed_for_want_of_space(settings: Any) -> None:
    settings.KEEP_MB = KB / retention.MB
    fresh = ended(factories.function(), 10 / 24 / 60, size=50 * KB)
    unlisted = ended(factories.function(listed_at=factories.ago(days=3)), 2, size=50 * KB)
    ended(factories.function(listed_at=factories.ago(days=3), gone_at=factories.ago(days=1)), 2, size=50 * KB)
    retain()
    assert left() == {fresh.pk, unlisted.pk}, "a function that has not been listed since may have more to tell"


@examples(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=some.lists(some.tuples(some.integers(1, 60), some.integers(0, 3), some.booleans()), max_size=12),
    keep_days=some.sampled_from([0, 5, 30]),
    keep_kb=some.sampled_from([0, 1, 4]),
)
def test_whatever_is_kept_ended_after_whatever_is_removed(
    settings: Any, rows: list[tuple[int, int, bool]], keep_days: int, keep_kb: int
) -> None:
    Function.objects.all().delete()
    settings.KEEP_DAYS, settings.KEEP_MB = keep_days, keep_kb * KB / retention.MB
    of = [factories.function(), factories.function()]
    made = {(row := ended(of[which], days, size=size * KB)).pk: row for days, size, which in rows}
    planned = sum(part.executions for part in retention.plan(factories.connection(), now=timezone.now()))
    retain()
    kept, gone = left(), made.keys() - left()
    ends = {pk: row.ended_at for pk, row in made.items() if row.ended_at}
    assert not kept or not gone or max(ends[pk] for pk in gone) <= min(ends[pk] for pk in kept)
    assert not keep_days or all(ends[pk] > factories.ago(days=keep_days) for pk in kept)
    assert not keep_kb or sum(len(p.events) + len(p.payloads) for p in HistoryPage.objects.all()) <= keep_kb * KB
    assert counts_are_true() and planned == len(gone)


def test_many_are_removed_in_batches_with_pauses_between_them(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KEEP_DAYS = 1
    factories.executions(factories.function(), 45, started_at=factories.ago(days=3))
    monkeypatch.setattr(retention, "ROWS", 10)
    pauses: list[float] = []
    seen: list[int] = []
    retention.retain(now=timezone.now(), sleep=lambda s: (pauses.append(s), seen.append(Execution.objects.count())))
    assert seen == [35, 25, 15, 5, 0] and all(pauses) and counts_are_true()
    factories.executions(factories.function(), 45, started_at=factories.ago(days=3))
    monkeypatch.setattr(retention, "BATCHES", 2)
    assert retain().executions == 20, "the rest has time until the next run"


def test_while_a_batch_is_being_removed_lists_are_read(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KEEP_DAYS = 1
    factories.executions(factories.function(), 5, started_at=factories.ago(days=3))
    count = retention.count_statuses
    read: list[int] = []

    def meanwhile() -> None:
        read.append(Execution.objects.count())
        connection.close()

    def counting(*given: Any) -> None:
        count(*given)
        assert connection.in_atomic_block
        reader = threading.Thread(target=meanwhile)
        reader.start()
        reader.join(10)

    monkeypatch.setattr(retention, "count_statuses", counting)
    retain()
    assert read == [5] and Execution.objects.count() == 0


def test_long_histories_make_smaller_batches(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KEEP_DAYS = 1
    for days in (5, 4, 3):
        ended(factories.function(), days, size=40 * KB)
    monkeypatch.setattr(retention, "MEGABYTES", 60 * KB / retention.MB)
    monkeypatch.setattr(retention, "BATCHES", 1)
    assert retain().executions == 2


def test_what_people_did_stays_with_the_arn_it_was_done_to(settings: Any) -> None:
    settings.KEEP_DAYS = 1
    row = ended(factories.function(), 2, "STOPPED")
    callback = factories.callback(row, "SUCCEEDED")
    factories.action(row)
    factories.action(row, kind="succeed", callback=callback)
    retain()
    assert not Callback.objects.exists()
    assert (
        list(ActionRecord.objects.values_list("execution", "callback", "execution_arn")) == [(None, None, row.arn)] * 2
    )


@pytest.fixture
def listed(aws: FakeLambda, settings: Any) -> tuple[str, dt.datetime]:
    """An execution at AWS, mirrored with its history four hours after it ended; -> its ARN and that time."""
    aws.add_function("a")
    arn = aws.start("a", "once")
    aws.add(arn, "ExecutionSucceeded", EPOCH + 5)
    now = dt.datetime.fromtimestamp(EPOCH + 4 * 3600, tz=dt.UTC)
    functions.discover(factories.connection(), now=now)
    listing.list_function(Function.objects.get(), now=now)
    history.pull(Execution.objects.get(), now=now)
    return arn, now


@pytest.mark.parametrize("setting", ["KEEP_DAYS", "KEEP_MB"])
def test_what_was_removed_does_not_come_back_while_aws_still_lists_it(
    aws: FakeLambda, listed: tuple[str, dt.datetime], settings: Any, setting: str
) -> None:
    setattr(settings, setting, 0.00001)
    _, now = listed
    assert retention.retain(now=now, sleep=lambda _: None).executions == 1
    for minutes in (1, 2, 15):
        listing.list_function(Function.objects.get(), now=now + dt.timedelta(minutes=minutes))
        assert not Execution.objects.exists()
    setattr(settings, setting, 1)
    later = aws.start("a", "later", at=EPOCH + 4 * 3600 + 1000)
    listing.list_function(Function.objects.get(), now=now + dt.timedelta(minutes=18))
    assert set(Execution.objects.values_list("arn", flat=True)) >= {later} and counts_are_true()


def test_what_would_be_removed_again_for_its_age_is_not_even_begun_with(aws: FakeLambda, settings: Any) -> None:
    settings.KEEP_DAYS = 30
    aws.add_function("a")
    aws.add(aws.start("a", "old"), "ExecutionSucceeded", EPOCH + 5)
    still = aws.start("a", "still-running")
    now = dt.datetime.fromtimestamp(EPOCH + 60 * 86400, tz=dt.UTC)
    functions.discover(factories.connection(), now=now)
    listing.list_function(Function.objects.get(), now=now)
    assert Execution.objects.get().arn == still


def test_somebody_who_opens_the_arn_sees_it_again(listed: tuple[str, dt.datetime], settings: Any) -> None:
    settings.KEEP_DAYS = 0.001
    arn, now = listed
    retention.retain(now=now, sleep=lambda _: None)
    assert executions.read_one(ExecutionArn.parse(arn), now=now).arn == arn


def test_the_command_says_first_what_would_go_and_then_what_went(settings: Any) -> None:
    def said(*words: str) -> str:
        out = io.StringIO()
        call_command("retention", *words, stdout=out)
        return out.getvalue()

    function = factories.function()
    for days in (5, 40, 50):
        ended(function, days, size=512 * KB)
    assert "Everything is kept" in said()
    settings.KEEP_DAYS, settings.KEEP_MB = 45, 0.6
    plan = said("--dry-run")
    assert "default: older than 45 days: 1 execution with 0.5 MB" in plan and "more than 0.6 MB: 1 execution" in plan
    assert Execution.objects.count() == 3
    assert "Removed 2 executions with 1.0 MB of history." in said()
    assert Execution.objects.count() == 1


def test_logins_that_have_run_out_are_removed_with_it(db: None) -> None:
    for key, at in (("over", factories.ago(1)), ("goes-on", factories.ago(-3600))):
        Session.objects.create(session_key=key, session_data="", expire_date=at)
    tasks.retain()
    assert [one.session_key for one in Session.objects.all()] == ["goes-on"]
