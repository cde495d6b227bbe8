"""What is done to one execution or callback: GET asks for confirmation and changes nothing, POST acts once.

Without JavaScript each is a page of its own; with it htmx shows the same form in a dialog and follows the redirect.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import iri_to_uri
from django.views.decorators.http import require_http_methods

from dashboard.asked_for import here
from dashboard.forms.actions import (
    ActionForm,
    DeleteForm,
    HeartbeatForm,
    PauseForm,
    ResumeForm,
    StopForm,
)
from dashboard.pages.confirm import Confirm
from dashboard.views.lookup import address_of, callback_or_404, execution_or_404
from executions.actions import lifecycle, perform, permissions
from executions.actions.records import Actor
from executions.actions.results import BadValue
from executions.models import ActionRecord, Callback, Execution

Send = Callable[[Actor, dict[str, Any]], ActionRecord]


@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, execution_id: int) -> HttpResponse:
    execution = execution_or_404(request, execution_id)

    def send(actor: Actor, values: dict[str, Any]) -> ActionRecord:
        return perform.stop(actor, execution, now=timezone.now(), **_only(values, "error_type", "error_message"))

    return act(request, StopForm, execution, None, permissions.can_stop(request.user, execution), send)


@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest, execution_id: int) -> HttpResponse:
    execution = execution_or_404(request, execution_id)

    def send(actor: Actor, values: dict[str, Any]) -> ActionRecord:
        return lifecycle.pause(actor, execution, timeout_too=values["timeout_too"], now=timezone.now())

    return act(request, PauseForm, execution, None, permissions.can_pause(request.user, execution), send)


@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest, execution_id: int) -> HttpResponse:
    execution = execution_or_404(request, execution_id)

    def send(actor: Actor, values: dict[str, Any]) -> ActionRecord:
        return lifecycle.resume(actor, execution, now=timezone.now())

    return act(request, ResumeForm, execution, None, permissions.can_resume(request.user, execution), send)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, execution_id: int) -> HttpResponse:
    execution = execution_or_404(request, execution_id)

    def send(actor: Actor, values: dict[str, Any]) -> ActionRecord:
        return lifecycle.delete(actor, execution, purge=values["copy"] == "purge", now=timezone.now())

    form = partial(DeleteForm, expected=execution.name)
    return act(request, form, execution, None, permissions.can_delete(request.user, execution), send)


@require_http_methods(["GET", "HEAD", "POST"])
def heartbeat(request: HttpRequest, execution_id: int, callback_id: int) -> HttpResponse:
    callback = callback_or_404(execution_or_404(request, execution_id), callback_id)

    def send(actor: Actor, values: dict[str, Any]) -> ActionRecord:
        return perform.heartbeat(actor, callback, now=timezone.now())

    verdict = permissions.can_heartbeat(request.user, callback)
    return act(request, HeartbeatForm, callback.execution, callback, verdict, send)


def act(
    request: HttpRequest,
    form_class: Callable[..., ActionForm],
    execution: Execution,
    callback: Callback | None,
    verdict: permissions.Verdict,
    send: Send,
) -> HttpResponse:
    if verdict.forbidden:
        raise PermissionDenied(verdict.why)
    form = form_class(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            record = send(actor_of(request, form), form.cleaned_data)
        except BadValue as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except (perform.NotAllowed, perform.AlreadyDone) as error:
            return done(request, execution, messages.WARNING, f"Nothing was sent. {error}")
        else:
            return done(request, execution, *said(record))
    page = Confirm.of(form, execution, callback, verdict, asked=request.get_full_path())
    template = "partials/confirm.html" if request.headers.get("HX-Request") else "confirm.html"
    # 200 also for a form with errors: htmx shows it in the dialog's place.
    return render(request, template, {"page": page})


def actor_of(request: HttpRequest, form: ActionForm) -> Actor:
    return Actor(
        user=request.user,
        address=address_of(request),
        token=form.cleaned_data["token"],
        reason=form.cleaned_data["reason"],
        user_agent=request.headers.get("User-Agent", ""),
    )


def back_of(request: HttpRequest) -> str:
    """Where `?back=` says that somebody came from; "" without it, or when it leads elsewhere."""
    return here(request.GET.get("back", ""))


def _only(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names}


def said(record: ActionRecord) -> tuple[int, str]:
    """How it went, in the words of the record."""
    outcomes = ActionRecord.Outcome
    if record.outcome == outcomes.ACCEPTED:
        trace = f" AWS request id: {record.aws_request_id}." if record.aws_request_id else ""
        return messages.SUCCESS, f"{record.username} {record.get_kind_display()}. {record.answer}{trace}"
    if record.outcome == outcomes.DONE:
        waits = " Nothing was sent yet." if record.kind in (record.Kind.APPROVE, record.Kind.REFUSE) else ""
        return messages.INFO, f"{record.username} {record.get_kind_display()}. {record.answer}{waits}"
    if record.outcome == outcomes.REFUSED:
        return messages.ERROR, record.answer
    if record.outcome == outcomes.UNKNOWN:
        return messages.WARNING, record.answer
    if record.outcome == outcomes.SENDING:
        return messages.INFO, "This is being sent right now; the page shows it when AWS has answered."
    return messages.WARNING, f"{record.answer} Whether AWS got it will show in the history; it is not sent again."


def done(request: HttpRequest, execution: Execution, level: int, sentence: str) -> HttpResponse:
    messages.add_message(request, level, sentence)
    still_here = Execution.objects.filter(pk=execution.pk).exists()
    url = back_of(request) or (reverse("execution", args=[execution.pk]) if still_here else reverse("executions"))
    return go(request, url)


def go(request: HttpRequest, url: str) -> HttpResponse:
    """To another page, also out of a dialog or a pane."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=200, headers={"HX-Redirect": iri_to_uri(url)})
    return redirect(url)
