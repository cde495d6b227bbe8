"""The rows of the inbox: the callbacks that wait for an answer, the nearest deadline first."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from django.urls import reverse

from dashboard.pages.executions import shortened
from dashboard.pages.inbox_filters import Filters, place_of
from executions import queries
from executions.actions import permissions
from executions.models import ActionRecord, Callback, Execution
from executions.queries.inbox import LAPSED, LAPSING, PAUSED


@dataclass(frozen=True)
class Beat:
    """Of a callback that takes heartbeats. `lapses_at`: when it ends without another one; `note`: what is known."""

    lapses_at: dt.datetime | None
    is_late: bool
    note: str

    @classmethod
    def of(cls, callback: Callback, *, now: dt.datetime) -> Self | None:
        if not callback.heartbeat_seconds:
            return None
        last = queries.last_beat(callback, told(callback))
        every = dt.timedelta(seconds=callback.heartbeat_seconds)
        claim = getattr(callback, "claim", None)
        if claim and claim.alive_since:
            return cls(last + every, is_late=False, note="kept alive")
        if now > last + every + LAPSED:
            return cls(None, is_late=False, note="kept alive from elsewhere")
        return cls(last + every, is_late=now >= last + every * LAPSING, note="")


@dataclass(frozen=True)
class Row:
    """An open callback. `note` says what was done about it already, while the history does not show it yet."""

    pk: int
    execution_id: int
    url: str
    pane_url: str
    execution_url: str
    name: str
    execution: str
    short: str
    function: str
    about: str
    opened_at: dt.datetime
    deadline: dt.datetime | None
    beat: Beat | None
    claimed_by: str
    is_mine: bool
    paused: bool
    note: str


@dataclass(frozen=True)
class Table:
    """`total` counts all that the filters let through; `functions` and `endless` are 0 when they are not all on this
    page. `choosing`: whether this person may decide several at once.

    `looked`: at how much of what runs the mirror has looked for callbacks.
    """

    rows: list[Row]
    total: int
    functions: int
    endless: int
    first_url: str
    more_url: str
    refresh_url: str
    choosing: bool
    narrowed: bool
    kept: list[tuple[str, str]]
    clear_url: str
    looked: queries.LookedAt

    @classmethod
    def build(cls, user: Any, filters: Filters, *, now: dt.datetime) -> Self:
        matching = queries.inbox_matching(user, filters.chosen, now=now)
        found, more = queries.inbox_page(matching, filters.after)
        whole = filters.after is None and not more
        query = filters.query()
        more_url = joined(reverse("inbox"), query, f"after={place_of(found[-1])}") if more else ""
        return cls(
            rows=[_row(user, one, query, now=now) for one in found],
            total=len(found) if whole else matching.count() if filters.values else queries.open_callback_count(user),
            functions=len({one.execution.function_id for one in found}) if whole else 0,
            endless=sum(one.timeout_at is None for one in found) if whole else 0,
            first_url=filters.url() if filters.after else "",
            more_url=more_url,
            refresh_url=joined(reverse("inbox"), query, filters.here),
            choosing=bool(found) and bool(permissions.can_act_in_bulk(user, ActionRecord.Kind.SUCCEED)),
            narrowed=bool(filters.values),
            kept=list(filters.values.items()),
            clear_url=reverse("inbox") if filters.values else "",
            looked=queries.looked_at(user, now=now),
        )


def joined(url: str, *parts: str) -> str:
    query = "&".join(part for part in parts if part)
    return f"{url}?{query}" if query else url


def _row(user: Any, callback: Callback, query: str, *, now: dt.datetime) -> Row:
    execution = callback.execution
    claim = getattr(callback, "claim", None)
    return Row(
        pk=callback.pk,
        execution_id=execution.pk,
        url=joined("/inbox/", query, f"callback={callback.pk}"),
        pane_url=joined(f"/inbox/{callback.pk}/", query),
        execution_url=f"/executions/{execution.pk}/",
        name=str(callback),
        execution=execution.name,
        short=shortened(execution.name),
        function=execution.function.name,
        about=callback.about,
        opened_at=callback.opened_at,
        deadline=callback.timeout_at,
        beat=Beat.of(callback, now=now),
        claimed_by=claim.username if claim else "",
        is_mine=claim is not None and claim.user_id == user.pk,
        paused=is_paused(execution),
        note=answered(callback),
    )


def told(callback: Callback) -> list[ActionRecord]:
    """What people did about it, as the queries of the inbox bring it along."""
    return list(callback.told)  # type: ignore[attr-defined]


def is_paused(execution: Execution) -> bool:
    return execution.status in PAUSED


def answered(callback: Callback) -> str:
    """Who has answered, while the history does not show it yet."""
    record = permissions.answer_in(told(callback))
    return f"{record.username} {record.get_kind_display()} ({record.get_outcome_display()})" if record else ""
