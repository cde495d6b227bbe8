"""Pause an execution, have it go on, delete it at AWS: with the same care as everything in perform.py."""

import datetime as dt

from executions.actions import permissions
from executions.actions.perform import Kind, Outcome, carry_out
from executions.actions.records import Actor
from executions.gateway import lambda_api
from executions.models import ActionRecord, Execution
from executions.sync import retention

MAX_REASON = 1024
"""Characters of a reason that AWS takes."""


def pause(actor: Actor, execution: Execution, *, timeout_too: bool, now: dt.datetime) -> ActionRecord:
    """Nothing runs until it is resumed; waits and callbacks complete all the same. `timeout_too`: the execution
    timeout stands still meanwhile.
    """
    token, reason = str(actor.token), _reason(actor)
    return carry_out(
        actor,
        Kind.PAUSE,
        execution,
        verdict=lambda: permissions.can_pause(actor.user, execution),
        request={
            "DurableExecutionArn": execution.arn,
            "ClientToken": token,
            "Reason": reason,
            "ExecutionTimeoutPaused": timeout_too,
        },
        call=lambda connection: lambda_api.pause_execution(
            connection, execution.arn, token=token, reason=reason, timeout_too=timeout_too
        ),
        now=now,
    )


def resume(actor: Actor, execution: Execution, *, now: dt.datetime) -> ActionRecord:
    """Have a paused execution go on."""
    token, reason = str(actor.token), _reason(actor)
    return carry_out(
        actor,
        Kind.RESUME,
        execution,
        verdict=lambda: permissions.can_resume(actor.user, execution),
        request={"DurableExecutionArn": execution.arn, "ClientToken": token, "Reason": reason},
        call=lambda connection: lambda_api.resume_execution(connection, execution.arn, token=token, reason=reason),
        now=now,
    )


def delete(actor: Actor, execution: Execution, *, purge: bool, now: dt.datetime) -> ActionRecord:
    """Have AWS delete an execution that has ended. `purge`: our copy is removed, too, once AWS has accepted it."""
    record = carry_out(
        actor,
        Kind.DELETE,
        execution,
        verdict=lambda: permissions.can_delete(actor.user, execution),
        request={"DurableExecutionArn": execution.arn},
        call=lambda connection: lambda_api.delete_execution(connection, execution.arn),
        now=now,
        purge=purge,
    )
    if record.purge and record.outcome == Outcome.ACCEPTED:
        retention.remove([execution.pk])
    return record


def _reason(actor: Actor) -> str:
    said = actor.signed()
    if len(said) <= MAX_REASON:
        return said
    signature = f"… (by {actor.user.get_username()})"
    return said[: MAX_REASON - len(signature)] + signature
