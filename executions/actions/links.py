"""Make and revoke share links: each on record, none of AWS's business."""

import datetime as dt
import secrets
from dataclasses import dataclass, replace
from typing import TypeAlias

from django.db import transaction

from executions import sharing
from executions.actions import permissions, records
from executions.actions.perform import NotAllowed
from executions.actions.records import Actor
from executions.models import ActionRecord, Execution, ShareLink
from executions.sync.columns import text

Kind: TypeAlias = ActionRecord.Kind


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

    Raises NotAllowed, BadValue.
    """
    if not (allowed := permissions.can_share(actor.user, execution)):
        raise NotAllowed(allowed)
    token = secrets.token_urlsafe(16)
    lasts = min(wanted.lasts, sharing.longest())
    request = {
        "tab": wanted.tab,
        "query": text(wanted.query, 2000),
        "redacted": wanted.redacted,
        "hours": lasts / dt.timedelta(hours=1),
    }
    answer = f"Works until {now + lasts:%Y-%m-%d %H:%M} UTC; secrets are {'hidden' if wanted.redacted else 'shown'}."
    with transaction.atomic():
        why = replace(actor, reason=text(wanted.note, 1000))
        if not records.note(why, Kind.SHARE, request=request, now=now, answer=answer, execution=execution)[1]:
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
    """-> whether it was this call that revoked it. Raises NotAllowed, BadValue."""
    if not (allowed := permissions.can_share(actor.user, link.execution)):
        raise NotAllowed(allowed)
    with transaction.atomic():
        mine = ShareLink.objects.filter(pk=link.pk, revoked_at=None)
        if not mine.update(revoked_at=now, revoked_by_name=actor.user.get_username()):
            return False
        answer = f"{link.made_by_name} had made it; it was opened {link.opened_count:,} times."
        why = replace(actor, reason=link.note)
        request = {"share_link": link.pk}
        records.note(why, Kind.UNSHARE, request=request, now=now, answer=answer, execution=link.execution)
    return True
