"""At the door: each request is let in, sent to the login or refused, as access.py says of its URL."""

from collections.abc import Callable
from copy import copy
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import patch_vary_headers

from dashboard.access import ANYBODY, BEARER, LINK, MATRIX, PUBLIC, SAFE, STILL_POSTS, TAKEN_AWAY
from dashboard.accounts import factors, sessions
from dashboard.bearers import for_metrics, for_programs
from executions.actions.permissions import READ_ONLY


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
        return for_programs(request, name)
    needed = MATRIX.get(name)
    if needed == PUBLIC:
        return None
    if needed == LINK and settings.SHARE_LINKS != "login":
        return None  # its view answers what is not there, and everything while links are off, in the same words
    if needed == BEARER:
        return for_metrics(request)
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


def is_shared(request: HttpRequest) -> bool:
    """Whether somebody asks through a share link. Also of what no view answers: its address holds a token as well."""
    return request.path_info.startswith("/shared/")


def _to_login(request: HttpRequest) -> HttpResponse:
    """Log in first and come back."""
    return _to(request, redirect_to_login(request.get_full_path()), "You are logged out.")


def _to(request: HttpRequest, elsewhere: HttpResponse, why: str) -> HttpResponse:
    """A fragment or a stream is refused and its page stays as it is: somebody may be typing there. live.js says why."""
    stream = request.headers.get("Accept", "").startswith("text/event-stream")
    if stream or request.headers.get("HX-Request"):
        return HttpResponse(why, status=401, content_type="text/plain")
    return elsewhere
