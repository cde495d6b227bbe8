"""What a variable of the environment may hold. Whatever cannot be used ends the start with a sentence that names it."""

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

SWITCHES = {"on": True, "true": True, "1": True, "yes": True, "off": False, "false": False, "0": False, "no": False}


class BadEnvironment(SystemExit):
    """One sentence that names the variable and says what it takes."""


def url(values: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str:
    value = values[name]
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise BadEnvironment(f"{name} must be a URL that starts with {' or '.join(s + '://' for s in schemes)}.")
    return value


def redis_url(values: Mapping[str, str]) -> str:
    """The path of Redis's URL, if any, is the number of a database."""
    value = url(values, "REDIS_URL", ("redis", "rediss"))
    number = urlsplit(value).path.strip("/")
    if number and not (number.isascii() and number.isdigit()):
        raise BadEnvironment("REDIS_URL must end in the number of a database, as in redis://HOST:PORT/0.")
    return value


def hosts(values: Mapping[str, str]) -> list[str]:
    hosts = words(values["ALLOWED_HOSTS"])
    for host in hosts:
        if "/" in host or (":" in host and not (host.startswith("[") and host.endswith("]"))):
            raise BadEnvironment(f"ALLOWED_HOSTS must list names without scheme or port, not {host!r}.")
    if not hosts:
        raise BadEnvironment("ALLOWED_HOSTS must name a host at least.")
    return hosts


def file(values: Mapping[str, str], name: str) -> str:
    path = values[name]
    if path and not Path(path).is_file():
        raise BadEnvironment(f"{name} must be the path of a file that can be read, not {path!r}.")
    return path


def folder(values: Mapping[str, str], name: str) -> str:
    path = values[name]
    if path and not Path(path).is_dir():
        raise BadEnvironment(f"{name} must be the path of a folder, not {path!r}.")
    return path


def address(values: Mapping[str, str], name: str) -> str:
    try:
        return str(ipaddress.ip_address(values[name]))
    except ValueError:
        raise BadEnvironment(f"{name} must be an IP address of this machine, not {values[name]!r}.") from None


def switch(values: Mapping[str, str], name: str) -> bool:
    try:
        return SWITCHES[values[name].lower()]
    except KeyError:
        raise BadEnvironment(f"{name} must be on or off, not {values[name]!r}.") from None


def number(values: Mapping[str, str], name: str, least: float, most: float) -> float:
    try:
        number = float(values[name])
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise BadEnvironment(f"{name} must be a number from {least:g} to {most:g}, not {values[name]!r}.")
    return number


def choice(values: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    for choice in choices:
        if values[name].lower() == choice.lower():
            return choice
    raise BadEnvironment(f"{name} must be one of {', '.join(choices)}, not {values[name]!r}.")


def words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def secret_names(values: Mapping[str, str]) -> list[str]:
    """REDACT_KEYS: each names something, and with "-*" something is left that is hidden."""
    names = words(values["REDACT_KEYS"])
    for name in names:
        if name != "-*" and not any(one.isalnum() for one in name):
            raise BadEnvironment(
                f"REDACT_KEYS must list names of keys such as loyaltyCard, loyalty* or -pin, not {name!r}."
            )
    if "-*" in names and all(name.startswith("-") for name in names):
        raise BadEnvironment("REDACT_KEYS must name what to hide when -* sets the built-in names aside.")
    return names


def origins(values: Mapping[str, str]) -> list[str]:
    origins = words(values["CSRF_TRUSTED_ORIGINS"])
    for origin in origins:
        scheme, mark, host = origin.partition("://")
        if scheme not in ("http", "https") or not mark or not host or "/" in host:
            raise BadEnvironment(f"CSRF_TRUSTED_ORIGINS must list origins such as https://host, not {origin!r}.")
    return origins
