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


def of_history(execution: Execution) -> Block | None:
    return Block(**execution.history_place) if execution.history_place else None


def keep_history(execution: Execution, place: Block | None) -> None:
    """Writes only what is new: most histories are read at one go."""
    kept = asdict(place) if place else None
    if kept != execution.history_place:
        execution.history_place = kept
        Execution.objects.filter(pk=execution.pk).update(history_place=kept)


def _moment(kept: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(kept) if kept else None
