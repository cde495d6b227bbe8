"""What people did: the audit, bulks, share links."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from executions.actions.permissions import can_read_audit, can_share
from executions.actions.scopes import may_see_each, reach_of
from executions.models import (
    ActionRecord,
    Bulk,
    Execution,
    ShareLink,
)
from executions.queries.visibility import PAGE_ROWS, visible


@dataclass(frozen=True)
class AuditFilter:
    """`who`: a user's name; `kind` and `outcome` of ActionRecord; `execution`: part of its ARN; `account`: the user's
    name whose account it was.
    """

    who: str = ""
    kind: str = ""
    outcome: str = ""
    execution: str = ""
    account: str = ""
    after: dt.datetime | None = None


def actions(
    user: Any,
    older_than: tuple[dt.datetime, int] | None = None,
    chosen: AuditFilter | None = None,
    rows_at_once: int = 0,
) -> tuple[list[ActionRecord], bool]:
    """A page of what people did, newest first, and whether there is more; `older_than` is (created_at, id) of one."""
    most = rows_at_once or PAGE_ROWS
    rows = ActionRecord.objects.all() if can_read_audit(user) else ActionRecord.objects.none()
    if chosen:
        exact = {"username": chosen.who, "kind": chosen.kind, "outcome": chosen.outcome}
        exact["person__username"] = chosen.account
        rows = rows.filter(**{name: value for name, value in exact.items() if value})
        rows = rows.filter(execution_arn__icontains=chosen.execution) if chosen.execution else rows
        rows = rows.filter(created_at__gte=chosen.after) if chosen.after else rows
    if reach_of(user).is_limited:
        rows = rows.filter(_theirs(user))
    if older_than:
        at, pk = older_than
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk), created_at__lte=at)
    found = list(rows.order_by("-created_at", "-pk").select_related("execution", "callback")[: most + 1])
    return found[:most], len(found) > most


def _theirs(user: Any) -> Q:
    """What somebody who is limited to scopes may know of: what was done to what they see, whose row may be gone
    meanwhile, to their groups' rules and scopes, and to their own account.
    """
    apart = ActionRecord.objects.filter(function=None).exclude(covers="")
    covered = [covers for covers in apart.values_list("covers", flat=True).distinct() if may_see_each(user, covers)]
    of_functions = Q(function__in=reach_of(user).sees or ()) | Q(function=None, covers__in=covered)
    return of_functions | Q(group__in=user.groups.all()) | Q(person=user)


def actions_of(execution: Execution) -> list[ActionRecord]:
    """By its ARN: a start names it before it is mirrored, and records outlive our copy. A share link tells of none."""
    if execution.seen_through:
        return []
    found = ActionRecord.objects.filter(execution_arn=execution.arn)
    return list(found.order_by("-created_at", "-pk").select_related("callback"))


def form_changes(name: str, limit: int = 50) -> list[ActionRecord]:
    """Who has written or removed a decision form, the newest first."""
    kinds = (ActionRecord.Kind.WRITE_FORM, ActionRecord.Kind.REMOVE_FORM)
    return list(ActionRecord.objects.filter(kind__in=kinds, request__Form=name).order_by("-pk")[:limit])


def bulks(user: Any) -> QuerySet[Bulk]:
    """The bulk actions, newest first: all for who reads what others did everywhere, else one's own."""
    rows = Bulk.objects.order_by("-created_at", "-pk")
    everybodys = can_read_audit(user) and not reach_of(user).is_limited
    return rows if everybodys else rows.filter(user=user)


def share_links(user: Any, of: Execution | None = None, limit: int = 500) -> list[ShareLink]:
    """The share links that somebody may see and revoke, the newest first: all to what they may see, or none."""
    if not can_share(user):
        return []
    rows = ShareLink.objects.filter(Exists(visible(user).filter(pk=OuterRef("execution"))))
    rows = rows.filter(execution=of) if of else rows
    return list(rows.select_related("execution__function").order_by("-created_at", "-pk")[:limit])
