"""Who may do what, decided once: the same verdict shows a button, explains its absence and guards its endpoint."""

from dataclasses import dataclass
from typing import Any

from executions.actions.scopes import reach_of
from executions.domain.statuses import is_terminal
from executions.models import ActionRecord, Callback, Execution

VIEW = "executions.view_execution"
STOP = "executions.stop_executions"
HEARTBEAT = "executions.heartbeat_callbacks"
ANSWER = "executions.answer_callbacks"
AUDIT = "executions.read_audit"

ROLES: dict[str, tuple[str, ...]] = {
    "viewer": (VIEW,),
    "operator": (VIEW, STOP, HEARTBEAT, AUDIT),
    "approver": (VIEW, STOP, HEARTBEAT, AUDIT, ANSWER),
    "admin": (VIEW, STOP, HEARTBEAT, AUDIT, ANSWER),
}
"""The groups that a migration makes. An admin may also manage users, as a superuser of Django's command line."""


@dataclass(frozen=True)
class Verdict:
    """`why` says in a sentence why something is not possible; `forbidden` when it is the person who may not."""

    allowed: bool
    why: str = ""
    forbidden: bool = False

    def __bool__(self) -> bool:
        return self.allowed


YES = Verdict(True)


def can_view(user: Any) -> Verdict:
    return YES if user.has_perm(VIEW) else _no("see executions")


def can_read_audit(user: Any) -> Verdict:
    return YES if user.has_perm(AUDIT) else _no("read what others did")


def can_stop(user: Any, execution: Execution) -> Verdict:
    if not (may := _may(user, STOP, execution, "stop executions")):
        return may
    if is_terminal(execution.status):
        return Verdict(False, "This execution has ended already.")
    return YES if execution.gone_at is None else Verdict(False, "AWS no longer has this execution.")


def can_heartbeat(user: Any, callback: Callback) -> Verdict:
    may = _may(user, HEARTBEAT, callback.execution, "send heartbeats")
    return _open(callback) if may else may


def can_answer(user: Any, callback: Callback) -> Verdict:
    if not (may := _may(user, ANSWER, callback.execution, "answer callbacks")):
        return may
    if answered := answer_of(callback):
        return Verdict(False, f"{answered.username} {answered.get_kind_display()} ({answered.get_outcome_display()}).")
    return _open(callback)


def answer_of(callback: Callback) -> ActionRecord | None:
    """The answer that somebody sent from here, unless AWS refused it. Lists prefetch `actions`, so they are sifted
    here.
    """
    answers = (ActionRecord.Kind.SUCCEED, ActionRecord.Kind.FAIL)
    for record in callback.actions.all():
        if record.kind in answers and record.outcome != ActionRecord.Outcome.REFUSED:
            return record
    return None


def _open(callback: Callback) -> Verdict:
    if callback.is_open:
        return YES
    ended = callback.status.replace("_", " ").lower()
    if callback.status == "NEVER_FINISHED":
        return Verdict(False, "The execution ended before this callback was answered.")
    return Verdict(False, f"This callback is closed: it {ended}, without Durascope or by somebody's answer from here.")


def _may(user: Any, permission: str, execution: Execution, what: str) -> Verdict:
    """By role, and by the scopes of the person's groups."""
    if not user.has_perm(permission):
        return _no(what)
    if reach_of(user).may_act(execution.function_id):
        return YES
    return Verdict(False, f"Your groups let you see this function, but not {what} of it.", forbidden=True)


def _no(what: str) -> Verdict:
    return Verdict(False, f"Your role does not let you {what}.", forbidden=True)
