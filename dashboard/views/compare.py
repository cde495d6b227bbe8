"""Two executions of one function compared, and choosing the other one."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.pages import compare as compare_page
from dashboard.pages import compare_with
from dashboard.pages.compare import ComparePage, Sides
from dashboard.pages.compare_payloads import pair_payloads
from dashboard.pages.compare_state import CompareState
from dashboard.pages.compare_with import ComparisonChoices
from dashboard.pages.tab import Subject
from dashboard.views.lookup import execution_or_404


def sides_or_404(request: HttpRequest, execution_id: int, other_id: int) -> Sides:
    """Both among what this person may see, and of one function."""
    a, b = execution_or_404(request, execution_id), execution_or_404(request, other_id)
    if a.function.name != b.function.name:
        raise Http404("These are executions of two functions; only those of one function can be compared.")
    now = timezone.now()
    return Sides(Subject(request.user, a, now), Subject(request.user, b, now))


@require_safe
def page(request: HttpRequest, execution_id: int, other_id: int) -> HttpResponse:
    sides = sides_or_404(request, execution_id, other_id)
    return render(request, "compare.html", {"page": ComparePage.of(sides, CompareState.read(request.GET))})


@require_safe
def rows(request: HttpRequest, execution_id: int, other_id: int) -> HttpResponse:
    """One window of rows."""
    sides = sides_or_404(request, execution_id, other_id)
    return HttpResponse(compare_page.rows(sides, CompareState.read(request.GET)))


@require_safe
def payloads(request: HttpRequest, execution_id: int, other_id: int) -> HttpResponse:
    """What one row opens."""
    sides, state = sides_or_404(request, execution_id, other_id), CompareState.read(request.GET)
    drawer = pair_payloads(sides, sides.compared(), state)
    if drawer is None:
        raise Http404("Neither of the two executions has such an operation.")
    return render(request, "compare_payloads.html", {"drawer": drawer})


@require_safe
def choose(request: HttpRequest, execution_id: int) -> HttpResponse:
    """`with`: what this execution is to be compared with; leads there when it is known."""
    execution, asked = execution_or_404(request, execution_id), request.GET.get("with", "")
    problem = ""
    if asked.strip():
        other, problem = compare_with.found(request.user, execution, asked)
        if other is not None:
            return redirect(compare_with.comparison_url(other, execution))
    choices = ComparisonChoices.of(request.user, execution, asked, problem)
    return render(request, "compare_with.html", {"page": choices})
