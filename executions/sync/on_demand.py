"""Reading from AWS while somebody waits for a page: bounded in time, through the same path as all other reading."""

import datetime as dt
import time

from executions.domain.arns import ExecutionArn
from executions.domain.lanes import Lane
from executions.domain.statuses import is_terminal
from executions.gateway import budget
from executions.gateway.errors import GatewayError, NotFound
from executions.models import Execution
from executions.sync import executions, history

__all__ = ["GatewayError", "NotFound", "complete_history", "find", "trace_header"]
PATIENCE = 10.0
"""Seconds after which the person is told to come back."""


def find(arn: ExecutionArn, *, now: dt.datetime) -> Execution:
    """The execution with this ARN, read from AWS first when the mirror does not know it. Raises GatewayError."""
    known = Execution.objects.filter(arn=str(arn)).first()
    if known:
        return known
    with budget.lane(Lane.INTERACTIVE):
        return executions.read_one(arn, now=now)


def trace_header(execution: Execution) -> str:
    """What X-Ray knows the execution by; "" when it is not traced. Raises GatewayError."""
    with budget.lane(Lane.INTERACTIVE):
        return executions.trace_header(execution)


def complete_history(execution: Execution, *, now: dt.datetime) -> Execution:
    """Bring the history up to date unless nothing can be missing; -> the fresh row. Raises GatewayError."""
    if execution.history_complete or execution.gone_at:
        return execution
    deadline = time.monotonic() + PATIENCE
    with budget.lane(Lane.INTERACTIVE):
        pulled = history.pull(execution, now=now, deadline=deadline)
        fresh = Execution.objects.select_related("function__connection").get(pk=execution.pk)
        if is_terminal(fresh.status) and not fresh.history_complete and pulled.new_events:
            history.pull(fresh, now=now, deadline=deadline)
            fresh.refresh_from_db()
    return fresh
