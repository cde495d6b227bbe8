"""How notifications leave: the mail server, the sender, the networks of webhooks. Read from the environment."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from dashboard.env.checks import BadEnvironment, words
from executions.domain import addresses

PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}


def mail_server(values: Mapping[str, str]) -> dict[str, Any]:
    """Django's EMAIL_... settings; empty when no e-mail is sent. Certificates are always checked."""
    if not values["EMAIL_URL"]:
        return {}
    try:
        parts = urlsplit(values["EMAIL_URL"])
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        port = 0
    if not port or parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise BadEnvironment("EMAIL_URL must be smtp://, smtp+tls:// or smtp+ssl://USER:PASSWORD@HOST:PORT.")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtp+ssl",
    }


def sender(values: Mapping[str, str]) -> str:
    try:
        validate_email(values["EMAIL_FROM"])
    except ValidationError:
        raise BadEnvironment(f"EMAIL_FROM must be one e-mail address, not {values['EMAIL_FROM']!r}.") from None
    return values["EMAIL_FROM"]


def networks(values: Mapping[str, str]) -> list[addresses.Network]:
    try:
        return addresses.networks(words(values["NOTIFY_NETWORKS"]))
    except ValueError as error:
        raise BadEnvironment(f"NOTIFY_NETWORKS {error}") from None
