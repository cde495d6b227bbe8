"""What the URL of a history says: type, text, the event that is selected, the window."""

from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

import orjson
from django.http import QueryDict

from dashboard.pages.timeline_state import whole
from executions.domain.events import Event

_LONGEST = 200


@dataclass(frozen=True)
class HistoryState:
    """`kind` is an event type. `grouped`: by operation. `op` or `event`: what the drawer shows; 0 is no event."""

    kind: str = ""
    q: str = ""
    grouped: bool = False
    op: str = ""
    event: int = 0
    start: int = 0

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        return cls(
            kind=query.get("type", "")[:_LONGEST],
            q=query.get("q", "").strip()[:_LONGEST],
            grouped=query.get("group") == "operation",
            op=query.get("op", "")[:_LONGEST],
            event=whole(query.get("event", "")),
            start=whole(query.get("from", "")),
        )

    def query(self, **changes: Any) -> str:
        state = replace(self, **changes)
        pairs = [
            ("type", state.kind),
            ("q", state.q),
            ("group", "operation" if state.grouped else ""),
            ("op", state.op),
            ("event", str(state.event or "")),
        ]
        return urlencode([pair for pair in pairs if pair[1]])

    @property
    def bare(self) -> str:
        """The query string without what is selected."""
        return self.query(op="", event=0)

    @property
    def is_filtered(self) -> bool:
        return bool(self.kind or self.q)

    def filtered(self, events: tuple[Event, ...]) -> list[Event]:
        plain = self.q.isascii()
        needle = (self.q.lower() if plain else self.q.casefold()).encode("utf-8", "surrogatepass")
        return [
            event
            for event in events
            if (not self.kind or event.type == self.kind) and (not needle or needle in _searched(event, plain=plain))
        ]


def _searched(event: Event, *, plain: bool) -> bytes:
    """An event as text in lower case; of long payloads only the beginning is there. Lowering plain bytes is quicker."""
    body = orjson.dumps(event.raw, default=str)
    return body.lower() if plain else body.decode("utf-8", "replace").casefold().encode()
