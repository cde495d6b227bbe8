"""Starting executions, and the prepared events to start them with."""

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.asked_for import MOST, whole
from dashboard.forms.actions import PrepareForm, SchemaTextForm
from dashboard.forms.answering import RAW
from dashboard.forms.starting import Start
from dashboard.pages.start import Page, input_of
from dashboard.views.actions import actor_of, said
from dashboard.views.lookup import address_of, execution_or_404
from executions import queries
from executions.actions import perform, permissions, starting
from executions.actions.records import Actor
from executions.actions.results import BadValue
from executions.models import ActionRecord, Function

BESIDE = {"event_name": "event_name", "schema": "schema_text"}
"""Fields beside those of a start, and what they are called on the page."""


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, function_id: int) -> HttpResponse:
    """`from`: the execution whose input is taken over; `event`: the prepared event that is."""
    function = _function_or_404(request, function_id)
    if (verdict := permissions.can_start(request.user, function)).forbidden:
        raise PermissionDenied(verdict.why)
    number = whole(request.GET.get("from", ""))
    after = execution_or_404(request, number) if number is not None else None
    payload, note = input_of(after) if after else ("{}", "")
    if (event := whole(request.GET.get("event", ""))) is not None:
        payload = function.prepared_events.filter(pk=event).values_list("payload", flat=True).first() or payload
    posted = request.POST if request.method == "POST" else None
    do = request.POST.get("do", "start").partition(" ")[0]
    changes = do in ("add", "remove", "mode")
    begun = Start(starting.schema_of(function), posted, payload=payload, is_bound=not changes)
    if posted is not None and do == "start" and begun.is_valid and (record := _sent(request, function, begun)):
        if record.outcome != ActionRecord.Outcome.REFUSED:
            return _done(request, function, record)
        begun = _again(request, function, record)
    page = Page.of(request.user, function, begun, after=after, note=note, **_beside(request.POST))
    return render(request, "start.html", {"page": page})


@require_POST
def prepare(request: HttpRequest, function_id: int) -> HttpResponse:
    """Keep what stands in the form's payload under a name. The form is shown again as it was typed."""
    function, form = _function_or_404(request, function_id), PrepareForm(request.POST)
    schema = starting.schema_of(function)
    begun, beside = Start(schema, request.POST, payload=""), _beside(request.POST)
    name = request.POST.get("event_name", "")
    if not form.is_valid() or not (begun.fields.is_valid if begun.fields else request.POST.get("payload")):
        messages.error(request, "It was not kept: give it a name of at most 100 characters, and a whole payload.")
    elif _kept(request, partial(starting.prepare, name=name, payload=_typed(begun, request.POST)), function):
        messages.success(request, f"Kept as the prepared event “{name}”.")
        beside["event_name"] = ""
    page = Page.of(request.user, function, Start(schema, request.POST, payload="{}", is_bound=False), **beside)
    return render(request, "start.html", {"page": page})


@require_POST
def describe(request: HttpRequest, function_id: int) -> HttpResponse:
    """Keep what the input must be like. The form is shown again as it was typed, its input as JSON."""
    function, form = _function_or_404(request, function_id), SchemaTextForm(request.POST)
    typed = request.POST.copy()
    typed["payload"] = _typed(Start(starting.schema_of(function), typed, payload="{}"), typed)
    typed["mode"] = RAW
    text = request.POST.get("schema", "")
    if not form.is_valid():
        messages.error(request, "It was not kept: this is too long for a schema.")
    elif _kept(request, partial(starting.describe, text=form.cleaned_data["schema"]), function):
        messages.success(request, "The schema is kept." if text.strip() else "The schema is removed.")
    begun = Start(starting.schema_of(function), typed, payload="{}", is_bound=False)
    return render(request, "start.html", {"page": Page.of(request.user, function, begun, **_beside(request.POST))})


def _beside(posted: QueryDict) -> dict[str, Any]:
    """What else is typed on the page, as it was: whatever button is pressed, all of it is sent."""
    return {into: posted.get(name) for name, into in BESIDE.items() if name in posted}


def _typed(begun: Start, data: QueryDict) -> str:
    """The input, from the fields or as JSON."""
    return begun.fields.text if begun.fields else data.get("payload", "{}").replace("\r\n", "\n")


def _kept(request: HttpRequest, keep: Callable[..., object], function: Function) -> bool:
    """False when it was not, which is said then."""
    try:
        keep(_actor(request), function, now=timezone.now())
    except BadValue as error:
        messages.error(request, f"It was not kept. {error}")
        return False
    except perform.NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def forget(request: HttpRequest, function_id: int, event_id: int) -> HttpResponse:
    """GET asks, POST removes the prepared event."""
    function = _function_or_404(request, function_id)
    if not (allowed := permissions.can_prepare(request.user, function)):
        raise PermissionDenied(allowed.why)
    event = function.prepared_events.filter(pk=event_id if event_id <= MOST else 0).first()
    if event is None:
        raise Http404("There is no such prepared event; somebody may have removed it.")
    if request.method != "POST":
        return render(request, "start_forget.html", {"event": event, "function": function})
    starting.forget(_actor(request), function, event, now=timezone.now())
    messages.success(request, f"The prepared event “{event.name}” is removed.")
    return redirect("start", function_id=function.pk)


def _actor(request: HttpRequest) -> Actor:
    """For what may be done twice: the form's own token is for the start."""
    return Actor(request.user, address_of(request), uuid.uuid4(), user_agent=request.headers.get("User-Agent", ""))


def _function_or_404(request: HttpRequest, function_id: int) -> Function:
    found = queries.function_with_counts(request.user, function_id)
    if found is None:
        raise Http404("There is no such function in the mirror.")
    return found


def _sent(request: HttpRequest, function: Function, begun: Start) -> ActionRecord | None:
    """None when the form has to be shown again, with what is wrong in it."""
    form, values = begun.form, begun.form.cleaned_data
    given = {"qualifier": values["qualifier"], "name": values["name"], "payload": begun.payload}
    try:
        return starting.start(actor_of(request, form), function, now=timezone.now(), **given)
    except BadValue as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
    except perform.NotAllowed as error:
        form.add_error(None, str(error))
    return None


def _again(request: HttpRequest, function: Function, record: ActionRecord) -> Start:
    """AWS has not taken it: the form as it was filled in, to be sent anew."""
    data = request.POST.copy()
    data["token"] = str(uuid.uuid4())  # this one has its record
    begun = Start(starting.schema_of(function), data, payload="{}")
    begun.form.add_error(None, f"Nothing was started. {record.answer} What you typed is kept.")
    return begun


def _done(request: HttpRequest, function: Function, record: ActionRecord) -> HttpResponse:
    messages.add_message(request, *said(record))
    if record.execution_arn:
        return redirect("arn", text=record.execution_arn)
    return redirect("function", function_id=function.pk)
