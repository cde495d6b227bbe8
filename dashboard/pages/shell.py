"""What surrounds every page: navigation with counts, how old the data is, and what is wrong with AWS."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from executions import queries
from executions.actions.permissions import DECISIONS, READ_ONLY, can_import, can_read_audit, can_share, can_view
from executions.domain.words import count
from executions.models import Trouble

FRESH, STALE = 15.0, 120.0
"""Seconds: the age of the list up to which all is well, and from which something must be wrong."""

GROUPS = ("notices", "connections")
"""The icons of the entries that begin a group: what one works on, what one sets up, what one looks up."""

QUIET = ("throttled", "budget", "service")
"""Kinds of trouble that pass by themselves."""


@dataclass(frozen=True)
class NavItem:
    label: str
    url: str
    icon: str
    active: bool
    count: int | None = None
    apart: bool = False
    """It begins a group: a thin line stands above it."""


@dataclass(frozen=True)
class Age:
    """`at`: since when at the latest the whole list has been current; None when it never was."""

    at: dt.datetime | None
    tone: str
    label: str = "mirrored"


@dataclass(frozen=True)
class Banner:
    tone: str
    headline: str
    since: dt.datetime | None
    what_to_do: str


@dataclass(frozen=True)
class Nav:
    items: list[NavItem]
    age: Age | None
    banners: list[Banner]


def context(request: HttpRequest) -> dict[str, Any]:
    """The context processor. Fragments and pages before login have no shell: an empty one costs no query."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or _is_fragment(request) or not can_view(user):
        return {"nav": Nav([], None, [])}
    return {"nav": build(request)}


def build(request: HttpRequest) -> Nav:
    """The shell itself, for the fragment that keeps it fresh."""
    read_only = [Banner("info", READ_ONLY.why, None, "")] if settings.READ_ONLY else []
    return Nav(_items(request), age(request, timezone.now()), read_only + _banners(queries.troubles(request.user)))


def _is_fragment(request: HttpRequest) -> bool:
    """htmx asks for a whole page only to restore one that Back leads to."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def age(request: HttpRequest, now: dt.datetime) -> Age:
    at = queries.data_age(request.user)
    seconds = (now - at).total_seconds() if at else STALE
    return Age(at, "ok" if seconds <= FRESH else "warn" if seconds < STALE else "bad")


def _items(request: HttpRequest) -> list[NavItem]:
    waiting = queries.open_callback_count(request.user)
    entries = [
        ("Overview", reverse("overview"), "overview", None),
        ("Executions", reverse("executions"), "executions", None),
        ("Inbox", reverse("inbox"), "inbox", waiting),
        ("Functions", reverse("functions"), "functions", None),
        ("Notifications", reverse("notices"), "notices", None),
    ]
    if request.user.has_perm(DECISIONS):
        entries.append(("Decision forms", reverse("decisions"), "keyboard", None))
    if can_share(request.user):
        entries.append(("Share links", reverse("shares"), "share", None))
    if can_import(request.user):
        entries.append(("Imported", reverse("imports"), "download", None))
    entries.append(("Connections", reverse("connections"), "connections", None))
    if can_read_audit(request.user):
        entries.append(("Audit", reverse("audit"), "audit", None))
    path = getattr(request, "is_among", request.path)
    return [
        NavItem(label, url, icon, active=_is_at(path, url), count=count, apart=icon in GROUPS)
        for label, url, icon, count in entries
    ]


def _is_at(path: str, url: str) -> bool:
    return path == url if url == "/" else path.startswith(url) or (url == "/executions/" and path.startswith("/bulk/"))


def _banners(troubles: list[Trouble]) -> list[Banner]:
    """One for each connection and kind of trouble: when AWS is away, every call to it fails."""
    groups: dict[tuple[int, str], list[Trouble]] = {}
    for found in troubles:
        groups.setdefault((found.connection_id, found.kind), []).append(found)
    return [_banner(group) for group in groups.values()]


def _banner(group: list[Trouble]) -> Banner:
    """`group`: the oldest first. Its words are the oldest's; the others are counted."""
    first, others = group[0], len(group) - 1
    also = f" The same goes for {count(others, 'other kind of call', 'other kinds of calls')}." if others else ""
    return Banner(
        tone="warn" if first.kind in QUIET else "bad",
        headline=f"Connection {first.connection.name} ({first.connection.region or 'no Region'}): {first.words}{also}",
        since=first.since,
        what_to_do=f"{first.remedy} What you see is the mirror's last state.".strip(),
    )
