"""What may be done to an execution, and what may be started."""

import datetime as dt
from typing import Any

from django.db.models import Q
from django.utils import timezone

from executions.actions.permissions.roles import PAUSE, PREPARE, REMOVE, START, STOP
from executions.actions.permissions.verdicts import IMPORTED, YES, Verdict, may_here, may_on, reaches
from executions.actions.scopes import reach_of
from executions.domain.statuses import OUTCOMES, is_terminal
from executions.models import Execution, Function, MissingOperation

FORGET_MISSING = dt.timedelta(days=1)
"""After this long a backend is asked again for what it did not know: it may have been brought up to date."""


def can_stop(user: Any, execution: Execution) -> Verdict:
    return may_here(user, STOP, execution, "stop executions") and _going_on(execution)


def can_pause(user: Any, execution: Execution) -> Verdict:
    if not (may := may_here(user, PAUSE, execution, "pause executions")):
        return may
    if not (going := _going_on(execution)):
        return going
    if execution.status in ("PAUSING", "PAUSED"):
        return Verdict(False, "This execution is paused already.")
    return _known(execution, "pause")


def can_resume(user: Any, execution: Execution) -> Verdict:
    if not (may := may_here(user, PAUSE, execution, "resume executions")):
        return may
    if not (going := _going_on(execution)):
        return going
    if execution.status not in ("PAUSING", "PAUSED"):
        return Verdict(False, "This execution is not paused.")
    return _known(execution, "resume")


def can_delete(user: Any, execution: Execution) -> Verdict:
    if not (may := may_here(user, REMOVE, execution, "delete executions")):
        return may
    if execution.is_imported:
        return IMPORTED
    if not is_terminal(execution.status):
        return Verdict(False, "AWS deletes only executions that have ended: stop it first.")
    if execution.gone_at is not None:
        return Verdict(False, "AWS no longer has this execution.")
    if execution.status == "DELETING":
        return Verdict(False, "AWS is deleting it already.")
    if not (reached := reaches(execution.function.connection)):
        return reached
    return _known(execution, "delete")


def can_start(user: Any, function: Function) -> Verdict:
    if not (may := may_on(user, START, function.pk, "start executions")):
        return may
    if function.gone_at is not None:
        return Verdict(False, "AWS no longer has this function.")
    return reaches(function.connection)


def can_prepare(user: Any, function: Function) -> Verdict:
    return may_on(user, PREPARE, function.pk, "store prepared events")


def able(user: Any, kind: str) -> Q:
    """The executions to which this can be done, as far as their rows tell: what the verdicts above say of one."""
    paused, ended = Q(status__in=["PAUSING", "PAUSED"]), Q(status__in=[*OUTCOMES, "DELETING"])
    states = {
        "stop": ~ended,
        "pause": ~ended & ~paused,
        "resume": paused,
        "delete": Q(status__in=OUTCOMES),
    }
    reach = reach_of(user)
    there = Q(gone_at=None, function__connection__gone_at=None)
    if not reach.is_limited:
        return states[kind] & there
    return states[kind] & there & Q(function__in=reach.acts)


def _going_on(execution: Execution) -> Verdict:
    if execution.is_imported:
        return IMPORTED
    if is_terminal(execution.status):
        return Verdict(False, "This execution has ended already.")
    if execution.gone_at is not None:
        return Verdict(False, "AWS no longer has this execution.")
    return reaches(execution.function.connection)


def _known(execution: Execution, kind: str) -> Verdict:
    """Whether the backend has this operation, as far as it has told."""
    missing = MissingOperation.objects.filter(
        connection=execution.function.connection_id, kind=kind, since__gt=timezone.now() - FORGET_MISSING
    )
    if missing.exists():
        why = f"The backend behind this connection cannot {kind} executions: it does not know the call."
        return Verdict(False, why, lasting=True)
    return YES
