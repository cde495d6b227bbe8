"""Heartbeats of callbacks, as far as they were sent from here: AWS tells of none."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import FloatField, Func, OuterRef, QuerySet
from django.db.models import Subquery as Sub
from django.db.models.functions import Abs, Cast, Coalesce, Greatest

from executions.models import ActionRecord, Callback

LAPSING = 0.75
"""After this part of a heartbeat timeout without one it is about to lapse."""
LAPSED = dt.timedelta(seconds=60)
"""What is open so long after it should have lapsed gets heartbeats from somewhere else, of which we see nothing."""


def lapsing(rows: QuerySet[Callback], *, now: dt.datetime) -> QuerySet[Callback]:
    """Those whose heartbeat timeout will end them soon, as far as heartbeats were sent from here."""
    sent = ActionRecord.objects.filter(
        callback=OuterRef("pk"), kind=ActionRecord.Kind.HEARTBEAT, outcome=ActionRecord.Outcome.ACCEPTED
    )
    newest = Sub(sent.order_by("-created_at").values("created_at")[:1])
    last = Greatest("opened_at", Coalesce("claim__beat_at", "opened_at"), Coalesce(newest, "opened_at"))
    # Quiet for timeout * LAPSING at least and timeout + LAPSED at most: said as one distance from the middle between
    # the two, because PostgreSQL works out the left side of a BETWEEN twice.
    timeout, half = Cast("heartbeat_seconds", FloatField()), LAPSED.total_seconds() / 2
    middle = timeout * ((1 + LAPSING) / 2) + half
    away = Abs(now.timestamp() - Epoch(last) - middle, output_field=FloatField())
    with_beats = rows.filter(heartbeat_seconds__isnull=False).annotate(away=away)
    return with_beats.filter(away__lte=timeout * ((1 - LAPSING) / 2) + half)


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
