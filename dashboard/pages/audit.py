"""The audit trail: who did what, when, why, and what AWS said to it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from django.conf import settings
from django.http import QueryDict
from django.urls import reverse

from dashboard.pages.executions import shortened
from dashboard.pages.filters import PRESETS, place_of, read_place
from executions import queries, sharing
from executions.actions.permissions import can_reveal
from executions.domain.arns import ExecutionArn, InvalidArn
from executions.domain.jsontext import to_text
from executions.domain.redaction import redact
from executions.models import ActionRecord
from executions.queries import AuditFilter

LOOKS = {
    ActionRecord.Outcome.ACCEPTED: ("ok", "check"),
    ActionRecord.Outcome.DONE: ("ok", "check"),
    ActionRecord.Outcome.REFUSED: ("bad", "x"),
    ActionRecord.Outcome.SENDING: ("info", "pending"),
    ActionRecord.Outcome.UNCONFIRMED: ("warn", "unknown"),
    ActionRecord.Outcome.UNKNOWN: ("warn", "unknown"),
}
"""Tone and icon of each outcome."""


FILTERS = {
    "who": "Who",
    "what": "What",
    "outcome": "Outcome",
    "execution": "Execution or ARN",
    "account": "Whose account",
    "since": "When",
}


@dataclass(frozen=True)
class Row:
    """One action. `url` is "" when its execution is no longer here; `about`: what it was done to besides, or "".

    `answer`: AWS's answer in words, "" where the outcome says it all. `request`: what was sent, as JSON, the values of
    secret keys hidden.
    """

    pk: int
    at: dt.datetime
    username: str
    what: str
    about: str
    execution: str
    short: str
    arn: str
    url: str
    reason: str
    tone: str
    icon: str
    outcome: str
    answer: str
    origin: str
    browser: str
    request_id: str
    request: str
    finished_at: dt.datetime | None


@dataclass(frozen=True)
class Field:
    """One filter; without `choices`, as (value, words), it is typed."""

    name: str
    label: str
    value: str
    choices: list[tuple[str, str]]


@dataclass(frozen=True)
class Page:
    """`message` says what is wrong with the address, or is ""; `newest_url` is "" on the newest page; `may_reveal`:
    requests as they were, with their secrets.
    """

    rows: list[Row]
    newest_url: str
    older_url: str
    message: str
    fields: list[Field]
    query: str
    may_reveal: bool

    @classmethod
    def build(cls, user: Any, params: QueryDict, *, now: dt.datetime) -> Self:
        text = params.get("older", "")
        place = read_place(text)
        records, more = queries.actions(user, place, read_filter(params, now=now))
        kept, query = _kept(params), query_of(params)
        url, further = reverse("audit"), f"&{query}" if query else ""
        last = records[-1] if records else None
        return cls(
            rows=[_row(record) for record in records],
            newest_url=url + (f"?{query}" if query else "") if place else "",
            older_url=f"{url}?older={place_of(last.created_at, last.pk)}{further}" if last and more else "",
            fields=_fields(kept),
            query=f"?{query}" if query else "",
            may_reveal=bool(can_reveal(user)) and not settings.READ_ONLY,
            message="The address names no place in the list; this is its newest page." if text and not place else "",
        )


def query_of(params: QueryDict) -> str:
    """The filters of an address, as it has them."""
    return urlencode(_kept(params))


def _kept(params: QueryDict) -> dict[str, str]:
    return {name: str(params[name]) for name in FILTERS if params.get(name)}


def read_filter(params: QueryDict, *, now: dt.datetime) -> AuditFilter:
    """What the address asks for; a value that there cannot be finds nothing."""
    text = {name: params.get(name, "").replace("\x00", "").strip()[:300] for name in FILTERS}
    since = PRESETS.get(text["since"])
    return AuditFilter(
        who=text["who"],
        kind=text["what"],
        outcome=text["outcome"],
        execution=text["execution"],
        account=text["account"],
        after=now - since[1] if since else None,
    )


def _fields(kept: dict[str, str]) -> list[Field]:
    choices = {
        "what": [(str(kind), str(kind.label)) for kind in ActionRecord.Kind],
        "outcome": [(str(one), str(one.label)) for one in ActionRecord.Outcome],
        "since": [(name, words) for name, (words, _) in PRESETS.items()],
    }
    return [Field(name, label, kept.get(name, ""), choices.get(name, [])) for name, label in FILTERS.items()]


def _row(record: ActionRecord) -> Row:
    name = record.execution.name if record.execution else _name_in(record.execution_arn)
    url = reverse("arn", args=[record.execution_arn]) if record.kind == "start" and record.execution_arn else ""
    if record.kind == "start" and not record.execution_arn:
        name = str(record.request.get("DurableExecutionName", ""))
    outcome = ActionRecord.Outcome(record.outcome)
    tone, icon = LOOKS[outcome]
    return Row(
        pk=record.pk,
        at=record.created_at,
        username=record.username,
        what=record.get_kind_display(),
        about=str(record.callback) if record.callback else _about(record),
        execution=name,
        short=shortened(name),
        arn=record.execution_arn,
        url=reverse("execution", args=[record.execution_id]) if record.execution_id else url,
        reason=record.reason,
        tone=tone,
        icon=icon,
        outcome=record.get_outcome_display(),
        answer=record.answer if outcome != ActionRecord.Outcome.ACCEPTED else "",
        origin=record.address or "",
        browser=record.user_agent,
        request_id=record.aws_request_id,
        request=to_text(without_secrets(record.request)),
        finished_at=record.finished_at,
    )


def _about(record: ActionRecord) -> str:
    """What it was done to that is no execution; of a function what is kept for it, too."""
    asked = record.request
    function = str(asked.get("FunctionName", "")).rpartition(":")[2]
    about = ", ".join(filter(None, [function, str(asked.get("Event", ""))]))
    return account_of(record) or str(asked.get("Team", "")) or about


def account_of(record: ActionRecord) -> str:
    """Whose account it was, as they were called then; "" for what is about none."""
    return str(record.request.get("Account", ""))


def without_secrets(request: dict[str, Any]) -> dict[str, Any]:
    """AWS's client token only sounds like a secret: it keeps a request from being carried out twice."""
    return {
        key: value if key == "ClientToken" else redact({key: value}, sharing.patterns())[0][key]
        for key, value in request.items()
    }


def _name_in(arn: str) -> str:
    """What an execution was called whose row is gone."""
    try:
        return ExecutionArn.parse(arn).execution_name
    except InvalidArn:
        return arn
