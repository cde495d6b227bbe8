"""Who may do what, decided once: the same verdict shows a button, explains its absence and guards its endpoint."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from executions.actions.scopes import may_act_on, reach_of
from executions.decision_forms import form_of
from executions.domain import imports
from executions.domain.decisions import Form
from executions.domain.statuses import OUTCOMES, is_terminal
from executions.models import ActionRecord, Callback, Connection, Execution, Function, MissingOperation, Scope

VIEW = "executions.view_execution"
START = "executions.start_executions"
STOP = "executions.stop_executions"
PAUSE = "executions.pause_executions"
REMOVE = "executions.remove_executions"
BULK = "executions.act_in_bulk"
PREPARE = "executions.prepare_events"
HEARTBEAT = "executions.heartbeat_callbacks"
ANSWER = "executions.answer_callbacks"
AUDIT = "executions.read_audit"
REVEAL = "executions.reveal_secrets"
SHARE = "executions.share_executions"
IMPORT = "executions.import_histories"
DECISIONS = "executions.write_decisions"
PEOPLE = "auth.change_user"
"""To see and end others' sessions, and the like. Django's own; of our roles only admin, a superuser, has it."""
NOTICES = "executions.write_notices"
BULK_KINDS = {"stop": STOP, "pause": PAUSE, "resume": PAUSE, "delete": REMOVE}
"""What can be done to many at once, and the permission that it needs besides BULK."""
ANSWERS = ("succeed", "fail")
"""What can be done to many callbacks at once: whoever answers one may answer several alike."""
FORGET_MISSING = dt.timedelta(days=1)
"""After this long a backend is asked again for what it did not know: it may have been brought up to date."""

ROLES: dict[str, tuple[str, ...]] = {
    "viewer": (VIEW,),
    "operator": (VIEW, STOP, PAUSE, HEARTBEAT, AUDIT, SHARE, IMPORT),
    "approver": (VIEW, STOP, PAUSE, HEARTBEAT, AUDIT, SHARE, IMPORT, ANSWER),
    "admin": (
        VIEW,
        STOP,
        PAUSE,
        HEARTBEAT,
        AUDIT,
        SHARE,
        IMPORT,
        ANSWER,
        START,
        REMOVE,
        BULK,
        PREPARE,
        REVEAL,
        DECISIONS,
        NOTICES,
    ),
}
"""The groups that a migration makes. An admin may also manage users, as a superuser of Django's command line."""


@dataclass(frozen=True)
class Verdict:
    """`why` says in a sentence why something is not possible; `forbidden` when it is the person who may not,
    `lasting` when the backend cannot do it at all: its button stays, and says so.
    """

    allowed: bool
    why: str = ""
    forbidden: bool = False
    lasting: bool = False

    def __bool__(self) -> bool:
        return self.allowed


YES = Verdict(True)
READ_ONLY = Verdict(False, "This installation is read-only: nothing can be changed from here.", forbidden=True)

_CLOSED = {
    "SUCCEEDED": "This callback is closed: it was answered with success.",
    "FAILED": "This callback is closed: it was answered with failure, or its heartbeats ended.",
    "TIMED_OUT": "This callback is closed: its time ran out.",
}
IMPORTED = Verdict(False, "This execution was imported from a file: there is nothing at AWS that could be acted on.")


def can_view(user: Any) -> Verdict:
    return YES if user.has_perm(VIEW) else _no("see executions")


def can_reveal(user: Any) -> Verdict:
    return YES if user.has_perm(REVEAL) else _no("see the secrets in payloads")


def can_read_audit(user: Any) -> Verdict:
    return YES if user.has_perm(AUDIT) else _no("read what others did")


def can_stop(user: Any, execution: Execution) -> Verdict:
    return _may(user, STOP, execution, "stop executions") and _going_on(execution)


def can_pause(user: Any, execution: Execution) -> Verdict:
    if not (may := _may(user, PAUSE, execution, "pause executions")):
        return may
    if not (going := _going_on(execution)):
        return going
    if execution.status in ("PAUSING", "PAUSED"):
        return Verdict(False, "This execution is paused already.")
    return _known(execution, "pause")


def can_resume(user: Any, execution: Execution) -> Verdict:
    if not (may := _may(user, PAUSE, execution, "resume executions")):
        return may
    if not (going := _going_on(execution)):
        return going
    if execution.status not in ("PAUSING", "PAUSED"):
        return Verdict(False, "This execution is not paused.")
    return _known(execution, "resume")


def can_delete(user: Any, execution: Execution) -> Verdict:
    if not (may := _may(user, REMOVE, execution, "delete executions")):
        return may
    if execution.is_imported:
        return IMPORTED
    if not is_terminal(execution.status):
        return Verdict(False, "AWS deletes only executions that have ended: stop it first.")
    if execution.gone_at is not None:
        return Verdict(False, "AWS no longer has this execution.")
    if execution.status == "DELETING":
        return Verdict(False, "AWS is deleting it already.")
    if not (reached := _reached(execution.function.connection)):
        return reached
    return _known(execution, "delete")


def can_heartbeat(user: Any, callback: Callback) -> Verdict:
    may = _may(user, HEARTBEAT, callback.execution, "send heartbeats")
    return _open(callback) if may else may


def can_answer(user: Any, callback: Callback, forms: list[Form] | None = None) -> Verdict:
    """By role, scope and the policy of its decision form; `forms`: all of them, when they have been read already."""
    if not (may := can_claim(user, callback)):
        return may
    form = form_of(callback, forms)
    return Verdict(False, why) if form and (why := against(user, callback.execution, form)) else YES


def can_claim(user: Any, callback: Callback) -> Verdict:
    """Say that one is at it, or that one is no longer."""
    if not (may := _may(user, ANSWER, callback.execution, "answer callbacks")):
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


def can_share(user: Any, execution: Execution | None = None) -> Verdict:
    """Make, see and revoke share links, to this execution or at all. Everybody's: a leaked one cannot wait for its
    maker.
    """
    if settings.SHARE_LINKS == "off":
        return Verdict(False, "Share links are switched off here.", forbidden=True)
    if execution is not None:
        return _may(user, SHARE, execution, "share executions")
    return YES if user.has_perm(SHARE) else _no("share executions")


def can_write_notices(user: Any, group_id: int | None = None) -> Verdict:
    """Write, test and remove notification rules, at all or of this group. Whoever is limited to scopes: of their own
    groups that have some, because a group without any may see more than they do.
    """
    if settings.READ_ONLY:
        return READ_ONLY
    if not user.has_perm(NOTICES):
        return _no("write notification rules")
    if group_id is None or not reach_of(user).is_limited:
        return YES
    if Scope.objects.filter(group=group_id, group__user=user).exists():
        return YES
    return Verdict(False, "This rule's group sees more than you do: somebody else has to change it.", forbidden=True)


def still_shares(maker: Any, execution: Execution) -> bool:
    """Whether a link that somebody has made goes on to open, also while nothing can be changed."""
    return bool(maker.has_perm(SHARE) and reach_of(maker).may_act(execution.function_id))


def can_import(user: Any, function_name: str = "") -> Verdict:
    """Import histories and remove them; where the function is named, also by the scopes of the person's groups."""
    if settings.READ_ONLY:
        return READ_ONLY
    if not user.has_perm(IMPORT):
        return _no("import histories")
    if not function_name or may_act_on(user, imports.CONNECTION, function_name):
        return YES
    why = f"Your groups do not let you act on {function_name[:140]} in the connection {imports.CONNECTION!r}."
    return Verdict(False, why, forbidden=True)


def answer_of(callback: Callback) -> ActionRecord | None:
    """The answer that somebody sent from here, unless AWS refused it. Lists prefetch `actions`, so they are sifted
    here.
    """
    return answer_in(callback.actions.all())


def answer_in(records: Iterable[ActionRecord]) -> ActionRecord | None:
    """The same, of the records of one callback."""
    given = (one for one in records if one.kind in ANSWERS and one.outcome != ActionRecord.Outcome.REFUSED)
    return next(given, None)


def can_start(user: Any, function: Function) -> Verdict:
    if not (may := _may_on(user, START, function.pk, "start executions")):
        return may
    if function.gone_at is not None:
        return Verdict(False, "AWS no longer has this function.")
    return _reached(function.connection)


def can_prepare(user: Any, function: Function) -> Verdict:
    return _may_on(user, PREPARE, function.pk, "store prepared events")


def can_write_decisions(user: Any) -> Verdict:
    if settings.READ_ONLY:
        return READ_ONLY
    return YES if user.has_perm(DECISIONS) else _no("write decision forms")


def can_act_in_bulk(user: Any, kind: str) -> Verdict:
    if settings.READ_ONLY:
        return READ_ONLY
    if kind in ANSWERS:
        return YES if user.has_perm(ANSWER) else _no("answer callbacks")
    if not user.has_perm(BULK):
        return _no("act on many executions at once")
    return YES if user.has_perm(BULK_KINDS[kind]) else _no(f"{kind} executions")


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


def answerable(user: Any) -> Q:
    """The open callbacks that this person may try to answer, as far as rows tell: what `can_claim` says of one."""
    given = ActionRecord.objects.filter(callback=OuterRef("pk"), kind__in=ANSWERS)
    may = Q(~Exists(given.exclude(outcome=ActionRecord.Outcome.REFUSED)), status="STARTED")
    reach = reach_of(user)
    return may & Q(function__in=reach.acts) if reach.acts is not None else may


def _going_on(execution: Execution) -> Verdict:
    if execution.is_imported:
        return IMPORTED
    if is_terminal(execution.status):
        return Verdict(False, "This execution has ended already.")
    if execution.gone_at is not None:
        return Verdict(False, "AWS no longer has this execution.")
    return _reached(execution.function.connection)


def _reached(connection: Connection) -> Verdict:
    if connection.gone_at is None:
        return YES
    return Verdict(False, f"The connection {connection.name} is not configured any more: nothing can be sent.")


def _known(execution: Execution, kind: str) -> Verdict:
    """Whether the backend has this operation, as far as it has told."""
    missing = MissingOperation.objects.filter(
        connection=execution.function.connection_id, kind=kind, since__gt=timezone.now() - FORGET_MISSING
    )
    if missing.exists():
        why = f"The backend behind this connection cannot {kind} executions: it does not know the call."
        return Verdict(False, why, lasting=True)
    return YES


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
    if not (reached := _reached(execution.function.connection)):
        return reached
    return Verdict(False, "AWS does not tell of this callback any more.")


def _may(user: Any, permission: str, execution: Execution, what: str) -> Verdict:
    return _may_on(user, permission, execution.function_id, what)


def _may_on(user: Any, permission: str, function_id: int, what: str) -> Verdict:
    """By role, and by the scopes of the person's groups."""
    if settings.READ_ONLY:
        return READ_ONLY
    if not user.has_perm(permission):
        return _no(what)
    if reach_of(user).may_act(function_id):
        return YES
    return Verdict(False, f"Your groups let you see this function, but not {what} of it.", forbidden=True)


def _no(what: str) -> Verdict:
    return Verdict(False, f"Your role does not let you {what}.", forbidden=True)
