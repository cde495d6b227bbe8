"""Functions, and how old their lists are."""

import datetime as dt
from collections import Counter
from typing import Any, TypeAlias

from executions.domain.statuses import counted_as
from executions.models import Function
from executions.queries.visibility import visible_functions

Listed: TypeAlias = tuple[str, dt.datetime | None, bool]
"""A function: its name, when its executions were last listed, whether AWS has it and is still asked about it."""
_LISTED = "_durascope_functions_listed"


def functions_with_counts(user: Any) -> list[Function]:
    """All functions by name, each with its connection and `status_counts`, in two queries."""
    rows = visible_functions(user).select_related("connection").prefetch_related("status_counts")
    return list(rows.order_by("name", "connection__name"))


def function_with_counts(user: Any, function_id: int) -> Function | None:
    """One function with its connection and `status_counts`; None when there is none, or it is not this person's."""
    rows = visible_functions(user).select_related("connection").prefetch_related("status_counts")
    return rows.filter(pk=function_id).first() if function_id < 2**63 else None


def counts_of(function: Function) -> dict[str, int]:
    """How many executions of a function that came with its connection and `status_counts` have each status."""
    left, counts = function.connection.gone_at is not None, Counter[str]()
    for row in function.status_counts.all():
        counts[counted_as(row.status, left=left)] += max(0, row.executions)
    return {status: count for status, count in counts.items() if count}


def is_kept_up(function: Function) -> bool:
    """Whether AWS has it and is still asked about it."""
    return function.gone_at is None and function.connection.gone_at is None


def versions_of(function: Function, among: int = 200) -> list[str]:
    """The versions that its newest executions ran."""
    newest = function.executions.order_by("-started_at", "-pk").values_list("version", flat=True)[:among]
    return sorted(set(newest))


def functions_listed(user: Any) -> list[Listed]:
    """All functions by name, with what lists of executions and callbacks need of them; read once for each user object,
    that is once a request.
    """
    kept: list[Listed] | None = getattr(user, _LISTED, None)
    if kept is None:
        rows = visible_functions(user).order_by("name")
        columns = rows.values_list("name", "listed_at", "gone_at", "connection__gone_at")
        kept = [(name, listed_at, gone_at is None and left_at is None) for name, listed_at, gone_at, left_at in columns]
        setattr(user, _LISTED, kept)
    return kept


def data_age(user: Any) -> dt.datetime | None:
    """Since when at the latest every function's list has been up to date; None when some never was."""
    if hasattr(user, _LISTED):
        return age_of(functions_listed(user))
    rows = visible_functions(user).filter(gone_at=None, connection__gone_at=None)
    oldest = list(rows.values_list("listed_at", flat=True))
    return min((at for at in oldest if at), default=None) if all(oldest) else None


def age_of(functions: list[Listed]) -> dt.datetime | None:
    """The same as data_age, of functions that have been read already."""
    listed = [at for _, at, still_there in functions if still_there]
    return min((at for at in listed if at), default=None) if all(listed) else None
