"""Who may do what, decided once: the same verdict shows a button, explains its absence and guards its endpoint."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from executions.domain.statuses import is_terminal
from executions.models import ActionRecord, Callback, Execution

VIEW = "executions.view_execution"
STOP = "executions.stop_executions"
HEARTBEAT = "executions.heartbeat_callbacks"
ANSWER = "executions.answer_callbacks"
AUDIT = "executions.read_audit"
SHARE = "executions.share_executions"
IMPORT = "executions.import_histories"
DISCARD = "executions.delete_execution"

ROLES: dict[str, tuple[str, ...]] = {
    "viewer": (VIEW,),
    "operator": (VIEW, STOP, HEARTBEAT, AUDIT, SHARE, IMPORT),
    "approver": (VIEW, STOP, HEARTBEAT, AUDIT, SHARE, IMPORT, ANSWER),
    "admin": (VIEW, STOP, HEARTBEAT, AUDIT, SHARE, IMPORT, ANSWER, DISCARD),
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
    if not user.has_perm(STOP):
        return _no("stop executions")
    if execution.imported_at is not None:
        return Verdict(False, "This execution was imported: AWS does not know it from here.")
    if is_terminal(execution.status):
        return Verdict(False, "This execution has ended already.")
    return YES if execution.gone_at is None else Verdict(False, "AWS no longer has this execution.")


def can_heartbeat(user: Any, callback: Callback) -> Verdict:
    return _open(callback) if user.has_perm(HEARTBEAT) else _no("send heartbeats")


def can_answer(user: Any, callback: Callback) -> Verdict:
    if not user.has_perm(ANSWER):
        return _no("answer callbacks")
    if answered := answer_of(callback):
        return Verdict(False, f"{answered.username} {answered.get_kind_display()} ({answered.get_outcome_display()}).")
    return _open(callback)


def can_share(user: Any) -> Verdict:
    """Who may make share links may also see and revoke everybody's: a leaked one cannot wait for its maker."""
    if settings.SHARE_LINKS == "off":
        return Verdict(False, "Share links are switched off here.", forbidden=True)
    return YES if user.has_perm(SHARE) else _no("share executions")


def can_import(user: Any) -> Verdict:
    return YES if user.has_perm(IMPORT) else _no("import histories")


def can_discard(user: Any, execution: Execution) -> Verdict:
    """An imported history may be removed by who imported it and by admins; what is mirrored is nobody's to remove."""
    if execution.imported_at is None:
        return Verdict(False, "This execution is mirrored from AWS; only imported ones can be removed.")
    mine = user.has_perm(IMPORT) and user.pk is not None and execution.imported_by_id == user.pk
    return YES if mine or user.has_perm(DISCARD) else _no("remove what others have imported")


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


def _no(what: str) -> Verdict:
    return Verdict(False, f"Your role does not let you {what}.", forbidden=True)
