"""What the URL of a comparison says: which rows are shown, which one is open, and how differences are drawn."""

from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict

from dashboard.pages.diff_box import DiffView
from dashboard.pages.timeline_state import whole
from executions.domain.comparison import Pair

EXECUTION = "execution"
_LONGEST = 200


@dataclass(frozen=True)
class CompareState:
    """`pick`: the row whose payloads are open, "a12" or "b7" by side and first event, or EXECUTION; "" for none.

    `only`: just what differs. `start`: the first row of the window asked for.
    """

    q: str = ""
    only: bool = False
    pick: str = ""
    start: int = 0
    view: DiffView = field(default_factory=DiffView)

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Never fails: what cannot be read is as if it were not there."""
        return cls(
            q=query.get("q", "").strip()[:_LONGEST],
            only=query.get("only") == "different",
            pick=query.get("pick", "")[:_LONGEST],
            start=whole(query.get("from", "")),
            view=DiffView.read(query),
        )

    def query(self, *, side_by_side: bool | None = None, raw: bool | None = None, **changes: Any) -> str:
        """The query string of this state with some of it changed; the window is not in it."""
        state = replace(self, **changes)
        shown = {"side_by_side": side_by_side, "raw": raw}
        view = state.view.pairs(**{name: value for name, value in shown.items() if value is not None})
        pairs = [("q", state.q), ("only", "different" if state.only else ""), ("pick", state.pick), *view]
        return urlencode([pair for pair in pairs if pair[1]])

    def shows(self, pair: Pair) -> bool:
        if self.only and not (pair.diverges or pair.what == "ahead"):
            return False
        needle = self.q.casefold()
        return not needle or any(
            needle in side.label.casefold() or needle == side.id for side in (pair.left, pair.right) if side
        )

    def picks(self, pair: Pair) -> bool:
        """By either side's name: a row that only B had keeps its links when A gets there too."""
        sides = (("a", pair.left), ("b", pair.right))
        return any(side is not None and self.pick == f"{letter}{side.first_event_id}" for letter, side in sides)


def pick_of(pair: Pair) -> str:
    """How a row is named in the URL: the same as long as its first event is there."""
    side = "a" if pair.left else "b"
    return f"{side}{(pair.left or pair.either).first_event_id}"
