"""Somebody's own API tokens."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from dashboard.forms.actions import TokenForm
from executions.actions import tokens
from executions.models import ApiToken


@dataclass(frozen=True)
class Row:
    """`ended` says why it no longer works, "" while it does."""

    pk: int
    name: str
    scopes: str
    created_at: dt.datetime
    used_at: dt.datetime | None
    expires_at: dt.datetime
    ended: str


@dataclass(frozen=True)
class Page:
    """`made`: the token that has just been made, shown this once."""

    rows: list[Row]
    form: TokenForm
    made: str

    @classmethod
    def build(cls, user: Any, form: TokenForm, *, now: dt.datetime, made: str = "") -> Self:
        return cls([_row(token, now) for token in tokens.of(user)], form, made)


def _row(token: ApiToken, now: dt.datetime) -> Row:
    ended = "revoked" if token.revoked_at else "expired" if token.expires_at <= now else ""
    return Row(
        pk=token.pk,
        name=token.name,
        scopes=", ".join(token.scopes),
        created_at=token.created_at,
        used_at=token.used_at,
        expires_at=token.expires_at,
        ended=ended,
    )
