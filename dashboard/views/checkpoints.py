"""The checkpoints of one execution: two of them compared."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.pages.checkpoint_state import CheckpointState
from dashboard.pages.checkpoints import CheckpointsPage
from dashboard.pages.execution import Head
from dashboard.views.execution import subject_or_404


@require_safe
def page(request: HttpRequest, execution_id: int) -> HttpResponse:
    """`part=content`: without the page around it."""
    subject = subject_or_404(request, execution_id, "checkpoints")
    state = CheckpointState.read(request.GET, subject.history, subject.batches)
    content = CheckpointsPage.of(subject, state)
    if request.GET.get("part") == "content":
        return render(request, "execution/checkpoints_content.html", {"page": content})
    return render(request, "execution/checkpoints.html", {"page": content, "head": Head.of(subject)})
