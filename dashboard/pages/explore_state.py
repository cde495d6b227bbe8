"""What the URL says of a payload that somebody looks around in."""

from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict

from executions.domain import browse
from executions.domain.browse import Path

VIEWS = ("tree", "text", "stored")
LONGEST_SEARCH = 200
_LARGEST = 10**9


@dataclass(frozen=True)
class ExploreState:
    """`path`: where in the payload; `hit`: which match of `q`, from 1; `page`: of the text, from 1.

    `start` and `stop`: the items of a wide branch; `stop` 0 means to the end. `raw`: type tags as stored.
    """

    path: Path = ()
    view: str = "tree"
    q: str = ""
    hit: int = 1
    page: int = 0
    start: int = 0
    stop: int = 0
    raw: bool = False

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Never fails."""
        view = query.get("view", "")
        return cls(
            path=browse.read(query.get("path", "")),
            view=view if view in VIEWS else "tree",
            q=query.get("q", "").strip()[:LONGEST_SEARCH],
            hit=max(1, _whole(query.get("hit"))),
            page=_whole(query.get("page")),
            start=_whole(query.get("from")),
            stop=_whole(query.get("to")),
            raw=query.get("tags") == "raw",
        )

    def pairs(self, **changes: Any) -> list[tuple[str, str]]:
        """What of it stands in the query string, with some of it changed."""
        state = replace(self, **changes)
        pairs = [
            ("path", browse.written(state.path)),
            ("view", state.view if state.view != "tree" else ""),
            ("q", state.q),
            ("hit", str(state.hit) if state.hit > 1 else ""),
            ("page", str(state.page) if state.page > 1 else ""),
            ("from", str(state.start) if state.start else ""),
            ("to", str(state.stop) if state.stop else ""),
            ("tags", "raw" if state.raw else ""),
        ]
        return [(name, value) for name, value in pairs if value]

    def query(self, **changes: Any) -> str:
        return urlencode(self.pairs(**changes), errors="replace")

    def only(self, **given: Any) -> str:
        """The query of another place in the same payload: of all this only how type tags are shown stays."""
        return ExploreState(raw=self.raw, **given).query()


def _whole(text: str | None) -> int:
    return min(int(text), _LARGEST) if text and text.isascii() and text.isdigit() and len(text) < 12 else 0
