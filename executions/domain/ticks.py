"""Labels under the timeline's axis, far enough apart to be read."""

import math
from dataclasses import dataclass
from itertools import pairwise

from executions.domain.scale import Scale, Segment
from executions.domain.words import duration

_ROOM = 9.0  # percent that one label takes
_NICE = (1.0, 2.0, 5.0)
_CLOCK = (60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0, 43200.0, 86400.0)


@dataclass(frozen=True, slots=True)
class Tick:
    """`kind`: start and resume (`at` is to be shown as a time of day; label is empty), offset ("+5 s" since that),
    idle ("2 h idle", in the middle of a collapsed stretch), now, or end."""

    x: float
    at: float
    kind: str
    label: str


def make_ticks(scale: Scale, end: float, *, is_open: bool) -> tuple[Tick, ...]:
    """`end`: now, or when the execution ended. In order of x; the ends first get their room, then idle stretches."""
    last_x = round(scale.x(end), 3)
    kept = [Tick(0.0, scale.start, "start", "")]
    if last_x >= _ROOM:
        kept.append(Tick(last_x, min(end, scale.end), "now" if is_open and scale.end >= end else "end", ""))
        if kept[-1].kind == "now":
            kept[-1] = Tick(last_x, end, "now", "now")
    shown = [segment for segment in scale.segments if segment.t0 < end]

    def has_room(x: float) -> bool:
        return all(abs(x - other.x) >= _ROOM for other in kept)

    # There may be hundreds of segments and room for ten labels: words are made for those that are kept.
    for segment in shown:
        if segment.collapsed and has_room(middle := round((segment.x0 + segment.x1) / 2, 3)):
            length = duration(segment.t1 - segment.t0)
            kept.append(Tick(middle, (segment.t0 + segment.t1) / 2, "idle", f"{length} idle"))
    for before, segment in pairwise(shown):
        if before.collapsed and not segment.collapsed and has_room(x := round(segment.x0, 3)):
            kept.append(Tick(x, segment.t0, "resume", ""))
    for segment in shown:
        if not segment.collapsed:
            for tick in _offsets(segment):
                if has_room(tick.x):
                    kept.append(tick)
    return tuple(sorted(kept, key=lambda tick: tick.x))


def _offsets(segment: Segment) -> list[Tick]:
    """At most a handful, at round distances from the segment's start."""
    room = segment.x1 - segment.x0
    length = segment.t1 - segment.t0
    if room < 2 * _ROOM or length <= 0:
        return []
    step = _nice(length * _ROOM * 1.5 / room)
    ticks = []
    for number in range(1, min(12, math.ceil(length / step))):
        at = segment.t0 + number * step
        share = number * step / length
        if share < 1:
            ticks.append(Tick(round(segment.x0 + room * share, 3), at, "offset", f"+{duration(number * step)}"))
    return ticks


def _nice(step: float) -> float:
    """The next larger length that people count in."""
    if step > 30:
        for length in _CLOCK:
            if length >= step:
                return length
        return math.ceil(step / 86_400) * 86_400.0
    base = 10.0 ** math.floor(math.log10(max(step, 1e-6)))
    return next((base * factor for factor in _NICE if base * factor >= step * 0.999), base * 10)
