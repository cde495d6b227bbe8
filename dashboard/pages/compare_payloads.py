"""The payloads of one row of a comparison: what A had and what B has."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from dashboard.pages.compare_state import EXECUTION, CompareState
from dashboard.pages.diff_box import DiffBox, DiffView, whole
from dashboard.pages.digest import payload_size
from dashboard.pages.operation import Step
from dashboard.pages.tab import Subject
from executions.domain.comparison import Comparison, Pair
from executions.domain.events import Event
from executions.domain.history import Operation

if TYPE_CHECKING:
    from dashboard.pages.compare import Sides

ROLES = ("input", "result", "error")
LARGEST_INPUT = 32 * 1024  # bytes that are compared without being asked


@dataclass(frozen=True)
class PairPayloads:
    """What templates/compare_payloads.html shows. `links` lead to the operation on either side."""

    title: str
    words: str
    boxes: list[DiffBox]
    links: list[Step]
    view: DiffView
    inline_url: str
    side_url: str
    tags_url: str
    close_url: str


def pair_payloads(sides: "Sides", found: Comparison, state: CompareState) -> PairPayloads | None:
    """None when no row is called so."""
    if state.pick == EXECUTION:
        return _shown(sides, state, "The execution itself", "", (_own(sides.a), _own(sides.b)), [])
    pair = next((pair for pair in found.pairs if state.picks(pair)), None)
    if pair is None:
        return None
    events = (_of(sides.a, pair.left), _of(sides.b, pair.right))
    return _shown(sides, state, pair.either.label, pair.words, events, _links(sides, pair))


def _shown(
    sides: "Sides", state: CompareState, title: str, words: str, events: tuple[dict[str, Event], dict[str, Event]],
    links: list[Step],
) -> PairPayloads:  # fmt: skip
    page = sides.url()
    boxes = [_box(sides, role, events, state.view) for role in ROLES if role in events[0] or role in events[1]]
    return PairPayloads(
        title=title,
        words=words,
        boxes=boxes,
        links=links,
        view=state.view,
        inline_url=f"{page}?{state.query(side_by_side=False)}",
        side_url=f"{page}?{state.query(side_by_side=True)}",
        tags_url=f"{page}?{state.query(raw=not state.view.raw)}",
        close_url=f"{page}?{state.query(pick='')}",
    )


def _box(sides: "Sides", role: str, events: tuple[dict[str, Event], dict[str, Event]], view: DiffView) -> DiffBox:
    before, after = whole(sides.a, events[0].get(role)), whole(sides.b, events[1].get(role))
    return DiffBox.between(before, after, view, title=role.capitalize(), left="A", right="B").untold_role()


def input_diff(sides: "Sides") -> DiffBox | None:
    """Of the executions' own inputs; None when one is too long to be compared without being asked."""
    events = (_own(sides.a), _own(sides.b))
    payloads = [event.payload for one in events if (event := one.get("input")) is not None]
    if any(payload is not None and payload_size(payload) > LARGEST_INPUT for payload in payloads):
        return None
    return _box(sides, "input", events, DiffView())


def _own(subject: Subject) -> dict[str, Event]:
    """By role, the event that carries the execution's own payload."""
    return _by_role([event for event in subject.history.events if event.family == "Execution"])


def _of(subject: Subject, operation: Operation | None) -> dict[str, Event]:
    numbers = operation.event_ids if operation else ()
    return _by_role([event for event in map(subject.history.event, numbers) if event is not None])


def _by_role(events: list[Event]) -> dict[str, Event]:
    """The latest of each role."""
    return {event.payload.role: event for event in events if event.payload is not None}


def _links(sides: "Sides", pair: Pair) -> list[Step]:
    found = []
    for letter, subject, operation in (("A", sides.a, pair.left), ("B", sides.b, pair.right)):
        if operation is not None:
            url = f"{subject.url('execution')}?op={quote(operation.id, safe='')}"
            found.append(Step(f"in the timeline of {letter}", url))
    return found
