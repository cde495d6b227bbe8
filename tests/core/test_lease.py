"""Two beats: periodic work is done once all the same."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from executions import tasks
from executions.models import Lease
from executions.sync import lease
from tests import factories

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
EVERY = 25.0


def after(now: dt.datetime, seconds: float) -> dt.datetime:
    return now + dt.timedelta(seconds=seconds)


def test_the_first_call_is_heard_and_others_only_when_the_lease_has_ended(now: dt.datetime) -> None:
    heard = [at for at in (0, 1, 24.9, 25, 26, 50) if lease.take("x", every=EVERY, now=after(now, at))]
    assert heard == [0, 25, 50]
    assert lease.take("y", every=EVERY, now=after(now, 50))


def test_a_lease_of_a_clock_that_was_wrong_keeps_nobody_waiting(now: dt.datetime) -> None:
    assert lease.take("x", every=EVERY, now=after(now, 86_400))
    assert lease.take("x", every=EVERY, now=now)


def test_of_many_that_call_at_once_one_is_heard(now: dt.datetime) -> None:
    heard: list[bool] = []

    def call() -> None:
        heard.append(lease.take("x", every=EVERY, now=now))
        connection.close()

    for _ in range(3):
        threads = [threading.Thread(target=call) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert heard.count(True) == 1 and len(heard) == 18 and Lease.objects.count() == 1


def test_two_beats_discover_and_retain_once(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []
    factories.connection()
    monkeypatch.setattr(tasks.discover_one, "delay", done.append)
    monkeypatch.setattr(tasks.retention, "retain", lambda *, now: done.append("retained"))
    for _ in range(2):
        tasks.discover()
        tasks.retain()
    assert len(done) == 2 and "retained" in done
    Lease.objects.update(taken_at=timezone.now() - dt.timedelta(seconds=600))
    tasks.discover()
    tasks.retain()
    assert len(done) == 4
