"""What AWS does not let us do, kept for the banners: noted when it fails, gone when it works again."""

import datetime as dt

import structlog

from executions.gateway.errors import GatewayError
from executions.models import Connection, Trouble

log = structlog.get_logger(__name__)


def note(connection: Connection, scope: str, error: GatewayError, *, now: dt.datetime) -> None:
    """Keep since when `scope` fails and the latest words for it."""
    _, new = Trouble.objects.update_or_create(
        connection=connection,
        scope=scope,
        defaults={"kind": error.kind, "words": error.words[:500], "remedy": error.remedy[:500]},
        create_defaults={"kind": error.kind, "words": error.words[:500], "remedy": error.remedy[:500], "since": now},
    )
    if new:
        log.warning("aws.trouble", scope=scope, kind=error.kind, words=error.words, aws_request_id=error.request_id)


def clear(connection: Connection, scope: str) -> None:
    """`scope` works. Asks before it deletes: reading is cheap, and SQLite has one writer."""
    found = Trouble.objects.filter(connection=connection, scope=scope)
    if found.exists():
        found.delete()
        log.info("aws.trouble.over", scope=scope)
