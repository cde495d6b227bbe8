"""Who looks at an execution, or at those of a function, keeps them watched."""

import asyncio
import contextlib
import datetime as dt
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.test import Client

from dashboard.pages.filters import place_of
from dashboard.views import live as streams
from executions import live
from executions.models import Connection, Function
from executions.sync import functions, listing
from tests import factories
from tests.fakes import FakeLambda, default_connection

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


async def test_a_page_stays_watched_while_changes_come_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "WATCH_SECONDS", 1)
    monkeypatch.setattr(live, "WATCH_AGAIN", 0.3)
    execution = await sync_to_async(factories.execution)()

    async def busy(_: str) -> AsyncIterator[live.Change]:
        for number in range(1, 21):
            await asyncio.sleep(0.1)
            yield live.Change("execution:1", number)

    monkeypatch.setattr(live, "changes", busy)
    seen = 0
    async with contextlib.aclosing(streams._execution_events(execution)) as stream:  # type: ignore[type-var]
        async for _ in stream:
            seen += 1
    assert seen == 20 and live.watched() == {execution.pk}


async def test_whoever_leaves_is_not_listened_to_any_more(settings: Any) -> None:
    settings.REDIS_URL = ""
    execution = await sync_to_async(factories.execution)()
    stream = streams._execution_events(execution)
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.05)
    assert live.topic_of(execution.pk) in live._listeners
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    assert live.topic_of(execution.pk) not in live._listeners


@pytest.mark.parametrize("url", ["/functions/{pk}/", "/executions/?function=a", "/executions/table/?function=a"])
def test_a_function_is_listed_twice_as_often_while_somebody_looks_at_its_executions(
    url: str, aws: FakeLambda, now: dt.datetime, as_viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        aws.add_function(name)
    functions.discover(default_connection(), now=now)
    Connection.objects.update(list_pace=[1.0, 8.0, 8.0])

    def interval(name: str) -> float:
        listing.list_function(Function.objects.select_related("connection").get(name=name), now=now)
        due_at = Function.objects.get(name=name).list_due_at
        assert due_at is not None
        return (due_at - now).total_seconds()

    assert (interval("a"), interval("b")) == (8, 8)
    assert as_viewer.get(url.format(pk=Function.objects.get(name="a").pk)).status_code == 200
    assert (interval("a"), interval("b")) == (4, 8)
    cache.clear()
    assert interval("a") == 8


def test_an_open_list_asks_again_before_nobody_is_thought_to_look_at_it(as_viewer: Client) -> None:
    factories.function("a")
    html = as_viewer.get("/executions/?function=a").content.decode()
    asked_again = re.findall(r'hx-trigger="changed from:#live [^"]*every (\d+)s"', html)
    assert len(asked_again) == 1 and int(asked_again[0]) < live.WATCH_FUNCTION_SECONDS


def test_a_list_of_all_functions_or_of_older_executions_has_none_listed_more_often(as_viewer: Client) -> None:
    rows = factories.executions(factories.function("a"), 60)
    place = place_of(rows[50].started_at, rows[50].pk)
    for url in ("/executions/", f"/executions/?function=a&older={place}"):
        assert as_viewer.get(url).status_code == 200
        assert not live.watched_functions()
