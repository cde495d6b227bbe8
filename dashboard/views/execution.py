"""One execution: its head, its timeline in windows, and the drawer of one operation."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from dashboard.pages import timeline as timeline_page
from dashboard.pages.drawer import TABS, Place
from dashboard.pages.execution import Head
from dashboard.pages.history_state import HistoryState
from dashboard.pages.operation import drawer_or_404
from dashboard.pages.tab import NAMES, Subject
from dashboard.pages.timeline import TimelinePage
from dashboard.pages.timeline_state import TimelineState, moment, whole
from dashboard.views.lookup import execution_or_404
from dashboard.views.shared import subject_of
from executions.sync import on_demand


def subject_or_404(request: HttpRequest, execution_id: int, tab: str) -> Subject:
    if shared := subject_of(request, tab):
        return shared
    return Subject(request.user, execution_or_404(request, execution_id), timezone.now(), tab)


@require_safe
def page(request: HttpRequest, execution_id: int) -> HttpResponse:
    """The whole page, with the timeline in it. What its overview is asked to zoom to becomes the zoom in the URL."""
    subject, state = subject_or_404(request, execution_id, "timeline"), TimelineState.read(request.GET)
    if (zoomed := timeline_page.zoomed_by(subject, state, request.GET)) is not None:
        return redirect(f"{subject.url('execution')}?{zoomed.query()}")
    content = TimelinePage.of(subject, state)
    return render(request, "execution/page.html", {"page": content, "head": Head.of(subject)})


@require_safe
def head(request: HttpRequest, execution_id: int) -> HttpResponse:
    """What stands above the tabs' content, and the list of what people did."""
    tab = request.GET.get("tab", "")
    subject = subject_or_404(request, execution_id, tab if tab in NAMES else "timeline")
    return render(request, "execution/head_fragment.html", {"head": Head.of(subject)})


@require_safe
def timeline(request: HttpRequest, execution_id: int) -> HttpResponse:
    """The timeline alone. `have`: the windows that are open in the browser. Zooming: see `page`."""
    subject, state = subject_or_404(request, execution_id, "timeline"), TimelineState.read(request.GET)
    have = [whole(number) for number in request.GET.getlist("have")[:300]]
    zoomed = timeline_page.zoomed_by(subject, state, request.GET)
    if zoomed is not None:
        state, have = zoomed, []
    response = render(request, "execution/timeline.html", {"page": TimelinePage.of(subject, state, have)})
    if zoomed is not None:
        response["HX-Push-Url"] = f"{subject.url('execution')}?{state.query()}"
    return response


@require_safe
def rows(request: HttpRequest, execution_id: int) -> HttpResponse:
    """One window of rows."""
    subject = subject_or_404(request, execution_id, "timeline")
    at = moment(request.GET.get("at", "")) or subject.seconds
    return HttpResponse(timeline_page.rows(subject, TimelineState.read(request.GET), at))


@require_safe
def operation(request: HttpRequest, execution_id: int, operation_id: str) -> HttpResponse:
    """The drawer of one operation."""
    drawer = drawer_or_404(place_or_404(request, execution_id, "timeline"), operation_id)
    return render(request, "execution/operation.html", {"drawer": drawer})


@require_POST
def read(request: HttpRequest, execution_id: int) -> HttpResponse:
    """Ask AWS for the history at once, for who cannot wait for the next reading, or whose browser runs no script."""
    execution = execution_or_404(request, execution_id)
    try:
        fresh = on_demand.complete_history(execution, now=timezone.now())
    except on_demand.NotFound:
        messages.warning(request, "AWS no longer has this execution.")
    except on_demand.GatewayError as error:
        messages.warning(request, f"The history was not read to its end. {error}")
    else:
        messages.success(request, f"The history was read up to event {fresh.last_event_id:,}.")
    return redirect("execution", execution_id=execution.pk)


def place_or_404(request: HttpRequest, execution_id: int, usual: str) -> Place:
    """Where a drawer is to stand: beside the tab that the query names, `usual` by default, in the state it tells."""
    tab = request.GET.get("tab", "")
    subject = subject_or_404(request, execution_id, tab if tab in TABS else usual)
    if subject.tab == "history":
        return Place(subject, HistoryState.read(request.GET).bare)
    place = timeline_page.place_of(subject, TimelineState.read(request.GET))
    if place is None:
        raise Http404("No such execution is unfolded here.")
    return place
