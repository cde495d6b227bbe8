"""What may be done about a callback: by role, scope, state and the policy of its decision form."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q

from executions.actions.permissions.roles import ANSWER, ANSWERS, HEARTBEAT
from executions.actions.permissions.verdicts import YES, Verdict, may_here, reaches
from executions.actions.scopes import reach_of
from executions.decision_forms import form_of
from executions.domain.decisions import Form
from executions.domain.statuses import is_terminal
from executions.models import ActionRecord, Callback, Execution

_CLOSED = {
    "SUCCEEDED": "This callback is closed: it was answered with success.",
    "FAILED": "This callback is closed: it was answered with failure, or its heartbeats ended.",
    "TIMED_OUT": "This callback is closed: its time ran out.",
}


def can_heartbeat(user: Any, callback: Callback) -> Verdict:
    may = may_here(user, HEARTBEAT, callback.execution, "send heartbeats")
    return _open(callback) if may else may


def can_answer(user: Any, callback: Callback, forms: list[Form] | None = None) -> Verdict:
    """By role, scope and the policy of its decision form; `forms`: all of them, when they have been read already."""
    if not (may := can_claim(user, callback)):
        return may
    form = form_of(callback, forms)
    return Verdict(False, why) if form and (why := against(user, callback.execution, form)) else YES


def can_claim(user: Any, callback: Callback) -> Verdict:
    """Say that one is at it, or that one is no longer."""
    if not (may := may_here(user, ANSWER, callback.execution, "answer callbacks")):
        return may
    if answered := answer_of(callback):
        return Verdict(False, f"{answered.username} {answered.get_kind_display()} ({answered.get_outcome_display()}).")
    return _open(callback)


def may_still_decide(user: Any, callback: Callback, form: Form | None) -> str:
    """Why the vote of somebody does not count any more; "" while it does."""
    if user is None or not user.is_active:
        return "has no account any more"
    if not user.has_perm(ANSWER) or not reach_of(user).may_act(callback.execution.function_id):
        return "may not answer it any more"
    return "may not decide it any more" if form and against(user, callback.execution, form) else ""


def against(user: Any, execution: Execution, form: Form) -> str:
    """What in the policy of a form speaks against this person; "" when nothing does."""
    if why := outside(user, form):
        return why
    if form.not_by_starter and user.pk is not None and user.pk in starters_of(execution):
        return "You have started this execution: somebody else has to decide (four eyes)."
    return ""


def outside(user: Any, form: Form) -> str:
    """Why this person is not among those who decide, whatever the execution; "" when they are."""
    if form.groups and not {group.name for group in user.groups.all()} & set(form.groups):
        names = " or ".join(name for name in form.groups if name)
        return f"Only {names} decides this: you are not in that group." if names else form.instructions
    return ""


def starters_of(execution: Execution) -> set[int | None]:
    """Who started it from here, or perhaps did: while AWS has not said which execution a start has become, all of that
    name are.
    """
    unsaid = Q(execution_arn="", function=execution.function_id, request__DurableExecutionName=execution.name)
    started = ActionRecord.objects.filter(Q(execution_arn=execution.arn) | unsaid, kind=ActionRecord.Kind.START)
    return set(started.exclude(outcome=ActionRecord.Outcome.REFUSED).values_list("user", flat=True))


def answer_of(callback: Callback) -> ActionRecord | None:
    """The answer that somebody sent from here, unless AWS refused it. Lists prefetch `actions`, so they are sifted
    here.
    """
    return answer_in(callback.actions.all())


def answer_in(records: Iterable[ActionRecord]) -> ActionRecord | None:
    """The same, of the records of one callback."""
    given = (one for one in records if one.kind in ANSWERS and one.outcome != ActionRecord.Outcome.REFUSED)
    return next(given, None)


def answerable(user: Any) -> Q:
    """The open callbacks that this person may try to answer, as far as rows tell: what `can_claim` says of one."""
    given = ActionRecord.objects.filter(callback=OuterRef("pk"), kind__in=ANSWERS)
    may = Q(~Exists(given.exclude(outcome=ActionRecord.Outcome.REFUSED)), status="STARTED")
    reach = reach_of(user)
    return may & Q(function__in=reach.acts) if reach.acts is not None else may


def _open(callback: Callback) -> Verdict:
    execution = callback.execution
    if not callback.is_open and callback.status != "NEVER_FINISHED":
        return Verdict(False, _CLOSED.get(callback.status, "This callback is closed."))
    if is_terminal(execution.status):
        return Verdict(False, "The execution ended before this callback was answered.")
    if execution.gone_at is not None:
        return Verdict(False, "AWS no longer has this execution.")
    if callback.is_open:
        return YES
    if not (reached := reaches(execution.function.connection)):
        return reached
    return Verdict(False, "AWS does not tell of this callback any more.")
