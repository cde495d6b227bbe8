"""The audit trail: who did what, when, why, and what AWS said to it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from django.http import QueryDict
from django.urls import reverse

from dashboard.pages.executions import shortened
from dashboard.pages.filters import place_of, read_place
from executions import queries
from executions.domain.arns import ExecutionArn, InvalidArn
from executions.models import ActionRecord

LOOKS = {
    ActionRecord.Outcome.ACCEPTED: ("ok", "check"),
    ActionRecord.Outcome.DONE: ("ok", "check"),
    ActionRecord.Outcome.REFUSED: ("bad", "x"),
    ActionRecord.Outcome.SENDING: ("info", "pending"),
    ActionRecord.Outcome.UNCONFIRMED: ("warn", "unknown"),
}
"""Tone and icon of each outcome."""


@dataclass(frozen=True)
class Row:
    """One action. `url` is "" when its execution is no longer here; `callback` is "" for what concerns no callback.

    `answer`: AWS's answer in words, "" where the outcome says it all.
    """

    pk: int
    at: dt.datetime
    username: str
    what: str
    callback: str
    execution: str
    short: str
    arn: str
    url: str
    reason: str
    tone: str
    icon: str
    outcome: str
    answer: str
    request_id: str


@dataclass(frozen=True)
class Page:
    """`message` says what is wrong with the address, or is ""; `newest_url` is "" on the newest page."""

    rows: list[Row]
    newest_url: str
    older_url: str
    message: str

    @classmethod
    def build(cls, user: Any, params: QueryDict) -> Self:
        text = params.get("older", "")
        place = read_place(text)
        records, more = queries.actions(user, place)
        url = reverse("audit")
        last = records[-1] if records else None
        return cls(
            rows=[_row(record) for record in records],
            newest_url=url if place else "",
            older_url=f"{url}?older={place_of(last.created_at, last.pk)}" if last and more else "",
            message="The address names no place in the list; this is its newest page." if text and not place else "",
        )


def _row(record: ActionRecord) -> Row:
    name = record.execution.name if record.execution else _name_in(record.execution_arn)
    outcome = ActionRecord.Outcome(record.outcome)
    tone, icon = LOOKS[outcome]
    return Row(
        pk=record.pk,
        at=record.created_at,
        username=record.username,
        what=record.get_kind_display(),
        callback=str(record.callback) if record.callback else "",
        execution=name,
        short=shortened(name),
        arn=record.execution_arn,
        url=reverse("execution", args=[record.execution_id]) if record.execution_id else "",
        reason=record.reason,
        tone=tone,
        icon=icon,
        outcome=record.get_outcome_display(),
        answer=record.answer if outcome != ActionRecord.Outcome.ACCEPTED else "",
        request_id=record.aws_request_id,
    )


def _name_in(arn: str) -> str:
    """What an execution was called whose row is gone."""
    try:
        return ExecutionArn.parse(arn).execution_name
    except InvalidArn:
        return arn
