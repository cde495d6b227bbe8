"""The audit trail, and its exports."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.pages import audit_export
from dashboard.pages.audit import Page, read_filter


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "audit.html", {"page": Page.build(request.user, request.GET, now=timezone.now())})


@require_safe
def as_csv(request: HttpRequest) -> StreamingHttpResponse:
    chunks = _chunks(request, audit_export.head(), audit_export.as_csv, "", "")
    return _download(chunks, "text/csv; charset=utf-8", "audit.csv")


@require_safe
def as_json(request: HttpRequest) -> StreamingHttpResponse:
    chunks = _chunks(request, "[", audit_export.as_json_lines, ",\n", "]\n")
    return _download(chunks, "application/json", "audit.json")


async def _chunks(
    request: HttpRequest, head: str, written: Callable[[list[dict[str, Any]]], str], between: str, tail: str
) -> AsyncIterator[str]:
    batches = audit_export.batches(request.user, read_filter(request.GET, now=timezone.now()))
    yield head
    first = True
    while (rows := await sync_to_async(_next)(batches)) is not None:
        yield ("" if first else between) + written(rows)
        first = False
    yield tail


def _next(batches: Iterator[list[dict[str, Any]]]) -> list[dict[str, Any]] | None:
    return next(batches, None)


def _download(chunks: AsyncIterator[str], kind: str, name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        chunks, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
