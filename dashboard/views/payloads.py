"""The input and result of one execution; the payload of any event as a file, and, on record, with its secrets."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.forms.actions import RevealForm
from dashboard.pages.confirm import Confirm
from dashboard.pages.event_diff import EventDiffPage
from dashboard.pages.execution import Head
from dashboard.pages.explore import ExplorePage, branch_rows
from dashboard.pages.explore_state import ExploreState
from dashboard.pages.payloads import PayloadsPage, exact_payload, file_of, revealed_box
from dashboard.pages.tab import Subject
from dashboard.views.actions import actor_of
from dashboard.views.execution import subject_or_404
from executions.actions.permissions import can_reveal
from executions.actions.reveal import is_on_record
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
    return _explored(request, subject_or_404(request, execution_id, "payloads"), event_id, exact=False)


@never_cache
@require_safe
def revealed(request: HttpRequest, execution_id: int, event_id: int) -> HttpResponse:
    """The same with its secrets, for whoever has just put that on record; anybody else is asked first."""
    subject = subject_or_404(request, execution_id, "payloads")
    if not is_on_record(request.user, subject.execution, event_id, now=timezone.now()):
        return redirect("execution-reveal", execution_id, event_id)
    return _explored(request, subject, event_id, exact=True)


def _explored(request: HttpRequest, subject: Subject, event_id: int, *, exact: bool) -> HttpResponse:
    state = ExploreState.read(request.GET)
    if request.GET.get("part") == "branch":
        rows = branch_rows(subject, event_id, state, exact=exact)
        return render(request, "partials/branch.html", {"rows": rows})
    content = ExplorePage.of(subject, event_id, state, exact=exact)
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
    """GET asks, POST writes it down and shows the payload as it is stored; a large one to look around in."""
    subject = subject_or_404(request, execution_id, "payloads")
    payload = exact_payload(subject, event_id)
    form = RevealForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        put_on_record(actor_of(request, form), subject.execution, event_id, now=timezone.now())
        box = revealed_box(payload, event_id)
        if box is None:
            return redirect("execution-revealed", execution_id, event_id)
        return render(request, "execution/revealed.html", {"payload": box, "head": Head.of(subject)})
    asked = Confirm.of(form, subject.execution, None, can_reveal(request.user), asked=request.get_full_path())
    return render(request, "confirm.html", {"page": asked})
