"""Tokens with which programs act as a person: made, found again by their hash, taken back."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from executions.actions import permissions
from executions.models import ApiToken

PREFIX = "durascope_"
"""So that scanners for leaked secrets can tell what it is."""
MAX_DAYS = 366
MAX_TOKENS = 50
"""Of one person, those that still work."""
_USE_NOTED = dt.timedelta(minutes=1)

READ, AUDIT, ANSWER, CONTROL, START, DELETE = "read", "audit", "answer", "control", "start", "delete"


@dataclass(frozen=True)
class Scope:
    """`opens`: what a token with it may be used for; given by whoever has one of these permissions."""

    opens: str
    permissions: tuple[str, ...]


SCOPES = {
    READ: Scope("see executions, their histories, and the callbacks that wait", (permissions.VIEW,)),
    AUDIT: Scope("read what people and programs did", (permissions.AUDIT,)),
    ANSWER: Scope(
        "answer, claim and release callbacks, and send heartbeats", (permissions.ANSWER, permissions.HEARTBEAT)
    ),
    CONTROL: Scope("stop, pause and resume executions", (permissions.STOP, permissions.PAUSE)),
    START: Scope("start executions", (permissions.START,)),
    DELETE: Scope("have AWS delete executions", (permissions.REMOVE,)),
}
"""What tokens are made for. An operation of the API needs one of them, and its person the permission besides."""


def offered(user: Any) -> list[str]:
    """The scopes of which this person may use anything."""
    return [name for name, scope in SCOPES.items() if any(map(user.has_perm, scope.permissions))]


def make(user: Any, *, name: str, scopes: Collection[str], days: int, now: dt.datetime) -> tuple[ApiToken, str]:
    """-> (its row, the token itself: 256 random bits, to be shown once)."""
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        user=user,
        name=name,
        digest=_digest(token),
        scopes=[one for one in SCOPES if one in scopes],
        created_at=now,
        expires_at=now + dt.timedelta(days=min(days, MAX_DAYS)),
    )
    return row, token


def find(token: str, *, now: dt.datetime) -> ApiToken | None:
    """The row of a token that still works, with its person; notes that it was used."""
    if not token.startswith(PREFIX):
        return None
    working = ApiToken.objects.filter(revoked_at=None, expires_at__gt=now, user__is_active=True)
    row = working.select_related("user").filter(digest=_digest(token)).first()
    if row is not None and (row.used_at is None or now - row.used_at >= _USE_NOTED):
        ApiToken.objects.filter(pk=row.pk).update(used_at=now)
    return row


def of(user: Any) -> list[ApiToken]:
    """This person's tokens, the newest first, those that no longer work included."""
    return list(ApiToken.objects.filter(user=user).order_by("-created_at", "-pk"))


def working(user: Any, *, now: dt.datetime) -> int:
    return ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=now).count()


def revoke(user: Any, token_id: int, *, now: dt.datetime) -> ApiToken | None:
    """Take back one of one's own; None when there is none that still worked."""
    mine = ApiToken.objects.filter(user=user, pk=token_id)
    return mine.get() if mine.filter(revoked_at=None).update(revoked_at=now) else None


def _digest(token: str) -> str:
    """A fast hash will do: nobody guesses 256 bits."""
    return hashlib.sha256(token.encode()).hexdigest()
