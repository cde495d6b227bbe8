"""The rows of the inbox: the callbacks that wait for an answer, the nearest deadline first."""

import datetime as dt
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypedDict

from django.urls import reverse
from django.utils.safestring import SafeString

from dashboard.pages.executions import shortened
from dashboard.pages.inbox_filters import Filters, joined, place_of
from executions import queries
from executions.actions import permissions
from executions.models import ActionRecord
from executions.queries.inbox import PAUSED


class Beat(TypedDict):
    """Of a callback that takes heartbeats. `lapses_at`: when it ends without another one; `note`: what is known."""

    lapses_at: dt.datetime | None
    is_late: bool
    note: str


def beat_of(seconds: int | None, last: dt.datetime, *, is_kept: bool, now: dt.datetime) -> Beat | None:
    """`seconds`: its heartbeat timeout, if it has one; `last`: when that began anew; `is_kept`: by a claim."""
    if not seconds:
        return None
    every = dt.timedelta(seconds=seconds)
    if is_kept:
        return Beat(lapses_at=last + every, is_late=False, note="kept alive")
    if now > last + every + queries.LAPSED:
        return Beat(lapses_at=None, is_late=False, note="kept alive from elsewhere")
    return Beat(lapses_at=last + every, is_late=now >= last + every * queries.LAPSING, note="")


class Row(TypedDict):
    """An open callback. `note` says what was done about it already, while the history does not show it yet.

    Templates look every name up as a key before they try it as an attribute, and escape every text each time: with
    dicts of texts that are escaped once, a page of rows is drawn in 60 % of the time.
    """

    pk: SafeString
    execution_id: SafeString
    url: SafeString
    pane_url: SafeString
    name: SafeString
    execution: SafeString
    short: SafeString
    function: SafeString
    about: SafeString
    opened_at: dt.datetime
    deadline: dt.datetime | None
    beat: Beat | None
    claimed_by: SafeString
    is_mine: bool
    paused: bool
    note: SafeString


@dataclass(frozen=True)
class Table:
    """`total` counts all that the filters let through, `capped` says that there are more; `functions` and `endless`
    are 0 when they are not all on this page. `choosing`: whether this person may decide several at once.

    `looked`: at how much of what runs the mirror has looked for callbacks.
    """

    rows: list[Row]
    total: int
    capped: bool
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
        found = queries.inbox_found(user, filters.chosen, filters.after, now=now)
        rows, told = found.rows, queries.acts_about([one.pk for one in found.rows])
        whole = filters.after is None and not found.more
        query = filters.query()
        place = f"after={place_of(rows[-1])}" if found.more and rows else ""
        return cls(
            rows=[_row(user, one, told.get(one.pk, ()), query, now=now) for one in rows],
            total=found.total,
            capped=found.capped,
            functions=len({one.function_id for one in rows}) if whole else 0,
            endless=sum(one.timeout_at is None for one in rows) if whole else 0,
            first_url=filters.url() if filters.after else "",
            more_url=joined(reverse("inbox"), query, place) if place else "",
            refresh_url=joined(reverse("inbox"), query, filters.here),
            choosing=bool(rows) and bool(permissions.can_act_in_bulk(user, ActionRecord.Kind.SUCCEED)),
            narrowed=bool(filters.values),
            kept=list(filters.values.items()),
            clear_url=reverse("inbox") if filters.values else "",
            looked=queries.looked_at(user, now=now),
        )


def _row(user: Any, one: queries.Waiting, told: Sequence[ActionRecord], query: str, *, now: dt.datetime) -> Row:
    last = queries.last_beat(one.opened_at, one.claim_beat_at, told)
    return Row(
        pk=SafeString(one.pk),
        execution_id=SafeString(one.execution_id),
        url=_html(joined("/inbox/", query, f"callback={one.pk}")),
        pane_url=_html(joined(f"/inbox/{one.pk}/", query)),
        name=_html(str(one)),
        execution=_html(one.execution_name),
        short=_html(shortened(one.execution_name)),
        function=_html(one.function_name),
        about=_html(one.about),
        opened_at=one.opened_at,
        deadline=one.timeout_at,
        beat=beat_of(one.heartbeat_seconds, last, is_kept=one.claim_alive_since is not None, now=now),
        claimed_by=_html(one.claim_username or ""),
        is_mine=one.claim_user_id is not None and one.claim_user_id == user.pk,
        paused=one.execution_status in PAUSED,
        note=_html(_answered(told)),
    )


def _html(text: str) -> SafeString:
    """As a template writes it; Django's `escape` does the same in four times the time."""
    return SafeString(html.escape(text))


def _answered(told: Sequence[ActionRecord]) -> str:
    """Who has answered, while the history does not show it yet."""
    record = permissions.answer_in(told)
    return f"{record.username} {record.get_kind_display()} ({record.get_outcome_display()})" if record else ""
