"""The inbox: open callbacks with their filters, a page at a time, the nearest deadline first."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from executions.models import ActionRecord, Callback, Claim, Execution
from executions.queries.callbacks import open_callback_count, open_ones
from executions.queries.heartbeats import lapsing
from executions.queries.visibility import PAGE_ROWS, visible, visible_functions

SOON = dt.timedelta(hours=1)
"""A deadline that is nearer than this is called out."""
MOST_LAPSING = 5_000
COUNTED = 1_000
"""Of what a filter lets through no more are counted: beyond that nobody needs the number, and each costs a look."""
STATES = ("soon", "endless", "lapsing", "paused")
PAUSED = ("PAUSING", "PAUSED")


@dataclass(frozen=True)
class InboxFilter:
    """`function`, `connection`: whole names; `name`: a part of the callback's. `who`: "mine", or "free" when nobody has
    claimed it; `state`: one of STATES. "" is any.
    """

    function: str = ""
    connection: str = ""
    name: str = ""
    who: str = ""
    state: str = ""


@dataclass(frozen=True)
class InboxPlace:
    """Just after the callback with these values; `deadline` None: among those that wait for ever."""

    deadline: dt.datetime | None
    opened_at: dt.datetime
    pk: int


class Waiting(NamedTuple):
    """An open callback as the inbox tells of it: plain values, of which a page is read in half the time that rows of
    four tables take as objects. `claim_...`: None while nobody has claimed it.
    """

    pk: int
    operation_id: str
    name: str
    opened_at: dt.datetime
    timeout_at: dt.datetime | None
    heartbeat_seconds: int | None
    about: str
    execution_id: int
    execution_name: str
    execution_status: str
    function_id: int
    function_name: str
    claim_user_id: int | None
    claim_username: str | None
    claim_alive_since: dt.datetime | None
    claim_beat_at: dt.datetime | None

    def __str__(self) -> str:
        return self.name or self.operation_id


_COLUMNS = (
    *("pk", "operation_id", "name", "opened_at", "timeout_at", "heartbeat_seconds", "about"),
    *("execution", "execution__name", "execution__status", "function", "function__name"),
    *("claim__user", "claim__username", "claim__alive_since", "claim__beat_at"),
)


def inbox_matching(user: Any, chosen: InboxFilter, *, now: dt.datetime) -> QuerySet[Callback]:
    """All open callbacks that the filter lets through."""
    rows = open_ones(user)
    if chosen.function:
        # Few, and found by their name: one thing less to look up for each open callback.
        functions = list(visible_functions(user).filter(name=chosen.function).values_list("pk", flat=True))
        rows = rows.filter(function__in=functions)
    if chosen.connection:
        rows = rows.filter(function__connection__name=chosen.connection)
    if chosen.name:
        rows = rows.filter(name__icontains=chosen.name)
    if chosen.who == "mine":
        rows = rows.filter(claim__user=user.pk)
    elif chosen.who == "free":
        rows = rows.exclude(pk__in=Claim.objects.values("callback"))
    if chosen.state == "lapsing":
        # By their numbers alone, rather than worked out anew for each thing that is asked of them.
        return Callback.objects.filter(pk__in=[place.pk for place in _lapsing(rows, now)])
    return rows.filter(_state(chosen.state, now))


def _state(state: str, now: dt.datetime) -> Q:
    if state == "soon":
        return Q(timeout_at__lt=now + SOON)
    if state == "endless":
        return Q(timeout_at=None)
    if state == "paused":
        return Q(execution__in=Execution.objects.filter(status__in=PAUSED))
    return Q()


def _lapsing(rows: QuerySet[Callback], now: dt.datetime) -> list[InboxPlace]:
    return sorted((InboxPlace(*row) for row in lapsing(rows, now=now, most=MOST_LAPSING)), key=_in_order)


def _in_order(place: InboxPlace) -> tuple[bool, dt.datetime, dt.datetime, int]:
    return place.deadline is None, place.deadline or place.opened_at, place.opened_at, place.pk


@dataclass(frozen=True)
class InboxFound:
    """A page of open callbacks, and whether there are more. `total`: of all that the filter lets through, but at most
    COUNTED of a filter; `capped`: there are more than that.
    """

    rows: list[Waiting]
    more: bool
    total: int
    capped: bool = False


def inbox_found(
    user: Any, chosen: InboxFilter, after: InboxPlace | None, *, now: dt.datetime, most: int = PAGE_ROWS
) -> InboxFound:
    """The page after this place, None for the first one."""
    if chosen.state == "lapsing":
        return _lapsing_found(user, chosen, after, now, most)
    matching = inbox_matching(user, chosen, now=now)
    rows, more = inbox_page(matching, after, most=most, timed=chosen.state != "endless")
    if after is None and not more:
        return InboxFound(rows, more, len(rows))
    if chosen == InboxFilter():
        return InboxFound(rows, more, open_callback_count(user))
    counted = matching[: COUNTED + 1].count()
    return InboxFound(rows, more, min(counted, COUNTED), counted > COUNTED)


def _lapsing_found(user: Any, chosen: InboxFilter, after: InboxPlace | None, now: dt.datetime, most: int) -> InboxFound:
    """Those are few, and all of them are found before the first one is: put in order here, by two queries in all."""
    places = _lapsing(inbox_matching(user, replace(chosen, state=""), now=now), now)
    later = [place.pk for place in places if after is None or _in_order(place) > _in_order(after)]
    rows = {row.pk: row for row in _waiting(Callback.objects.filter(pk__in=later[:most]))}
    page = [rows[pk] for pk in later[:most] if pk in rows]
    return InboxFound(page, len(later) > most, len(places), len(places) == MOST_LAPSING)


def inbox_page(
    rows: QuerySet[Callback], after: InboxPlace | None, *, most: int = PAGE_ROWS, timed: bool = True
) -> tuple[list[Waiting], bool]:
    """A page of `rows`, and whether there are more. `timed`: whether any of them has a deadline.

    Read in two parts: with a deadline, then without. Each is a stretch of one index, so that depth costs nothing.
    """
    found: list[Waiting] = []
    if timed and (after is None or after.deadline is not None):
        with_deadline = rows.filter(timeout_at__isnull=False).order_by("timeout_at", "opened_at", "pk")
        if after is not None:
            with_deadline = with_deadline.filter(_beyond(after), timeout_at__gte=after.deadline)
        found = _waiting(with_deadline[: most + 1])
    if len(found) <= most:
        # PostgreSQL, told twice that there is no deadline, would expect a tenth of them; and it takes the index for the
        # order only when that begins as the index does.
        endless = (rows.filter(timeout_at=None) if timed else rows).order_by("timeout_at", "opened_at", "pk")
        if after is not None and after.deadline is None:
            # Not "later, or as late and": for that PostgreSQL looks twice, and then has to put them in order.
            before = Q(opened_at=after.opened_at, pk__lte=after.pk)
            endless = endless.filter(~before, opened_at__gte=after.opened_at)
        found += _waiting(endless[: most + 1 - len(found)])
    return found[:most], len(found) > most


def _beyond(after: InboxPlace) -> Q:
    same = Q(timeout_at=after.deadline)
    later = Q(opened_at__gt=after.opened_at) | Q(opened_at=after.opened_at, pk__gt=after.pk)
    return Q(timeout_at__gt=after.deadline) | (same & later)


def _waiting(rows: QuerySet[Callback]) -> list[Waiting]:
    return [Waiting._make(row) for row in rows.values_list(*_COLUMNS)]


def _acts() -> QuerySet[ActionRecord]:
    """What the inbox tells of: answers, and the heartbeats that were sent by hand."""
    kinds = (ActionRecord.Kind.SUCCEED, ActionRecord.Kind.FAIL, ActionRecord.Kind.HEARTBEAT)
    return ActionRecord.objects.filter(kind__in=kinds).only("callback", "kind", "outcome", "username", "created_at")


def acts_about(callbacks: Sequence[int]) -> dict[int, list[ActionRecord]]:
    """The same of each of these callbacks, by its number; those about which nobody did anything are not in it."""
    found: dict[int, list[ActionRecord]] = {}
    for record in _acts().filter(callback__in=callbacks) if callbacks else ():
        found.setdefault(record.callback_id or 0, []).append(record)
    return found


def open_callback(user: Any, pk: int) -> Callback | None:
    """One callback that this person may see, open or not, with its claim and what people did about it as `told`."""
    seen = Callback.objects.filter(Exists(visible(user).filter(pk=OuterRef("execution"))))
    related = seen.select_related("execution__function__connection", "claim")
    told = related.prefetch_related(Prefetch("actions", _acts(), to_attr="told"))
    return told.filter(pk=pk).first() if 0 < pk < 2**63 else None
