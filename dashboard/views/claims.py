"""Taking a callback on, so that the others see it, and giving it back."""

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dashboard.forms.actions import ClaimForm, ReleaseForm
from dashboard.views.actions import act
from dashboard.views.lookup import callback_or_404, execution_or_404
from executions.actions import claims, perform, permissions
from executions.actions.records import Actor
from executions.models import ActionRecord, Claim


@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, execution_id: int, callback_id: int) -> HttpResponse:
    callback = callback_or_404(execution_or_404(request, execution_id), callback_id)
    had = Claim.objects.filter(callback=callback).exclude(user=request.user.pk).first()

    def send(actor: Actor, values: dict[str, Any]) -> ActionRecord:
        record = claims.claim(actor, callback, over=values.get("over", False), now=timezone.now())
        if values.get("alive"):
            claims.keep_alive(actor.again(), callback, on=True, now=timezone.now())
        return record

    beats = bool(callback.heartbeat_seconds and settings.KEEP_ALIVE_HOURS)
    beats = beats and bool(permissions.can_heartbeat(request.user, callback))
    form = partial(ClaimForm, had_by=had.username if had else "", beats=beats)
    return act(request, form, callback.execution, callback, permissions.can_claim(request.user, callback), send)


@require_http_methods(["GET", "HEAD", "POST"])
def release(request: HttpRequest, execution_id: int, callback_id: int) -> HttpResponse:
    callback = callback_or_404(execution_or_404(request, execution_id), callback_id)

    def send(actor: Actor, values: dict[str, Any]) -> ActionRecord:
        if record := claims.release(actor, callback, now=timezone.now()):
            return record
        raise perform.NotAllowed(permissions.Verdict(False, "You do not have this callback."))

    verdict = permissions.can_claim(request.user, callback)
    return act(request, ReleaseForm, callback.execution, callback, verdict, send)
