"""Somebody's account: who they are here, how they log in, and where they are logged in."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings

from dashboard.accounts import sessions
from executions.actions.permissions import ROLES
from executions.domain.agents import device

NO_ADDRESS = "0.0.0.0"  # noqa: S104 - what a session holds whose proxy told none


@dataclass(frozen=True)
class SessionRow:
    pk: int
    device: str
    address: str
    began_at: dt.datetime
    seen_at: dt.datetime
    current: bool


@dataclass(frozen=True)
class Key:
    pk: int
    name: str
    made_at: dt.datetime
    used_at: dt.datetime | None


@dataclass(frozen=True)
class Factors:
    """`app_since`: since when an authenticator app is asked; `codes_left` None: there are no recovery codes."""

    app_since: dt.datetime | None
    keys: list[Key]
    codes_left: int | None

    @property
    def any(self) -> bool:
        return self.app_since is not None or bool(self.keys)


@dataclass(frozen=True)
class AccountPage:
    """`sso` is the provider's name, "" without one; `connected`: it leads to this account."""

    name: str
    full_name: str
    email: str
    roles: list[str]
    teams: list[str]
    has_password: bool
    sso: str
    connected: bool
    factors: Factors
    required: bool
    rows: list[SessionRow]

    @classmethod
    def build(cls, user: Any, session_key: str | None, *, required: bool) -> Self:
        groups = sorted(group.name for group in user.groups.all())
        return cls(
            name=user.get_username(),
            full_name=user.get_full_name(),
            email=user.email,
            roles=[name for name in groups if name in ROLES],
            teams=[name for name in groups if name not in ROLES],
            has_password=settings.LOCAL_ACCOUNTS and user.has_usable_password(),
            sso=settings.OIDC.name if settings.OIDC else "",
            connected=is_connected(user),
            factors=factors_of(user),
            required=required,
            rows=session_rows(user, session_key),
        )


def is_connected(user: Any) -> bool:
    oidc = settings.OIDC
    return oidc is not None and SocialAccount.objects.filter(user=user, provider=oidc.issuer).exists()


def session_rows(user: Any, session_key: str | None = None) -> list[SessionRow]:
    return [_row(one, session_key) for one in sessions.of(user)]


def _row(one: UserSession, session_key: str | None) -> SessionRow:
    return SessionRow(
        pk=one.pk,
        device=device(one.user_agent),
        address="" if one.ip == NO_ADDRESS else str(one.ip),
        began_at=one.created_at,
        seen_at=one.last_seen_at,
        current=one.session_key == session_key,
    )


def factors_of(user: Any) -> Factors:
    app_since, keys, codes_left = None, [], None
    for one in Authenticator.objects.filter(user=user).order_by("pk"):
        if one.type == Authenticator.Type.TOTP:
            app_since = one.created_at
        elif one.type == Authenticator.Type.WEBAUTHN:
            keys.append(Key(one.pk, str(one.data.get("name", "")), one.created_at, one.last_used_at))
        else:
            codes_left = len(one.wrap().get_unused_codes())
    return Factors(app_since, keys, codes_left)
