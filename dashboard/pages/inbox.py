"""The inbox: its filters, its rows, and beside them the callback that is open."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from django.http import QueryDict

from dashboard.asked_for import whole
from dashboard.pages.filter_bar import Chip
from dashboard.pages.inbox_filters import Filters
from dashboard.pages.inbox_pane import Pane
from dashboard.pages.inbox_rows import Table
from executions import queries


@dataclass(frozen=True)
class Page:
    """`pane`: None while no callback is open; `gone`: one is asked for that there is not."""

    table: Table
    bar: list[Chip]
    wrong: list[tuple[str, str]]
    pane: Pane | None
    gone: bool

    @classmethod
    def build(cls, user: Any, params: QueryDict, *, now: dt.datetime) -> Self:
        filters = Filters.read(params, user=user)
        asked = params.get("callback", "")
        number = whole(asked)
        callback = queries.open_callback(user, number) if number is not None else None
        return cls(
            table=Table.build(user, filters, now=now),
            bar=filters.bar(),
            wrong=filters.sentences,
            pane=Pane.of(user, callback, filters, now=now) if callback else None,
            gone=bool(asked) and callback is None,
        )
