"""Several callbacks decided at once: the groups with their forms, and the beginning of what a worker carries out."""

from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dashboard.forms.bulk import drawn_at
from dashboard.pages.together import SENDS, Chosen, Group, Page, Sent
from dashboard.views.actions import actor_of, go
from executions import queries
from executions.actions import bulk, permissions
from executions.actions.results import BadValue
from executions.domain import quotas
from executions.models import ActionRecord, Bulk


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """GET is the dry run: the groups, how many are in each, and a sample. POST is a button of one group's form; htmx
    gets that group alone, or what AWS would get (`?preview=1`).
    """
    if not (allowed := permissions.can_act_in_bulk(request.user, ActionRecord.Kind.SUCCEED)):
        raise PermissionDenied(allowed.why)
    sent = _sent(request)
    at = drawn_at(sent.data if sent else None, now=timezone.now())
    chosen = Chosen.read(request.user, request.GET, now=at)
    if chosen is None:
        raise Http404("This address names no callbacks that could be decided together.")
    per_second = quotas.calls_per_second("callback", float(settings.BUDGET_SHARE))
    only = sent.group if sent and request.headers.get("HX-Request") else ""
    page = Page.of(request.user, chosen, sent=sent, only=only, at=at, per_second=per_second)
    group = page.group(sent.group) if sent else None
    if sent and (begun := _begun(request, chosen, group, sent)):
        return go(request, reverse("bulk", args=[begun.pk]))
    if only and group is None:
        return go(request, chosen.url)  # answered meanwhile: the whole page says so
    if only and "preview" in request.GET:
        return render(request, "answer/preview.html", {"preview": group.preview if group else None})
    template = "inbox/together_group.html" if only else "inbox/together.html"
    return render(request, template, {"page": page, "group": group})


def _begun(request: HttpRequest, chosen: Chosen, group: Group | None, sent: Sent) -> Bulk | None:
    """None when nothing can be sent, or was to be; what is wrong is said in the form, rather than once for each row."""
    if group is None or group.why_not:
        return _sent_before(request, sent)
    draft = group.draft
    if sent.do not in SENDS or not draft.can_be_sent(sent.do):
        return None
    try:
        answer = draft.answer(sent.do, sent.what)
    except BadValue as error:
        draft.blame(error)
        return None
    words = f"{chosen.words}: {group.name} of {group.function}"[:2000]
    actor, now = actor_of(request, draft.form), timezone.now()
    return bulk.begin_answers(actor, answer.kind, group.rows, options=answer.options, chosen=words, now=now)


def _sent(request: HttpRequest) -> Sent | None:
    key = request.GET.get("group", "") if request.method == "POST" else ""
    do, _, what = request.POST.get("do", "look").partition(" ")
    return Sent(key, request.POST, do, what) if key else None


def _sent_before(request: HttpRequest, sent: Sent) -> Bulk | None:
    """The form again, by a double click or Back, when there is nothing left to be answered."""
    try:
        token = UUID(sent.data.get("token", ""))
    except ValueError:
        return None
    return queries.bulks(request.user).filter(token=token).first()
