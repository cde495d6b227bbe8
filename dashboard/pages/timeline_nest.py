"""Child executions that are unfolded in the timeline of the execution that called them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dashboard.pages.tab import Subject
from dashboard.pages.timeline_state import TimelineState
from executions import queries
from executions.domain import nesting, timeline
from executions.domain.history import History
from executions.domain.nesting import Branch, Piece
from executions.domain.scale import Interval, Scale
from executions.domain.timeline import Timeline
from executions.models import Execution

MOST_STREAMS = 3
"""Streams for children that still run: a browser has six connections for one host, and the page needs some."""
_ABSENT = "The child execution is not mirrored, or it is not one that you may see."


@dataclass(frozen=True)
class Child:
    """`subject` is None when it is not mirrored, or not this person's: that is not told apart."""

    path: str
    operation_id: str
    arn: str
    subject: Subject | None
    inside: tuple["Child", ...] = ()

    @property
    def note(self) -> str:
        """What is said in the place of rows."""
        if self.subject is None:
            return _ABSENT
        if not self.subject.history.events:
            return "Its history has not been read yet."
        return "No operation of it matches." if self.subject.history.operations else "It has no operation yet."

    def key(self) -> tuple[object, ...]:
        """Changes whenever its rows do."""
        if self.subject is None:
            return (self.path,)
        execution = self.subject.execution
        return (self.path, execution.pk, execution.revision, *(one.key() for one in self.inside))


@dataclass(frozen=True)
class Nest:
    """All rows of a page: those of the timeline and of the children that are unfolded in it, by path."""

    timeline: Timeline
    pieces: tuple[Piece, ...]
    timelines: dict[str, Timeline]
    children: dict[str, Child]

    @property
    def total_rows(self) -> int:
        return nesting.total(self.pieces)

    def index_of(self, operation_id: str, path: str = "") -> int | None:
        """The row of an operation of the timeline, or of the child at `path`."""
        shown = self.timelines.get(path)
        own = None if shown is None else shown.index_of(operation_id)
        return None if own is None else nesting.place_of(self.pieces, path, own)

    @property
    def live(self) -> list[Subject]:
        """The children that still change."""
        shown = (child.subject for child in self.children.values())
        return [subject for subject in shown if subject is not None and subject.is_live][:MOST_STREAMS]


def children_of(subject: Subject, state: TimelineState, prefix: str = "") -> tuple[Child, ...]:
    """Those that the state unfolds, and what it unfolds in them."""
    if not any(path.startswith(prefix) for path in state.inside):
        return ()
    called = {
        f"{prefix}{one.first_event_id}": (one.id, one.invoke.child_arn)
        for one in subject.history.operations.values()
        if one.invoke is not None and one.invoke.child_arn
    }
    wanted = {path: called[path] for path in sorted(state.inside) if path in called}
    if not wanted:
        return ()
    found = queries.by_arn(subject.user, [arn for _, arn in wanted.values()])
    return tuple(_child(subject, state, path, key, arn, found) for path, (key, arn) in wanted.items())


def _child(subject: Subject, state: TimelineState, path: str, key: str, arn: str, found: dict[str, Execution]) -> Child:
    execution = found.get(arn)
    if execution is None:
        return Child(path, key, arn, None)
    inner = replace(subject, execution=execution)
    return Child(path, key, arn, inner, children_of(inner, state, f"{path}-"))


def child_at(subject: Subject, state: TimelineState) -> Subject | None:
    """The child that has what is selected; None when it is not there, or not for this person to see."""
    children = everyone(children_of(subject, state.unfolding_selected))
    return next((child.subject for child in children if child.path == state.within), None)


def everyone(children: tuple[Child, ...]) -> Iterator[Child]:
    for child in children:
        yield child
        yield from everyone(child.inside)


def busy(children: tuple[Child, ...], now: float) -> list[Interval]:
    """When something happened in them: stretches that must not be drawn as idle."""
    found: list[Interval] = []
    for child in everyone(children):
        if child.subject is not None and child.subject.history.events:
            found += timeline.busy(child.subject.history, now)
    return found


def shown(history: History, state: TimelineState, children: tuple[Child, ...]) -> frozenset[str] | None:
    """The operations that pass the filters, and the invokes whose unfolded child has some; None for all of them."""
    only = state.only(history)
    if only is None:
        return None
    leading = [
        child.operation_id
        for child in children
        if child.subject is not None and shown(child.subject.history, state, child.inside) != frozenset()
    ]
    return only | frozenset(leading)


def nest(whole: Timeline, children: tuple[Child, ...], state: TimelineState, now: float) -> Nest:
    timelines = {"": whole}
    branches = _branches(children, state, now, whole.scale, timelines)
    by_path = {child.path: child for child in everyone(children)}
    return Nest(whole, nesting.weave(whole, branches), timelines, by_path)


def _branches(
    children: tuple[Child, ...], state: TimelineState, now: float, scale: Scale, timelines: dict[str, Timeline]
) -> tuple[Branch, ...]:
    """Also puts each child's timeline into `timelines`."""
    found = []
    for child in children:
        built = None
        if child.subject is not None:
            history = child.subject.history
            folded = state.folded_inside(child.path, history)
            only = shown(history, state, child.inside)
            built = timeline.build(history, now=now, scale=scale, only=only, folded=folded)
            timelines[child.path] = built
        inside = _branches(child.inside, state, now, scale, timelines)
        found.append(Branch(child.path, child.operation_id, built, inside))
    return tuple(found)
