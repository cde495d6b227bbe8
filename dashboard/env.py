"""Durascope's configuration, read from the environment once and checked.

Every variable is declared in `VARIABLES`; docs/configuration.md lists the same ones and a test holds the two
together. A value that cannot be used stops the start with one sentence naming the variable: `BadEnvironment` is a
SystemExit, so that manage.py, uvicorn and celery all print just that sentence.
"""

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"

VARIABLES: dict[str, str] = {
    "DATABASE_URL": f"sqlite:///{VAR / 'durascope.sqlite3'}",
    "REDIS_URL": "",
    "SECRET_KEY": "",
    "DEBUG": "off",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    "CSRF_TRUSTED_ORIGINS": "",
    "BEHIND_HTTPS": "off",
    "CONNECTIONS_FILE": "",
    "BUDGET_SHARE": "0.5",
    "CALLBACK_RESULT_LIMIT": "1048576",
    "REDACT_KEYS": "",
    "SHARE_LINKS": "login",
    "SHARE_DAYS": "30",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "console",
    "METRICS_TOKEN": "",
    "METRICS_PORT": "0",
    "READ_ONLY": "off",
    "PEOPLE_WITHOUT_SCOPE": "everything",
    "HISTORY": "all",
    "KEEP_DAYS": "0",
    "KEEP_MB": "0",
    "PUSH_QUEUE_URL": "",
    "DECISIONS_DIR": "",
    "KEEP_ALIVE_HOURS": "8",
    "AWS_ENDPOINT_URL_LAMBDA": "",
    "AWS_ENDPOINT_URL_SQS": "",
}
SWITCHES = {"on": True, "true": True, "1": True, "yes": True, "off": False, "false": False, "0": False, "no": False}


class BadEnvironment(SystemExit):
    """One sentence that names the variable and says what it takes."""


@dataclass(frozen=True)
class Environment:
    """What settings.py needs, already checked. `redis_url` is "" when everything runs in one process."""

    database: dict[str, Any]
    redis_url: str
    secret_key: str
    debug: bool
    allowed_hosts: list[str]
    csrf_trusted_origins: list[str]
    behind_https: bool
    connections_file: str
    budget_share: float
    callback_result_limit: int
    push_queue_url: str = ""
    redact_keys: list[str] = field(default_factory=list)
    share_links: str = "login"
    share_days: float = 30
    log_level: str = "INFO"
    log_format: str = "console"
    metrics_token: str = ""
    metrics_port: int = 0
    read_only: bool = False
    people_without_scope: str = "everything"
    history: str = "all"
    keep_days: float = 0
    keep_mb: float = 0
    decisions_dir: str = ""
    keep_alive_hours: float = 8

    @property
    def embedded(self) -> bool:
        """Without Redis the web process also runs worker, beat, budget and live feed."""
        return not self.redis_url


def read(source: Mapping[str, str]) -> Environment:
    """Read and check every variable in `source` (usually os.environ)."""
    values = {name: source.get(name, "").strip() or default for name, default in VARIABLES.items()}
    database = _database(values["DATABASE_URL"])
    for name in ("AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_SQS"):
        _url(values, name, ("http", "https"))
    return Environment(
        database=database,
        redis_url=_redis_url(values),
        secret_key=_secret_key(values["SECRET_KEY"], alone=_is_sqlite(database) and not values["REDIS_URL"]),
        debug=_switch(values, "DEBUG"),
        allowed_hosts=_hosts(values),
        csrf_trusted_origins=_origins(values),
        behind_https=_switch(values, "BEHIND_HTTPS"),
        connections_file=_file(values, "CONNECTIONS_FILE"),
        budget_share=_number(values, "BUDGET_SHARE", 0.07, 1.0),
        callback_result_limit=int(_number(values, "CALLBACK_RESULT_LIMIT", 1, 6 * 1024 * 1024)),
        push_queue_url=_url(values, "PUSH_QUEUE_URL", ("http", "https")),
        redact_keys=_words(values["REDACT_KEYS"]),
        share_links=_choice(values, "SHARE_LINKS", ("off", "login", "public")),
        share_days=_number(values, "SHARE_DAYS", 0.01, 365),
        log_level=_choice(values, "LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR")),
        log_format=_choice(values, "LOG_FORMAT", ("console", "json")),
        metrics_token=_metrics_token(values["METRICS_TOKEN"]),
        metrics_port=int(_number(values, "METRICS_PORT", 0, 65535)),
        read_only=_switch(values, "READ_ONLY"),
        people_without_scope=_choice(values, "PEOPLE_WITHOUT_SCOPE", ("everything", "nothing")),
        history=_choice(values, "HISTORY", ("all", "failed", "looked-at", "none")),
        keep_days=_number(values, "KEEP_DAYS", 0, 36_500),
        keep_mb=_number(values, "KEEP_MB", 0, 1e9),
        decisions_dir=_folder(values, "DECISIONS_DIR"),
        keep_alive_hours=_number(values, "KEEP_ALIVE_HOURS", 0, 8_784),
    )


def _is_sqlite(database: dict[str, Any]) -> bool:
    return bool(database["ENGINE"] == "django.db.backends.sqlite3")


def _database(url: str) -> dict[str, Any]:
    sentence = "DATABASE_URL must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME."
    try:
        database: dict[str, Any] = environ.Env.db_url_config(url)
    except Exception as error:
        raise BadEnvironment(sentence) from error
    if not database.get("NAME") or database.get("ENGINE") not in (
        "django.db.backends.sqlite3",
        "django.db.backends.postgresql",
    ):
        raise BadEnvironment(sentence)
    # Transactions and connections are our own affair; what else follows a "?" is for the driver.
    for name in ("ATOMIC_REQUESTS", "AUTOCOMMIT", "CONN_MAX_AGE", "CONN_HEALTH_CHECKS"):
        database.pop(name, None)
    if _is_sqlite(database):
        _make_folder(database["NAME"])
        # One writer at a time, who waits for its turn instead of failing with "database is locked".
        database["OPTIONS"] = {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-20000;",
        }
    else:
        database["OPTIONS"] = {**database.get("OPTIONS", {}), "pool": {"min_size": 1, "max_size": 12, "timeout": 5}}
        # The server may have been restarted since a connection was put back: none of those is handed out.
        database["CONN_HEALTH_CHECKS"] = True
    return database


def _make_folder(name: str) -> None:
    if name == ":memory:":
        return
    try:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadEnvironment(f"DATABASE_URL names a folder that cannot be made: {error}.") from error


def _secret_key(given: str, *, alone: bool) -> str:
    if given:
        if len(given) < 32:
            raise BadEnvironment("SECRET_KEY must have at least 32 characters.")
        return given
    if not alone:
        raise BadEnvironment("SECRET_KEY must be set when DATABASE_URL or REDIS_URL is: all processes share it.")
    kept = VAR / "secret-key"
    try:
        if not kept.exists() or kept.stat().st_size < 32:
            _keep_key(kept)
        return kept.read_text()
    except (OSError, ValueError) as error:
        raise BadEnvironment(f"SECRET_KEY is not set and none can be kept in {kept}: {error}.") from error


def _metrics_token(given: str) -> str:
    """Sent in a header, hence printable ASCII without spaces."""
    if given and (len(given) < 16 or not given.isascii() or not given.isprintable() or " " in given):
        raise BadEnvironment("METRICS_TOKEN must have at least 16 characters: ASCII, without spaces.")
    return given


def _keep_key(kept: Path) -> None:
    """Write a new key in one go: another process may be about to read it, or to make one as well."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    made = kept.with_name(f"{kept.name}.{os.getpid()}")
    made.unlink(missing_ok=True)
    made.touch(mode=0o600)
    made.write_text(secrets.token_urlsafe(48))
    if kept.exists() and kept.stat().st_size < 32:
        kept.unlink(missing_ok=True)  # left by a process that was killed
    with contextlib.suppress(FileExistsError):
        os.link(made, kept)
    made.unlink()


def _url(values: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str:
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


def _redis_url(values: Mapping[str, str]) -> str:
    """The path of Redis's URL, if any, is the number of a database."""
    value = _url(values, "REDIS_URL", ("redis", "rediss"))
    number = urlsplit(value).path.strip("/")
    if number and not (number.isascii() and number.isdigit()):
        raise BadEnvironment("REDIS_URL must end in the number of a database, as in redis://HOST:PORT/0.")
    return value


def _hosts(values: Mapping[str, str]) -> list[str]:
    hosts = _words(values["ALLOWED_HOSTS"])
    for host in hosts:
        if "/" in host or (":" in host and not (host.startswith("[") and host.endswith("]"))):
            raise BadEnvironment(f"ALLOWED_HOSTS must list names without scheme or port, not {host!r}.")
    if not hosts:
        raise BadEnvironment("ALLOWED_HOSTS must name a host at least.")
    return hosts


def _file(values: Mapping[str, str], name: str) -> str:
    path = values[name]
    if path and not Path(path).is_file():
        raise BadEnvironment(f"{name} must be the path of a file that can be read, not {path!r}.")
    return path


def _folder(values: Mapping[str, str], name: str) -> str:
    path = values[name]
    if path and not Path(path).is_dir():
        raise BadEnvironment(f"{name} must be the path of a folder, not {path!r}.")
    return path


def _switch(values: Mapping[str, str], name: str) -> bool:
    try:
        return SWITCHES[values[name].lower()]
    except KeyError:
        raise BadEnvironment(f"{name} must be on or off, not {values[name]!r}.") from None


def _number(values: Mapping[str, str], name: str, least: float, most: float) -> float:
    try:
        number = float(values[name])
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise BadEnvironment(f"{name} must be a number from {least:g} to {most:g}, not {values[name]!r}.")
    return number


def _choice(values: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    for choice in choices:
        if values[name].lower() == choice.lower():
            return choice
    raise BadEnvironment(f"{name} must be one of {', '.join(choices)}, not {values[name]!r}.")


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def _origins(values: Mapping[str, str]) -> list[str]:
    origins = _words(values["CSRF_TRUSTED_ORIGINS"])
    for origin in origins:
        scheme, mark, host = origin.partition("://")
        if scheme not in ("http", "https") or not mark or not host or "/" in host:
            raise BadEnvironment(f"CSRF_TRUSTED_ORIGINS must list origins such as https://host, not {origin!r}.")
    return origins
