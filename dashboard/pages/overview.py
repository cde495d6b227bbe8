"""The overview: a few large numbers, what is due next, what failed last, every function in a line, and a chart."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

from django.urls import reverse

from dashboard.pages.executions import going, shortened
from dashboard.pages.filters import FAILURES, WAITING, list_url
from dashboard.pages.functions import Counted, counted, total_of
from dashboard.templatetags.durascope import LOOKS
from executions import queries
from executions.models import Callback, Execution, Function
from executions.queries import QUARTER, ListFilter

DAY = dt.timedelta(hours=24)
ROWS, FUNCTIONS = 8, 15
BARS = [("SUCCEEDED", "Succeeded", "ok"), ("STOPPED", "Stopped", "grey"), (FAILURES, "Failed or timed out", "bad")]
"""Status filter, name and tone of the chart's traces, from the bottom of the stack."""


@dataclass(frozen=True)
class Number:
    """`at` is shown as a time instead of `value`, when there is no value."""

    label: str
    url: str
    icon: str
    tone: str
    value: int | None
    at: dt.datetime | None
    note: str


@dataclass(frozen=True)
class Waiting:
    """An open callback."""

    execution_id: int
    url: str
    name: str
    execution: str
    short: str
    function: str
    opened_at: dt.datetime
    deadline: dt.datetime | None


@dataclass(frozen=True)
class Failure:
    """An execution that failed or timed out. `words`: its error type and what the mirror says went on."""

    pk: int
    url: str
    name: str
    short: str
    function: str
    status: str
    icon: str
    ended_at: dt.datetime | None
    words: str


@dataclass(frozen=True)
class FunctionLine:
    """`connection` is "" while there is but one."""

    name: str
    connection: str
    url: str
    gone: bool
    counts: list[Counted]


@dataclass(frozen=True)
class Numbers:
    """What is refreshed while the page is open."""

    numbers: list[Number]
    waiting: list[Waiting]
    open_callbacks: int
    failures: list[Failure]
    failures_url: str
    functions: list[FunctionLine]
    function_count: int
    refresh_url: str

    @classmethod
    def build(cls, user: Any, *, now: dt.datetime) -> Self:
        since = now - DAY
        functions, connections = queries.functions_with_counts(user), queries.connection_names(user)
        open_callbacks = queries.open_callback_count(user)
        return cls(
            numbers=_numbers(user, functions, open_callbacks, since),
            waiting=[_waiting(callback) for callback in queries.nearest_callbacks(user, ROWS)],
            open_callbacks=open_callbacks,
            failures=[_failure(execution) for execution in queries.latest_failures(user, since, ROWS)],
            failures_url=_failures_url(),
            functions=[_line(one, connections.get(one.connection_id, "")) for one in _busiest(functions)],
            function_count=len(functions),
            refresh_url=reverse("overview-numbers"),
        )


@dataclass(frozen=True)
class Page:
    """`figure` is None while nothing has ended in the last day; it is as old as the page."""

    numbers: Numbers
    figure: dict[str, Any] | None
    drawn_at: dt.datetime

    @classmethod
    def build(cls, user: Any, *, now: dt.datetime) -> Self:
        ends = queries.ends_by_quarter(user, now - DAY)
        return cls(Numbers.build(user, now=now), endings(ends, now=now) if ends else None, now)


def endings(ends: list[tuple[str, int, int]], *, now: dt.datetime) -> dict[str, Any]:
    """A Plotly figure of `ends` (see queries.ends_by_quarter): 97 bars at the most for each of three outcomes.

    A bar leads to the executions that it counts.
    """
    last = int(now.timestamp()) // QUARTER * QUARTER
    first = last - int(DAY.total_seconds())
    counts: Counter[tuple[str, int]] = Counter()
    for status, at, count in ends:
        counts[FAILURES if status in queries.FAILURES else status, at] += count
    quarters = list(range(first, last + QUARTER, QUARTER))
    return {
        "data": [_trace(status, name, tone, quarters, counts) for status, name, tone in BARS],
        "layout": {
            "barmode": "stack",
            "hovermode": "x unified",
            "xaxis": {"type": "date", "range": [_utc(first), _utc(last + QUARTER)], "tickformat": "%H:%M"},
            "yaxis": {"rangemode": "tozero", "fixedrange": True, "nticks": 4, "tickformat": ",d"},
        },
    }


def _trace(status: str, name: str, tone: str, quarters: list[int], counts: Counter[tuple[str, int]]) -> dict[str, Any]:
    shown = [(at, count) for at in quarters if (count := counts[status, at])]
    return {
        "type": "bar",
        "name": name,
        "meta": {"tone": tone},
        "x": [_utc(at + QUARTER // 2) for at, _ in shown],
        "y": [count for _, count in shown],
        "width": [QUARTER * 800] * len(shown),
        "customdata": [
            list_url(status=status, ended_from=_utc(at) + "Z", ended_to=_utc(at + QUARTER) + "Z") for at, _ in shown
        ],
        "hovertemplate": "%{y} " + name.lower() + "<extra></extra>",
    }


def _utc(epoch: int) -> str:
    return f"{dt.datetime.fromtimestamp(epoch, dt.UTC):%Y-%m-%dT%H:%M:%S}"


def _numbers(user: Any, functions: list[Function], open_callbacks: int, since: dt.datetime) -> list[Number]:
    waiting = queries.waiting_count(user, ListFilter())
    failed, ended = queries.failed_since(user, since), queries.ended_since(user, since)
    paused = total_of(functions, "PAUSED") + total_of(functions, "PAUSING")
    still_there = [function for function in functions if queries.is_kept_up(function)]
    age = queries.age_of([(function.name, function.listed_at, True) for function in still_there])
    return [
        Number("Running", list_url(status="RUNNING"), "running", "info", total_of(functions, "RUNNING"), None,
               f"{paused:,} paused" if paused else "waiting ones among them"),
        Number("Waiting for a callback", list_url(status=WAITING), "callback", "warn", waiting, None,
               f"open callbacks: {open_callbacks:,}"),
        Number("Failed in 24 hours", _failures_url(), "failed", "bad", failed, None, f"of {ended:,} that ended"),
        Number("Data mirrored", reverse("functions"), "refresh", "ok", None, age,
               f"every function, {len(still_there):,} in all"),
    ]  # fmt: skip


def _failures_url() -> str:
    return list_url(status=FAILURES, ended="24h")


def _waiting(callback: Callback) -> Waiting:
    execution = callback.execution
    return Waiting(
        execution_id=execution.pk,
        url=reverse("execution", args=[execution.pk]),
        name=str(callback),
        execution=execution.name,
        short=shortened(execution.name),
        function=execution.function.name,
        opened_at=callback.opened_at,
        deadline=callback.timeout_at,
    )


def _failure(execution: Execution) -> Failure:
    return Failure(
        pk=execution.pk,
        url=reverse("execution", args=[execution.pk]),
        name=execution.name,
        short=shortened(execution.name),
        function=execution.function.name,
        status=execution.status,
        icon=LOOKS[execution.status].icon,
        ended_at=execution.ended_at,
        words=going(execution) or LOOKS[execution.status].word,
    )


def _busiest(functions: list[Function]) -> list[Function]:
    """All by name, or of very many those with the most executions."""
    most = sorted(functions, key=lambda one: -sum(row.executions for row in one.status_counts.all()))[:FUNCTIONS]
    return sorted(most, key=lambda one: one.name)


def _line(function: Function, connection: str) -> FunctionLine:
    url, gone = reverse("function", args=[function.pk]), function.gone_at is not None
    return FunctionLine(function.name, connection, url, gone, counted(function, connection))
