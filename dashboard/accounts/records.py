"""What is done to accounts goes on record: what people do here, and what allauth does for them."""

from typing import Any, TypeAlias

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from dashboard.views.lookup import address_of
from executions.actions import people
from executions.models import ActionRecord

Kind: TypeAlias = ActionRecord.Kind
TOLD = {
    "mfa/messages/totp_deactivated.txt": (Kind.REMOVE_FACTOR, "The authenticator app."),
    "mfa/messages/recovery_codes_generated.txt": (Kind.ADD_FACTOR, "New recovery codes, in place of older ones."),
    "mfa/messages/webauthn_added.txt": (Kind.ADD_FACTOR, "A security key."),
    "mfa/messages/webauthn_removed.txt": (Kind.REMOVE_FACTOR, "A security key."),
}
"""By the message with which allauth tells, in the same transaction, what it has done to the account of who asked."""


def by(request: HttpRequest, name: str = "") -> people.By:
    """Who asks; or `name`, when something does it by itself while they ask."""
    who = None if name else request.user
    agent = request.headers.get("User-Agent", "")
    return people.By(name or request.user.get_username(), who, address_of(request), agent)  # type: ignore[arg-type]


def note(request: HttpRequest, kind: Kind, person: User | Any, words: str = "", **more: Any) -> None:
    people.note(by(request), kind, person, words, now=timezone.now(), **more)
