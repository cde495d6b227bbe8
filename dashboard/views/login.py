"""Ways in: a password, then perhaps a second factor; or the identity provider."""

from typing import Any
from urllib.parse import urlencode

import structlog
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.core.internal import ratelimit
from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.accounts import sso
from dashboard.asked_for import here
from dashboard.views.errors import too_many

log = structlog.get_logger(__name__)


class LogIn(LoginView):
    """Django's form and checks, slowed down by django-axes; allauth then asks for a second factor if there is one."""

    template_name = "login.html"
    redirect_authenticated_user = True

    def get_redirect_url(self, *args: Any) -> str:
        return here(super().get_redirect_url(*args))

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        following = self.get_redirect_url()
        url = reverse("sso") + (f"?{urlencode({'next': following})}" if following else "")
        way = [{"label": f"Log in with {settings.OIDC.name}", "url": url}] if settings.OIDC else []
        return super().get_context_data(**values) | {"sso": way, "local": settings.LOCAL_ACCOUNTS}

    def post(self, request: HttpRequest, *args: Any, **values: Any) -> HttpResponse:
        if not settings.LOCAL_ACCOUNTS:
            return sso.refusal(request, "Passwords are switched off here: use single sign-on.")
        return super().post(request, *args, **values)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        record_authentication(self.request, user, "password", username=user.get_username())
        response: HttpResponse = perform_login(self.request, user, redirect_url=self.get_success_url())
        return response


log_in = require_http_methods(["GET", "HEAD", "POST"])(LogIn.as_view())


@never_cache
@require_safe
def start(request: HttpRequest) -> HttpResponseBase:
    """To the provider. By a link, as a form may not lead to another host; so that portals can link here, too."""
    issuer = sso.provider().issuer
    from dashboard.accounts.oidc import BROKEN  # loaded where single sign-on is set up

    following = here(request.GET.get("next", "")) or reverse("overview")
    connecting = "connect" in request.GET and sso.may_connect(request, once=True)
    if request.user.is_authenticated and not connecting:
        return redirect(following)
    if not ratelimit.consume(request, app="allauth.account", action="login", limit_get=True):
        return too_many(request)
    try:
        provider = get_adapter(request).get_provider(request, issuer)
        answer: HttpResponseBase = provider.redirect(
            request, "connect" if connecting else "login", next_url=reverse("account") if connecting else following
        )
    except BROKEN as error:
        return sso.failure(request, error, {"next": following})
    return answer


@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponseBase:
    """Back from the provider, with a code or an error."""
    issuer = sso.provider().issuer
    from dashboard.accounts.oidc import BROKEN, back

    if not ratelimit.consume(request, app="allauth.account", action="login", limit_get=True):
        return too_many(request)
    try:
        return back(request, issuer)
    except BROKEN as error:
        log.exception("sso.broken")
        return sso.failure(request, error, None)
