"""Who may log in, and how: local accounts, second factors, single sign-on. Read from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dashboard.env.checks import BadEnvironment, switch, url, words
from executions.domain.claims import BadMapping, GroupMap, parse_mapping


@dataclass(frozen=True)
class Oidc:
    """An OpenID Connect provider, and what its claims mean here. `client_secret` is "" of a public client."""

    issuer: str
    client_id: str
    client_secret: str
    name: str
    scopes: list[str]
    username_claim: str
    groups_claim: str
    groups: GroupMap


def oidc(values: Mapping[str, str]) -> Oidc | None:
    issuer = url(values, "OIDC_ISSUER", ("http", "https")).rstrip("/")
    try:
        groups = parse_mapping(values["OIDC_GROUPS"])
    except BadMapping as error:
        raise BadEnvironment(f"OIDC_GROUPS {error}.") from error
    for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"):
        if values[name] and not issuer:
            raise BadEnvironment(f"{name} needs OIDC_ISSUER to be set, too.")
    scopes = values["OIDC_SCOPES"].split()
    if "openid" not in scopes:
        raise BadEnvironment("OIDC_SCOPES must hold openid.")
    if not issuer:
        return None
    if issuer.startswith("http://") and urlsplit(issuer).hostname not in ("localhost", "127.0.0.1", "::1"):
        raise BadEnvironment("OIDC_ISSUER must start with https://, unless it is on this machine.")
    if not values["OIDC_CLIENT_ID"]:
        raise BadEnvironment("OIDC_CLIENT_ID must be set when OIDC_ISSUER is.")
    if not groups.groups:
        raise BadEnvironment("OIDC_GROUPS must be set when OIDC_ISSUER is: without it nobody could do anything.")
    return Oidc(
        issuer=issuer,
        client_id=values["OIDC_CLIENT_ID"],
        client_secret=values["OIDC_CLIENT_SECRET"],
        name=values["OIDC_NAME"],
        scopes=scopes,
        username_claim=values["OIDC_USERNAME_CLAIM"],
        groups_claim=values["OIDC_GROUPS_CLAIM"],
        groups=groups,
    )


def local_accounts(values: Mapping[str, str]) -> bool:
    on = switch(values, "LOCAL_ACCOUNTS")
    if not on and not values["OIDC_ISSUER"]:
        raise BadEnvironment("LOCAL_ACCOUNTS can be off only where OIDC_ISSUER is set: nobody could log in.")
    return on


def mfa_required(values: Mapping[str, str]) -> frozenset[str]:
    listed, known = words(values["MFA_REQUIRED"]), ("local", "viewer", "operator", "approver", "admin")
    for word in listed:
        if word not in known:
            raise BadEnvironment(f"MFA_REQUIRED must list some of {', '.join(known)}, not {word!r}.")
    return frozenset(listed)


def provider_app(oidc: Oidc) -> dict[str, Any]:
    """The provider in the words of allauth. Its id is the issuer, so that another one's people are other people."""
    return {
        "provider_id": oidc.issuer,
        "name": oidc.name,
        "client_id": oidc.client_id,
        "secret": oidc.client_secret,
        "settings": {"server_url": oidc.issuer, "scope": oidc.scopes, "oauth_pkce_enabled": True},
    }
