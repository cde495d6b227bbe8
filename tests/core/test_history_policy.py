"""Which histories are read although nobody looks, and which of them first."""

import datetime as dt

import pytest
from django.conf import LazySettings

from executions import live
from executions.models import Execution, Function
from executions.sync import hasten, schedule
from tests import factories
from tests.fakes import FakeLambda

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


def handed_out(now: dt.datetime) -> set[str]:
    pks = [pk for pk, _ in zip(schedule.claim_histories(now=now), range(100), strict=False)]
    return set(Execution.objects.filter(pk__in=pks).values_list("name", flat=True))


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("all", {"running", "failed", "fine", "seen"}),
        ("failed", {"running", "failed", "seen"}),
        ("looked-at", {"seen"}),
        ("none", set()),
    ],
)
def test_the_policy_chooses_what_is_read_without_anybody_looking(
    policy: str, expected: set[str], now: dt.datetime, settings: LazySettings, aws: FakeLambda
) -> None:
    settings.HISTORY = policy
    function, due = factories.function(), now - dt.timedelta(seconds=5)
    factories.execution(function, name="running", history_due_at=due)
    factories.execution(function, "FAILED", name="failed", history_due_at=due)
    factories.execution(function, "SUCCEEDED", name="fine", history_due_at=due)
    factories.execution(function, "SUCCEEDED", name="seen", history_due_at=due, history_read_at=due)
    found: set[str] = set()
    for _ in range(4):  # each hands out only a moment's work
        found |= handed_out(now)
    assert found == expected


def test_whoever_looks_gets_the_history_under_every_policy(
    now: dt.datetime, settings: LazySettings, aws: FakeLambda
) -> None:
    settings.HISTORY = "none"
    looked_at = factories.execution(status="SUCCEEDED", name="looked at", history_due_at=now)
    live.watch(looked_at.pk)
    assert handed_out(now) == {"looked at"}


def test_what_aws_is_about_to_delete_comes_first(now: dt.datetime) -> None:
    two_weeks, one_day = factories.function(retention_days=14), factories.function(retention_days=1)

    def ended(name: str, function: Function, days: float, **values: object) -> None:
        at = now - dt.timedelta(days=days)
        started = at - dt.timedelta(seconds=30)
        given = {"started_at": started, "ended_at": at, "history_due_at": now - dt.timedelta(seconds=9), **values}
        factories.execution(function, "SUCCEEDED", name=name, **given)

    ended("last day", two_weeks, 13.5)
    ended("last hours", one_day, 0.6)
    ended("time enough", two_weeks, 12.5)
    ended("just ended", one_day, 0.1)
    ended("here already", two_weeks, 13.5, history_complete=True, history_due_at=None)
    ended("asked just now", two_weeks, 13.5, history_read_at=now - dt.timedelta(minutes=5))
    assert hasten.expiring(factories.connection(), now=now) == 2
    first = Execution.objects.filter(history_due_at__isnull=False).order_by("history_due_at")[:2]
    assert {row.name for row in first} == {"last day", "last hours"}
