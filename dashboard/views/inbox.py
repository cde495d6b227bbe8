"""The inbox; htmx gets its changing part alone."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from dashboard.pages.inbox import Page


@require_safe
@vary_on_headers("HX-Request")
def page(request: HttpRequest) -> HttpResponse:
    template = "inbox_table.html" if request.headers.get("HX-Request") else "inbox.html"
    return render(request, template, {"page": Page.build(request.user)})
