"""The timeline of one execution: a row for each operation and, on a shared axis, the bars of its attempts.

Only the rows that are shown get bars, so a timeline of 3,000 operations costs little more than one of 30.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from executions.domain.bars import Bar, deadline_of, operation_bars
from executions.domain.history import OPEN, History, Operation
from executions.domain.invocations import Replay, lane_bars, replays, running_since
from executions.domain.scale import Interval, Scale, Segment, make_scale, with_future
from executions.domain.ticks import Tick, make_ticks
from executions.domain.words import count, duration

__all__ = ["Bar", "Row", "Scale", "Segment", "Tick", "Timeline", "build", "busy"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `duration_seconds` is None when it is not known; `child_count` counts direct children."""

    index: int
    operation_id: str
    parent_id: str | None
    name: str
    kind: str
    subtype: str | None
    depth: int
    has_children: bool
    is_folded: bool
    child_count: int
    bars: tuple[Bar, ...]
    status: str
    duration_seconds: float | None
    note: str
    first_event_id: int


@dataclass(frozen=True)
class Timeline:
    """`ended_at` is now for an open execution. `order` are the operation ids of all rows, top to bottom."""

    history: History
    scale: Scale
    started_at: float
    ended_at: float
    order: tuple[str, ...]
    folded: frozenset[str]

    @property
    def total_rows(self) -> int:
        return len(self.order)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        return self.window(0, len(self.order))

    def window(self, first: int, count: int) -> tuple[Row, ...]:
        """Rows `first` to `first + count`, as far as there are any."""
        first = max(0, first)
        keys = self.order[first : first + max(0, count)]
        return tuple(self._row(first + offset, key) for offset, key in enumerate(keys))

    def index_of(self, operation_id: str) -> int | None:
        """The row of an operation; None when a folded ancestor hides it."""
        return self._positions.get(operation_id)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {key: index for index, key in enumerate(self.order)}

    @cached_property
    def lane_bars(self) -> tuple[Bar, ...]:
        return lane_bars(self.history, self.replays, self.scale, self.ended_at)

    @cached_property
    def replays(self) -> list[Replay]:
        return replays(self.history)

    @cached_property
    def ticks(self) -> tuple[Tick, ...]:
        return make_ticks(self.scale, self.ended_at, is_open=not self.history.is_over)

    def density(self, buckets: int = 120) -> tuple[int, ...]:
        """How many operations without children are open in each of `buckets` equal parts of the axis: the overview."""
        steps = [0] * (buckets + 1)
        left, right, x = self.scale.start, self.scale.end, self.scale.x
        for operation in self.history.operations.values():
            if operation.children:
                continue
            start, end = _extent(operation, self.ended_at)
            if end >= left and start <= right:
                first = min(buckets - 1, int(x(start) * buckets / 100))
                steps[first] += 1
                steps[max(first, min(buckets - 1, int(x(end) * buckets / 100))) + 1] -= 1
        running = 0
        return tuple([running := running + step for step in steps[:-1]])

    def _row(self, index: int, key: str) -> Row:
        operation = self.history.operations[key]
        return Row(
            index=index,
            operation_id=key,
            parent_id=operation.parent_id,
            name=operation.label,
            kind=operation.kind,
            subtype=operation.subtype,
            depth=operation.depth,
            has_children=bool(operation.children),
            is_folded=bool(operation.children) and key in self.folded,
            child_count=len(operation.children),
            bars=operation_bars(operation, self.scale, self.ended_at),
            status=operation.status,
            duration_seconds=_length(operation, self.ended_at),
            note=_note(operation, self.history),
            first_event_id=operation.first_event_id,
        )


def build(
    history: History,
    *,
    now: float,
    collapse_idle: bool = True,
    opened: Collection[int] = (),
    folded: frozenset[str] = frozenset(),
    zoom: tuple[float, float] | None = None,
    only: frozenset[str] | None = None,
    scale: Scale | None = None,
    also: Iterable[Interval] = (),
) -> Timeline:
    """The timeline at `now`.

    `opened`: idle stretches that are not collapsed (`scale.key_of`). `folded`: operations whose children are hidden.
    `zoom`: the part of the axis to show, in epoch seconds. `only`: show just these operations and what they are in.
    `scale`: the axis of another timeline, to draw a child's rows in it. `also`: when something else happened that the
    axis must not draw as idle.
    """
    start, end = _bounds(history, now)
    if scale is None:
        scale = _scale(history, start, end, collapse_idle=collapse_idle, opened=opened, zoom=zoom, also=also)
    order = tuple(_visible(history, folded, _with_ancestors(history, only)))
    return Timeline(history, scale, start, end, order, folded)


def _bounds(history: History, now: float) -> Interval:
    times = [event.at for event in history.events]
    times += [invocation.started_at for invocation in history.invocations]
    times += [invocation.ended_at for invocation in history.invocations]
    if not history.is_over:
        times.append(now)
    return min(times, default=now), max(times, default=now)


def _scale(
    history: History,
    start: float,
    end: float,
    *,
    collapse_idle: bool,
    opened: Collection[int],
    zoom: tuple[float, float] | None,
    also: Iterable[Interval],
) -> Scale:
    open_end = not history.is_over
    active = [*busy(history, end), *also]
    if zoom is not None:
        left, right = max(start, zoom[0]), min(end, zoom[1])
        if left < right:
            to_now = open_end and right == end
            return make_scale(left, right, active, collapse=collapse_idle, open_end=to_now, opened=opened)
    scale = make_scale(start, end, active, collapse=collapse_idle, open_end=open_end, opened=opened)
    if open_end:
        ahead = [until for operation in history.operations.values() if (until := deadline_of(operation)) is not None]
        latest = max(ahead, default=end)
        if latest > scale.end:
            return with_future(scale, latest)
    return scale


def busy(history: History, end: float) -> list[Interval]:
    """When code ran, up to `end`. Every event is a moment of it: it says that something happened between two idle
    stretches.
    """
    found = [(invocation.started_at, invocation.ended_at) for invocation in history.invocations]
    found += [(at, at) for at in {event.at for event in history.events}]
    for operation in history.operations.values():
        for attempt in operation.attempts:
            if attempt.started_at is not None and attempt.status != "NEVER_FINISHED":
                found.append((attempt.started_at, end if attempt.ended_at is None else attempt.ended_at))
    since = running_since(history)
    if since is not None:
        found.append((since, end))
    return found


def _with_ancestors(history: History, only: frozenset[str] | None) -> set[str] | None:
    if only is None:
        return None
    wanted: set[str] = set()
    for key in only:
        at: str | None = key
        while at is not None and at not in wanted and at in history.operations:
            wanted.add(at)
            operation = history.operations[at]
            at = None if operation.orphan else operation.parent_id
    return wanted


def _visible(history: History, folded: frozenset[str], wanted: set[str] | None) -> Iterator[str]:
    """Ids from top to bottom: parents before children, siblings by first appearance."""
    stack = list(reversed(history.roots))
    operations = history.operations
    while stack:
        key = stack.pop()
        if wanted is not None and key not in wanted:
            continue
        yield key
        children = operations[key].children
        if children and key not in folded:
            stack.extend(reversed(children))


def _extent(operation: Operation, end: float) -> Interval:
    start = operation.first_at if operation.started_at is None else operation.started_at
    if operation.ended_at is not None:
        return start, operation.ended_at
    return start, (operation.last_at if operation.status == "UNKNOWN" else max(start, end))


def _length(operation: Operation, end: float) -> float | None:
    if operation.started_at is None or (operation.ended_at is None and operation.status not in OPEN):
        return None
    start, stop = _extent(operation, end)
    return max(0.0, stop - start)


def _note(operation: Operation, history: History) -> str:
    """What sets it apart from others of its kind, in two or three words; empty for a plain step."""
    attempts, children = len(operation.attempts), len(operation.children)
    if operation.kind == "Step":
        word = "poll" if operation.subtype == "WaitForCondition" else "attempt"
        return count(attempts, word) if attempts > 1 else ""
    if operation.wait is not None and operation.wait.duration_seconds is not None:
        return f"wait {duration(operation.wait.duration_seconds)}"
    if operation.subtype == "Map":
        done = sum(history.operations[child].ended_at is not None for child in operation.children)
        return f"{done:,} / {count(children, 'item')}" if operation.is_open else count(children, "item")
    if operation.subtype == "Parallel":
        return count(children, "branch", "branches")
    if operation.kind == "Callback":
        return "open" if operation.is_open else ""
    if operation.invoke is not None:
        return operation.invoke.function_name or ""
    return count(children, "operation") if operation.kind == "Context" and children else ""
