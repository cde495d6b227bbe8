"""Which two checkpoints the URL asks for; what cannot be used is replaced by the nearest that can, with a sentence."""

from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict

from executions.domain.checkpoints import Batch
from executions.domain.history import History

_LONGEST = 200


@dataclass(frozen=True)
class CheckpointState:
    """Checkpoint `a` is the state after event `a`; 0 is before anything. `problems` by field.

    `follows`: no number was given, so that what is compared moves on with the execution.
    """

    a: int = 0
    b: int = 0
    op: str | None = None
    side_by_side: bool = False
    raw: bool = False
    everything: bool = False
    follows: bool = False
    problems: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, query: QueryDict, history: History, batches: tuple[Batch, ...]) -> Self:
        """Never fails. Without numbers the last two batches are compared."""
        problems: dict[str, str] = {}
        query = _moved(query, batches)
        last = history.last_event_id
        before = batches[-2].last_event_id if len(batches) > 1 else 0
        b = _number(query.get("b"), last, last, "b", problems)
        given = query.get("a")
        earlier = (batch.last_event_id for batch in batches if batch.last_event_id < b)
        default = before if b == last else max(earlier, default=0)
        a = _number(given, default, last, "a", problems)
        if a > b:
            a, b = b, a
            problems = {{"a": "b", "b": "a"}[name]: words for name, words in problems.items()}
            problems.setdefault("a", "A comes before B: they are exchanged.")
        return cls(
            a=a,
            b=b,
            op=query.get("op", "")[:_LONGEST] if "op" in query else None,
            side_by_side=query.get("view") == "side",
            raw=query.get("tags") == "raw",
            everything=query.get("all") == "1",
            follows="a" not in query and "b" not in query,
            problems=problems,
        )

    def query(self, **changes: Any) -> str:
        state = replace(self, **{"follows": False, **changes})
        pairs = [
            ("a", None if state.follows else str(state.a)),
            ("b", None if state.follows else str(state.b)),
            ("op", state.op),
            ("view", "side" if state.side_by_side else None),
            ("tags", "raw" if state.raw else None),
            ("all", "1" if state.everything else None),
        ]
        return urlencode([(name, value) for name, value in pairs if value is not None])


def _moved(query: QueryDict, batches: tuple[Batch, ...]) -> QueryDict:
    """The scrubber's slider sends the number of a batch as `at`, 0 for before the first: that one and the one before it
    are compared."""
    at = query.get("at", "")
    if not (at.isascii() and at.isdigit() and len(at) < 10):
        return query
    number = min(int(at), len(batches))
    made = query.copy()
    made["b"] = str(batches[number - 1].last_event_id if number else 0)
    made["a"] = str(batches[number - 2].last_event_id if number > 1 else 0)
    return made


def _number(text: str | None, default: int, last: int, name: str, problems: dict[str, str]) -> int:
    """An event number from 0 to `last`."""
    if text is None or not text.strip():
        return default
    try:
        number = int(text.strip()[:20])
    except ValueError:
        problems[name] = f"This is not a number; {default:,} is used."
        return default
    nearest = min(max(number, 0), last)
    if nearest != number:
        problems[name] = f"There are events 1 to {last:,}; {nearest:,} is used."
    return nearest
