"""The durable functions: how they are configured, how their executions are doing, and one of them in full."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlencode

from django.urls import reverse

from dashboard.pages.executions import ORDER, Row, row_of
from dashboard.pages.filter_bar import Chip, Choice
from dashboard.pages.filters import list_url
from dashboard.templatetags.durascope import LOOKS
from executions import queries
from executions.actions.permissions import can_start
from executions.domain.arns import FunctionArn, InvalidArn
from executions.domain.words import duration
from executions.models import Function
from executions.queries import ListFilter


@dataclass(frozen=True)
class Counted:
    """How many executions have a status; a link to them."""

    status: str
    tone: str
    icon: str
    words: str
    count: int
    url: str


@dataclass(frozen=True)
class Line:
    """One function. Sizes and times are in words, "" where AWS did not say. `versions`: which executions ran."""

    pk: int
    url: str
    name: str
    description: str
    runtime: str
    memory: str
    timeout: str
    execution_timeout: str
    retention: str
    versions: str
    connection: str
    counts: list[Counted]
    listed_at: dt.datetime | None
    gone_at: dt.datetime | None


@dataclass(frozen=True)
class Index:
    """`looked_at`: when functions were last discovered, None when they never were. `bar`: the filter by connection,
    where there are several; `wrong` as for the list of executions.
    """

    lines: list[Line]
    gone: int
    looked_at: dt.datetime | None
    bar: list[Chip]
    wrong: list[tuple[str, str]]

    @classmethod
    def build(cls, user: Any, connection: str) -> Self:
        """`connection`: only the functions of the one with this name; "" for all."""
        names = queries.connection_names(user)
        known = connection in names.values()
        found = queries.functions_with_counts(user)
        lines = [
            line_of(function, [], names.get(function.connection_id, ""))
            for function in found
            if not known or function.connection.name == connection
        ]
        swept = [row.swept_at for row in queries.connections(user) if row.swept_at]
        wrong = [("Connection", "There is no connection with this name.")] if connection and names and not known else []
        bar = [_chip(list(names.values()), connection if known else "")] if names else []
        return cls(lines, sum(1 for line in lines if line.gone_at), max(swept, default=None), bar, wrong)


def _chip(names: list[str], chosen: str) -> Chip:
    url = reverse("functions")
    labels = {"": "any", **{name: name for name in names}}
    choices = [
        Choice(label, f"{url}?{urlencode({'connection': name})}" if name else url, chosen=name == chosen)
        for name, label in labels.items()
    ]
    return Chip("connection", "Connection", chosen or "any", bool(chosen), choices, [], [], [])


@dataclass(frozen=True)
class Pair:
    """A fact for partials/pairs.html."""

    label: str
    value: str = "–"
    at: dt.datetime | None = None
    mono: bool = False
    url: str = ""
    copy: str = ""


@dataclass(frozen=True)
class Page:
    """One function: `configuration` is everything that AWS said of it."""

    line: Line
    configuration: list[Pair]
    list_url: str
    console_url: str
    latest: list[Row]
    start_url: str

    @classmethod
    def build(cls, user: Any, function: Function) -> Self:
        connection = queries.connection_names(user).get(function.connection_id, "")
        line = line_of(function, queries.versions_of(function), connection)
        latest = queries.execution_list(user, ListFilter(function=function.name, connection=connection)).rows[:10]
        return cls(
            line=line,
            configuration=_configuration(function, line),
            list_url=list_url(function=function.name, connection=connection),
            console_url=console_url(function.arn),
            latest=[row_of(execution) for execution in latest],
            start_url=reverse("start", args=[function.pk]) if can_start(user, function) else "",
        )


def line_of(function: Function, versions: list[str], connection: str) -> Line:
    """Of a function with its `status_counts`; `connection` is "" where there is but one."""
    return Line(
        pk=function.pk,
        url=reverse("function", args=[function.pk]),
        name=function.name,
        description=function.description,
        runtime=function.runtime,
        memory=f"{function.memory_mb:,} MB" if function.memory_mb else "",
        timeout=_span(function.timeout_seconds),
        execution_timeout=_span(function.execution_timeout_seconds),
        retention=f"{function.retention_days:,} d" if function.retention_days else "",
        versions=", ".join(versions),
        connection=connection,
        counts=counted(function, connection),
        listed_at=function.listed_at,
        gone_at=function.gone_at,
    )


def counted(function: Function, connection: str) -> list[Counted]:
    """The counts by status of a function, in the usual order."""
    counts = queries.counts_of(function)
    order = [status for status in ORDER if status in counts] + sorted(counts.keys() - set(ORDER))
    return [_counted(function.name, connection, status, counts[status]) for status in order]


def total_of(functions: list[Function], status: str) -> int:
    """How many executions of these functions have a status."""
    return sum(queries.counts_of(function).get(status, 0) for function in functions)


def console_url(arn: str) -> str:
    """The function's page in AWS's console; "" for an ARN that is none."""
    try:
        parsed = FunctionArn.parse(arn)
    except InvalidArn:
        return ""
    hosts = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}
    host = hosts.get(parsed.partition, "console.aws.amazon.com")
    region, name = quote(parsed.region, safe=""), quote(parsed.name, safe="")
    return f"https://{region}.{host}/lambda/home?region={region}#/functions/{name}"


def _counted(function: str, connection: str, status: str, count: int) -> Counted:
    look = LOOKS.get(status)
    tone, icon, word = look if look else ("grey", "unknown", status)
    url = list_url(function=function, connection=connection, status=status)
    return Counted(status, tone, icon, word.lower(), count, url)


def _span(seconds: int | None) -> str:
    return duration(seconds) if seconds else ""


def _moment(text: str) -> dt.datetime | None:
    """AWS's `LastModified`; None when it is not a time, so that it is shown as it is."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _configuration(function: Function, line: Line) -> list[Pair]:
    return [
        Pair("ARN", function.arn, mono=True, copy=function.arn),
        Pair("Description", function.description or "–"),
        Pair("Runtime", function.runtime or "–"),
        Pair("Memory", line.memory or "–"),
        Pair("Invocation timeout", line.timeout or "–"),
        Pair("Execution timeout", line.execution_timeout or "–"),
        Pair("Retention", line.retention or "–"),
        Pair("Versions run", line.versions or "–"),
        Pair("KMS key", function.kms_key_arn or "AWS's own", copy=function.kms_key_arn),
        Pair("Changed", function.modified_at or "–", at=_moment(function.modified_at)),
        Pair("Connection", f"{function.connection.name} {function.connection.region}".strip()),
        Pair("Last listed", "not yet", at=function.listed_at),
        *([Pair("Gone since", at=function.gone_at)] if function.gone_at else []),
        *([Pair("Connection removed", at=left_at)] if (left_at := function.connection.gone_at) else []),
    ]
