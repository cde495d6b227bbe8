"""The inbox: open callbacks with their filters, a page at a time, the nearest deadline first."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, ExpressionWrapper, FloatField, Func, OuterRef, Prefetch, Q, QuerySet
from django.db.models import Subquery as Sub
from django.db.models.functions import Cast, Coalesce, Greatest

from executions.actions.permissions import can_view
from executions.actions.scopes import reach_of
from executions.models import ActionRecord, Callback, Claim, Execution
from executions.queries.visibility import PAGE_ROWS, visible, visible_functions

SOON = dt.timedelta(hours=1)
"""A deadline that is nearer than this is called out."""
LAPSING = 0.75
"""After this part of a heartbeat timeout without one it is about to lapse."""
MOST_LAPSING = 5_000
LAPSED = dt.timedelta(seconds=60)
"""What is open so long after it should have lapsed gets heartbeats from somewhere else, of which we see nothing."""
_COLUMNS = (
    *("operation_id", "name", "status", "opened_at", "timeout_at", "heartbeat_seconds", "about"),
    *("execution__name", "execution__status", "execution__gone_at", "execution__function__name"),
    *("claim__user", "claim__username", "claim__alive_since", "claim__beat_at"),
)
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


def open_ones(user: Any) -> QuerySet[Callback]:
    """Callbacks that wait for an answer, in no order."""
    rows = Callback.objects.filter(status="STARTED")
    if not can_view(user):
        return rows.none()
    if not reach_of(user).is_limited:
        return rows  # each belongs to an execution that this person sees: nothing has to be looked up
    # EXISTS looks up one execution for each open callback; IN would have SQLite list all executions first.
    return rows.filter(Exists(visible(user).filter(pk=OuterRef("execution"))))


def inbox_matching(user: Any, chosen: InboxFilter, *, now: dt.datetime) -> QuerySet[Callback]:
    """All open callbacks that the filter lets through."""
    rows = open_ones(user)
    if chosen.function:
        # Few, and found by their name: one thing less to look up for each open callback.
        functions = list(visible_functions(user).filter(name=chosen.function).values_list("pk", flat=True))
        rows = rows.filter(execution__function__in=functions)
    if chosen.connection:
        rows = rows.filter(execution__function__connection__name=chosen.connection)
    if chosen.name:
        rows = rows.filter(name__icontains=chosen.name)
    if chosen.who == "mine":
        rows = rows.filter(claim__user=user.pk)
    elif chosen.who == "free":
        rows = rows.exclude(pk__in=Claim.objects.values("callback"))
    if chosen.state == "lapsing":
        # Worked out once: a page asks for its rows in two parts, and for their number.
        found = list(lapsing(rows, now=now).values_list("pk", flat=True)[:MOST_LAPSING])
        return Callback.objects.filter(pk__in=found)  # by their numbers alone, rather than among all that are open
    return rows.filter(_state(chosen.state, now))


def _state(state: str, now: dt.datetime) -> Q:
    if state == "soon":
        return Q(timeout_at__lt=now + SOON)
    if state == "endless":
        return Q(timeout_at=None)
    if state == "paused":
        return Q(execution__in=Execution.objects.filter(status__in=PAUSED))
    return Q()


def lapsing(rows: QuerySet[Callback], *, now: dt.datetime) -> QuerySet[Callback]:
    """Those whose heartbeat timeout will end them soon, as far as heartbeats were sent from here."""
    sent = ActionRecord.objects.filter(
        callback=OuterRef("pk"), kind=ActionRecord.Kind.HEARTBEAT, outcome=ActionRecord.Outcome.ACCEPTED
    )
    last = Greatest(
        Epoch("opened_at"),
        Epoch(Coalesce("claim__beat_at", "opened_at")),
        Epoch(Coalesce(Sub(sent.order_by("-created_at").values("created_at")[:1]), "opened_at")),
    )
    with_beats = rows.filter(heartbeat_seconds__isnull=False)
    quiet = with_beats.annotate(quiet_for=ExpressionWrapper(now.timestamp() - last, FloatField()))
    timeout = Cast("heartbeat_seconds", FloatField())
    return quiet.filter(quiet_for__range=(timeout * LAPSING, timeout + LAPSED.total_seconds()))


class Epoch(Func):
    """A moment in seconds. Django's own differences of moments call back into Python for each row of SQLite."""

    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "((julianday(%(expressions)s) - 2440587.5) * 86400.0)"
        return self.as_sql(compiler, connection, template=template, **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "CAST(EXTRACT(EPOCH FROM %(expressions)s) AS double precision)"
        return self.as_sql(compiler, connection, template=template, **more)


def last_beat(callback: Callback, records: Iterable[ActionRecord]) -> dt.datetime:
    """When its heartbeat timeout began anew, as far as that is known here: AWS tells of no heartbeat. `records`: what
    people did about it.
    """
    kind, accepted = ActionRecord.Kind.HEARTBEAT, ActionRecord.Outcome.ACCEPTED
    known: list[dt.datetime] = [callback.opened_at]
    known += [one.created_at for one in records if one.kind == kind and one.outcome == accepted]
    claim = getattr(callback, "claim", None)
    if claim and claim.beat_at:
        known.append(claim.beat_at)
    return max(known)


def inbox_page(
    rows: QuerySet[Callback], after: InboxPlace | None, *, most: int = PAGE_ROWS
) -> tuple[list[Callback], bool]:
    """A page of `rows`, each with its execution, its function, its claim and what people did about it as `told`; and
    whether there are more.

    Read in two parts: with a deadline, then without. Each is a stretch of one index, so that depth costs nothing.
    """
    found: list[Callback] = []
    if after is None or after.deadline is not None:
        timed = rows.filter(timeout_at__isnull=False).order_by("timeout_at", "opened_at", "pk")
        if after is not None:
            timed = timed.filter(_beyond(after), timeout_at__gte=after.deadline)
        found = list(_told(timed)[: most + 1])
    if len(found) <= most:
        endless = rows.filter(timeout_at=None).order_by("opened_at", "pk")
        if after is not None and after.deadline is None:
            later = Q(opened_at__gt=after.opened_at) | Q(opened_at=after.opened_at, pk__gt=after.pk)
            endless = endless.filter(later, opened_at__gte=after.opened_at)
        found += list(_told(endless)[: most + 1 - len(found)])
    return found[:most], len(found) > most


def _beyond(after: InboxPlace) -> Q:
    same = Q(timeout_at=after.deadline)
    later = Q(opened_at__gt=after.opened_at) | Q(opened_at=after.opened_at, pk__gt=after.pk)
    return Q(timeout_at__gt=after.deadline) | (same & later)


def _told(rows: QuerySet[Callback]) -> QuerySet[Callback]:
    related = rows.select_related("execution__function", "claim").prefetch_related(_acts())
    return related.only(*_COLUMNS)


def _acts() -> Any:
    """What the inbox tells of: answers, and the heartbeats that were sent by hand."""
    kinds = (ActionRecord.Kind.SUCCEED, ActionRecord.Kind.FAIL, ActionRecord.Kind.HEARTBEAT)
    told = ActionRecord.objects.filter(kind__in=kinds)
    return Prefetch("actions", told.only("callback", "kind", "outcome", "username", "created_at"), to_attr="told")


def open_callback(user: Any, pk: int) -> Callback | None:
    """One callback that this person may see, open or not, with what `inbox_page` gives of each."""
    seen = Callback.objects.filter(Exists(visible(user).filter(pk=OuterRef("execution"))))
    related = seen.select_related("execution__function__connection", "claim").prefetch_related(_acts())
    return related.filter(pk=pk).first() if 0 < pk < 2**63 else None
