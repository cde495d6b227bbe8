"""The identity provider (OIDC_ISSUER) as allauth knows it, with what allauth leaves unchecked."""

import time
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import build_absolute_uri
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

NEEDED = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")
BROKEN = (requests.RequestException, OAuth2Error, KeyError, TypeError, ValueError, AttributeError)
"""What reading an answer may raise that is not what it should be: the provider is another's program."""
KEEP_SECONDS = 600.0
_kept: dict[str, tuple[float, dict[str, Any]]] = {}
"""By issuer: until when (monotonic) its discovery document is kept, and the document."""


class Endpoints(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    @property
    def openid_config(self) -> dict[str, Any]:
        """The discovery document. Raises OAuth2Error for one that is no such thing, or another issuer's."""
        issuer: str = self.get_provider().app.provider_id
        until, config = _kept.get(issuer, (0.0, {}))
        if time.monotonic() >= until:
            config = self._discover(issuer)
            _kept[issuer] = (time.monotonic() + KEEP_SECONDS, config)
        return config

    def _discover(self, issuer: str) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.get_provider().server_url)
        answer.raise_for_status()
        config = answer.json()
        if not isinstance(config, dict) or str(config.get("issuer", "")).rstrip("/") != issuer:
            raise OAuth2Error("the discovery document is not that of OIDC_ISSUER")
        for name in NEEDED:
            scheme = urlsplit(str(config.get(name, ""))).scheme
            if scheme != "https" and not (scheme == "http" and issuer.startswith("http://")):
                raise OAuth2Error(f"the discovery document has no {name} that can be used")
        return config

    def get_callback_url(self, request: Any, app: Any) -> str:
        return str(build_absolute_uri(request, reverse("sso-callback"), self.redirect_uri_protocol))


class Provider(OpenIDConnectProvider):  # type: ignore[misc]
    id = "sso"
    oauth2_adapter_class = Endpoints
    pkce_enabled_default = True

    def extract_common_fields(self, data: Any) -> dict[str, str]:
        return {name: value for name, value in super().extract_common_fields(data).items() if isinstance(value, str)}

    def get_login_url(self, request: Any, **kwargs: Any) -> str:
        return reverse("sso")


def back(request: HttpRequest, issuer: str) -> HttpResponseBase:
    """The answer to whom the provider sends back. Raises BROKEN."""
    answer: HttpResponseBase = OAuth2CallbackView.adapter_view(Endpoints(request, issuer))(request)
    return answer
