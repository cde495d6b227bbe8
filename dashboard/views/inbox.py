"""The inbox; htmx gets its rows alone, or the callback that is opened beside them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.pages.inbox import Page
from dashboard.pages.inbox_filters import Filters
from dashboard.pages.inbox_pane import Pane
from dashboard.pages.inbox_rows import Table
from dashboard.views.lookup import inbox_callback_or_404


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    if request.headers.get("HX-Request") and "HX-History-Restore-Request" not in request.headers:
        filters = Filters.read(request.GET, user=request.user)
        return render(request, "inbox/fresh.html", {"table": Table.build(request.user, filters, now=now)})
    return render(request, "inbox/page.html", {"page": Page.build(request.user, request.GET, now=now)})


@require_safe
def one(request: HttpRequest, callback_id: int) -> HttpResponse:
    """A callback, for the place beside the rows; without htmx, the whole inbox with it."""
    callback = inbox_callback_or_404(request, callback_id)
    if not request.headers.get("HX-Request"):
        query = request.GET.copy()
        query["callback"] = str(callback.pk)
        return redirect(f"{reverse('inbox')}?{query.urlencode()}")
    filters = Filters.read(request.GET, user=request.user)
    return render(request, "inbox/pane.html", {"pane": Pane.of(request.user, callback, filters, now=timezone.now())})
