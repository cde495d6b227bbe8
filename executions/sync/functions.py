"""Which durable functions there are."""

import datetime as dt

from django.db import transaction

from executions.gateway import answers, lambda_api
from executions.gateway.configuration import configured
from executions.gateway.connections import reach
from executions.gateway.errors import GatewayError
from executions.models import Connection, Function
from executions.sync import closing, trouble
from executions.sync.columns import number, text

SCOPE = "list functions"
LAST = 2**63
"""Beyond every primary key."""


def connection_rows(*, now: dt.datetime) -> list[Connection]:
    """A row for each configured connection, made when it is first needed. Others are marked, and asked no more."""
    names = [one.name for one in configured()]
    for left in Connection.objects.exclude(name__in=names).filter(gone_at=None):
        with transaction.atomic():
            Connection.objects.filter(pk=left.pk).update(gone_at=now)
            closing.unconfigured(left, now=now)
    rows = [Connection.objects.get_or_create(name=name)[0] for name in names]
    for back in (row for row in rows if row.gone_at is not None):
        with transaction.atomic():
            Connection.objects.filter(pk=back.pk).update(gone_at=None)
            closing.configured_again(back, now=now)
    return rows


def discover(row: Connection, *, now: dt.datetime) -> int:
    """Bring one connection's list of functions up to date; -> how many are new. Raises GatewayError after noting it."""
    try:
        with trouble.understood("The list of functions"):
            connection = reach(row.name)
            listed = lambda_api.list_functions(connection)
            found = {item.arn: item for item in listed if connection.settings.wants(item.name)}
            new = _save_all(row, found, now=now)
    except GatewayError as error:
        trouble.note(row, SCOPE, error, now=now)
        raise
    Connection.objects.filter(pk=row.pk).update(swept_at=now, region=text(connection.region, 40))
    trouble.clear(row, SCOPE)
    return new


def _save_all(row: Connection, found: dict[str, answers.FunctionConfiguration], *, now: dt.datetime) -> int:
    """-> how many are new. Those that are not among them any more are marked."""
    with transaction.atomic():
        known = {function.arn: function for function in Function.objects.filter(connection=row)}
        # Locked in order, as every other writer of several does.
        for item in sorted(found.values(), key=lambda item: known[item.arn].pk if item.arn in known else LAST):
            save(row, item, now=now)
        gone = [function for arn, function in known.items() if arn not in found and function.gone_at is None]
        Function.objects.filter(pk__in=[function.pk for function in gone]).update(gone_at=now)
    for function in gone:
        trouble.forget(function)
    return len(found.keys() - known.keys())


def save(row: Connection, item: answers.FunctionConfiguration, *, now: dt.datetime) -> Function:
    """Insert or update one function; a new one is due for listing at once."""
    values = {
        "connection": row,
        "name": text(item.name, 140),
        "description": text(item.description, 300),
        "runtime": text(item.runtime, 60),
        "memory_mb": number(item.memory_mb),
        "timeout_seconds": number(item.timeout_seconds),
        "execution_timeout_seconds": number(item.execution_timeout_seconds),
        "retention_days": number(item.retention_days),
        "kms_key_arn": text(item.kms_key_arn, 300),
        "modified_at": text(item.modified_at, 40),
        "gone_at": None,
    }
    function, _ = Function.objects.update_or_create(
        arn=item.arn, defaults=values, create_defaults={**values, "list_due_at": now}
    )
    return function
