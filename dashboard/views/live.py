"""One event stream a page: "this has changed, at revision N". The page then asks for its fragments again.

Events: `changed` (data: the history's revision, or a counter) and `finished` (nothing more will come; the page closes
the stream). Who is logged out meanwhile, switched off or may not see it any more is noticed within a minute: the stream
ends, and asking for it again is refused.
"""

import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_safe

from dashboard.guard import still_opens
from dashboard.views.lookup import execution_or_404
from executions import live
from executions.domain.statuses import is_terminal
from executions.models import Execution

ASK_AGAIN = 30.0
"""Seconds after which it is asked again, at the next message or heartbeat, whether this person may still see it."""
STILL_HERE = ": still here\n\n"


@require_safe
async def everything(request: HttpRequest) -> StreamingHttpResponse:
    """Changes of any execution, for lists and counters."""
    return await _stream(request, _list_events())


@require_safe
async def one_execution(request: HttpRequest, execution_id: int) -> StreamingHttpResponse:
    """Changes of one execution; it is read from AWS often while this stream is open."""
    execution = await sync_to_async(execution_or_404)(request, execution_id)
    return await _stream(request, _execution_events(execution), execution_id)


@require_safe
async def inbox(request: HttpRequest) -> StreamingHttpResponse:
    """Changes of any callback; new ones are looked for often while this stream is open."""
    return await _stream(request, _inbox_events())


async def _stream(
    request: HttpRequest, events: AsyncGenerator[str], execution_id: int | None = None
) -> StreamingHttpResponse:
    # A stream may last for hours: it must not keep this thread's database connection with it.
    await sync_to_async(connections.close_all)()
    return StreamingHttpResponse(
        _while_allowed(request, events, execution_id),
        content_type="text/event-stream",
        # "identity" keeps GZipMiddleware from holding back what is written.
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Encoding": "identity"},
    )


async def _while_allowed(
    request: HttpRequest, events: AsyncGenerator[str], execution_id: int | None
) -> AsyncIterator[str]:
    asked_at = time.monotonic()
    async with contextlib.aclosing(events) as stream:
        async for message in stream:
            if time.monotonic() - asked_at >= ASK_AGAIN:
                if not await sync_to_async(_may_still_see)(request, execution_id):
                    return
                asked_at = time.monotonic()
            yield message


def _may_still_see(request: HttpRequest, execution_id: int | None) -> bool:
    """By the session, the account and the rights of now. Not while the database is away: the page will ask again."""
    try:
        again = still_opens(request)
        if again is not None and execution_id is not None:
            execution_or_404(again, execution_id)
        return again is not None
    except (Http404, DatabaseError):
        return False
    finally:
        connections.close_all()


async def _list_events() -> AsyncGenerator[str]:
    counter = 0
    async for change in live.changes(live.LIST):
        yield STILL_HERE if change is None else _message("changed", counter)
        counter += change is not None


async def _inbox_events() -> AsyncGenerator[str]:
    await sync_to_async(live.watch_inbox)()
    watched_at, counter = time.monotonic(), 0
    async for change in live.changes(live.INBOX):
        if time.monotonic() - watched_at >= live.WATCH_AGAIN:
            await sync_to_async(live.watch_inbox)()
            watched_at = time.monotonic()
        yield STILL_HERE if change is None else _message("changed", counter)
        counter += change is not None


async def _execution_events(execution: Execution) -> AsyncGenerator[str]:
    """Begins with where the mirror is, so that a page can tell whether it has missed something. It is looked up once
    changes are heard: one that comes between the two may be the last for long.
    """
    if _is_over(execution):
        yield _message("finished", execution.revision)
        return
    await sync_to_async(live.watch)(execution.pk)
    watched_at = time.monotonic()
    async for change in live.changes(live.topic_of(execution.pk)):
        # Also while changes come without a pause: those of a busy execution come because it is watched.
        if time.monotonic() - watched_at >= live.WATCH_AGAIN:
            await sync_to_async(live.watch)(execution.pk)
            watched_at = time.monotonic()
        if change is None:
            yield STILL_HERE
            continue
        if not change.revision and (change := await sync_to_async(_as_it_is)(execution.pk)) is None:
            return  # the page asks again, and is told why
        yield _message("finished" if change.finished else "changed", change.revision)
        if change.finished:
            return


def _is_over(execution: Execution) -> bool:
    return is_terminal(execution.status) and execution.history_complete


def _as_it_is(execution_id: int) -> live.Change | None:
    """Where the mirror is; None when it has been removed from it, or while the database is away."""
    try:
        row = Execution.objects.get(pk=execution_id)
        return live.Change(live.topic_of(execution_id), row.revision, _is_over(row))
    except (Execution.DoesNotExist, DatabaseError):
        return None
    finally:
        connections.close_all()


def _message(name: str, number: int) -> str:
    return f"id: {number}\nevent: {name}\ndata: {number}\n\n"
