"""A real OpenID Connect provider on this machine, and an installation set up for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import oidc_provider_mock
from allauth.socialaccount.providers import registry

from dashboard.accounts.oidc import Provider as Ours
from dashboard.accounts.oidc import _kept
from dashboard.env import people as env_people


class Provider:
    def __init__(self, issuer: str):
        self.issuer = issuer

    def knows(self, subject: str, **claims: Any) -> None:
        """From now on it says this of somebody."""
        httpx.put(f"{self.issuer}/users/{quote(subject)}", json=claims).raise_for_status()

    def log_in(self, authorize: str, subject: str) -> str:
        """Somebody fills in its form; -> where it sends their browser."""
        return httpx.post(authorize, data={"sub": subject}).headers["Location"]

    def deny(self, authorize: str) -> str:
        """Somebody cancels there; as the standard has it, the state comes back, too."""
        back = httpx.post(authorize, data={"action": "deny"}).headers["Location"]
        state = parse_qs(urlsplit(authorize).query)["state"][0]
        return back if "state=" in back else f"{back}&state={state}"


@contextmanager
def running() -> Iterator[Provider]:
    with oidc_provider_mock.run_server_in_thread() as server:
        yield Provider(f"http://localhost:{server.server_port}")


def configure(settings: Any, issuer: str, *, local: bool = True, **variables: str) -> None:
    """Django's settings as settings.py makes them of these variables."""
    _kept.clear()
    registry.register(Ours)  # as at a start with OIDC_ISSUER
    values = {
        "OIDC_ISSUER": issuer,
        "OIDC_CLIENT_ID": "durascope",
        "OIDC_CLIENT_SECRET": "secret",
        "OIDC_NAME": "Example Login",
        "OIDC_SCOPES": "openid profile email",
        "OIDC_USERNAME_CLAIM": "preferred_username",
        "OIDC_GROUPS_CLAIM": "groups",
        "OIDC_GROUPS": "on-call=operator; board=approver; root=admin; pay=payments",
        **variables,
    }
    oidc = env_people.oidc(values)
    assert oidc
    settings.OIDC, settings.LOCAL_ACCOUNTS = oidc, local
    settings.SOCIALACCOUNT_PROVIDERS = {"sso": {"APPS": [env_people.provider_app(oidc)]}}
    settings.AUTHENTICATION_BACKENDS = [
        "axes.backends.AxesStandaloneBackend",
        *(["dashboard.accounts.backends.GroupBackend"] if local else []),
        "dashboard.accounts.backends.SingleSignOnBackend",
    ]
