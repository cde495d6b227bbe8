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

import environ

from dashboard.env import notices as env_notices
from dashboard.env import people as env_people
from dashboard.env.checks import (
    BadEnvironment,
    address,
    choice,
    file,
    folder,
    hosts,
    number,
    origins,
    redis_url,
    secret_names,
    switch,
    url,
)
from executions.domain.addresses import Network

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var"

VARIABLES: dict[str, str] = {
    "DATABASE_URL": f"sqlite:///{VAR / 'durascope.sqlite3'}",
    "REDIS_URL": "",
    "SECRET_KEY": "",
    "DEBUG": "off",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    "CSRF_TRUSTED_ORIGINS": "",
    "PUBLIC_URL": "",
    "BEHIND_HTTPS": "off",
    "CONNECTIONS_FILE": "",
    "BUDGET_SHARE": "0.5",
    "CALLBACK_RESULT_LIMIT": "1048576",
    "REDACT_KEYS": "",
    "SHARE_LINKS": "login",
    "SHARE_DAYS": "30",
    "IMPORT_MB": "32",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "console",
    "METRICS_TOKEN": "",
    "METRICS_PORT": "0",
    "METRICS_HOST": "127.0.0.1",
    "READ_ONLY": "off",
    "PEOPLE_WITHOUT_SCOPE": "everything",
    "LOCAL_ACCOUNTS": "on",
    "MFA_REQUIRED": "",
    "OIDC_ISSUER": "",
    "OIDC_CLIENT_ID": "",
    "OIDC_CLIENT_SECRET": "",
    "OIDC_NAME": "single sign-on",
    "OIDC_SCOPES": "openid profile email",
    "OIDC_USERNAME_CLAIM": "preferred_username",
    "OIDC_GROUPS_CLAIM": "groups",
    "OIDC_GROUPS": "",
    "HISTORY": "all",
    "KEEP_DAYS": "0",
    "KEEP_MB": "0",
    "PUSH_QUEUE_URL": "",
    "DECISIONS_DIR": "",
    "KEEP_ALIVE_HOURS": "8",
    "EMAIL_URL": "",
    "EMAIL_FROM": "durascope@localhost",
    "NOTIFY_NETWORKS": "",
    "AWS_ENDPOINT_URL_LAMBDA": "",
    "AWS_ENDPOINT_URL_SQS": "",
}


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
    import_mb: float = 32
    log_level: str = "INFO"
    log_format: str = "console"
    metrics_token: str = ""
    metrics_port: int = 0
    metrics_host: str = "127.0.0.1"
    read_only: bool = False
    people_without_scope: str = "everything"
    local_accounts: bool = True
    mfa_required: frozenset[str] = frozenset()
    oidc: env_people.Oidc | None = None
    history: str = "all"
    keep_days: float = 0
    keep_mb: float = 0
    decisions_dir: str = ""
    keep_alive_hours: float = 8
    public_url: str = ""
    email: dict[str, Any] = field(default_factory=dict)
    email_from: str = "durascope@localhost"
    notify_networks: list[Network] = field(default_factory=list)

    @property
    def embedded(self) -> bool:
        """Without Redis the web process also runs worker, beat, budget and live feed."""
        return not self.redis_url


def read(source: Mapping[str, str]) -> Environment:
    """Read and check every variable in `source` (usually os.environ)."""
    values = {name: source.get(name, "").strip() or default for name, default in VARIABLES.items()}
    database = _database(values["DATABASE_URL"])
    for name in ("AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_SQS"):
        url(values, name, ("http", "https"))
    return Environment(
        database=database,
        redis_url=redis_url(values),
        secret_key=_secret_key(values["SECRET_KEY"], alone=_is_sqlite(database) and not values["REDIS_URL"]),
        debug=switch(values, "DEBUG"),
        allowed_hosts=hosts(values),
        csrf_trusted_origins=origins(values),
        behind_https=switch(values, "BEHIND_HTTPS"),
        connections_file=file(values, "CONNECTIONS_FILE"),
        budget_share=number(values, "BUDGET_SHARE", 0.07, 1.0),
        callback_result_limit=int(number(values, "CALLBACK_RESULT_LIMIT", 1, 6 * 1024 * 1024)),
        push_queue_url=url(values, "PUSH_QUEUE_URL", ("http", "https")),
        redact_keys=secret_names(values),
        share_links=choice(values, "SHARE_LINKS", ("off", "login", "public")),
        import_mb=number(values, "IMPORT_MB", 0, 256),
        share_days=number(values, "SHARE_DAYS", 0.01, 365),
        log_level=choice(values, "LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR")),
        log_format=choice(values, "LOG_FORMAT", ("console", "json")),
        metrics_token=_metrics_token(values["METRICS_TOKEN"]),
        metrics_port=int(number(values, "METRICS_PORT", 0, 65535)),
        metrics_host=address(values, "METRICS_HOST"),
        read_only=switch(values, "READ_ONLY"),
        people_without_scope=choice(values, "PEOPLE_WITHOUT_SCOPE", ("everything", "nothing")),
        local_accounts=env_people.local_accounts(values),
        mfa_required=env_people.mfa_required(values),
        oidc=env_people.oidc(values),
        history=choice(values, "HISTORY", ("all", "failed", "looked-at", "none")),
        keep_days=number(values, "KEEP_DAYS", 0, 36_500),
        keep_mb=number(values, "KEEP_MB", 0, 1e9),
        decisions_dir=folder(values, "DECISIONS_DIR"),
        keep_alive_hours=number(values, "KEEP_ALIVE_HOURS", 0, 8_784),
        public_url=url(values, "PUBLIC_URL", ("http", "https")).rstrip("/"),
        email=env_notices.mail_server(values),
        email_from=env_notices.sender(values),
        notify_networks=env_notices.networks(values),
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
        # One writer at a time, who waits for its turn instead of failing with "database is locked". The cache, here of
        # 250 KB, is each connection's own, a request or task each, and as many as there are threads: the system caches
        # the file, so that a larger one makes no page faster, but the process larger the more there is in the file.
        database["OPTIONS"] = {
            "timeout": 30,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-250;",
        }
    else:
        # Whoever asks waits for five seconds. While the server is away a pool tries ever more rarely, for minutes, and
        # lets everybody wait for its next try: it is to give up soon, so that the next who asks makes it try at once.
        pool = {"min_size": 1, "max_size": 12, "timeout": 5, "reconnect_timeout": 2}
        database["OPTIONS"] = {**database.get("OPTIONS", {}), "pool": pool}
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
