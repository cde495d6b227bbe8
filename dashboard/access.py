"""Who may open which URL: one row each. A URL without a row is closed, and fails the tests."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from executions.actions.permissions import ANSWER, AUDIT, HEARTBEAT, STOP, VIEW

PUBLIC = ""
"""Open to everybody, also before login."""
ANYBODY = "*"
"""Open to whoever is logged in."""

MATRIX: dict[str, str] = {
    "login": PUBLIC,
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "logout": ANYBODY,
    "styleguide": ANYBODY,
    "shell": VIEW,
    "overview": VIEW,
    "overview-numbers": VIEW,
    "functions": VIEW,
    "function": VIEW,
    "executions": VIEW,
    "executions-table": VIEW,
    "live": VIEW,
    "arn": VIEW,
    "execution": VIEW,
    "execution-head": VIEW,
    "execution-timeline": VIEW,
    "execution-rows": VIEW,
    "execution-operation": VIEW,
    "execution-history": VIEW,
    "execution-event": VIEW,
    "execution-payload": VIEW,
    "execution-checkpoints": VIEW,
    "execution-payloads": VIEW,
    "execution-live": VIEW,
    "history-json": VIEW,
    "inbox": VIEW,
    "audit": AUDIT,
    "stop": STOP,
    "callback-succeed": ANSWER,
    "callback-fail": ANSWER,
    "callback-heartbeat": HEARTBEAT,
}


class AccessMiddleware:
    """Looks the URL up in the matrix before its view runs. Must come after AuthenticationMiddleware."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        needed = MATRIX.get(match.view_name) if match else None
        if needed == PUBLIC:
            return None
        if not request.user.is_authenticated:
            return _to_login(request)
        if needed is None or (needed != ANYBODY and not request.user.has_perm(needed)):
            raise PermissionDenied("Your role does not include this.")
        return None


def _to_login(request: HttpRequest) -> HttpResponse:
    """Log in first and come back; a fragment's request sends the whole page there instead."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=401)
        response["HX-Refresh"] = "true"
        return response
    if request.headers.get("Accept", "").startswith("text/event-stream"):
        return HttpResponse(status=401)
    return redirect_to_login(request.get_full_path())
