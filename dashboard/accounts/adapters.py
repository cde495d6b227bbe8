"""What allauth asks of a project: how its steps behave here, and what it says, in our words."""

import base64
import hashlib
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from dashboard.accounts import records, sso
from dashboard.views.lookup import address_of
from executions.actions.people import NotLetIn

log = structlog.get_logger(__name__)
SAID = {
    "mfa/messages/totp_activated.txt": "From now on a code of your authenticator app is asked for at each login.",
    "mfa/messages/totp_deactivated.txt": "The authenticator app is not asked for any more.",
    "mfa/messages/recovery_codes_generated.txt": "Recovery codes are made; any older ones do not work any more.",
    "mfa/messages/webauthn_added.txt": "From now on a security key is asked for at each login.",
    "mfa/messages/webauthn_removed.txt": "The security key is removed.",
    "socialaccount/messages/account_connected_updated.txt": "Single sign-on leads to this account.",
    "socialaccount/messages/account_connected_other.txt": "That identity belongs to another account here.",
}
"""Other messages of allauth's are not shown."""


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "incorrect_password": "This is not your password.",
        "incorrect_code": "This code is wrong, was used before, or is too old.",
        "too_many_login_attempts": "Too many wrong codes. Wait five minutes, then try again.",
        "rate_limited": "Too many tries. Wait five minutes, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        """Notes in the session by which way somebody came in."""
        by = {record.get("method") for record in get_authentication_records(request, user)}
        name = "SingleSignOnBackend" if "socialaccount" in by else "GroupBackend"
        user.backend = f"dashboard.accounts.backends.{name}"
        super().login(request, user)

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        return sso.refusal(request, "Your account is switched off here. An admin can switch it on again.")

    def add_message(
        self, request: HttpRequest, level: int, message_template: Any = None, *args: Any, **values: Any
    ) -> None:
        if told := records.TOLD.get(str(message_template or "")):
            records.note(request, told[0], request.user, told[1])
        if said := SAID.get(str(message_template or "")) or values.get("message"):
            messages.add_message(request, level, said)

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request) or "0.0.0.0"  # noqa: S104 - where a proxy does not tell

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not sso.lately(self.request)


class SingleSignOn(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Who came back from the provider: found, made or refused. allauth then only lets them in."""
        try:
            sso.admit(request, sociallogin, connecting=sociallogin.state.get("process") == "connect")
        except NotLetIn as why:
            raise ImmediateHttpResponse(sso.refusal(request, str(why), sociallogin.state.get("next"))) from why

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        raise ImmediateHttpResponse(sso.failure(request, exception, (extra_context or {}).get("state")))

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return sso.ACCOUNT


class Factors(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is wrong, was used before, or is too old.",
        "cannot_delete_authenticator": "A second factor is required here: set up another one first.",
    }

    def encrypt(self, text: str) -> str:
        return str(self._fernet().encrypt(text.encode()), "ascii")

    def decrypt(self, encrypted_text: str) -> str:
        return str(self._fernet().decrypt(encrypted_text.encode()), "utf-8")

    @staticmethod
    def _fernet() -> Any:
        from cryptography.fernet import Fernet

        key = hashlib.sha256(b"durascope second factors" + settings.SECRET_KEY.encode()).digest()
        return Fernet(base64.urlsafe_b64encode(key))
