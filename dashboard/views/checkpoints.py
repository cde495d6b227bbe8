"""Filled in shortly."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.views.lookup import execution_or_404


def page(request: HttpRequest, execution_id: int) -> HttpResponse:
    execution = execution_or_404(request, execution_id)
    return HttpResponse(execution.name, content_type="text/plain")
