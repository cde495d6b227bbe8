"""Share links, for who opens them. Each page of an execution is reached by `through`, which knows only the token.

Whoever opens a link is nobody while they look through it: what they may do elsewhere neither shows nor counts here.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.pages.tab import NAMES, PINNED, SharedView, Subject
from dashboard.views.lookup import address_of
from executions import sharing
from executions.models import ShareLink

WRONG_LINK = {"username": "share link"}
"""Under this name django-axes counts links that open nothing, as it counts wrong passwords. No account can have it:
names have no spaces."""

View = Callable[..., HttpResponse]


def through(view: View, *, exact: bool = False) -> View:
    """The view of an execution's page as a share link shows it; `exact`: not where secrets are hidden."""

    @wraps(view)
    def shared(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        link = _link(request, token)
        if isinstance(link, HttpResponse):
            return link
        if exact and link.redacted:
            return unavailable(request)
        _look_through(request, link, token)
        return view(request, execution_id=link.execution_id, **kwargs)

    return shared


@require_safe
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """The address that is given away: it leads to the view that was pinned."""
    link = _link(request, token)
    if isinstance(link, HttpResponse):
        return link
    if request.method == "GET":
        sharing.count_opening(link, now=timezone.now())
    name = PINNED[link.tab][1] if link.tab in PINNED else ""
    url = _look_through(request, link, token).url(name)
    return redirect(f"{url}?{link.query}" if link.query else url)


def subject_of(request: HttpRequest, tab: str) -> Subject | None:
    """What is looked at through a share link; None for who is logged in."""
    found: Subject | None = getattr(request, "shared_subject", None)
    return Subject(found.user, found.execution, found.now, tab, found.share) if found else None


def unavailable(request: HttpRequest, status: int = 404) -> HttpResponse:
    """One page for every link that does not open: it does not tell whether there ever was one."""
    return render(request, "shared/unavailable.html", {"too_many": status == 429}, status=status)


def _look_through(request: HttpRequest, link: ShareLink, token: str) -> Subject:
    request.user = AnonymousUser()
    share = SharedView(token, link.note, link.expires_at, link.redacted)
    tab = link.tab if link.tab in NAMES else "timeline"
    subject = Subject(request.user, sharing.seen_through(link), timezone.now(), tab, share)
    request.shared_subject = subject  # type: ignore[attr-defined]
    return subject


def _link(request: HttpRequest, token: str) -> ShareLink | HttpResponse:
    """The link, or the page that says that there is none."""
    request.user = AnonymousUser()
    link = sharing.opened(token, now=timezone.now()) if settings.SHARE_LINKS != "off" else None
    return _missed(request) if link is None else link


def _missed(request: HttpRequest) -> HttpResponse:
    """A right token opens even after many wrong ones: whole offices share an address, and nobody guesses 128 bits.

    django-axes is told the address alone: it would keep the path, and with it the token of a link that may open again.
    """
    asked = HttpRequest()
    asked.META["REMOTE_ADDR"] = address_of(request)
    if AxesProxyHandler.is_locked(asked, WRONG_LINK):
        response = unavailable(request, 429)
        response["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
        return response
    AxesProxyHandler.user_login_failed("share link", WRONG_LINK, asked)
    return unavailable(request)
