"""One event stream a page: "this has changed, at revision N". The page then asks for its fragments again.

Events: `changed` (data: the history's revision, or a counter) and `finished` (nothing more will come; the page closes
the stream).
"""

import time
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_safe

from dashboard.views.lookup import execution_or_404
from executions import live
from executions.domain.statuses import is_terminal
from executions.models import Execution


@require_safe
async def everything(request: HttpRequest) -> StreamingHttpResponse:
    """Changes of any execution, for lists and counters."""
    return await _stream(_list_events())


@require_safe
async def one_execution(request: HttpRequest, execution_id: int) -> StreamingHttpResponse:
    """Changes of one execution; it is read from AWS often while this stream is open."""
    execution = await sync_to_async(execution_or_404)(request, execution_id)
    return await _stream(_execution_events(execution))


@require_safe
async def inbox(request: HttpRequest) -> StreamingHttpResponse:
    """Changes of any callback; new ones are looked for often while this stream is open."""
    return await _stream(_inbox_events())


async def _stream(events: AsyncIterator[str]) -> StreamingHttpResponse:
    # A stream may last for hours: it must not keep this thread's database connection with it.
    await sync_to_async(connections.close_all)()
    return StreamingHttpResponse(
        events,
        content_type="text/event-stream",
        # "identity" keeps GZipMiddleware from holding back what is written.
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Content-Encoding": "identity"},
    )


async def _list_events() -> AsyncIterator[str]:
    yield _message("changed", 0)
    counter = 0
    async for change in live.changes(live.LIST):
        if change is None:
            yield ": still here\n\n"
            continue
        counter += 1
        yield _message("changed", counter)


async def _inbox_events() -> AsyncIterator[str]:
    await sync_to_async(live.watch_inbox)()
    watched_at, counter = time.monotonic(), 0
    yield _message("changed", counter)
    async for change in live.changes(live.INBOX):
        if time.monotonic() - watched_at >= live.WATCH_AGAIN:
            await sync_to_async(live.watch_inbox)()
            watched_at = time.monotonic()
        if change is None:
            yield ": still here\n\n"
            continue
        counter += 1
        yield _message("changed", counter)


async def _execution_events(execution: Execution) -> AsyncIterator[str]:
    """Begins with where the mirror is, so that a page that was away for a moment can tell whether it missed
    something.
    """
    if is_terminal(execution.status) and execution.history_complete:
        yield _message("finished", execution.revision)
        return
    await sync_to_async(live.watch)(execution.pk)
    watched_at = time.monotonic()
    yield _message("changed", execution.revision)
    async for change in live.changes(live.topic_of(execution.pk)):
        # Also while changes come without a pause: those of a busy execution come because it is watched.
        if time.monotonic() - watched_at >= live.WATCH_AGAIN:
            await sync_to_async(live.watch)(execution.pk)
            watched_at = time.monotonic()
        if change is None:
            yield ": still here\n\n"
            continue
        yield _message("finished" if change.finished else "changed", change.revision)
        if change.finished:
            return


def _message(name: str, number: int) -> str:
    return f"id: {number}\nevent: {name}\ndata: {number}\n\n"
