"""Programs at the door: what they send to show who they are is a token, and no login opens what is theirs."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from dashboard.access import ANYBODY, API, SAFE, Needs
from executions.actions import tokens
from executions.actions.permissions import READ_ONLY
from executions.models import ApiToken


def for_programs(request: HttpRequest, name: str) -> HttpResponse | None:
    """None when the request carries the token of somebody who may; they are its user from here on. `name`: of the URL,
    by which it is in access.API.
    """
    sent = _bearer(request)
    token = tokens.find(sent, now=timezone.now()) if sent else None
    if token is None:
        why = "This token is unknown, expired or revoked." if sent else "Send a token: Authorization: Bearer ..."
        return JsonResponse({"detail": why}, status=401, headers={"WWW-Authenticate": "Bearer"})
    request.user = token.user
    if why := _against(request, token, API.get(name)):
        return JsonResponse({"detail": why}, status=403)
    return None


def _against(request: HttpRequest, token: ApiToken, needed: Needs | None) -> str:
    """Why this token does not open it; "" when it does."""
    if request.method not in SAFE and settings.READ_ONLY:
        return READ_ONLY.why
    if needed and needed.scope != ANYBODY and needed.scope not in token.scopes:
        return f"This needs a token with the scope “{needed.scope}”; yours has {', '.join(token.scopes) or 'none'}."
    if needed is None or (needed.permission != ANYBODY and not token.user.has_perm(needed.permission)):
        return "Your role does not include this."
    return ""


def _bearer(request: HttpRequest) -> str:
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    return sent.strip() if scheme.lower() == "bearer" else ""


def for_metrics(request: HttpRequest) -> HttpResponse | None:
    """None when the request carries METRICS_TOKEN. Raises Http404 where there is none."""
    if not settings.METRICS_TOKEN:
        raise Http404("METRICS_TOKEN is not set.")
    sent = _bearer(request)
    if sent and constant_time_compare(sent, settings.METRICS_TOKEN):
        return None
    return HttpResponse(
        "a bearer token is needed\n", status=401, content_type="text/plain", headers={"WWW-Authenticate": "Bearer"}
    )
