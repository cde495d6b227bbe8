"""The event streams."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from executions import live
from executions.models import Execution
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db(transaction=True)]


async def logged_in() -> AsyncClient:
    client = AsyncClient()
    await client.aforce_login(await sync_to_async(factories.user)("viewer"))
    return client


async def messages(response: Any, count: int) -> list[dict[str, str]]:
    """The next `count` messages of a stream; comments are left out. Fails after five seconds without them."""
    found: list[dict[str, str]] = []
    async with asyncio.timeout(5):
        async for chunk in response.streaming_content:
            fields = dict(
                line.split(": ", 1) for line in chunk.decode().strip().splitlines() if not line.startswith(":")
            )
            if fields:
                found.append(fields)
            if len(found) == count:
                break
    return found


async def test_the_list_stream_says_at_once_that_it_works_and_then_each_change() -> None:
    response = await (await logged_in()).get("/live/")
    assert response["Content-Type"] == "text/event-stream"
    assert response["Cache-Control"] == "no-store"
    reading = asyncio.create_task(messages(response, 2))
    await asyncio.sleep(0.2)
    live.executions_changed()
    assert [message["event"] for message in await reading] == ["changed", "changed"]


async def test_the_inboxs_stream_tells_of_callbacks_alone_and_that_somebody_looks_at_the_inbox() -> None:
    assert not live.inbox_is_watched()
    response = await (await logged_in()).get("/live/inbox/")
    reading = asyncio.create_task(messages(response, 3))
    await asyncio.sleep(0.2)
    assert live.inbox_is_watched()
    live.executions_changed()
    live.inbox_changed()
    await asyncio.sleep(0.1)
    assert not reading.done(), "what concerns no callback is not told"
    live.inbox_changed()
    assert [message["id"] for message in await reading] == ["0", "1", "2"]


async def test_an_execution_stream_begins_with_where_the_mirror_is_and_ends_with_the_execution() -> None:
    execution: Execution = await sync_to_async(factories.execution)(revision=7)
    response = await (await logged_in()).get(f"/executions/{execution.pk}/live/")
    reading = asyncio.create_task(messages(response, 3))
    await asyncio.sleep(0.2)
    assert execution.pk in live.watched()
    live.execution_changed(execution.pk, 8, finished=False)
    await asyncio.sleep(0.1)
    live.execution_changed(execution.pk, 9, finished=True)
    assert [(message["event"], message["id"]) for message in await reading] == [
        ("changed", "7"),
        ("changed", "8"),
        ("finished", "9"),
    ]


async def test_a_finished_execution_says_so_and_holds_no_stream() -> None:
    execution = await sync_to_async(factories.execution)(status="SUCCEEDED", history_complete=True, revision=4)
    response = await (await logged_in()).get(f"/executions/{execution.pk}/live/")
    chunks = [chunk.decode() async for chunk in response.streaming_content]
    assert len(chunks) == 1 and "event: finished" in chunks[0]
    assert live.watched() == set()


async def test_a_stream_of_an_unknown_execution_is_a_404() -> None:
    assert (await (await logged_in()).get("/executions/999/live/")).status_code == 404


async def test_a_stream_asked_for_without_login_is_refused_without_a_page() -> None:
    response = await AsyncClient().get("/live/", headers={"Accept": "text/event-stream"})
    assert response.status_code == 401 and response["Content-Type"].startswith("text/plain")


async def test_a_slow_page_gets_the_newest_change_not_every_one() -> None:
    execution = await sync_to_async(factories.execution)()
    stream = live.changes(live.topic_of(execution.pk))
    waiting = asyncio.create_task(anext(stream))
    await asyncio.sleep(0.05)
    for number in range(1, 50):
        live.execution_changed(execution.pk, number, finished=False)
    newest = await waiting
    assert newest is not None and newest.revision == 49
    await stream.aclose()  # type: ignore[attr-defined]
