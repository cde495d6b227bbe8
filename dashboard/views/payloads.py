"""The input and result of one execution; the payload of any event as a file, and, on record, with its secrets."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.forms.actions import RevealForm
from dashboard.pages.confirm import Confirm
from dashboard.pages.event_diff import EventDiffPage
from dashboard.pages.execution import Head
from dashboard.pages.explore import ExplorePage, branch_rows
from dashboard.pages.explore_state import ExploreState
from dashboard.pages.payloads import PayloadsPage, exact_payload, file_of, revealed
from dashboard.views.actions import actor_of
from dashboard.views.execution import subject_or_404
from executions.actions.permissions import can_reveal
from executions.actions.reveal import reveal as put_on_record


@require_safe
def page(request: HttpRequest, execution_id: int) -> HttpResponse:
    """`part=content`: without the page around it."""
    subject = subject_or_404(request, execution_id, "payloads")
    content = PayloadsPage.of(subject, raw=request.GET.get("tags") == "raw")
    if request.GET.get("part") == "content":
        return render(request, "execution/payloads_content.html", {"page": content})
    return render(request, "execution/payloads.html", {"page": content, "head": Head.of(subject)})


@require_safe
def difference(request: HttpRequest, execution_id: int) -> HttpResponse:
    """The payloads of two events, `a` and `b`."""
    subject = subject_or_404(request, execution_id, "history")
    content = EventDiffPage.of(subject, request.GET)
    return render(request, "execution/event_diff.html", {"page": content, "head": Head.of(subject)})


@require_safe
def explore(request: HttpRequest, execution_id: int, event_id: int) -> HttpResponse:
    """A payload to look around in. `part=branch`: what is inside one branch, for a tree that is open already."""
    subject, state = subject_or_404(request, execution_id, "payloads"), ExploreState.read(request.GET)
    if request.GET.get("part") == "branch":
        return render(request, "partials/branch.html", {"rows": branch_rows(subject, event_id, state)})
    content = ExplorePage.of(subject, event_id, state)
    return render(request, "execution/explore.html", {"page": content, "head": Head.of(subject)})


@require_safe
def download(request: HttpRequest, execution_id: int, event_id: int) -> HttpResponse:
    """Always a file of plain text: a payload is somebody else's and is never shown as anything else."""
    subject = subject_or_404(request, execution_id, "payloads")
    name, text = file_of(subject, event_id)
    return HttpResponse(
        text.encode("utf-8", "surrogatepass"),
        "text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reveal(request: HttpRequest, execution_id: int, event_id: int) -> HttpResponse:
    """GET asks, POST writes it down and shows the payload as it is stored."""
    subject = subject_or_404(request, execution_id, "payloads")
    payload = exact_payload(subject, event_id)
    form = RevealForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        put_on_record(actor_of(request, form), subject.execution, event_id, now=timezone.now())
        box = revealed(payload, event_id)
        return render(request, "execution/revealed.html", {"payload": box, "head": Head.of(subject)})
    asked = Confirm.of(form, subject.execution, None, can_reveal(request.user), asked=request.get_full_path())
    return render(request, "confirm.html", {"page": asked})
