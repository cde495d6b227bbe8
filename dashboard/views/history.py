"""The history of one execution: a table in windows, one event, and AWS's own JSON."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.pages import history as history_page
from dashboard.pages.event import event_or_404
from dashboard.pages.execution import Head
from dashboard.pages.history import HistoryPage
from dashboard.pages.history_state import HistoryState
from dashboard.pages.imports import details_of
from dashboard.pages.timeline_state import whole
from dashboard.views.execution import place_or_404, subject_or_404
from dashboard.views.lookup import execution_or_404
from executions import histories, sharing
from executions.sync import on_demand

RETRY_SECONDS = "10"


@require_safe
def page(request: HttpRequest, execution_id: int) -> HttpResponse:
    """`part=rows` is one window, `part=list` the table without the page around it."""
    subject = subject_or_404(request, execution_id, "history")
    state, part = HistoryState.read(request.GET), request.GET.get("part")
    if part == "rows":
        return HttpResponse(history_page.rows(subject, state))
    content = HistoryPage.of(subject, state, [whole(number) for number in request.GET.getlist("have")[:300]])
    if part == "list":
        return render(request, "execution/history_list.html", {"page": content})
    return render(request, "execution/history.html", {"page": content, "head": Head.of(subject)})


@require_safe
def event(request: HttpRequest, execution_id: int, event_id: int) -> HttpResponse:
    """The drawer of one event. Opened by itself, its address is the event's permanent link and leads to the history."""
    place = place_or_404(request, execution_id, "history")
    drawer = event_or_404(place, event_id)
    if not request.headers.get("HX-Request"):
        return redirect(f"{place.shown.url('execution-history')}?event={event_id}")
    return render(request, "execution/event.html", {"drawer": drawer})


@require_safe
def as_json(request: HttpRequest, execution_id: int) -> HttpResponse:
    """AWS's answer to GetDurableExecutionHistory, all pages joined, without secrets for who may not see them; read
    first when events may be missing; "Incomplete" says what AWS has deleted before it was read.

    `details=1`: with what an import needs to know besides, under the names of GetDurableExecution.
    """
    execution = execution_or_404(request, execution_id)
    try:
        execution = on_demand.complete_history(execution, now=timezone.now())
    except on_demand.NotFound:
        pass  # AWS has deleted it: what is stored is all there will ever be
    except on_demand.GatewayError as error:
        body = orjson.dumps({"error": str(error)})
        return HttpResponse(body, "application/json", status=503, headers={"Retry-After": RETRY_SECONDS})
    events = histories.wire_events(execution, with_payloads=True)
    answer = sharing.exported(request.user, events, lacking=histories.lacking(execution))
    if request.GET.get("details") != "1":
        return _json(answer, "inline")
    return _json(details_of(execution) | answer, f'attachment; filename="execution-{execution.pk}-history.json"')


def _json(answer: dict[str, Any], disposition: str) -> HttpResponse:
    return HttpResponse(orjson.dumps(answer), "application/json", headers={"Content-Disposition": disposition})
