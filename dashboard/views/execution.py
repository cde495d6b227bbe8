"""Filled in shortly."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.views.lookup import execution_or_404


def page(request: HttpRequest, execution_id: int) -> HttpResponse:
    execution = execution_or_404(request, execution_id)
    return HttpResponse(execution.name, content_type="text/plain")


def head(request: HttpRequest, execution_id: int) -> HttpResponse:
    execution = execution_or_404(request, execution_id)
    return HttpResponse(execution.name, content_type="text/plain")


def timeline(request: HttpRequest, execution_id: int) -> HttpResponse:
    execution = execution_or_404(request, execution_id)
    return HttpResponse(execution.name, content_type="text/plain")


def rows(request: HttpRequest, execution_id: int) -> HttpResponse:
    execution = execution_or_404(request, execution_id)
    return HttpResponse(execution.name, content_type="text/plain")


def operation(request: HttpRequest, execution_id: int, operation_id: str) -> HttpResponse:
    execution = execution_or_404(request, execution_id)
    return HttpResponse(execution.name, content_type="text/plain")
