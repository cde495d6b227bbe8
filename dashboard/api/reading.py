"""Reading: executions, their histories and operations, open callbacks, and what people did."""

import datetime as dt
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from dashboard.api.answers import (
    ActionOut,
    ActionsOut,
    CallbackOut,
    CallbacksOut,
    ExecutionOut,
    ExecutionsOut,
    Id,
    OperationOut,
    OperationsOut,
    Problem,
)
from dashboard.pages import inbox_filters
from dashboard.pages.filters import place_of, read_place
from dashboard.views import history as history_view
from dashboard.views.lookup import execution_or_404
from executions import histories, queries
from executions.queries import AuditFilter, Cursor, ListFilter

router = Router(tags=["read"])
Text = Annotated[str, Query(max_length=300)]


@router.get("executions", response={200: ExecutionsOut, 404: Problem}, url_name="executions", summary="Newest first")
def executions(
    request: HttpRequest,
    function: Text = "",
    status: Text = "",
    name: Text = "",
    started_after: dt.datetime | None = None,
    started_before: dt.datetime | None = None,
    cursor: Text = "",
) -> Any:
    place = read_place(cursor)
    if cursor and place is None:
        raise Http404("This cursor names no place in the list.")
    after, before = _utc(started_after), _utc(started_before)
    chosen = ListFilter(function=function, status=status, name=_clean(name), started_after=after, started_before=before)
    found = queries.execution_list(request.user, chosen, Cursor(*place) if place else None)
    last = found.rows[-1] if found.has_older and found.rows else None
    rows = [ExecutionOut.of(row) for row in found.rows]
    return ExecutionsOut(executions=rows, next=place_of(last.started_at, last.pk) if last else None)


@router.get("executions/by-arn", response={200: ExecutionOut, 404: Problem}, url_name="execution-by-arn")
def execution_by_arn(request: HttpRequest, arn: Annotated[str, Query(max_length=1024)]) -> Any:
    """The mirrored execution with this ARN."""
    found = queries.visible(request.user).select_related("function").filter(arn=_clean(arn)).first()
    if found is None:
        raise Http404("The mirror has no execution with this ARN, or it is not one of yours.")
    return ExecutionOut.of(found)


@router.get("executions/{execution_id}", response={200: ExecutionOut, 404: Problem}, url_name="execution")
def execution(request: HttpRequest, execution_id: Id) -> Any:
    return ExecutionOut.of(execution_or_404(request, execution_id))


@router.get("executions/{execution_id}/history", response={200: Any, 404: Problem, 503: Any}, url_name="history")
def history(request: HttpRequest, execution_id: Id) -> HttpResponse:
    """AWS's answer to GetDurableExecutionHistory, all pages joined; 503 with Retry-After while AWS does not answer. For
    who may not see secrets their values are hidden, and `Redacted` says so. `Incomplete` says what is missing of what
    AWS has deleted before it was read.
    """
    return history_view.as_json(request, execution_id)


@router.get("executions/{execution_id}/operations", response={200: OperationsOut, 404: Problem}, url_name="operations")
def operations(request: HttpRequest, execution_id: Id) -> Any:
    """The operations that the mirrored events tell, in order of first appearance."""
    found = histories.history_of(execution_or_404(request, execution_id))
    shown = [
        OperationOut(
            id=one.id,
            parent_id=one.parent_id,
            name=one.name,
            kind=one.kind,
            subtype=one.subtype,
            status=one.status,
            started_at=one.started_at,
            ended_at=one.ended_at,
            attempts=len(one.attempts),
            event_ids=list(one.event_ids),
        )
        for one in found.operations.values()
    ]
    return OperationsOut(operations=shown, gaps=list(found.gaps))


@router.get("callbacks", response={200: CallbacksOut, 404: Problem}, url_name="callbacks")
def callbacks(request: HttpRequest, function: Text = "", name: Text = "", cursor: Text = "") -> Any:
    """The open callbacks, nearest deadline first, those without one last."""
    place = inbox_filters.read_place(cursor)
    if cursor and place is None:
        raise Http404("This cursor names no place in the list.")
    rows = queries.open_ones(request.user)
    if function:
        rows = rows.filter(execution__function__name=_clean(function))
    if name:
        rows = rows.filter(name=_clean(name))
    found, more = queries.inbox_page(rows, place)
    whole = rows.select_related("execution__function").in_bulk([one.pk for one in found])
    following = inbox_filters.place_of(found[-1]) if more else None
    return CallbacksOut(callbacks=[CallbackOut.of(whole[one.pk]) for one in found if one.pk in whole], next=following)


@router.get("actions", response={200: ActionsOut, 404: Problem}, url_name="actions")
def actions(
    request: HttpRequest,
    username: Text = "",
    kind: Text = "",
    outcome: Text = "",
    execution: Annotated[str, Query(max_length=1024, description="A part of its ARN.")] = "",
    since: dt.datetime | None = None,
    cursor: Text = "",
) -> Any:
    """What people did, newest first."""
    place = read_place(cursor)
    if cursor and place is None:
        raise Http404("This cursor names no place in the list.")
    words = {"who": username, "kind": kind, "outcome": outcome, "execution": execution}
    chosen = AuditFilter(**{name: _clean(text) for name, text in words.items()}, after=_utc(since))
    rows, more = queries.actions(request.user, place, chosen)
    following = place_of(rows[-1].created_at, rows[-1].pk) if more and rows else None
    return ActionsOut(actions=[ActionOut.of(row) for row in rows], next=following)


def _clean(text: str) -> str:
    """PostgreSQL takes no NUL in a comparison, and no name has one."""
    return text.replace("\0", "")


def _utc(at: dt.datetime | None) -> dt.datetime | None:
    return at if at is None or at.tzinfo else timezone.make_aware(at, dt.UTC)
