"""What depends on who somebody is, on no single execution or callback."""

from typing import Any

from django.conf import settings

from executions.actions.permissions.roles import (
    ANSWER,
    ANSWERS,
    AUDIT,
    BULK,
    BULK_KINDS,
    DECISIONS,
    IMPORT,
    NOTICES,
    REVEAL,
    SHARE,
    VIEW,
)
from executions.actions.permissions.verdicts import READ_ONLY, YES, Verdict, may_here, no
from executions.actions.scopes import may_act_on, reach_of
from executions.domain import imports
from executions.models import Execution, Scope


def can_view(user: Any) -> Verdict:
    return YES if user.has_perm(VIEW) else no("see executions")


def can_reveal(user: Any) -> Verdict:
    return YES if user.has_perm(REVEAL) else no("see the secrets in payloads")


def can_read_audit(user: Any) -> Verdict:
    return YES if user.has_perm(AUDIT) else no("read what others did")


def can_share(user: Any, execution: Execution | None = None) -> Verdict:
    """Make, see and revoke share links, to this execution or at all. Everybody's: a leaked one cannot wait for its
    maker.
    """
    if settings.SHARE_LINKS == "off":
        return Verdict(False, "Share links are switched off here.", forbidden=True)
    if execution is not None:
        return may_here(user, SHARE, execution, "share executions")
    return YES if user.has_perm(SHARE) else no("share executions")


def still_shares(maker: Any, execution: Execution) -> bool:
    """Whether a link that somebody has made goes on to open, also while nothing can be changed."""
    return bool(maker.has_perm(SHARE) and reach_of(maker).may_act(execution.function_id))


def can_write_notices(user: Any, group_id: int | None = None) -> Verdict:
    """Write, test and remove notification rules, at all or of this group. Whoever is limited to scopes: of their own
    groups that have some, because a group without any may see more than they do.
    """
    if settings.READ_ONLY:
        return READ_ONLY
    if not user.has_perm(NOTICES):
        return no("write notification rules")
    if group_id is None or not reach_of(user).is_limited:
        return YES
    if Scope.objects.filter(group=group_id, group__user=user).exists():
        return YES
    return Verdict(False, "This rule's group sees more than you do: somebody else has to change it.", forbidden=True)


def can_import(user: Any, function_name: str = "") -> Verdict:
    """Import histories and remove them; where the function is named, also by the scopes of the person's groups."""
    if settings.READ_ONLY:
        return READ_ONLY
    if not user.has_perm(IMPORT):
        return no("import histories")
    if not function_name or may_act_on(user, imports.CONNECTION, function_name):
        return YES
    why = f"Your groups do not let you act on {function_name[:140]} in the connection {imports.CONNECTION!r}."
    return Verdict(False, why, forbidden=True)


def can_write_decisions(user: Any) -> Verdict:
    if settings.READ_ONLY:
        return READ_ONLY
    return YES if user.has_perm(DECISIONS) else no("write decision forms")


def can_act_in_bulk(user: Any, kind: str) -> Verdict:
    if settings.READ_ONLY:
        return READ_ONLY
    if kind in ANSWERS:
        return YES if user.has_perm(ANSWER) else no("answer callbacks")
    if not user.has_perm(BULK):
        return no("act on many executions at once")
    return YES if user.has_perm(BULK_KINDS[kind]) else no(f"{kind} executions")
