"""One callback beside the inbox's rows: what is asked, by when, who is at it, and what can be done about it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from django.urls import reverse

from dashboard.pages.inbox_filters import Filters
from dashboard.pages.inbox_rows import Beat, answered, is_paused
from executions.actions import permissions
from executions.models import Callback


@dataclass(frozen=True)
class Pane:
    """The addresses are "" for what this person may not do now, and `why_not` says why nobody here can answer it."""

    callback: Callback
    execution_url: str
    operation_url: str
    function_url: str
    beat: Beat | None
    claimed_by: str
    is_mine: bool
    paused: bool
    note: str
    why_not: str
    decide_url: str
    fail_url: str
    claim_url: str
    release_url: str
    heartbeat_url: str
    list_url: str

    @classmethod
    def of(cls, user: Any, callback: Callback, filters: Filters, *, now: dt.datetime) -> Self:
        execution = callback.execution
        claim = getattr(callback, "claim", None)
        mine = claim is not None and claim.user_id == user.pk
        claimable, answer = permissions.can_claim(user, callback), permissions.can_answer(user, callback)
        beats = permissions.can_heartbeat(user, callback) and callback.heartbeat_seconds
        here = filters.url(callback=str(callback.pk))
        page = reverse("execution", args=[execution.pk])
        return cls(
            callback=callback,
            execution_url=page,
            operation_url=f"{page}?{urlencode({'op': callback.operation_id})}",
            function_url=reverse("function", args=[execution.function_id]),
            beat=Beat.of(callback, now=now),
            claimed_by=claim.username if claim else "",
            is_mine=mine,
            paused=is_paused(execution),
            note=answered(callback),
            why_not="" if answer else answer.why,
            decide_url=_action("callback-answer", callback, here) if answer else "",
            fail_url=_action("callback-answer", callback, here) + "&reject=1" if answer else "",
            claim_url=_action("callback-claim", callback, here) if claimable and not mine else "",
            release_url=_action("callback-release", callback, here) if claimable and mine else "",
            heartbeat_url=_action("callback-heartbeat", callback, here) if beats else "",
            list_url=filters.url(),
        )


def _action(name: str, callback: Callback, back: str) -> str:
    """An action's address; afterwards it leads back to the inbox rather than to the execution."""
    return f"{reverse(name, args=[callback.execution_id, callback.pk])}?{urlencode({'back': back})}"
