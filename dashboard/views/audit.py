"""The audit trail, and its exports."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeAlias

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.forms.actions import ExportForm
from dashboard.pages import audit_export
from dashboard.pages.audit import Page, query_of, read_filter
from dashboard.views.actions import actor_of
from executions.actions.perform import NotAllowed
from executions.actions.results import BadValue
from executions.actions.reveal import export as put_on_record

Rows: TypeAlias = list[dict[str, Any]]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "audit.html", {"page": Page.build(request.user, request.GET, now=timezone.now())})


@require_safe
def as_csv(request: HttpRequest) -> StreamingHttpResponse:
    return _written_as("csv", request)


@require_safe
def as_json(request: HttpRequest) -> StreamingHttpResponse:
    return _written_as("json", request)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def exact(request: HttpRequest) -> HttpResponseBase:
    """With the secrets in the requests: GET asks, POST writes that down and exports. The filters are the address."""
    form = ExportForm(request.POST if request.method == "POST" else None)
    query = query_of(request.GET)
    if request.method == "POST" and form.is_valid():
        written_as = form.cleaned_data["written_as"]
        try:
            put_on_record(actor_of(request, form), query, written_as, now=timezone.now())
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error
        except BadValue as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return _written_as(written_as, request, exact=True)
    return render(request, "audit_exact.html", {"form": form, "query": query})


def _written_as(kind: str, request: HttpRequest, *, exact: bool = False) -> StreamingHttpResponse:
    """`exact`: with the secrets."""
    chosen = read_filter(request.GET, now=timezone.now())
    batches = audit_export.batches(request.user, chosen, exact=exact)
    if kind == "csv":
        chunks = _chunks(batches, audit_export.head(), audit_export.as_csv, "", "")
        return _download(chunks, "text/csv; charset=utf-8", "audit.csv")
    chunks = _chunks(batches, "[", audit_export.as_json_lines, ",\n", "]\n")
    return _download(chunks, "application/json", "audit.json")


async def _chunks(
    batches: Iterator[Rows], head: str, written: Callable[[Rows], str], between: str, tail: str
) -> AsyncIterator[str]:
    yield head
    first = True
    while (rows := await sync_to_async(_next)(batches)) is not None:
        yield ("" if first else between) + written(rows)
        first = False
    yield tail


def _next(batches: Iterator[Rows]) -> Rows | None:
    return next(batches, None)


def _download(chunks: AsyncIterator[str], kind: str, name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        chunks,
        content_type=kind,
        # GZipMiddleware would compress each chunk for itself, and browsers take the first of such for the whole.
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Content-Encoding": "identity"},
    )
