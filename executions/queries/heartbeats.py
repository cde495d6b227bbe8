"""Heartbeats of callbacks, as far as they were sent from here: AWS tells of none."""

import datetime as dt
from collections.abc import Iterable
from typing import Any, TypeAlias

from django.db.models import FloatField, Func, Max, QuerySet
from django.db.models.functions import Abs, Cast

from executions.models import ActionRecord, Callback, Claim

LAPSING = 0.75
"""After this part of a heartbeat timeout without one it is about to lapse."""
Place: TypeAlias = tuple[dt.datetime | None, dt.datetime, int]
"""The deadline of a callback, when it was opened, and its number."""
LAPSED = dt.timedelta(seconds=60)
"""What is open so long after it should have lapsed gets heartbeats from somewhere else, of which we see nothing."""


def lapsing(rows: QuerySet[Callback], *, now: dt.datetime, most: int) -> list[Place]:
    """Those whose heartbeat timeout will end them soon, as far as heartbeats were sent from here; at most so many,
    in no order.

    For most of them none was sent: then when they were opened says it, and that is read from one index. The others are
    few, and looked at one by one.
    """
    with_beats = rows.filter(heartbeat_seconds__isnull=False)
    longest = with_beats.aggregate(longest=Max("heartbeat_seconds"))["longest"]
    if longest is None:
        return []
    beats = _beats_since(now - dt.timedelta(seconds=longest) - LAPSED)
    # Quiet for timeout * LAPSING at least and timeout + LAPSED at most: said as one distance from the middle between
    # the two, because PostgreSQL works out the left side of a BETWEEN twice.
    timeout, half = Cast("heartbeat_seconds", FloatField()), LAPSED.total_seconds() / 2
    middle, near = timeout * ((1 + LAPSING) / 2) + half, timeout * ((1 - LAPSING) / 2) + half
    away = Abs(now.timestamp() - Epoch("opened_at") - middle, output_field=FloatField())
    unsent = with_beats.alias(away=away).filter(away__lte=near).exclude(pk__in=beats)
    columns = ("timeout_at", "opened_at", "pk")
    found = list(unsent.values_list(*columns)[:most])
    if beats:
        sent = with_beats.filter(pk__in=beats).values_list(*columns, "heartbeat_seconds")
        for deadline, opened_at, pk, seconds in sent:
            quiet = now - max(opened_at, beats[pk])
            if LAPSING * seconds <= quiet.total_seconds() <= seconds + LAPSED.total_seconds():
                found.append((deadline, opened_at, pk))
    return found[:most]


def _beats_since(since: dt.datetime) -> dict[int, dt.datetime]:
    """The newest heartbeat that was sent from here since then, by open callback: since a year ago, there may be very
    many that have ended.
    """
    kind, accepted = ActionRecord.Kind.HEARTBEAT, ActionRecord.Outcome.ACCEPTED
    by_hand = ActionRecord.objects.filter(
        kind=kind, outcome=accepted, created_at__gte=since, callback__status="STARTED"
    )
    by_claim = Claim.objects.filter(beat_at__gte=since, callback__status="STARTED").values_list("callback", "beat_at")
    found: dict[int, dt.datetime] = {}
    sent: Any = by_hand.values_list("callback", "created_at").union(by_claim)
    for callback, at in sent:
        found[callback] = max(at, found.get(callback, at))
    return found


class Epoch(Func):
    """A moment in seconds. Django's own differences of moments call back into Python for each row of SQLite."""

    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "((julianday(%(expressions)s) - 2440587.5) * 86400.0)"
        return self.as_sql(compiler, connection, template=template, **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        template = "CAST(EXTRACT(EPOCH FROM %(expressions)s) AS double precision)"
        return self.as_sql(compiler, connection, template=template, **more)


def last_beat(opened_at: dt.datetime, beat_at: dt.datetime | None, records: Iterable[ActionRecord]) -> dt.datetime:
    """When a heartbeat timeout began anew, as far as that is known here. `beat_at`: when the last one was sent for a
    claim; `records`: what people did about the callback.
    """
    kind, accepted = ActionRecord.Kind.HEARTBEAT, ActionRecord.Outcome.ACCEPTED
    sent = (one.created_at for one in records if one.kind == kind and one.outcome == accepted)
    return max(opened_at, beat_at or opened_at, *sent)
