"""Which durable functions there are."""

import datetime as dt

from django.db import transaction

from executions.gateway import lambda_api
from executions.gateway.connections import ambient
from executions.gateway.errors import GatewayError
from executions.models import Connection, Function
from executions.sync import trouble

SCOPE = "list functions"


def connection_row() -> Connection:
    """The row of the ambient connection, made when it is first needed."""
    row, _ = Connection.objects.get_or_create(name="default")
    return row


def discover(*, now: dt.datetime) -> int:
    """Bring the list of functions up to date; -> how many are new. Raises GatewayError after noting it."""
    row = connection_row()
    try:
        connection = ambient()
        found = {item.arn: item for item in lambda_api.list_functions(connection)}
    except GatewayError as error:
        trouble.note(row, SCOPE, error, now=now)
        raise
    with transaction.atomic():
        known = set(Function.objects.filter(connection=row).values_list("arn", flat=True))
        for item in found.values():
            save(row, item, now=now)
        Function.objects.filter(connection=row, gone_at=None).exclude(arn__in=found).update(gone_at=now)
        Connection.objects.filter(pk=row.pk).update(swept_at=now, region=connection.region)
    trouble.clear(row, SCOPE)
    return len(found.keys() - known)


def save(row: Connection, item: lambda_api.FunctionConfiguration, *, now: dt.datetime) -> Function:
    """Insert or update one function; a new one is due for listing at once."""
    values = {
        "connection": row,
        "name": item.name,
        "description": item.description[:300],
        "runtime": item.runtime,
        "memory_mb": item.memory_mb,
        "timeout_seconds": item.timeout_seconds,
        "execution_timeout_seconds": item.execution_timeout_seconds,
        "retention_days": item.retention_days,
        "kms_key_arn": item.kms_key_arn,
        "modified_at": item.modified_at,
        "gone_at": None,
    }
    function, _ = Function.objects.update_or_create(
        arn=item.arn, defaults=values, create_defaults={**values, "list_due_at": now}
    )
    return function
