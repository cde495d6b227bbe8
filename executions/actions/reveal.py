"""Somebody looks at a payload with the secrets in it: allowed to few, and on record before it is shown."""

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction

from executions.actions import permissions
from executions.actions.perform import Actor, NotAllowed
from executions.models import ActionRecord, Execution
from executions.sync.columns import text

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
    """Raises NotAllowed. A form that is sent twice leaves one record."""
    verdict = permissions.can_reveal(actor.user)
    if not verdict:
        raise NotAllowed(verdict)
    try:
        with transaction.atomic(durable=True):
            ActionRecord.objects.create(
                token=actor.token,
                kind=ActionRecord.Kind.REVEAL,
                outcome=ActionRecord.Outcome.ACCEPTED,
                user=actor.user,
                username=actor.user.get_username(),
                address=actor.address,
                user_agent=text(actor.user_agent, 300),
                execution=execution,
                execution_arn=execution.arn,
                request={"EventId": event_id},
                reason=actor.reason,
                answer=f"The payload of event {event_id}. Nothing was sent to AWS.",
                created_at=now,
                finished_at=now,
            )
    except IntegrityError:
        if not ActionRecord.objects.filter(token=actor.token, user=actor.user, execution=execution).exists():
            raise
