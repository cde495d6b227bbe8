"""The decision form of one callback: one address for a page of its own, a dialog (`?in=dialog`) and a pane beside a
list (`?in=pane`). Every button sends the whole form, so that nothing that was typed is lost.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.forms.answering import Draft, Outgoing, vote_to_repeat
from dashboard.pages.answer import Page
from dashboard.views.actions import actor_of, back_of, done, said
from dashboard.views.lookup import callback_or_404, execution_or_404
from executions.actions import claims, decisions, perform, permissions
from executions.actions.records import Actor
from executions.actions.results import BadValue
from executions.decision_forms import form_of
from executions.models import ActionRecord, Callback

TONES = {messages.SUCCESS: "ok", messages.INFO: "info", messages.WARNING: "warn", messages.ERROR: "bad"}


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, execution_id: int, callback_id: int) -> HttpResponse:
    callback = _callback(request, execution_id, callback_id)
    if request.method != "POST":
        rejecting = "reject" in request.GET
        return _shown(request, callback, Draft(form_of(callback)), rejecting=rejecting)
    if (verdict := permissions.can_answer(request.user, callback)).forbidden:
        raise PermissionDenied(verdict.why)
    do, _, what = request.POST.get("do", "look").partition(" ")
    if do in ("add", "remove", "mode"):
        draft = Draft(form_of(callback), request.POST)
        draft.change(do, what)
        return _shown(request, callback, draft)
    if do in BESIDES:
        return _besides(request, callback, BESIDES[do])
    draft = Draft(form_of(callback), request.POST, is_bound=True)
    return _sent(request, callback, draft, do, what)


@require_POST
def preview(request: HttpRequest, execution_id: int, callback_id: int) -> HttpResponse:
    """What AWS would get, as the form stands; changes nothing."""
    callback = _callback(request, execution_id, callback_id)
    draft = Draft(form_of(callback), request.POST, is_bound=True)
    return render(request, "answer/preview.html", {"preview": draft.outgoing()})


def _sent(request: HttpRequest, callback: Callback, draft: Draft, do: str, what: str) -> HttpResponse:
    rejecting = do == "fail"
    if do == "look" or not draft.can_be_sent(do):
        return _shown(request, callback, draft, preview=_preview(draft), rejecting=rejecting)
    try:
        record = _send(actor_of(request, draft.form), callback, draft, do, what)
    except BadValue as error:
        draft.blame(error)
        return _shown(request, callback, draft, preview=_preview(draft), rejecting=rejecting)
    except (perform.NotAllowed, perform.AlreadyDone) as error:
        return _done(request, callback, messages.WARNING, f"Nothing was sent. {error}")
    if record.outcome == ActionRecord.Outcome.REFUSED:
        return _refused(request, callback, record, rejecting=rejecting)
    return _done(request, callback, *said(record))


def _refused(request: HttpRequest, callback: Callback, record: ActionRecord, *, rejecting: bool) -> HttpResponse:
    """AWS has not taken it: the form again as it was filled in, to be sent anew."""
    data = request.POST.copy()
    data["token"] = str(uuid.uuid4())  # this one has its record
    fresh = _callback(request, callback.execution_id, callback.pk)
    draft = Draft(form_of(fresh), data, is_bound=True)
    words = f"Nothing was sent. {record.answer} What you typed is kept: send it again, if it still can be."
    return _shown(request, fresh, draft, said=("bad", words), preview=_preview(draft), rejecting=rejecting)


def _preview(draft: Draft) -> Outgoing | None:
    return draft.outgoing() if draft.may_type else None


def _send(actor: Actor, callback: Callback, draft: Draft, do: str, what: str) -> ActionRecord:
    """Raises BadValue, NotAllowed, AlreadyDone."""
    now = timezone.now()
    if do == "repeat" and (text := vote_to_repeat(callback, what)) is not None:
        is_json = bool(draft.decision and draft.decision.schema)
        return decisions.succeed(actor, callback, result=text, is_json=is_json, twice=True, now=now)
    answer = draft.answer(do, what)
    send = decisions.succeed if answer.kind == ActionRecord.Kind.SUCCEED else decisions.fail
    return send(actor, callback, **answer.options, now=now)


def _claim(actor: Actor, callback: Callback) -> str:
    return said(claims.claim(actor, callback, over=False, now=timezone.now()))[1]


def _take_over(actor: Actor, callback: Callback) -> str:
    return said(claims.claim(actor, callback, over=True, now=timezone.now()))[1]


def _release(actor: Actor, callback: Callback) -> str:
    record = claims.release(actor, callback, now=timezone.now())
    return said(record)[1] if record else "You do not have this callback."


def _keep_alive(actor: Actor, callback: Callback) -> str:
    kept = claims.keep_alive(actor, callback, on=True, now=timezone.now())
    return "It is kept alive for you." if kept else "Nothing is kept alive: claim it first."


def _let_lapse(actor: Actor, callback: Callback) -> str:
    claims.keep_alive(actor, callback, on=False, now=timezone.now())
    return "No more heartbeats are sent for you."


def _beat(actor: Actor, callback: Callback) -> str:
    return said(perform.heartbeat(actor, callback, now=timezone.now()))[1]


BESIDES: dict[str, Callable[[Actor, Callback], str]] = {
    "claim": _claim,
    "take": _take_over,
    "release": _release,
    "alive": _keep_alive,
    "lapse": _let_lapse,
    "beat": _beat,
}
"""What is done without answering: the form stays as it is."""


def _besides(request: HttpRequest, callback: Callback, act: Callable[[Actor, Callback], str]) -> HttpResponse:
    draft = Draft(form_of(callback), request.POST)
    checked = Draft(form_of(callback), request.POST, is_bound=True)
    if not checked.form.is_valid():
        return _shown(request, callback, checked)
    actor = replace(actor_of(request, checked.form).again(), reason="")
    try:
        tone, words = "info", act(actor, callback)
    except (perform.NotAllowed, perform.AlreadyDone, BadValue) as error:
        tone, words = "warn", f"Nothing was done. {error}"
    return _shown(request, _callback(request, callback.execution_id, callback.pk), draft, said=(tone, words))


def _done(request: HttpRequest, callback: Callback, level: int, sentence: str) -> HttpResponse:
    """In the pane the answer takes the form's place; else the execution's page comes."""
    if request.GET.get("in") != "pane":
        return done(request, callback.execution, level, sentence)
    fresh = _callback(request, callback.execution_id, callback.pk)
    return _shown(request, fresh, Draft(form_of(fresh)), said=(TONES[level], sentence))


def _callback(request: HttpRequest, execution_id: int, callback_id: int) -> Callback:
    return callback_or_404(execution_or_404(request, execution_id), callback_id)


def _shown(request: HttpRequest, callback: Callback, draft: Draft, **more: Any) -> HttpResponse:
    is_fragment = bool(request.headers.get("HX-Request"))
    asked = request.GET.get("in", "")
    where = asked if asked in ("dialog", "pane", "page") else "dialog" if is_fragment else "page"
    page = Page.of(request.user, callback, draft, where=where, back=back_of(request), **more)
    # 200 also for a form with errors: htmx shows it in the form's place.
    return render(request, "answer/form.html" if is_fragment else "answer/page.html", {"page": page})
