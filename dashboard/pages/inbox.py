"""The inbox: the callbacks that wait for an answer, the nearest deadline first."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from django.urls import reverse

from dashboard.pages.executions import shortened
from executions import queries
from executions.actions import permissions
from executions.decision_forms import everything
from executions.domain.decisions import Form
from executions.models import ActionRecord, Callback

SHOWN = 100


@dataclass(frozen=True)
class Row:
    """An open callback. The addresses are "" for what this person may not do now; `note` says what was done already."""

    pk: int
    execution_id: int
    url: str
    name: str
    execution: str
    short: str
    function: str
    function_url: str
    opened_at: dt.datetime
    deadline: dt.datetime | None
    heartbeat_seconds: int | None
    succeed_url: str
    fail_url: str
    heartbeat_url: str
    claim_url: str
    release_url: str
    claimed_by: str
    kept_alive: bool
    paused: bool
    note: str


@dataclass(frozen=True)
class Page:
    """`total` counts all open callbacks; `may_act`: whether this person may do anything about some of them. `looked`:
    at how much of what runs the mirror has looked for callbacks.
    """

    rows: list[Row]
    total: int
    functions: int
    endless: int
    may_act: bool
    looked: queries.LookedAt

    @classmethod
    def build(cls, user: Any) -> Self:
        callbacks = queries.inbox(user, SHOWN + 1)
        total = len(callbacks) if len(callbacks) <= SHOWN else queries.open_callback_count(user)
        forms = everything() if user.has_perm(permissions.ANSWER) else []
        rows = [_row(user, callback, forms) for callback in callbacks[:SHOWN]]
        return cls(
            rows=rows,
            total=total,
            functions=len({row.function for row in rows}),
            endless=sum(1 for row in rows if row.deadline is None),
            may_act=any(row.succeed_url or row.heartbeat_url for row in rows),
            looked=queries.looked_at(user),
        )


def _row(user: Any, callback: Callback, forms: list[Form]) -> Row:
    execution = callback.execution
    claim = getattr(callback, "claim", None)
    mine = claim is not None and claim.user_id == user.pk
    claimable = permissions.can_claim(user, callback)
    answer = permissions.can_answer(user, callback, forms)
    heartbeat = permissions.can_heartbeat(user, callback) and callback.heartbeat_seconds
    return Row(
        pk=callback.pk,
        execution_id=execution.pk,
        url=reverse("execution", args=[execution.pk]),
        name=str(callback),
        execution=execution.name,
        short=shortened(execution.name),
        function=execution.function.name,
        function_url=reverse("function", args=[execution.function_id]),
        opened_at=callback.opened_at,
        deadline=callback.timeout_at,
        heartbeat_seconds=callback.heartbeat_seconds,
        succeed_url=_action("callback-succeed", callback) if answer else "",
        fail_url=_action("callback-fail", callback) if answer else "",
        heartbeat_url=_action("callback-heartbeat", callback) if heartbeat else "",
        claim_url=_action("callback-claim", callback) if claimable and not mine else "",
        release_url=_action("callback-release", callback) if claimable and mine else "",
        claimed_by=claim.username if claim else "",
        kept_alive=claim is not None and claim.alive_since is not None,
        paused=execution.status in ("PAUSING", "PAUSED"),
        note=_answered(callback),
    )


def _action(name: str, callback: Callback) -> str:
    return reverse(name, args=[callback.execution_id, callback.pk])


def _answered(callback: Callback) -> str:
    """Who has answered, while the history does not show it yet."""
    kinds = (ActionRecord.Kind.SUCCEED, ActionRecord.Kind.FAIL)
    for record in callback.actions.all():
        if record.kind in kinds and record.outcome != ActionRecord.Outcome.REFUSED:
            return f"{record.username} {record.get_kind_display()} ({record.get_outcome_display()})"
    return ""
