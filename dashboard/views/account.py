"""One's own account: password, second factors, sessions. The steps of the second factors are allauth's."""

from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import urlencode

from allauth.account.internal.flows.login import record_authentication
from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCode
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, ReauthenticateWebAuthnView, RemoveWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.accounts import factors, records, sessions, sso
from dashboard.pages.account import AccountPage
from executions.domain.words import count
from executions.models import ActionRecord

Kind: TypeAlias = ActionRecord.Kind
MOST = 2**63
"""A number too large for the database is nobody's."""


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    required = factors.required_of(request.user)
    built = AccountPage.build(request.user, request.session.session_key, required=required)
    return render(request, "account/page.html", {"page": built})


@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    only = session_id if session_id < MOST else 0
    if _end(request, only=only):
        messages.success(request, "That session is ended.")
    else:
        messages.warning(request, "You have no such session any more.")
    return redirect("account")


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    messages.success(request, f"You are logged out everywhere else: {count(_end(request), 'session')} ended.")
    return redirect("account")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest) -> HttpResponse:
    """Ties single sign-on to this account, whose owner says so and confirms who they are: POST asks for that, and GET,
    after it, leads to the provider. By a link, as a form may not lead to another host.
    """
    name = sso.provider().name
    if request.method == "POST":
        sso.begin_connecting(request)
        return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': request.path})}")
    if not sso.may_connect(request):
        return redirect("account")
    return render(request, "account/connect.html", {"provider": name})


def _end(request: HttpRequest, only: int | None = None) -> int:
    """End one's other sessions, or `only` one of them; -> how many."""
    with transaction.atomic():
        ended = sessions.end(request.user, only=only, but=request.session.session_key)
        if ended:
            records.note(request, Kind.END_SESSIONS, request.user, f"{count(ended, 'session')} of their own ended.")
    return ended


class ChangePassword(PasswordChangeView):
    """Other sessions end with the old password."""

    template_name = "account/password.html"
    success_url = reverse_lazy("account")

    def dispatch(self, request: Any, *args: Any, **values: Any) -> Any:
        if not settings.LOCAL_ACCOUNTS or not request.user.has_usable_password():
            raise Http404("You log in by single sign-on: there is no password to change here.")
        return super().dispatch(request, *args, **values)

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            answer = super().form_valid(form)
            sessions.end(self.request.user, but=self.request.session.session_key)
            records.note(self.request, Kind.PASSWORD, self.request.user, "Their own; all other sessions ended.")
        messages.success(self.request, "Your password is changed, and you are logged out everywhere else.")
        return answer


class SetUpApp(ActivateTOTPView):  # type: ignore[misc]
    template_name = "account/app.html"

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        record_authentication(self.request, self.request.user, "mfa", type="totp")
        records.note(self.request, Kind.ADD_FACTOR, self.request.user, "An authenticator app.")
        return answer

    def get_success_url(self) -> str:
        return _after(self)


class AddKey(AddWebAuthnView):  # type: ignore[misc]
    template_name = "account/key.html"

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        record_authentication(self.request, self.request.user, "mfa", type="webauthn")
        return answer

    def get_success_url(self) -> str:
        return _after(self)


def _after(view: Any) -> str:
    """The recovery codes are shown with the first factor."""
    return reverse("mfa_view_recovery_codes" if view.did_generate_recovery_codes else "account")


def step(view: type[View], **initial: Any) -> Callable[..., HttpResponseBase]:
    """One of these classes as a view that takes GET and POST and nothing else, and is kept by no cache."""
    return never_cache(require_http_methods(["GET", "HEAD", "POST"])(view.as_view(**initial)))


def change(view: type[View], **initial: Any) -> Callable[..., HttpResponseBase]:
    """One that changes how somebody logs in: that and its record (dashboard/accounts/records.py), or neither."""
    return transaction.atomic(step(view, **initial))


log_in_by_code = step(AuthenticateView, template_name="login_code.html")
change_password = step(ChangePassword)
confirm = step(ReauthenticateView, template_name="account/confirm.html")
confirm_by_code = step(ReauthenticateByCode, template_name="account/confirm.html")
confirm_by_key = step(ReauthenticateWebAuthnView, template_name="account/confirm_key.html")
set_up_app = change(SetUpApp)
remove_app = change(DeactivateTOTPView, template_name="account/app_remove.html", success_url=reverse_lazy("account"))
add_key = change(AddKey)
remove_key = change(RemoveWebAuthnView, template_name="account/key_remove.html", success_url=reverse_lazy("account"))
recovery_codes = step(ViewRecoveryCodesView, template_name="account/codes.html")
new_recovery_codes = change(GenerateRecoveryCodesView, template_name="account/codes_new.html")
