"""Acting on many executions: the dry run and its form, the progress, stopping it, and trying again what failed."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.forms.bulk import BulkForm, drawn_at
from dashboard.pages.bulk import MOST, Chosen, Page, Plan, latest
from dashboard.views.actions import actor_of
from executions import queries
from executions.actions import bulk as bulks
from executions.actions import permissions
from executions.actions.records import Actor
from executions.domain import quotas
from executions.models import Bulk


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "bulk/index.html", {"bulks": latest(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET is the dry run: how many, which, and a sample. POST begins it."""
    posted = request.POST if request.method == "POST" else None
    at = drawn_at(posted, now=timezone.now())
    chosen = Chosen.read(request.user, request.GET, now=at)
    if chosen is None:
        raise Http404("This address names nothing that can be done to many executions.")
    verdict = permissions.can_act_in_bulk(request.user, chosen.kind)
    if verdict.forbidden:
        raise PermissionDenied(verdict.why)
    total = chosen.able.order_by()[: MOST + 1].count()
    form = BulkForm(posted, kind=chosen.kind, total=total, at=at)
    if request.method == "POST" and form.is_valid() and (begun := _begun(actor_of(request, form), chosen, form, total)):
        _say_what_is_left_out(request, form.cleaned_data["shown"], begun)
        return redirect("bulk", bulk_id=begun.pk)
    api = "stop" if chosen.kind == "stop" else "control"
    per_second = quotas.calls_per_second(api, float(settings.BUDGET_SHARE))
    page = Plan.of(chosen, form, verdict.why, asked=request.get_full_path(), per_second=per_second)
    return render(request, "bulk/new.html", {"page": page})


@require_safe
def page(request: HttpRequest, bulk_id: int) -> HttpResponse:
    found = Page.of(request.user, _bulk_or_404(request, bulk_id), request.GET)
    return render(request, "bulk/page.html", {"page": found})


@require_safe
def progress(request: HttpRequest, bulk_id: int) -> HttpResponse:
    """What changes of it."""
    found = Page.of(request.user, _bulk_or_404(request, bulk_id), request.GET)
    return render(request, "bulk/progress.html", {"page": found})


@require_POST
def stop(request: HttpRequest, bulk_id: int) -> HttpResponse:
    found = _mine_or_403(request, bulk_id)
    bulks.stop(found, request.user, now=timezone.now())
    return redirect("bulk", bulk_id=found.pk)


@require_POST
def again(request: HttpRequest, bulk_id: int) -> HttpResponse:
    found = _mine_or_403(request, bulk_id)
    if not bulks.again(found, now=timezone.now()):
        messages.info(request, "There is nothing to try again.")
    return redirect("bulk", bulk_id=found.pk)


def _say_what_is_left_out(request: HttpRequest, shown: int, begun: Bulk) -> None:
    """What was over between the dry run and its confirmation needs nothing done, but somebody may miss it."""
    if fewer := shown - begun.total:
        one = fewer == 1
        why = f"this can no longer be done to {'it' if one else 'them'}"
        messages.info(request, f"{fewer:,} of the {shown:,} {'is' if one else 'are'} left out: {why}.")


def _bulk_or_404(request: HttpRequest, bulk_id: int) -> Bulk:
    found = queries.bulks(request.user).filter(pk=bulk_id if bulk_id < 2**63 else 0).first()
    if found is None:
        raise Http404("There is no such bulk action, or it is not yours to see.")
    return found


def _mine_or_403(request: HttpRequest, bulk_id: int) -> Bulk:
    """It goes on in the name of who began it: nobody else sends more in that name, though anybody with the right may
    stop it.
    """
    found = _bulk_or_404(request, bulk_id)
    allowed = permissions.can_act_in_bulk(request.user, found.kind)
    stops = request.resolver_match is not None and request.resolver_match.view_name == "bulk-stop"
    if not allowed or not (stops or found.user_id == request.user.pk):
        raise PermissionDenied(allowed.why or "Only who began this may go on with it.")
    return found


def _begun(actor: Actor, chosen: Chosen, form: BulkForm, total: int) -> Bulk | None:
    """None when there is nothing that it could be done to, or too much. The form again, by a double click or Back,
    leads to what it began, also when there is nothing left. Raises BadValue.
    """
    said: dict[str, Any] = {"options": form.options, "chosen": chosen.words}
    if 0 < total <= MOST:
        return bulks.begin(actor, chosen.kind, chosen.able, now=timezone.now(), **said)
    return bulks.sent_before(actor, chosen.kind, **said)
