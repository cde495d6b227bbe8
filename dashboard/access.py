"""Who may open which URL: one row each. A URL without a row is closed, and fails the tests."""

from collections.abc import Callable
from copy import copy
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.crypto import constant_time_compare

from dashboard.accounts import factors, sessions
from executions.actions import tokens
from executions.actions.permissions import (
    ANSWER,
    AUDIT,
    BULK,
    DECISIONS,
    HEARTBEAT,
    IMPORT,
    NOTICES,
    PAUSE,
    PEOPLE,
    PREPARE,
    READ_ONLY,
    REMOVE,
    REVEAL,
    SHARE,
    START,
    STOP,
    VIEW,
)
from executions.models import ApiToken

PUBLIC = ""
"""Open to everybody, also before login."""
ANYBODY = "*"
"""Open to whoever is logged in."""

BEARER = "bearer"
"""Open to programs that send METRICS_TOKEN; not there at all while that is not set. A login does not open it."""

LINK = "link"
"""Open to whoever has a share link that works: to who is logged in, or to everybody, as SHARE_LINKS says."""

MATRIX: dict[str, str] = {
    "login": PUBLIC,
    "account_login": PUBLIC,
    "mfa_authenticate": PUBLIC,
    "sso": PUBLIC,
    "sso-callback": PUBLIC,
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "metrics": BEARER,
    "logout": ANYBODY,
    "account": ANYBODY,
    "password": ANYBODY,
    "sso-connect": ANYBODY,
    "session-end": ANYBODY,
    "sessions-end": ANYBODY,
    "account_reauthenticate": ANYBODY,
    "mfa_reauthenticate": ANYBODY,
    "mfa_reauthenticate_webauthn": ANYBODY,
    "mfa_activate_totp": ANYBODY,
    "mfa_deactivate_totp": ANYBODY,
    "mfa_add_webauthn": ANYBODY,
    "mfa_remove_webauthn": ANYBODY,
    "mfa_view_recovery_codes": ANYBODY,
    "mfa_generate_recovery_codes": ANYBODY,
    "styleguide": ANYBODY,
    "tokens": ANYBODY,
    "token-revoke": ANYBODY,
    "people": PEOPLE,
    "person": PEOPLE,
    "person-sessions-end": PEOPLE,
    "person-factors-remove": PEOPLE,
    "person-switch": PEOPLE,
    "shell": VIEW,
    "overview": VIEW,
    "overview-numbers": VIEW,
    "connections": VIEW,
    "functions": VIEW,
    "function": VIEW,
    "executions": VIEW,
    "executions-table": VIEW,
    "live": VIEW,
    "live-inbox": VIEW,
    "arn": VIEW,
    "execution": VIEW,
    "execution-head": VIEW,
    "execution-read": VIEW,
    "execution-timeline": VIEW,
    "execution-rows": VIEW,
    "execution-operation": VIEW,
    "execution-history": VIEW,
    "execution-event": VIEW,
    "execution-payload": VIEW,
    "execution-explore": VIEW,
    "execution-reveal": REVEAL,
    "execution-revealed": REVEAL,
    "execution-checkpoints": VIEW,
    "execution-diff": VIEW,
    "execution-compare-with": VIEW,
    "execution-compare": VIEW,
    "execution-compare-rows": VIEW,
    "execution-compare-payloads": VIEW,
    "execution-payloads": VIEW,
    "execution-live": VIEW,
    "execution-trace": VIEW,
    "history-json": VIEW,
    "report": VIEW,
    "share": SHARE,
    "shares": SHARE,
    "share-revoke": SHARE,
    "shared-entry": LINK,
    "shared": LINK,
    "shared-timeline": LINK,
    "shared-rows": LINK,
    "shared-operation": LINK,
    "shared-history": LINK,
    "shared-event": LINK,
    "shared-payload": LINK,
    "shared-explore": LINK,
    "shared-checkpoints": LINK,
    "shared-payloads": LINK,
    "shared-diff": LINK,
    "notices": VIEW,
    "notice-rule": VIEW,
    "notice-deliveries": VIEW,
    "notice-new": NOTICES,
    "notice-test": NOTICES,
    "notice-secret": NOTICES,
    "notice-remove": NOTICES,
    "notice-again": NOTICES,
    "imports": VIEW,
    "import": IMPORT,
    "import-remove": IMPORT,
    "inbox": VIEW,
    "inbox-callback": VIEW,
    "inbox-together": ANSWER,
    "decisions": DECISIONS,
    "decision-new": DECISIONS,
    "decision": DECISIONS,
    "decision-remove": DECISIONS,
    "decision-export": DECISIONS,
    "audit": AUDIT,
    "audit-csv": AUDIT,
    "audit-json": AUDIT,
    "audit-exact": REVEAL,
    "bulk-new": BULK,
    # Whose it is, and whether it may be stopped, the view asks: approvers answer several callbacks at once.
    "bulks": VIEW,
    "bulk": VIEW,
    "bulk-progress": VIEW,
    "bulk-stop": VIEW,
    "bulk-again": VIEW,
    "start": START,
    "describe": PREPARE,
    "prepare": PREPARE,
    "forget": PREPARE,
    "stop": STOP,
    "pause": PAUSE,
    "resume": PAUSE,
    "delete": REMOVE,
    "callback-answer": VIEW,  # what is asked may be seen by all; sending needs ANSWER, which its view sees to
    "callback-preview": ANSWER,
    "callback-claim": ANSWER,
    "callback-release": ANSWER,
    "callback-heartbeat": HEARTBEAT,
}


SAFE = ("GET", "HEAD", "OPTIONS")
STILL_POSTS = frozenset(
    name for name, needed in MATRIX.items() if needed == ANYBODY and name not in ("tokens", "styleguide")
) | {"execution-read"}
"""What may be sent also where READ_ONLY is set: the care of one's own account, and asking AWS to be read. Logging in is
public and never comes so far.
"""


TAKEN_AWAY = frozenset(
    [
        *("execution-payload", "execution-explore", "execution-reveal", "execution-revealed"),
        *("history-json", "report", "audit-csv", "audit-json", "audit-exact", "decision-export"),
    ]
)
"""Payloads and exports: no browser keeps them. A page may be kept by the browser that it was made for, which asks again
before it shows it.
"""


class Needs(NamedTuple):
    """`permission` of the token's person, `scope` of the token; ANYBODY for either: whoever has a token."""

    permission: str
    scope: str


API: dict[str, Needs] = {
    "api:openapi-json": Needs(ANYBODY, ANYBODY),
    "api:api-root": Needs(ANYBODY, ANYBODY),
    "api:executions": Needs(VIEW, tokens.READ),
    "api:execution-by-arn": Needs(VIEW, tokens.READ),
    "api:execution": Needs(VIEW, tokens.READ),
    "api:history": Needs(VIEW, tokens.READ),
    "api:operations": Needs(VIEW, tokens.READ),
    "api:callbacks": Needs(VIEW, tokens.READ),
    "api:actions": Needs(AUDIT, tokens.AUDIT),
    "api:start": Needs(START, tokens.CONTROL),
    "api:stop": Needs(STOP, tokens.CONTROL),
    "api:pause": Needs(PAUSE, tokens.CONTROL),
    "api:resume": Needs(PAUSE, tokens.CONTROL),
    "api:delete": Needs(REMOVE, tokens.CONTROL),
    "api:succeed": Needs(ANSWER, tokens.ANSWER),
    "api:fail": Needs(ANSWER, tokens.ANSWER),
    "api:heartbeat": Needs(HEARTBEAT, tokens.ANSWER),
    "api:claim": Needs(ANSWER, tokens.ANSWER),
    "api:release": Needs(ANSWER, tokens.ANSWER),
}
"""The same for programs, which send a person's token; a login does not open these, so that no page can misuse it."""


class AccessMiddleware:
    """Looks the URL up in the matrix before its view runs. Must come after AuthenticationMiddleware."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])  # a fragment, or the page around it; 401, or the way to log in
        if not response.has_header("Cache-Control"):
            name = request.resolver_match.view_name if request.resolver_match else ""
            response["Cache-Control"] = "no-store" if name in TAKEN_AWAY else "private, no-cache"
        if is_shared(request):
            # An address that opens by itself must not travel further than it was sent.
            response["Referrer-Policy"] = "no-referrer"
            response["Cache-Control"] = "no-store"
            response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        return refusal(request)


def refusal(request: HttpRequest) -> HttpResponse | None:
    """The answer to who may not open this URL; None for who may. Raises PermissionDenied, Http404."""
    match = request.resolver_match
    name = match.view_name if match else ""
    if name.startswith("api:"):
        return _for_programs(request, API.get(name))
    needed = MATRIX.get(name)
    if needed == PUBLIC:
        return None
    if needed == LINK and settings.SHARE_LINKS != "login":
        return None  # its view answers what is not there, and everything while links are off, in the same words
    if needed == BEARER:
        return _without_token(request)
    if not request.user.is_authenticated:
        return _to_login(request)
    sessions.note(request)
    if name not in factors.SETTING_UP and factors.missing(request):
        return _to(request, redirect("mfa_activate_totp"), "Your account needs a second factor first.")
    if settings.READ_ONLY and request.method not in SAFE and name not in STILL_POSTS:
        raise PermissionDenied(READ_ONLY.why)
    if needed is None or (needed not in (ANYBODY, LINK) and not request.user.has_perm(needed)):
        raise PermissionDenied("Your role does not include this.")
    return None


def still_opens(request: HttpRequest) -> HttpRequest | None:
    """Ask again, of a request that is answered for long: the same with its session and person as they are now, or None
    for who may not open it any more.
    """
    again = copy(request)
    again.session = type(request.session)(request.session.session_key)
    again.user = get_user(again)
    try:
        return again if refusal(again) is None else None
    except (PermissionDenied, Http404):
        return None


def _for_programs(request: HttpRequest, needed: Needs | None) -> HttpResponse | None:
    """None when the request carries the token of somebody who may; they are its user from here on."""
    sent = _bearer(request)
    token = tokens.find(sent, now=timezone.now()) if sent else None
    if token is None:
        why = "This token is unknown, expired or revoked." if sent else "Send a token: Authorization: Bearer ..."
        return JsonResponse({"detail": why}, status=401, headers={"WWW-Authenticate": "Bearer"})
    request.user = token.user
    if why := _against(request, token, needed):
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


def is_shared(request: HttpRequest) -> bool:
    """Whether somebody asks through a share link. Also of what no view answers: its address holds a token as well."""
    return request.path_info.startswith("/shared/")


def _without_token(request: HttpRequest) -> HttpResponse | None:
    """None when the request carries the token."""
    if not settings.METRICS_TOKEN:
        raise Http404("METRICS_TOKEN is not set.")
    sent = _bearer(request)
    if sent and constant_time_compare(sent, settings.METRICS_TOKEN):
        return None
    return HttpResponse(
        "a bearer token is needed\n", status=401, content_type="text/plain", headers={"WWW-Authenticate": "Bearer"}
    )


def _to_login(request: HttpRequest) -> HttpResponse:
    """Log in first and come back."""
    return _to(request, redirect_to_login(request.get_full_path()), "You are logged out.")


def _to(request: HttpRequest, elsewhere: HttpResponse, why: str) -> HttpResponse:
    """A fragment or a stream is refused and its page stays as it is: somebody may be typing there. live.js says why."""
    stream = request.headers.get("Accept", "").startswith("text/event-stream")
    if stream or request.headers.get("HX-Request"):
        return HttpResponse(why, status=401, content_type="text/plain")
    return elsewhere
