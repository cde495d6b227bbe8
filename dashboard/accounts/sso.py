"""Single sign-on: who somebody is whom the identity provider sends, and what is said when something is wrong."""

import time
from typing import Any
from urllib.parse import urlencode

import structlog
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from dashboard.accounts import records
from dashboard.env.people import Oidc
from executions.actions.people import SINGLE_SIGN_ON, NotLetIn, give_groups, note
from executions.actions.permissions import ROLES
from executions.domain.claims import text_of, values_of
from executions.models import ActionRecord

log = structlog.get_logger(__name__)
ACCOUNT = "account"
CONNECTING = "connecting_sso"
RECENT = 300.0
"""Seconds after a login or a confirmation in which nobody is asked again before changing how one logs in."""


def provider() -> Oidc:
    """The identity provider. Raises Http404 where there is none."""
    oidc: Oidc | None = settings.OIDC
    if oidc is None:
        raise Http404("Single sign-on is not set up.")
    return oidc


def admit(request: HttpRequest, sociallogin: Any, *, connecting: bool = False) -> None:
    """Bring `sociallogin.user` up to what the claims say; somebody new is made. Raises NotLetIn.

    Whose claims give no role is not let in, and loses what they had. `connecting`: by who is logged in already.
    """
    claims = claims_of(sociallogin.account.extra_data)
    oidc = provider()
    by, now = records.by(request, SINGLE_SIGN_ON), timezone.now()
    wanted = oidc.groups.groups_for(values_of(claims, oidc.groups_claim))
    known = sociallogin.user if sociallogin.is_existing else None
    if not wanted & set(ROLES):
        if known:
            give_groups(known, frozenset(), oidc.groups.managed, by=by, now=now)
        raise NotLetIn(f"{oidc.name} knows you, but no group of yours there has a role here. An admin can change this.")
    if connecting:
        if not known and request.user.is_authenticated:
            _connect(request, sociallogin)
        return
    try:
        with transaction.atomic():
            user = known or _newcomer(sociallogin, claims)
            if not known:
                note(by, ActionRecord.Kind.NEW_ACCOUNT, user, f"For who logs in with {oidc.name}.", now=now)
            give_groups(user, wanted, oidc.groups.managed, by=by, now=now)
    except IntegrityError as error:
        raise NotLetIn("Your account was being made by another login of yours. Try again.") from error
    _note_name(user, claims)
    sociallogin.user = user


def _connect(request: HttpRequest, sociallogin: Any) -> None:
    """Tie who came back to the account that is logged in, and its record; allauth, which would do the first alone,
    then finds it done.
    """
    if not lately(request):
        raise NotLetIn(
            "It is more than five minutes since you confirmed that it is you. Connect again: see your account."
        )
    try:
        with transaction.atomic():
            sociallogin.connect(request, request.user)
            words = f"By themselves, with a password and at {provider().name}."
            records.note(request, ActionRecord.Kind.TIE, request.user, words)
    except IntegrityError as error:
        raise NotLetIn("This identity was just connected by another request. Look at your account's page.") from error


def claims_of(data: dict[str, Any]) -> dict[str, Any]:
    """The claims of the ID token and of the userinfo endpoint together. Raises NotLetIn when they are of two people."""
    token, info = data.get("id_token") or {}, data.get("userinfo") or {}
    if token and info and token.get("sub") != info.get("sub"):
        log.warning("sso.two_subjects")
        raise NotLetIn(f"{provider().name} has told of two different people. Try again.")
    return {**token, **info}


def _newcomer(sociallogin: Any, claims: dict[str, Any]) -> User:
    """A new account without a password, tied to this issuer and subject. Never one that exists: names prove nothing."""
    name = _username(claims)
    if User.objects.filter(username__iexact=name).exists():
        raise NotLetIn(
            f"There is an account {name} already that is not tied to {provider().name}. If it is yours, log in with "
            "its password and connect it on the page of your account; or an admin can do it in a terminal."
        )
    user = User(username=name)
    user.set_unusable_password()
    user.save()
    sociallogin.account.user = user
    sociallogin.account.save()
    return user


def _username(claims: dict[str, Any]) -> str:
    field = User._meta.get_field("username")
    for claim in (provider().username_claim, "email", "sub"):
        name = User.normalize_username(text_of(claims, claim))
        try:
            field.run_validators(name)
        except ValidationError:
            continue
        if name:
            return name
    raise NotLetIn(f"{provider().name} gives you no name that can be used here: see OIDC_USERNAME_CLAIM.")


def _note_name(user: User, claims: dict[str, Any]) -> None:
    first, _, last = text_of(claims, "name").partition(" ")
    user.first_name, user.last_name = (
        (text_of(claims, "given_name") or first)[:150],
        (text_of(claims, "family_name") or last)[:150],
    )
    user.email = text_of(claims, "email")[:254]
    user.save(update_fields=["first_name", "last_name", "email"])


def lately(request: HttpRequest) -> bool:
    """Whether who asks has proven RECENT-ly who they are; once at the provider is enough for a session."""
    proofs = get_authentication_records(request, request.user)
    return any(proof["method"] == "socialaccount" or time.time() - proof["at"] < RECENT for proof in proofs)


def begin_connecting(request: HttpRequest) -> None:
    """From now on whoever confirms who they are may connect, once, for ten minutes."""
    request.session[CONNECTING] = time.time()


def may_connect(request: HttpRequest, *, once: bool = False) -> bool:
    """Whether that has begun and they have confirmed it since. `once`: and not again after this."""
    if not request.user.is_authenticated:
        return False
    begun = request.session.get(CONNECTING, 0.0)
    if once:
        request.session.pop(CONNECTING, None)
    proofs = get_authentication_records(request, request.user)
    return time.time() - begun < 600 and any(proof["at"] >= begun for proof in proofs)


ERRORS = {
    "access_denied": "did not let you in, or you have cancelled there",
    "temporarily_unavailable": "is overloaded or being worked on. Try again in a few minutes",
    "server_error": "has an error of its own. Try again in a few minutes",
    "login_required": "asks you to log in there first",
    "consent_required": "needs your consent first",
    "interaction_required": "needs you to do something there first",
    "invalid_scope": "refuses what was asked of it: see OIDC_SCOPES",
    "unauthorized_client": "does not know this installation: see OIDC_CLIENT_ID",
    "invalid_client": "does not know this installation: see OIDC_CLIENT_ID",
}


def failure(request: HttpRequest, error: BaseException | None, state: dict[str, Any] | None) -> HttpResponse:
    """A page for what went wrong between the provider and us; the details are for the log."""
    name, code = provider().name, request.GET.get("error", "")
    log.warning("sso.failed", error=str(error or "")[:500], code=code[:100])
    following = (state or {}).get("next")
    if error is not None:
        why = f"{name} could not be reached, or gave an answer that cannot be used. The log here says more."
        return refusal(request, why, following, status=502)
    if code:
        return refusal(request, f"{name} {ERRORS.get(code, 'has refused the login')}.", following)
    why = "This login was begun in another browser, more than ten minutes ago, or has been used already. Begin again."
    return refusal(request, why, following, status=400)


def refusal(request: HttpRequest, why: str, following: str | None = None, *, status: int = 403) -> HttpResponse:
    """Why somebody is not let in, with a way to try again that leads where they were going."""
    again = reverse("login") + (f"?{urlencode({'next': following})}" if following else "")
    return render(request, "not_let_in.html", {"why": why, "again": again, "status": status}, status=status)
