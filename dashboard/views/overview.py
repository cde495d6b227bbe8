"""The overview, and its changing part alone for live updates."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.pages.overview import Numbers, Page


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "overview.html", {"page": Page.build(request.user, now=timezone.now())})


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    return render(request, "overview_numbers.html", {"page": Numbers.build(request.user, now=timezone.now())})
