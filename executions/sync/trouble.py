"""What AWS does not let us do, kept for the banners: noted when it fails, gone when it works again."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from django.db import InterfaceError, OperationalError

from executions.gateway.budget import stopping
from executions.gateway.errors import (
    GatewayError,
    NotUnderstood,
    OverBudget,
    ServiceTrouble,
    Throttled,
    Unreachable,
)
from executions.models import Connection, Function, Trouble
from executions.sync.columns import text

PASSING = [kind.kind for kind in (Throttled, Unreachable, ServiceTrouble, OverBudget)]
log = structlog.get_logger(__name__)


def listing(function: Function) -> str:
    return f"list executions of {function.name}"


def comparing(function: Function) -> str:
    return f"read executions of {function.name}"


def reading(function: Function) -> str:
    return f"read histories of {function.name}"


@contextmanager
def understood(what: str) -> Iterator[None]:
    """What nobody has foreseen becomes a GatewayError, so that it is shown and delayed like any other, and keeps
    nothing else from its turn. A database that does not answer is no fault of what was read.
    """
    try:
        yield
    except (GatewayError, OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("sync.not_understood", what=what)
        raise NotUnderstood(
            f"{what} cannot be mirrored: {type(error).__name__}.", "The log has the details; please report them."
        ) from error


def note(connection: Connection, scope: str, error: GatewayError, *, now: dt.datetime) -> None:
    """Keep since when `scope` fails and the latest words for it. What passes by itself does not hide what does not.
    Nothing is wrong when it is we who stop.
    """
    lasting = Trouble.objects.filter(connection=connection, scope=scope).exclude(kind__in=PASSING)
    if stopping.is_set() or (error.retry and lasting.exists()):
        return
    said = {"kind": error.kind, "words": text(error.words, 500), "remedy": text(error.remedy, 500)}
    _, new = Trouble.objects.update_or_create(
        connection=connection, scope=scope, defaults=said, create_defaults={**said, "since": now}
    )
    if new:
        log.warning("aws.trouble", scope=scope, kind=error.kind, words=error.words, aws_request_id=error.request_id)


def clear(connection: Connection, scope: str, *, unless: Callable[[], bool] = lambda: False) -> None:
    """`scope` works, `unless` some of it still does not. Asks before it deletes: reading is cheap, and SQLite has one
    writer.
    """
    found = Trouble.objects.filter(connection=connection, scope=scope)
    if found.exists() and not unless():
        found.delete()
        log.info("aws.trouble.over", scope=scope)


def forget(function: Function) -> None:
    """The function is gone, so nothing of it will ever work again."""
    for scope in (listing(function), comparing(function), reading(function)):
        clear(function.connection, scope)
