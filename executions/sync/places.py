"""Where a list or a history goes on that was broken off after some of its pages, by AWS or with its worker: stored once
those pages are, so that no number of refusals keeps a long one from coming to its end.
"""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from executions.models import Execution, Function


@dataclass(frozen=True)
class Listing:
    """`marker`: of the next page of what has started after `since`; `asked_at`: when AWS was asked for the first page,
    by its own clock; `newest`: the newest start so far; `back`: it is the wide look back.
    """

    marker: str
    since: dt.datetime | None
    asked_at: dt.datetime | None
    newest: dt.datetime | None
    back: bool


@dataclass(frozen=True)
class Block:
    """The events from `low` to `top` are stored; `marker` leads from there to older ones."""

    marker: str
    low: int
    top: int


@dataclass(frozen=True)
class Retelling:
    """AWS tells a stored history differently. Up to event `through` it is stored as it is told now; `marker` leads on
    from there, "" begins anew. What is stored beyond is the old telling's, until the new one is known to its end.
    """

    marker: str = ""
    through: int = 0


_MOMENTS = ("since", "asked_at", "newest")


def of_listing(function: Function) -> Listing | None:
    kept: dict[str, Any] | None = function.list_place
    return Listing(**kept | {name: _moment(kept[name]) for name in _MOMENTS}) if kept else None


def keep_listing(function: Function, place: Listing | None) -> None:
    function.list_place = None
    if place is not None:
        written: dict[str, Any] = asdict(place)
        function.list_place = {
            name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in written.items()
        }
    Function.objects.filter(pk=function.pk).update(list_place=function.list_place)


def of_history(execution: Execution) -> Block | Retelling | None:
    kept = execution.history_place
    if not kept:
        return None
    return Retelling(**kept) if "through" in kept else Block(**kept)


def is_told_anew(execution: Execution) -> bool:
    return isinstance(of_history(execution), Retelling)


def keep_history(execution: Execution, place: Block | Retelling | None) -> None:
    """Writes only what is new: most histories are read at one go. A Retelling goes on until `retold`."""
    kept = asdict(place) if place else None
    if kept == execution.history_place:
        return
    row = Execution.objects.filter(pk=execution.pk)
    if not isinstance(place, Retelling):
        if is_told_anew(execution):
            return
        row = row.exclude(history_place__has_key="through")  # another worker may have found it
    execution.history_place = kept
    row.update(history_place=kept)


def retold(execution: Execution) -> None:
    """The new telling is known to its end."""
    execution.history_place = None
    Execution.objects.filter(pk=execution.pk).update(history_place=None)


def _moment(kept: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(kept) if kept else None
