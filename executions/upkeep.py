"""How the mirror itself is doing, per connection: for the page of connections and for /metrics. Never calls AWS.

Every number comes from a row or an index that exists for it, in a fixed number of queries however many connections
and functions there are.
"""

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import Count, Max, Min, Q, Sum

from executions.domain import imports
from executions.domain.scopes import EVERYTHING, Reach
from executions.domain.statuses import counted_as
from executions.models import Callback, Connection, Execution, Function, StatusCount, Trouble


@dataclass
class Ages:
    """Of the functions that AWS still lists. `never_listed`: whose executions have not been listed to the end yet.

    `oldest`: since when at the latest their lists are current, of those that were ever listed; `arn`: one of them.
    """

    functions: int = 0
    never_listed: int = 0
    oldest: dt.datetime | None = None
    newest: dt.datetime | None = None
    compared: dt.datetime | None = None
    arn: str = ""


@dataclass
class Histories:
    """`waiting`: to be read some day; `overdue`: it was their turn; `oldest_due`: since when the first one waits."""

    waiting: int = 0
    overdue: int = 0
    oldest_due: dt.datetime | None = None


@dataclass
class Upkeep:
    """One connection. `statuses`: its executions by status, those of functions that are gone included."""

    row: Connection
    ages: Ages = field(default_factory=Ages)
    gone_functions: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    histories: Histories = field(default_factory=Histories)
    troubles: list[Trouble] = field(default_factory=list)


@dataclass(frozen=True)
class Given:
    """What a connection was given: calls a second by API, and the patterns of the functions that it mirrors.

    `slowed`: the part of the budget that is in use, for the APIs that AWS has throttled lately.
    `queue_arn` is "" when the push queue's URL does not tell; `listening_since`: its queue has been read since then.
    """

    per_second: dict[str, int]
    functions: tuple[str, ...] = ("*",)
    slowed: dict[str, float] = field(default_factory=dict)
    has_queue: bool = False
    queue_arn: str = ""
    listening_since: dt.datetime | None = None
    keep_days: float = 0
    keep_mb: float = 0


def by_connection(*, now: dt.datetime, reach: Reach = EVERYTHING) -> list[Upkeep]:
    """The connections by name, in five queries: those of which `reach` sees anything, and of them what it sees."""
    sees, rows = reach.sees, Connection.objects.exclude(name=imports.CONNECTION).order_by("name")
    mine = Q() if sees is None else Q(function__in=sees)
    if sees is not None:
        rows = rows.filter(functions__in=sees).distinct()
    found = {row.pk: Upkeep(row) for row in rows}
    for pk, ages, gone in _ages(Q() if sees is None else Q(pk__in=sees)):
        found[pk].ages, found[pk].gone_functions = ages, gone
    counts = StatusCount.objects.filter(mine).values_list("function__connection", "status")
    for pk, status, count in counts.annotate(Sum("executions")).order_by("status"):
        if count > 0:
            one, shown = found[pk], counted_as(status, left=found[pk].row.gone_at is not None)
            one.statuses[shown] = one.statuses.get(shown, 0) + count
    for pk, histories in _histories(mine, now).items():
        found[pk].histories = histories
    for trouble in Trouble.objects.filter(
        mine | Q(function=None), connection__in=found, connection__gone_at=None
    ).order_by("since"):
        found[trouble.connection_id].troubles.append(trouble)
    return list(found.values())


def open_callbacks() -> int:
    return Callback.objects.filter(status="STARTED").count()


def _ages(mine: Q) -> list[tuple[int, Ages, int]]:
    there = Q(gone_at=None)
    rows = (
        Function.objects.filter(mine)
        .exclude(arn__startswith=imports.PREFIX)
        .values("connection")
        .annotate(
            functions=Count("pk", filter=there),
            gone=Count("pk", filter=~there),
            never_listed=Count("pk", filter=there & Q(listed_at=None)),
            oldest=Min("listed_at", filter=there),
            newest=Max("listed_at"),
            compared=Min("reconciled_at", filter=there),
            an_arn=Min("arn"),
        )
    )
    return [
        (
            row["connection"],
            Ages(row["functions"], row["never_listed"], row["oldest"], row["newest"], row["compared"], row["an_arn"]),
            row["gone"],
        )
        for row in rows
    ]


def _histories(mine: Q, now: dt.datetime) -> dict[int, Histories]:
    due = Execution.objects.filter(mine, history_due_at__isnull=False, gone_at=None, function__connection__gone_at=None)
    rows = due.values("function__connection").annotate(
        waiting=Count("pk"), overdue=Count("pk", filter=Q(history_due_at__lte=now)), oldest=Min("history_due_at")
    )
    found = {}
    for row in rows:
        found[row["function__connection"]] = Histories(row["waiting"], row["overdue"], row["oldest"])
    return found
