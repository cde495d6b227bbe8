"""What the URL of a timeline says: filters, folds, zoom, the selected operation. A link shows what its sender saw."""

import math
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict

from executions.domain.history import BAD, OPEN, History, Operation

KINDS = {
    "Step": "steps",
    "Wait": "waits",
    "Callback": "callbacks",
    "ChainedInvoke": "chained invokes",
    "Context": "contexts",
    "Unknown": "unknown",
}
STATUSES = {
    "STARTED": "in progress",
    "PENDING": "retrying",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timed out",
    "STOPPED": "stopped",
    "CANCELLED": "cancelled",
    "NEVER_FINISHED": "never finished",
    "UNKNOWN": "not known",
}
_LONGEST = 200
_MOST_INSIDE = 50
_MOST_OPENED = 100
_PATH = re.compile(r"[1-9][0-9]{0,8}(-[1-9][0-9]{0,8}){0,4}", re.ASCII)


@dataclass(frozen=True)
class TimelineState:
    """`fold_all`: every context is folded but those whose first event is in `folds`; else just those are.

    `inside`: the chained invokes whose child execution is unfolded, by path ("12", "12-5": see domain/nesting.py).
    `shut`: the contexts inside those that are folded, by path, too.
    `opened`: idle stretches that are drawn in full length, by their beginning in milliseconds; `idle`: all of them.
    `follow`: the right edge of the axis is now, also of a zoom, and the newest rows stay in view.
    `status`: an operation's. `start`: the first row of the window asked for. `zoom`: epoch seconds.
    `op` or `event`: what the drawer shows; 0 is no event. `within`: the path of the child execution that has it.
    """

    op: str = ""
    q: str = ""
    failed: bool = False
    open: bool = False
    kind: str = ""
    status: str = ""
    idle: bool = False
    opened: frozenset[int] = frozenset()
    follow: bool = False
    fold_all: bool = False
    folds: frozenset[int] = frozenset()
    inside: frozenset[str] = frozenset()
    shut: frozenset[str] = frozenset()
    zoom: tuple[float, float] | None = None
    start: int = 0
    event: int = 0
    within: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Never fails: what cannot be read is as if it were not there."""
        folds = query.get("fold", "").split(".")
        kind = query.get("type", "")
        within = path if _PATH.fullmatch(path := query.get("within", "")) else ""
        return cls(
            op=query.get("op", "")[:_LONGEST],
            q=query.get("q", "").strip()[:_LONGEST],
            failed=query.get("failed") == "1",
            open=query.get("open") == "1",
            kind=kind if kind in KINDS else "",
            status=status if (status := query.get("status", "")) in STATUSES else "",
            idle=query.get("idle") == "show",
            opened=frozenset(map(_milliseconds, query.get("idle", "").split(".")[:_MOST_OPENED])) - {0},
            follow=query.get("follow") == "1",
            fold_all=folds[0] == "all",
            folds=frozenset(number for number in map(whole, folds) if number),
            inside=_paths(query.get("inside", "")),
            shut=_paths(query.get("shut", "")),
            zoom=_zoom(query.get("zoom", "")),
            start=whole(query.get("from", "")),
            event=whole(query.get("event", "")),
            within=within,
        )

    def query(self, **changes: Any) -> str:
        """The query string of this state with some of it changed; the window is only in it when asked for."""
        state = replace(self, **changes)
        folds = [str(number) for number in sorted(state.folds)]
        pairs = [
            ("q", state.q),
            ("failed", "1" if state.failed else ""),
            ("open", "1" if state.open else ""),
            ("type", state.kind),
            ("status", state.status),
            ("idle", "show" if state.idle else ".".join(map(str, sorted(state.opened)))),
            ("fold", ".".join(["all", *folds] if state.fold_all else folds)),
            ("inside", ".".join(sorted(state.inside))),
            ("shut", ".".join(sorted(state.shut))),
            ("zoom", f"{state.zoom[0]:.3f}~{state.zoom[1]:.3f}" if state.zoom else ""),
            ("follow", "1" if state.follow else ""),
            ("within", state.within if state.op or state.event else ""),
            ("op", state.op),
            ("event", str(state.event or "")),
        ]
        return urlencode([pair for pair in pairs if pair[1]])

    def at(self, now: float) -> Self:
        """The same at `now`: where the newest is followed, what is zoomed to moves with it."""
        if not self.follow or self.zoom is None:
            return self
        return replace(self, zoom=(now - (self.zoom[1] - self.zoom[0]), now))

    @property
    def bare(self) -> str:
        """The query string without what is selected."""
        return self.query(op="", event=0, within="")

    @property
    def unfolding_selected(self) -> Self:
        """With the child unfolded that has what is selected: its row may be folded away while the drawer shows it."""
        steps = self.within.split("-") if self.within else []
        leading = ("-".join(steps[:count]) for count in range(1, len(steps) + 1))
        return replace(self, inside=self.inside | frozenset(leading))

    def with_fold(self, event_id: int) -> str:
        """The query string after folding or unfolding the context that begins with this event."""
        return self.query(folds=self.folds ^ {event_id})

    def with_inside(self, path: str) -> str:
        """The query string after unfolding the child execution of this invoke, or folding it with all in it."""
        if path not in self.inside:
            return self.query(inside=self.inside | {path})
        return self.query(
            inside=frozenset(one for one in self.inside if one != path and not one.startswith(f"{path}-")),
            shut=frozenset(one for one in self.shut if not one.startswith(f"{path}-")),
        )

    def with_shut(self, path: str) -> str:
        """The query string after folding or unfolding a context of a child execution."""
        return self.query(shut=self.shut ^ {path})

    def folded_inside(self, path: str, history: History) -> frozenset[str]:
        """The operations whose children are hidden in the child execution at `path`."""
        return frozenset(
            key
            for key, operation in history.operations.items()
            if operation.children and f"{path}-{operation.first_event_id}" in self.shut
        )

    def folded(self, history: History) -> frozenset[str]:
        """The operations whose children are hidden."""
        if not self.fold_all and not self.folds:
            return frozenset()
        return frozenset(
            key
            for key, operation in history.operations.items()
            if operation.children and (operation.first_event_id in self.folds) != self.fold_all
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.failed or self.open or self.kind or self.status)

    def only(self, history: History) -> frozenset[str] | None:
        """The operations that pass the filters and lie in the part zoomed to; None when that is all of them."""
        if not self.is_filtered and self.zoom is None:
            return None
        return frozenset(key for key, operation in history.operations.items() if self._shows(operation))

    @cached_property
    def _needle(self) -> str:
        return self.q.casefold()

    def _shows(self, operation: Operation) -> bool:
        if self.zoom is not None and not _overlaps(operation, *self.zoom):
            return False
        if self.kind and operation.kind != self.kind:
            return False
        if self.status and operation.status != self.status:
            return False
        if self.failed and not failed(operation):
            return False
        if self.open and operation.status not in OPEN:
            return False
        return self._needle in operation.label.casefold() or self._needle == operation.id


def _paths(text: str) -> frozenset[str]:
    return frozenset(path for path in text.split(".")[:_MOST_INSIDE] if _PATH.fullmatch(path))


def _overlaps(operation: Operation, start: float, end: float) -> bool:
    begun = operation.first_at if operation.started_at is None else operation.started_at
    over = operation.ended_at if operation.ended_at is not None else None if operation.is_open else operation.last_at
    return begun <= end and (over is None or over >= start)


def failed(operation: Operation) -> bool:
    """Whether it failed, or an attempt of it did."""
    return operation.status in BAD or any(attempt.status == "FAILED" for attempt in operation.attempts)


def whole(text: str) -> int:
    """A number of up to nine digits; anything else is 0."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _milliseconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else 0


def moment(text: str) -> float | None:
    """Epoch seconds; None for anything else."""
    try:
        at = float(text)
    except ValueError:
        return None
    return at if math.isfinite(at) and 0 <= at < 1e11 else None


def _zoom(text: str) -> tuple[float, float] | None:
    left, _, right = text.partition("~")
    start, end = moment(left), moment(right)
    return (start, end) if start is not None and end is not None and start < end else None
