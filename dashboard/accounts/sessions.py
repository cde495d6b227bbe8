"""Where somebody is logged in: a row for each session, made at the login and kept about right while it is used."""

import time
from typing import Any

import structlog
from allauth.usersessions.models import UserSession
from cachetools import LRUCache
from django.db import DatabaseError
from django.http import HttpRequest

log = structlog.get_logger(__name__)
NOTE_SECONDS = 120.0
_noted: LRUCache[str, float] = LRUCache(20_000)
"""By session key: when (monotonic) this process last noted it, or first saw it, so that few requests cost a query."""


def note(request: HttpRequest) -> None:
    """Note that a session is in use, from where and with what, every two minutes at the most."""
    key, now = request.session.session_key, time.monotonic()
    if not key or now - _noted.setdefault(key, now) < NOTE_SECONDS:
        return
    _noted[key] = now
    try:
        UserSession.objects.create_from_request(request)
    except DatabaseError:
        log.warning("session.not_noted", exc_info=True)


def of(user: Any) -> list[UserSession]:
    """Those that work, the last used first."""
    return sorted(UserSession.objects.purge_and_list(user), key=lambda one: one.last_seen_at, reverse=True)


def end(user: Any, *, but: str | None = None, only: int | None = None) -> int:
    """End the sessions of somebody, but that with the key `but`, or `only` the one of that row; -> how many."""
    rows = UserSession.objects.filter(user=user).exclude(session_key=but or "")
    if only is not None:
        rows = rows.filter(pk=only)
    found = list(rows)
    for one in found:
        one.end()
    return len(found)
