"""Everybody who has an account, for who looks after them; and one of them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from dashboard.pages.account import Factors, SessionRow, factors_of, is_connected, session_rows
from executions.actions import tokens
from executions.actions.permissions import ROLES
from executions.models import ApiToken

ROWS = 50


@dataclass(frozen=True)
class PersonRow:
    pk: int
    name: str
    full_name: str
    roles: str
    teams: str
    active: bool
    by_sso: bool
    has_factor: bool
    sessions: int
    last_login: dt.datetime | None


@dataclass(frozen=True)
class PeoplePage:
    """`name`: what was searched for; `older`, `newer`: the addresses of the other pages, "" without one."""

    rows: list[PersonRow]
    total: int
    name: str
    older: int
    newer: int

    @classmethod
    def build(cls, name: str, page: int) -> Self:
        people = User.objects.order_by("username").prefetch_related("groups")
        if name:
            people = people.filter(
                Q(username__icontains=name) | Q(email__icontains=name) | Q(last_name__icontains=name)
            )
        pages = Paginator(_with_facts(people), ROWS)
        shown = pages.get_page(page)
        return cls(
            rows=[_row(one) for one in shown],
            total=pages.count,
            name=name,
            older=shown.next_page_number() if shown.has_next() else 0,
            newer=shown.previous_page_number() if shown.has_previous() else 0,
        )


def _with_facts(people: QuerySet[User]) -> QuerySet[Any]:
    of_them = {"user": OuterRef("pk")}
    counted = UserSession.objects.filter(**of_them).order_by().values("user").annotate(n=Count("pk")).values("n")
    return people.annotate(
        by_sso=Exists(SocialAccount.objects.filter(**of_them)),
        has_factor=Exists(Authenticator.objects.filter(**of_them).exclude(type="recovery_codes")),
        session_count=counted,
    )


def _row(one: Any) -> PersonRow:
    groups = sorted(group.name for group in one.groups.all())
    return PersonRow(
        pk=one.pk,
        name=one.get_username(),
        full_name=one.get_full_name(),
        roles=", ".join(name for name in groups if name in ROLES),
        teams=", ".join(name for name in groups if name not in ROLES),
        active=one.is_active,
        by_sso=one.by_sso,
        has_factor=one.has_factor,
        sessions=one.session_count or 0,
        last_login=one.last_login,
    )


@dataclass(frozen=True)
class PersonPage:
    """`why_not`: why this person cannot be changed by who looks, "" where they can."""

    pk: int
    name: str
    full_name: str
    email: str
    roles: str
    teams: str
    active: bool
    by_sso: bool
    has_password: bool
    factors: Factors
    last_login: dt.datetime | None
    rows: list[SessionRow]
    tokens: list[ApiToken]
    why_not: str

    @classmethod
    def build(cls, person: User, *, why_not: str, now: dt.datetime) -> Self:
        groups = sorted(group.name for group in person.groups.all())
        return cls(
            pk=person.pk,
            name=person.get_username(),
            full_name=person.get_full_name(),
            email=person.email,
            roles=", ".join(name for name in groups if name in ROLES),
            teams=", ".join(name for name in groups if name not in ROLES),
            active=person.is_active,
            by_sso=is_connected(person),
            has_password=person.has_usable_password(),
            factors=factors_of(person),
            last_login=person.last_login,
            rows=session_rows(person),
            tokens=[one for one in tokens.of(person) if one.revoked_at is None and one.expires_at > now],
            why_not=why_not,
        )
