"""The timeline's horizontal axis: time to percent, with the stretches in which nothing ran drawn short.

Three seconds of work inside a five-day wait must stay readable, so the axis is piecewise linear.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from executions.domain.records import quick

IDLE_SECONDS = 2.0  # a shorter stretch is never collapsed
IDLE_SHARE = 0.1  # of the active time, likewise
COLLAPSED_WIDTH = 3.0  # percent
LAST_WIDTH = 12.0  # percent, for the idle stretch that runs to now: what is awaited is drawn there
_MOST_COLLAPSED = 50.0  # percent that all collapsed stretches may take together
_LEAST_LENGTH = 0.001  # seconds; an axis on which everything happens at once still needs a length

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Segment:
    """From t0 to t1 (epoch seconds) the axis runs linearly from x0 to x1 (percent). Segments touch, none overlap."""

    t0: float
    t1: float
    x0: float
    x1: float
    collapsed: bool = False


_segment = quick(Segment)


@dataclass(frozen=True, slots=True)
class Scale:
    segments: tuple[Segment, ...]
    starts: tuple[float, ...]

    @property
    def start(self) -> float:
        return self.segments[0].t0

    @property
    def end(self) -> float:
        return self.segments[-1].t1

    def x(self, t: float) -> float:
        """Percent, 0 to 100; a time off the axis is put at its nearer end. Never decreases as t grows."""
        segment = self.segments[max(0, bisect_right(self.starts, t) - 1)]
        if t <= segment.t0:
            return segment.x0
        if t >= segment.t1:
            return segment.x1
        x = segment.x0 + (segment.x1 - segment.x0) * ((t - segment.t0) / (segment.t1 - segment.t0))
        return min(segment.x1, x)

    def time_at(self, x: float) -> float:
        """The inverse, for a brush or a click: epoch seconds at a percent of the axis."""
        for segment in self.segments:
            if x <= segment.x1 and segment.x1 > segment.x0:
                share = max(0.0, x - segment.x0) / (segment.x1 - segment.x0)
                return min(segment.t1, segment.t0 + share * (segment.t1 - segment.t0))
        return self.end


def make_scale(
    start: float,
    end: float,
    busy: Iterable[Interval],
    *,
    collapse: bool,
    open_end: bool = False,
    opened: Collection[int] = (),
) -> Scale:
    """An axis from `start` to `end`. `busy` are the intervals in which code ran, in any order, moments included.

    `open_end`: the axis ends at now and the execution goes on. `opened`: the `key_of` of stretches to draw in full.
    """
    if not end > start:
        end = start + max(_LEAST_LENGTH, abs(start) * 1e-12)
    merged = _merged(busy, start, end) if collapse else []
    active = sum(t1 - t0 for t0, t1 in merged)
    threshold = max(IDLE_SECONDS, IDLE_SHARE * active)
    idle = [gap for gap in _between(merged, start, end) if gap[1] - gap[0] > threshold] if merged else []
    if opened:
        idle = [gap for gap in idle if key_of(gap[0]) not in opened]
    shown = (end - start) - sum(t1 - t0 for t0, t1 in idle)
    if shown <= (end - start) * 1e-9:
        idle = []
    return _laid_out(start, end, idle, open_end=open_end)


def key_of(t0: float) -> int:
    """What an idle stretch is called by: its beginning, in milliseconds."""
    return int(t0 * 1000)


def _merged(busy: Iterable[Interval], start: float, end: float) -> list[Interval]:
    """The union of the intervals, clipped to the axis; clocks that ran backwards make a moment."""
    merged: list[Interval] = []
    last0 = last1 = None
    for t0, t1 in sorted(busy):
        # A long history has thousands: comparing takes a fifth of the time of calling min and max.
        if t1 < t0:
            t1 = t0
        if t0 < start:
            t0 = start
        if t1 > end:
            t1 = end
        if t1 < t0:
            continue
        if last1 is None or last0 is None:
            last0, last1 = t0, t1
        elif t0 <= last1:
            if t1 > last1:
                last1 = t1
        else:
            merged.append((last0, last1))
            last0, last1 = t0, t1
    if last0 is not None and last1 is not None:
        merged.append((last0, last1))
    return merged


def _between(merged: Sequence[Interval], start: float, end: float) -> list[Interval]:
    edges = [(start, start), *merged, (end, end)]
    return [(left[1], right[0]) for left, right in pairwise(edges) if right[0] > left[1]]


def _laid_out(start: float, end: float, idle: list[Interval], *, open_end: bool) -> Scale:
    widths = [COLLAPSED_WIDTH] * len(idle)
    if idle and open_end and idle[-1][1] >= end:
        widths[-1] = LAST_WIDTH
    taken = sum(widths)
    if taken > _MOST_COLLAPSED:
        widths = [width * _MOST_COLLAPSED / taken for width in widths]
        taken = _MOST_COLLAPSED
    shown = (end - start) - sum(t1 - t0 for t0, t1 in idle)
    per_second = (100.0 - taken) / shown
    segments: list[Segment] = []
    t, x = start, 0.0
    for (t0, t1), width in zip(idle, widths, strict=True):
        if t0 > t:
            reached = min(100.0, x + (t0 - t) * per_second)
            segments.append(_segment(t, t0, x, reached))
            x = reached
        reached = min(100.0, x + width)
        segments.append(_segment(t0, t1, x, reached, True))
        t, x = t1, reached
    if t < end:
        segments.append(Segment(t, end, x, 100.0))
    else:
        last = segments[-1]
        segments[-1] = Segment(last.t0, last.t1, last.x0, 100.0, last.collapsed)
    return Scale(tuple(segments), tuple(segment.t0 for segment in segments))


def with_future(scale: Scale, until: float, width: float = COLLAPSED_WIDTH) -> Scale:
    """The same axis squeezed to leave `width` percent for what lies ahead, up to `until`, as one collapsed stretch."""
    share = (100.0 - width) / 100.0
    squeezed = [Segment(s.t0, s.t1, s.x0 * share, s.x1 * share, s.collapsed) for s in scale.segments]
    ahead = Segment(scale.end, until, squeezed[-1].x1, 100.0, collapsed=True)
    return Scale((*squeezed, ahead), (*scale.starts, scale.end))
