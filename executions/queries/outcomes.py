"""How executions ended: lately, by quarters of an hour, and beside others of their function."""

import datetime as dt
from typing import Any

from django.db.models import Count, Func, IntegerField, QuerySet

from executions.domain import imports
from executions.domain.statuses import FAILURES, OUTCOMES
from executions.models import (
    Execution,
)
from executions.queries.visibility import counted, mirrored, visible

QUARTER = 15 * 60


def failed_since(user: Any, since: dt.datetime) -> int:
    return counted(user).filter(status__in=FAILURES, ended_at__gte=since).count()


def latest_failures(user: Any, since: dt.datetime, limit: int = 8) -> list[Execution]:
    return list(
        mirrored(user)
        .filter(status__in=FAILURES, ended_at__gte=since)
        .order_by("-ended_at")
        .select_related("function")[:limit]
    )


def ended_since(user: Any, since: dt.datetime) -> int:
    return counted(user).filter(status__in=OUTCOMES, ended_at__gte=since).count()


class _QuarterHour(Func):
    """The number of the quarter of an hour, since 1970 began, that holds a moment."""

    output_field = IntegerField()
    template = f"CAST(FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / {QUARTER}) AS BIGINT)"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template=f"UNIXEPOCH(%(expressions)s) / {QUARTER}", **extra)


def ends_by_quarter(user: Any, since: dt.datetime) -> list[tuple[str, int, int]]:
    """What ended since then: (status, epoch seconds at which a quarter of an hour begins, how many ended in it)."""
    ended = counted(user).filter(status__in=OUTCOMES, ended_at__gte=since)
    found = ended.annotate(quarter=_QuarterHour("ended_at")).values_list("status", "quarter").annotate(Count("pk"))
    return [(status, quarter * QUARTER, count) for status, quarter, count in found.order_by("quarter", "status")]


def of_the_same_function(user: Any, execution: Execution) -> QuerySet[Execution]:
    """The executions that it can be compared with, newest first: those of functions with its function's name, imported
    ones among them.
    """
    found = visible(user).filter(function__name=execution.function.name)
    return found.select_related("function__connection").order_by("-started_at", "-pk")


def last_success(user: Any, execution: Execution) -> Execution | None:
    """The newest success of its function, itself aside; of those before it when there is one."""
    succeeded = of_the_same_function(user, execution).filter(status="SUCCEEDED").exclude(pk=execution.pk)
    succeeded = succeeded.exclude(arn__startswith=imports.PREFIX)
    return succeeded.filter(started_at__lte=execution.started_at).first() or succeeded.first()
