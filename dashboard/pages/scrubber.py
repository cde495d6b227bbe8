"""The rail of checkpoints: a stop for each batch, A and B on it, and the steps to the neighbours."""

from bisect import bisect_left
from dataclasses import dataclass, replace

from dashboard.pages.checkpoint_state import CheckpointState
from executions.domain.checkpoints import Batch
from executions.domain.history import History

MOST_STOPS = 80
_LEFT, _WIDTH = 1.5, 97.0  # percent of the rail that stops lie on


@dataclass(frozen=True)
class Stop:
    """`x` in percent; `mark` is a, b or ''."""

    x: str
    url: str
    label: str
    mark: str


@dataclass(frozen=True)
class Scrubber:
    """URLs are '' where there is nothing to step to. With many batches only those around B have a stop.

    `position`: the number of B's batch, 0 before the first, of `count`. `gaps`: where on the rail events are missing,
    from and to.
    """

    stops: list[Stop]
    gaps: list[tuple[str, str]]
    span_from: str
    span_to: str
    has_span: bool
    previous_url: str
    next_url: str
    previous_change_url: str
    next_change_url: str
    position: int
    count: int
    position_words: str
    first_url: str
    last_url: str
    note: str


def index_of(batches: tuple[Batch, ...], event_id: int) -> int | None:
    """The batch that holds this event, or ended last before it; None before the first."""
    at = bisect_left(batches, event_id, key=lambda batch: batch.last_event_id)
    if at < len(batches) and batches[at].first_event_id <= event_id:
        return at
    return at - 1 if at > 0 else None


def of(batches: tuple[Batch, ...], state: CheckpointState, history: History, op: str) -> Scrubber:
    a, b = index_of(batches, state.a), index_of(batches, state.b)
    first = max(0, min((b or 0) - MOST_STOPS // 2, len(batches) - MOST_STOPS))
    window = batches[first : first + MOST_STOPS]

    def x(index: int | None) -> float:
        place = (0 if index is None else index - first + 1) / max(1, len(window))
        return _LEFT + _WIDTH * min(1.0, max(0.0, place))

    stops = [_stop(batch, index, a, b, x(index), state) for index, batch in enumerate(window, first)]
    if first == 0:
        mark = "a" if a is None else ""
        stops.insert(0, Stop(_percent(x(None)), f"?{state.query(a=0)}", "Before anything: set A here", mark))
    low = x(a) if a is None or a >= first else 0.0
    return Scrubber(
        stops=stops,
        gaps=[
            (_percent(x(index - 1)), _percent(x(index)))
            for index, batch in enumerate(window, first)
            if any(last == batch.first_event_id - 1 for _, last in history.gaps)
        ],
        span_from=_percent(low),
        span_to=_percent(x(b)),
        has_span=state.a != state.b,
        previous_url=_step(batches, state, -1),
        next_url=_step(batches, state, 1),
        previous_change_url=_change(batches, state, history, op, -1),
        next_change_url=_change(batches, state, history, op, 1),
        position=0 if b is None else b + 1,
        count=len(batches),
        position_words="before anything" if b is None else _words(batches[b]),
        first_url=_pair(batches, state, 0) if batches else "",
        last_url=_pair(batches, state, len(batches) - 1) if batches else "",
        note=f"{len(window)} of {len(batches):,} checkpoints, those around B" if len(window) < len(batches) else "",
    )


def _percent(x: float) -> str:
    return f"{x:.2f}"


def _stop(batch: Batch, index: int, a: int | None, b: int | None, x: float, state: CheckpointState) -> Stop:
    """Going there moves the nearer end: A to what lies before it, B to the rest."""
    moves_a = a is not None and index < a
    query = state.query(a=batch.last_event_id) if moves_a else state.query(b=batch.last_event_id)
    mark = "b" if index == b else "a" if index == a else ""
    said = f", {mark.upper()}" if mark else ""
    end = "A" if moves_a else "B"
    label = f"{_words(batch, said)}; set {end} here"
    return Stop(_percent(x), f"?{query}", label, mark)


def _words(batch: Batch, said: str = "") -> str:
    return f"Checkpoint {batch.number}{said}: event {batch.last_event_id}, {batch.summary}"


def _pair(batches: tuple[Batch, ...], state: CheckpointState, index: int) -> str:
    """Compare this batch with the one before it."""
    before = batches[index - 1].last_event_id if index > 0 else 0
    return f"?{state.query(a=before, b=batches[index].last_event_id)}"


def _step(batches: tuple[Batch, ...], state: CheckpointState, by: int) -> str:
    now = index_of(batches, state.b)
    at = (-1 if now is None else now) + by
    return _pair(batches, state, at) if 0 <= at < len(batches) else ""


def _change(batches: tuple[Batch, ...], state: CheckpointState, history: History, op: str, by: int) -> str:
    """The nearest batch after (`by` 1) or before (-1) the one of B in which the selected operation has an event."""
    operation, now = history.operations.get(op), index_of(batches, state.b)
    if operation is None:
        return ""
    places = [at for number in operation.event_ids if (at := index_of(batches, number)) is not None]
    here = -1 if now is None else now
    beyond = [at for at in places if (at > here if by > 0 else at < here)]
    if not beyond:
        return ""
    return _pair(batches, replace(state, op=op), min(beyond) if by > 0 else max(beyond))
