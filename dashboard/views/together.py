"""Several callbacks decided at once: the groups with their forms, and the beginning of what a worker carries out."""

from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dashboard.bulk_form import drawn_at
from dashboard.pages.together import Chosen, Page
from dashboard.together_form import TogetherForm
from dashboard.views.actions import actor_of
from executions import queries
from executions.actions import bulk, permissions
from executions.actions.results import BadValue, check_result
from executions.domain import quotas
from executions.models import ActionRecord, Bulk


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET is the dry run: the groups, how many are in each, and a sample. POST begins one group."""
    if not (allowed := permissions.can_act_in_bulk(request.user, ActionRecord.Kind.SUCCEED)):
        raise PermissionDenied(allowed.why)
    key = request.GET.get("group", "") if request.method == "POST" else ""
    if key and (sent := _sent_before(request, key)):
        return redirect("bulk", bulk_id=sent.pk)
    at = drawn_at(request.POST if key else None, f"{key}-", now=timezone.now())
    chosen = Chosen.read(request.user, request.GET, now=at)
    if chosen is None:
        raise Http404("This address names no callbacks that could be decided together.")
    per_second = quotas.calls_per_second("callback", float(settings.BUDGET_SHARE))
    page = Page.of(request.user, chosen, sent=request.POST if key else None, group=key, at=at, per_second=per_second)
    group = page.group(key)
    if group and group.form.is_valid() and not group.why_not and _can_be_sent(group.form):
        words, rows = f"{chosen.words}: {group.name} of {group.function}", group.rows
        actor, now = actor_of(request, group.form), timezone.now()
        made = bulk.begin_answers(
            actor, group.form.kind, rows, options=group.form.options, chosen=words[:2000], now=now
        )
        return redirect("bulk", bulk_id=made.pk)
    return render(request, "inbox/together.html", {"page": page})


def _can_be_sent(form: TogetherForm) -> bool:
    """Asked now rather than once for each row; what is wrong is said in the form."""
    if form.kind == ActionRecord.Kind.FAIL:
        return True
    try:
        check_result(form.options["result"], form.policy, is_json=form.options["is_json"])
    except BadValue as error:
        form.add_error("result" if "result" in form.fields else "answer", str(error))
        return False
    return True


def _sent_before(request: HttpRequest, key: str) -> Bulk | None:
    """The form again, by a double click or Back: by then there may be nothing left to be answered."""
    try:
        token = UUID(request.POST.get(f"{key}-token", ""))
    except ValueError:
        return None
    return queries.bulks(request.user).filter(token=token).first()
