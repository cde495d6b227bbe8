"""The audit trail."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.pages.audit import Page


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "audit.html", {"page": Page.build(request.user, request.GET)})
