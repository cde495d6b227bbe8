"""Share links, for who makes them: the dialog on an execution's page, the list of all, and revoking."""

import datetime as dt
import uuid

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.asked_for import here
from dashboard.forms.actions import ShareForm
from dashboard.pages.share import WHO_MAY_OPEN, ShareForOne, SharesPage, read_view, tab_words, view_of
from dashboard.views.lookup import address_of, execution_or_404
from executions import queries
from executions.actions import links, permissions
from executions.actions.records import Actor
from executions.models import Execution


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    _allowed(request)
    page = SharesPage.of(request.user, mode=settings.SHARE_LINKS, now=timezone.now())
    return render(request, "share/index.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def make(request: HttpRequest, execution_id: int) -> HttpResponse:
    """GET asks, POST makes the link and tells its address, once."""
    execution = execution_or_404(request, execution_id)
    _allowed(request, execution)
    looked_at = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    form = ShareForm(request.POST or None, initial={"view": view_of(looked_at, execution.pk)})
    address, again = "", False
    bare = request.method == "POST" and form.is_valid() and not form.cleaned_data["redacted"]
    if bare and not (verdict := permissions.can_reveal(request.user)):
        form.add_error("redacted", verdict.why)
    if request.method == "POST" and form.is_valid():
        token = _make(request, execution, form)
        address, again = (
            _address(request, token) if token else "",
            token is None,
        )
    tab, query = read_view(str(form["view"].value() or ""))
    who = WHO_MAY_OPEN[settings.SHARE_LINKS]
    page = ShareForOne(execution, form, request.path, tab_words(tab, query), who, address, again)
    template = "share/dialog.html" if request.headers.get("HX-Request") else "share/alone.html"
    response = render(request, template, {"page": page})
    response["Cache-Control"] = "no-store"  # it may hold the address
    return response


def _address(request: HttpRequest, token: str) -> str:
    """Where people reach this dashboard, rather than by what name its maker came: a tunnel's is of no use to others."""
    path = reverse("shared-entry", args=[token])
    return settings.PUBLIC_URL + path if settings.PUBLIC_URL else request.build_absolute_uri(path)


@require_POST
def revoke(request: HttpRequest, link_id: int) -> HttpResponse:
    link = next((one for one in queries.share_links(request.user) if one.pk == link_id), None)
    if link is None:
        raise Http404("There is no such share link, or it is not one of yours.")
    _allowed(request, link.execution)
    actor = _actor(request, uuid.uuid4())
    if links.revoke(actor, link, now=timezone.now()):
        messages.success(request, "The share link is revoked: it opens nothing any more.")
    else:
        messages.info(request, "The share link had been revoked already.")
    return redirect(here(request.POST.get("back", "")) or reverse("shares"))


def _allowed(request: HttpRequest, execution: Execution | None = None) -> None:
    if not (verdict := permissions.can_share(request.user, execution)):
        raise PermissionDenied(verdict.why)


def _actor(request: HttpRequest, token: uuid.UUID) -> Actor:
    return Actor(request.user, address_of(request), token, user_agent=request.headers.get("User-Agent", ""))


def _make(request: HttpRequest, execution: Execution, form: ShareForm) -> str | None:
    chosen = form.cleaned_data
    tab, query = read_view(chosen["view"])
    lasts = dt.timedelta(hours=float(chosen["lasts"]))
    wanted = links.Wanted(tab, query, chosen["note"], lasts, chosen["redacted"])
    return links.make(_actor(request, chosen["token"]), execution, wanted, now=timezone.now())
