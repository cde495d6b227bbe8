"""Make and revoke share links: each on record, none of AWS's business."""

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import TypeAlias

import structlog
from django.db import transaction

from executions import sharing
from executions.actions import permissions
from executions.actions.perform import Actor, NotAllowed
from executions.models import ActionRecord, Execution, ShareLink
from executions.sync.columns import text

log = structlog.get_logger(__name__)
Kind: TypeAlias = ActionRecord.Kind
Outcome: TypeAlias = ActionRecord.Outcome


@dataclass(frozen=True)
class Wanted:
    """What a link is to show: where it opens, for how long, and whether secrets are hidden. `note` is shown to all."""

    tab: str
    query: str
    note: str
    lasts: dt.timedelta
    redacted: bool


def make(actor: Actor, execution: Execution, wanted: Wanted, *, now: dt.datetime) -> str | None:
    """-> the token, which is never told again; None when the same form has made its link before.

    Raises NotAllowed.
    """
    if not (allowed := permissions.can_share(actor.user, execution)):
        raise NotAllowed(allowed)
    token = secrets.token_urlsafe(16)
    lasts = min(wanted.lasts, sharing.longest())
    request = {
        "tab": wanted.tab,
        "query": wanted.query,
        "redacted": wanted.redacted,
        "hours": lasts / dt.timedelta(hours=1),
    }
    answer = f"Works until {now + lasts:%Y-%m-%d %H:%M} UTC; secrets are {'hidden' if wanted.redacted else 'shown'}."
    with transaction.atomic():
        if not _write_down(actor, Kind.SHARE, execution, request, wanted.note, answer, now):
            return None
        ShareLink.objects.create(
            token_hash=sharing.hash_of(token),
            execution=execution,
            made_by=actor.user,
            made_by_name=actor.user.get_username(),
            note=text(wanted.note, 300),
            tab=wanted.tab,
            query=text(wanted.query, 2000),
            redacted=wanted.redacted,
            created_at=now,
            expires_at=now + lasts,
        )
    return token


def revoke(actor: Actor, link: ShareLink, *, now: dt.datetime) -> bool:
    """-> whether it was this call that revoked it. Raises NotAllowed."""
    if not (allowed := permissions.can_share(actor.user, link.execution)):
        raise NotAllowed(allowed)
    with transaction.atomic():
        mine = ShareLink.objects.filter(pk=link.pk, revoked_at=None)
        if not mine.update(revoked_at=now, revoked_by_name=actor.user.get_username()):
            return False
        answer = f"{link.made_by_name} had made it; it was opened {link.opened_count:,} times."
        _write_down(actor, Kind.UNSHARE, link.execution, {"share_link": link.pk}, link.note, answer, now)
    return True


def _write_down(
    actor: Actor,
    kind: Kind,
    execution: Execution,
    request: dict[str, object],
    reason: str,
    answer: str,
    now: dt.datetime,
) -> bool:
    """False when the form that this came from has been sent before."""
    _, new = ActionRecord.objects.get_or_create(
        token=actor.token,
        defaults={
            "kind": kind,
            "outcome": Outcome.DONE,
            "user": actor.user,
            "username": actor.user.get_username(),
            "address": actor.address,
            "user_agent": text(actor.user_agent, 300),
            "execution": execution,
            "execution_arn": execution.arn,
            "request": request,
            "reason": text(reason, 1000),
            "answer": answer,
            "created_at": now,
            "finished_at": now,
        },
    )
    if new:
        log.info("action", kind=kind, outcome=Outcome.DONE, execution_arn=execution.arn)
    return new
