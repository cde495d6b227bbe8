"""The list of all executions, and its table alone for live updates."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.pages import executions as pages
from executions import live


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    if url := pages.elsewhere(request.GET):
        return redirect(url)
    built = pages.Page.build(request.user, request.GET, now=timezone.now())
    _look_at(built.table)
    return render(request, "executions.html", {"page": built})


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    built = pages.Table.build(request.user, request.GET, now=timezone.now())
    _look_at(built)
    return render(request, "executions_table.html", {"page": built})


def _look_at(table: pages.Table) -> None:
    """What somebody follows is listed more often."""
    for function_id in table.looks_at:
        live.watch_function(function_id)
