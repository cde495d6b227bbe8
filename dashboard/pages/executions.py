"""The list of executions: filters, counts by status, one page of rows."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from django.http import QueryDict
from django.urls import reverse

from dashboard.pages import filter_bar
from dashboard.pages.filters import Filters, list_url, place_of
from dashboard.templatetags.durascope import LOOKS
from executions import queries
from executions.actions.permissions import BULK_KINDS, can_act_in_bulk
from executions.domain.arns import ExecutionArn, FunctionArn, InvalidArn
from executions.domain.statuses import counted_as, is_terminal
from executions.models import Callback, Execution
from executions.queries import ListFilter, StatusCounts

ORDER = ["RUNNING", "PAUSING", "PAUSED", "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED", "DELETING"]
"""Statuses in the order in which they are counted out; others come last."""
LONG_NAME = 48


@dataclass(frozen=True, slots=True)
class Row:
    """One execution. `short` is its name where that is very long; `status` is WAITING while a callback is open.

    `seconds` is None while it runs. While a callback `waits_for` an answer until its `deadline`, `more` says how many
    others are open; otherwise `going` says in words what is going on. `connection` is "" while there is but one.
    """

    pk: int
    url: str
    name: str
    short: str
    function: str
    function_url: str
    connection: str
    status: str
    started_at: dt.datetime
    running: bool
    seconds: float | None
    waits_for: str
    deadline: dt.datetime | None
    more: int
    going: str
    gone: bool
    imported: bool


@dataclass(frozen=True)
class StatusChip:
    """A count that is a link: to that status only, or when it is chosen already, back to all."""

    status: str
    tone: str
    icon: str
    words: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True)
class Empty:
    """Why there is no row. `looked_at`: when AWS was last asked, None when it never was or is not the point."""

    icon: str
    headline: str
    text: str
    looked_at: dt.datetime | None
    clear_url: str


@dataclass(frozen=True)
class Table:
    """`many_connections`: each row says its own. `refresh_url` is "" for an older page, which does not change.

    `age`: since when the whole list is current. `looks_at`: ids of the functions that it follows alone.
    """

    rows: list[Row]
    statuses: list[StatusChip]
    total: int
    matching: int
    capped: bool
    newest_url: str
    newer_url: str
    older_url: str
    refresh_url: str
    age: dt.datetime | None
    empty: Empty | None
    message: str
    choosing: bool
    many_connections: bool
    looks_at: list[int]

    @classmethod
    def build(cls, user: Any, params: QueryDict, *, now: dt.datetime) -> Self:
        functions = queries.functions_listed(user)
        filters = Filters.read(params, user=user, functions=[name for name, _, _ in functions], now=now)
        return cls.of(user, filters, functions)

    @classmethod
    def of(cls, user: Any, filters: Filters, functions: list[queries.Listed]) -> Self:
        cursor, connections = filters.cursor, queries.connection_names(user)
        listing = queries.execution_list(user, filters.chosen, cursor)
        if cursor and not cursor.older and not listing.has_newer:
            # Back at the top: the newest page as it is now, which is full and live.
            cursor = None
            listing = queries.execution_list(user, filters.chosen)
        counts = queries.status_counts(user, filters.chosen)
        waiting = queries.waiting_count(user, filters.chosen)
        first, last = (listing.rows[0], listing.rows[-1]) if listing.rows else (None, None)
        return cls(
            rows=[row_of(execution, connections) for execution in listing.rows],
            statuses=_statuses(filters, counts, waiting),
            total=counts.total,
            matching=_matching(filters.chosen, counts, waiting),
            capped=counts.capped,
            newest_url=filters.url() if cursor else "",
            newer_url=_page(filters, "newer", first) if listing.has_newer and cursor else "",
            older_url=_page(filters, "older", last) if listing.has_older else "",
            refresh_url="" if cursor else _fragment(filters.query()),
            age=queries.age_of(functions),
            empty=None if listing.rows else _empty(user, filters, functions, beyond=cursor is not None),
            message=filters.wrong.get("page", ""),
            choosing=may_act_in_bulk(user),
            many_connections=bool(connections),
            looks_at=[] if cursor else queries.functions_chosen(user, filters.chosen),
        )


@dataclass(frozen=True)
class Page:
    """The list with the bar of filters above it. `wrong`: what cannot be used, as (filter, sentence). `kept`: the
    filters, as (name, value), for acting on all that they let through; `kinds` what this person may do to many.
    """

    bar: list[filter_bar.Chip]
    clear_url: str
    wrong: list[tuple[str, str]]
    table: Table
    kept: list[tuple[str, str]]
    kinds: list[tuple[str, str]]

    @classmethod
    def build(cls, user: Any, params: QueryDict, *, now: dt.datetime) -> Self:
        functions = queries.functions_listed(user)
        names = sorted({name for name, _, _ in functions})
        filters = Filters.read(params, user=user, functions=names, now=now)
        bar = filter_bar.bar(filters, names, list(queries.connection_names(user).values()))
        return cls(
            bar=bar,
            clear_url=list_url() if filters.narrowing else "",
            wrong=[(chip.label, sentence) for chip in bar for sentence in chip.wrong],
            table=Table.of(user, filters, functions),
            kept=filters.others(),
            kinds=[(kind, kind.capitalize()) for kind in BULK_KINDS if can_act_in_bulk(user, kind)],
        )


def may_act_in_bulk(user: Any) -> bool:
    return any(can_act_in_bulk(user, kind) for kind in BULK_KINDS)


def elsewhere(params: QueryDict) -> str:
    """Where a pasted ARN leads: to the execution, or to the list of the function; "" when it is none."""
    text = params.get("name", "").strip()
    if not text.startswith("arn:"):
        return ""
    try:
        return reverse("arn", args=[str(ExecutionArn.parse(text))])
    except InvalidArn:
        pass
    try:
        return list_url(function=FunctionArn.parse(text).name)
    except InvalidArn:
        return ""


def row_of(execution: Execution, connections: Mapping[int, str] = MappingProxyType({})) -> Row:
    """Of an execution with its function, and with its `open_callbacks` when it came with them."""
    ended = is_terminal(execution.status)
    open_callbacks: list[Callback] = [] if ended else getattr(execution, "open_callbacks", [])
    first = open_callbacks[0] if open_callbacks else None
    ended_at = execution.ended_at
    return Row(
        pk=execution.pk,
        url=f"/executions/{execution.pk}/",
        name=execution.name,
        short=shortened(execution.name),
        function=execution.function.name,
        function_url="/imports/" if execution.is_imported else f"/functions/{execution.function_id}/",
        connection=connections.get(execution.function.connection_id, ""),
        status="WAITING" if first else counted_as(execution.status, left=execution.is_left),
        started_at=execution.started_at,
        running=not ended and not execution.is_imported and not execution.is_left,
        seconds=(ended_at - execution.started_at).total_seconds() if ended_at else None,
        waits_for=str(first) if first else "",
        deadline=first.timeout_at if first else None,
        more=len(open_callbacks) - 1 if first else 0,
        going="" if first else going(execution),
        gone=execution.gone_at is not None and not execution.is_imported,
        imported=execution.is_imported,
    )


def shortened(name: str) -> str:
    """A name that leaves room for the rest of a row: names have up to 300 characters, and often differ at their end."""
    return name if len(name) <= LONG_NAME else f"{name[: LONG_NAME - 14]}…{name[-13:]}"


def going(execution: Execution) -> str:
    """What is going on, or why it ended; nothing for a success, whose duration stands beside it."""
    if execution.status == "SUCCEEDED":
        return ""
    if execution.error_type and execution.error_type not in execution.activity:
        return f"{execution.error_type}: {execution.activity}" if execution.activity else execution.error_type
    return execution.activity


def _statuses(filters: Filters, counts: StatusCounts, waiting: int) -> list[StatusChip]:
    by_status = dict(counts.by_status)
    if waiting:
        by_status["WAITING"] = waiting
    chosen = filters.values.get("status", "")
    if chosen in ("WAITING", *ORDER):
        by_status.setdefault(chosen, 0)
    order = ["RUNNING", "WAITING", *ORDER[1:]]
    known = [status for status in order if status in by_status]
    return [
        _status_chip(filters, status, by_status[status], chosen=status == chosen)
        for status in known + sorted(by_status.keys() - set(order))
    ]


def _status_chip(filters: Filters, status: str, count: int, *, chosen: bool) -> StatusChip:
    look = LOOKS.get(status)
    tone, icon, word = look if look else ("grey", "unknown", status.capitalize().replace("_", " "))
    words = "waiting for a callback" if status == "WAITING" else word.lower()
    return StatusChip(status, tone, icon, words, count, filters.url(status="" if chosen else status), chosen)


def _matching(chosen: ListFilter, counts: StatusCounts, waiting: int) -> int:
    if chosen.waiting:
        return waiting
    if chosen.failed:
        return sum(counts.by_status.get(status, 0) for status in queries.FAILURES)
    return counts.by_status.get(chosen.status, 0) if chosen.status else counts.total


def _page(filters: Filters, direction: str, execution: Execution | None) -> str:
    return filters.url(**{direction: place_of(execution.started_at, execution.pk)}) if execution else ""


def _fragment(query: str) -> str:
    return reverse("executions-table") + (f"?{query}" if query else "")


def _empty(user: Any, filters: Filters, functions: list[queries.Listed], *, beyond: bool) -> Empty:
    if beyond:
        return Empty("executions", "Nothing further", "The list ends here.", None, filters.url())
    if filters.narrowing:
        text = "Take a filter away, or widen the time."
        return Empty("filter", "No execution matches these filters", text, None, list_url())
    swept = [row.swept_at for row in queries.connections(user) if row.swept_at]
    looked_at = max(swept, default=None)
    if looked_at is None:
        text = "The functions of this account are being looked for. The first executions appear here in a moment."
        return Empty("executions", "Nothing is mirrored yet", text, None, "")
    found = sum(1 for _, _, listed in functions if listed)
    if not found:
        text = "AWS lists no durable function in this account and Region. A new one appears here within a minute."
        return Empty("functions", "There are no durable functions", text, looked_at, "")
    unlisted = sum(1 for _, listed_at, listed in functions if listed and not listed_at)
    rest = f"Executions still to be listed for the first time: {unlisted:,} of them." if unlisted else "None has any."
    text = f"Durable functions found: {found:,}. {rest}"
    return Empty("executions", "No executions yet", text, looked_at, "")
