"""The input and result of one execution, and the exact payload of any event as a file."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.pages.event_diff import EventDiffPage
from dashboard.pages.execution import Head
from dashboard.pages.payloads import PayloadsPage, exact_payload
from dashboard.views.execution import subject_or_404


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
def download(request: HttpRequest, execution_id: int, event_id: int) -> HttpResponse:
    """Always a file of plain text: a payload is somebody else's and is never shown as anything else."""
    subject = subject_or_404(request, execution_id, "payloads")
    payload = exact_payload(subject, event_id)
    name = f"execution-{execution_id}-event-{event_id}-{payload.role}.txt"
    return HttpResponse(
        payload.text.encode("utf-8", "surrogatepass"),
        "text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"},
    )
