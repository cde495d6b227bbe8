"""Whether a second factor is required of somebody, and whether this session has seen one."""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

SETTING_UP = frozenset(
    [
        "logout",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        "account_reauthenticate",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
    ]
)
"""What opens to who has yet to set up the second factor that is required."""


def required_of(user: Any) -> bool:
    """By MFA_REQUIRED: of everybody with a password, or of those with these roles, which takes a query."""
    asked: frozenset[str] = settings.MFA_REQUIRED
    if not asked or not user.has_usable_password():
        return False
    return "local" in asked or user.groups.filter(name__in=asked).exists()


def missing(request: HttpRequest) -> bool:
    """Whether this session should have had a second factor and has not. Single sign-on is the provider's care."""
    if not settings.MFA_REQUIRED:
        return False
    methods = {record.get("method") for record in get_authentication_records(request, request.user)}
    return not methods & {"mfa", "socialaccount"} and required_of(request.user)
