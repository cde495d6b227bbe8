"""The event streams."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
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


@pytest.mark.parametrize("url", ["/live/", "/live/inbox/", "/executions/{}/live/"])
async def test_a_change_right_after_the_first_message_of_a_stream_is_told(url: str) -> None:
    execution: Execution = await sync_to_async(factories.execution)()
    response = await (await logged_in()).get(url.format(execution.pk))
    await messages(response, 1)
    live.execution_changed(execution.pk, 1, finished=False)
    live.inbox_changed()
    assert [message["id"] for message in await messages(response, 1)] == ["1"]


async def test_what_is_read_while_an_execution_stream_begins_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be the last change for long, and a page that already shows the revision it is greeted with fetches
    nothing.
    """
    execution: Execution = await sync_to_async(factories.execution)()
    watch = live.watch

    def watch_while_it_is_read(execution_id: int) -> None:
        watch(execution_id)
        Execution.objects.filter(pk=execution_id).update(revision=1)
        live.execution_changed(execution_id, 1, finished=False)

    monkeypatch.setattr(live, "watch", watch_while_it_is_read)
    response = await (await logged_in()).get(f"/executions/{execution.pk}/live/")
    assert [message["id"] for message in await messages(response, 1)] == ["1"]


async def test_what_ends_while_its_stream_begins_is_told_as_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    execution: Execution = await sync_to_async(factories.execution)()
    ended = {"status": "SUCCEEDED", "history_complete": True, "revision": 2}
    monkeypatch.setattr(live, "watch", lambda pk: Execution.objects.filter(pk=pk).update(**ended))
    response = await (await logged_in()).get(f"/executions/{execution.pk}/live/")
    chunks = [chunk.decode() async for chunk in response.streaming_content]
    assert len(chunks) == 1 and "event: finished" in chunks[0] and "id: 2" in chunks[0]


async def test_a_stream_of_what_is_removed_while_it_begins_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    execution: Execution = await sync_to_async(factories.execution)()
    monkeypatch.setattr(live, "watch", lambda pk: Execution.objects.filter(pk=pk).delete())
    response = await (await logged_in()).get(f"/executions/{execution.pk}/live/")
    async with asyncio.timeout(5):
        assert [chunk async for chunk in response.streaming_content] == []


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
    assert await anext(stream) == live.Change(live.topic_of(execution.pk))
    waiting = asyncio.create_task(anext(stream))
    await asyncio.sleep(0.05)
    for number in range(1, 50):
        live.execution_changed(execution.pk, number, finished=False)
    newest = await waiting
    assert newest is not None and newest.revision == 49
    await stream.aclose()  # type: ignore[attr-defined]


# --- it ends with the right to see it ---


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks again at each heartbeat, of which there are many."""
    monkeypatch.setattr("dashboard.views.live.ASK_AGAIN", 0.0)
    monkeypatch.setattr(live, "_HEARTBEAT", 0.02)


def change_password(user: User) -> None:
    user.set_password("another one")
    user.save()


def move_to_another_team(user: User) -> None:
    user.groups.add(factories.team("roasters", "roast-*"))


LOSSES: dict[str, Callable[[User], Any]] = {
    "the session ends": lambda _: Session.objects.all().delete(),
    "the account is switched off": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
    "the password is changed": change_password,
    "the role is taken": lambda user: user.groups.clear(),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("of", ["the list", "an execution"])
async def test_a_stream_ends_when(impatient: None, loss: str, of: str) -> None:
    execution = await sync_to_async(factories.execution)()
    url = "/live/" if of == "the list" else f"/executions/{execution.pk}/live/"
    client = await logged_in()
    response = await client.get(url)
    stream = aiter(response.streaming_content)
    async with asyncio.timeout(10):
        heard = [await anext(stream) for _ in range(5)]
        assert "event: changed" in heard[0].decode() and "still here" in heard[4].decode()
        await sync_to_async(LOSSES[loss])(await User.objects.aget())
        async for _ in stream:
            pass
    again = await client.get(url, headers={"Accept": "text/html, text/event-stream", "HX-Request": "true"})
    assert again.status_code == (403 if loss == "the role is taken" else 401)


async def test_a_stream_of_an_execution_ends_when_it_is_another_teams(impatient: None) -> None:
    execution = await sync_to_async(factories.execution)()
    client = await logged_in()
    response = await client.get(f"/executions/{execution.pk}/live/")
    stream = aiter(response.streaming_content)
    async with asyncio.timeout(10):
        await anext(stream)
        await sync_to_async(move_to_another_team)(await User.objects.aget())
        async for _ in stream:
            pass
    assert (await client.get(f"/executions/{execution.pk}/live/")).status_code == 404


async def test_between_asking_a_stream_holds_no_connection_to_the_database(impatient: None) -> None:
    response = await (await logged_in()).get("/live/")
    stream = aiter(response.streaming_content)
    async with asyncio.timeout(10):
        for _ in range(5):
            await anext(stream)
    assert await sync_to_async(lambda: connection.connection)() is None


async def test_it_is_not_asked_at_each_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_HEARTBEAT", 0.02)
    asked: list[object] = []
    monkeypatch.setattr("dashboard.views.live.still_opens", asked.append)
    response = await (await logged_in()).get("/live/")
    stream = aiter(response.streaming_content)
    async with asyncio.timeout(10):
        for _ in range(5):
            await anext(stream)
    assert not asked
