"""The overview, its changing part alone for live updates, and what changes in the shell around every page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.pages import shell as shell_page
from dashboard.pages.overview import Numbers, Page


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "overview.html", {"page": Page.build(request.user, now=timezone.now())})


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    return render(request, "overview_numbers.html", {"page": Numbers.build(request.user, now=timezone.now())})


@require_safe
def shell(request: HttpRequest) -> HttpResponse:
    return render(request, "shell.html", {"nav": shell_page.build(request)})
