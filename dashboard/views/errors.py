"""Error pages that say what happened and what to do. A fragment's error is one sentence for the place it was to
fill.
"""

import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from dashboard.guard import is_shared
from dashboard.views.shared import unavailable
from executions.actions.perform import AlreadyDone, NotAllowed
from executions.actions.results import BadValue


class Refusals(MiddlewareMixin):
    """What actions refuse in a sentence, where no form is there to say it."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, NotAllowed) and error.forbidden:
            return forbidden(request, error)
        return bad_request(request, error) if isinstance(error, (BadValue, NotAllowed, AlreadyDone)) else None


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 400, exception)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403, exception)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """503 while the database is away: that is nobody's fault in here, and passes."""
    away = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError))
    response = _page(request, 503 if away else 500, None)
    if away:
        response["Retry-After"] = "5"
    return response


def too_many(request: HttpRequest) -> HttpResponse:
    """allauth's limits: too many codes, confirmations or starts of single sign-on."""
    response = render(request, "429.html", status=429)
    response["Retry-After"] = "60"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)


def _page(request: HttpRequest, status: int, exception: Exception | None) -> HttpResponse:
    if is_shared(request) and status < 500:
        return unavailable(request, status)
    # What was sent is not sent again by a link.
    again = request.get_full_path() if request.method in ("GET", "HEAD") else ""
    context: dict[str, Any] = {"reason": _reason(exception), "again": again, "shared": is_shared(request)}
    # Without the database nobody knows who asks, or what is waiting.
    asked = None if status == 503 else request
    return render(asked, f"{status}.html", context, status=status)


def _reason(exception: Exception | None) -> str:
    """What our own code said; Django's resolver says nothing a person could use."""
    first = exception.args[0] if exception and exception.args else ""
    return first if isinstance(first, str) else ""
