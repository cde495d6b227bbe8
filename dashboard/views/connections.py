"""The connections: what each of them lets us do, and how old everything is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.pages.connections import Page
from executions import gauges


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    template = "connections_list.html" if request.headers.get("HX-Request") else "connections.html"
    return render(request, template, {"page": Page.build(request.user, gauges.given, now=timezone.now())})
