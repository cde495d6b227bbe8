"""Somebody looks at a payload with the secrets in it, or exports the audit trail with them: allowed to few, and on
record before it is shown.
"""

import datetime as dt
from typing import Any

from django.db import transaction

from executions.actions import permissions, records
from executions.actions.perform import NotAllowed
from executions.actions.records import Actor
from executions.actions.results import BadValue
from executions.models import ActionRecord, Execution

LASTS = dt.timedelta(minutes=15)
"""So long after it was put on record a payload can be looked around in."""


def is_on_record(user: Any, execution: Execution, event_id: int, *, now: dt.datetime) -> bool:
    """Whether this person, who may still do so, has just put a look at this payload on record."""
    return (
        bool(permissions.can_reveal(user))
        and ActionRecord.objects.filter(
            user=user,
            kind=ActionRecord.Kind.REVEAL,
            execution=execution,
            request={"EventId": event_id},
            created_at__gt=now - LASTS,
        ).exists()
    )


def reveal(actor: Actor, execution: Execution, event_id: int, *, now: dt.datetime) -> None:
    """Raises NotAllowed, BadValue. A form that is sent twice leaves one record."""
    if not (verdict := permissions.can_reveal(actor.user)):
        raise NotAllowed(verdict)
    words = f"The payload of event {event_id}. Nothing was sent to AWS."
    with transaction.atomic(durable=True):
        records.note(
            actor, ActionRecord.Kind.REVEAL, request={"EventId": event_id}, now=now, answer=words, execution=execution
        )


def export(actor: Actor, query: str, written_as: str, *, now: dt.datetime) -> None:
    """Puts on record that the audit trail is exported with its secrets: as far as the filter `query` lets through, as
    "csv" or "json". Raises NotAllowed, and BadValue for a form that was first sent a while ago.
    """
    for verdict in (permissions.can_read_audit(actor.user), permissions.can_reveal(actor.user)):
        if not verdict:
            raise NotAllowed(verdict)
    asked = {"Filter": query, "Format": written_as}
    words = f"As {written_as.upper()}{f', by the filter {query}' if query else ', all of it'}."
    with transaction.atomic(durable=True):
        record, _ = records.note(actor, ActionRecord.Kind.EXPORT, request=asked, now=now, answer=words)
    if record.created_at <= now - LASTS:
        raise BadValue("token", "This form was sent a while ago. Open it again: each export is put on record.")
