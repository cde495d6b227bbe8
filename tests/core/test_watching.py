"""Who looks at an execution keeps it watched."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.views import live as streams
from executions import live
from tests import factories

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


async def test_a_page_stays_watched_while_changes_come_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "WATCH_SECONDS", 1)
    monkeypatch.setattr(live, "WATCH_AGAIN", 0.3)
    execution = await sync_to_async(factories.execution)()

    async def busy(_: str) -> AsyncIterator[live.Change]:
        for number in range(20):
            await asyncio.sleep(0.1)
            yield live.Change("execution:1", number)

    monkeypatch.setattr(live, "changes", busy)
    seen = 0
    async with contextlib.aclosing(streams._execution_events(execution)) as stream:  # type: ignore[type-var]
        async for _ in stream:
            seen += 1
    assert seen == 21 and live.watched() == {execution.pk}


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
