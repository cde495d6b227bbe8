"""All durable functions, and one of them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.pages.functions import Index, Page
from executions import live, queries


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "functions.html", {"page": Index.build(request.user, request.GET.get("connection", ""))})


@require_safe
def page(request: HttpRequest, function_id: int) -> HttpResponse:
    function = queries.function_with_counts(request.user, function_id)
    if function is None:
        raise Http404("There is no such function in the mirror.")
    live.watch_function(function.pk)
    return render(request, "function.html", {"page": Page.build(request.user, function)})
