"""The list of all executions, and its table alone for live updates."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.pages import executions as pages


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    if url := pages.elsewhere(request.GET):
        return redirect(url)
    return render(request, "executions.html", {"page": pages.Page.build(request.user, request.GET, now=timezone.now())})


@require_safe
def table(request: HttpRequest) -> HttpResponse:
    built = pages.Table.build(request.user, request.GET, now=timezone.now())
    return render(request, "executions_table.html", {"page": built})
