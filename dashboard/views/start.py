"""Starting executions, and the prepared events to start them with."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.forms.actions import PrepareForm, SchemaTextForm
from dashboard.forms.starting import Start
from dashboard.pages.start import Page, input_of
from dashboard.views.actions import actor_of, said
from dashboard.views.lookup import execution_or_404
from executions import queries
from executions.actions import perform, permissions, starting
from executions.actions.results import BadValue
from executions.models import ActionRecord, Function


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, function_id: int) -> HttpResponse:
    """`from`: the execution whose input is taken over; `event`: the prepared event that is."""
    function = _function_or_404(request, function_id)
    if (verdict := permissions.can_start(request.user, function)).forbidden:
        raise PermissionDenied(verdict.why)
    number = request.GET.get("from", "")
    after = execution_or_404(request, int(number)) if number.isascii() and number.isdigit() else None
    payload, note = input_of(after) if after else ("{}", "")
    event = request.GET.get("event", "")
    if event.isascii() and event.isdigit() and int(event) < 2**63:
        payload = function.prepared_events.filter(pk=int(event)).values_list("payload", flat=True).first() or payload
    posted = request.POST if request.method == "POST" else None
    changes = posted is not None and posted.get("do", "").partition(" ")[0] in ("add", "remove", "mode")
    begun = Start(starting.schema_of(function), posted, payload=payload, is_bound=not changes)
    if posted is not None and not changes and begun.is_valid and (record := _sent(request, function, begun)):
        return _done(request, function, record)
    page = Page.of(request.user, function, begun, after=after, note=note)
    return render(request, "start.html", {"page": page})


@require_POST
def prepare(request: HttpRequest, function_id: int) -> HttpResponse:
    """Keep what stands in the form's payload under a name."""
    function, form = _function_or_404(request, function_id), PrepareForm(request.POST)
    begun = Start(starting.schema_of(function), request.POST, payload="")
    if not form.is_valid() or not (begun.fields.is_valid if begun.fields else request.POST.get("payload")):
        messages.error(request, "It was not kept: give it a name of at most 100 characters, and a whole payload.")
        return redirect("start", function_id=function.pk)
    name = form.cleaned_data["event_name"]
    payload = begun.fields.text if begun.fields else form.cleaned_data["payload"]
    try:
        starting.prepare(request.user, function, name=name, payload=payload, now=timezone.now())
    except (BadValue, perform.NotAllowed) as error:
        messages.error(request, f"It was not kept. {error}")
    else:
        messages.success(request, f"Kept as the prepared event “{name}”.")
    return redirect("start", function_id=function.pk)


@require_POST
def describe(request: HttpRequest, function_id: int) -> HttpResponse:
    """Keep the JSON Schema of the function's input; an empty one is removed."""
    function, form = _function_or_404(request, function_id), SchemaTextForm(request.POST)
    if not form.is_valid():
        messages.error(request, "It was not kept: a schema has at most 200,000 characters.")
        return redirect("start", function_id=function.pk)
    try:
        made = starting.describe(request.user, function, text=form.cleaned_data["schema"], now=timezone.now())
    except BadValue as error:
        messages.error(request, f"It was not kept. {error}")
    except perform.NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    else:
        messages.success(request, "The schema is kept." if made else "The schema is removed.")
    return redirect("start", function_id=function.pk)


@require_POST
def forget(request: HttpRequest, function_id: int, event_id: int) -> HttpResponse:
    function = _function_or_404(request, function_id)
    if not (allowed := permissions.can_prepare(request.user, function)):
        raise PermissionDenied(allowed.why)
    function.prepared_events.filter(pk=event_id if event_id < 2**63 else 0).delete()
    return redirect("start", function_id=function.pk)


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


def _done(request: HttpRequest, function: Function, record: ActionRecord) -> HttpResponse:
    messages.add_message(request, *said(record))
    if record.execution_arn:
        return redirect("arn", text=record.execution_arn)
    return redirect("function", function_id=function.pk)
