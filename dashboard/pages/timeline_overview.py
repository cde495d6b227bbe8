"""The whole execution at a glance, above the timeline: how much was going on when, and a brush to zoom with.

The horizontal axis is the timeline's own, in percent, so that it stands right above the bars and idle stretches are
short. It is there as a plain shape at once; Plotly takes its place as soon as somebody points at it. Two sliders beside
it do the same as the brush, for keyboards and for fingers.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cachetools import LRUCache

from executions.domain.timeline import Timeline
from executions.domain.words import duration, moment

LEAST_LONG = 2
"""Operations that took some time: what happens in one moment has no parts to look at."""
BUCKETS = 120
STEP = 0.5  # percent that a slider moves at a key


_densities: LRUCache[tuple[object, ...], tuple[int, ...]] = LRUCache(maxsize=500)
_lock = threading.Lock()


@dataclass(frozen=True)
class Overview:
    """`shape`: an SVG path in a box of 100 by 100. `zoom`: (x, width) of what is zoomed to, in percent."""

    figure: dict[str, Any]
    shape: str
    zoom: tuple[float, float] | None
    sliders: "tuple[Slider, Slider]"


@dataclass(frozen=True)
class Slider:
    """One end of what is zoomed to. `value`: percent of the axis in steps; `words`: how long after the beginning that
    is; `moment`: when.
    """

    name: str
    label: str
    value: str
    words: str
    moment: str


def overview(whole: Timeline, key: tuple[object, ...], zoom: tuple[float, float] | None) -> Overview | None:
    """None where less than LEAST_LONG operations took time. `key`: the execution, its revision, and what else the axis
    depends on.
    """
    if len(list(islice(_long(whole), LEAST_LONG))) < LEAST_LONG:
        return None
    density = _density(whole, key)
    width = 100 / BUCKETS
    trace = {
        "type": "scatter",
        "mode": "lines",
        "fill": "tozeroy",
        "line": {"shape": "hv", "width": 1},
        "x": [round(bucket * width, 3) for bucket in range(BUCKETS + 1)],
        "y": [*density, density[-1]],
        "hovertemplate": "%{y} in progress<extra></extra>",
        "meta": {"tone": "info"},
    }
    framed = None
    if zoom:
        x0, x1 = (round(whole.scale.x(at), 3) for at in zoom)
        framed = (x0, round(max(0.4, x1 - x0), 3))
    figure = {"data": [trace], "layout": _layout(framed), "config": {"doubleClick": False}}
    return Overview(figure, _shape(density), framed, _sliders(whole, zoom))


def _long(whole: Timeline) -> Iterator[bool]:
    """Something for each operation that took time, or takes it."""
    for one in whole.history.operations.values():
        begun = one.first_at if one.started_at is None else one.started_at
        if one.is_open or (one.ended_at is not None and one.ended_at > begun):
            yield True


def _sliders(whole: Timeline, zoom: tuple[float, float] | None) -> tuple[Slider, Slider]:
    left, right = _places(whole, zoom)
    return _slider(whole, "left", "From", left), _slider(whole, "right", "To", right)


def _slider(whole: Timeline, name: str, label: str, place: float) -> Slider:
    at = whole.scale.time_at(place)
    words = f"+{duration(at - whole.scale.start)}"
    return Slider(name, label, f"{place:g}", words, moment(at, whole.scale.end))


def _places(whole: Timeline, zoom: tuple[float, float] | None) -> tuple[float, float]:
    """Where the sliders stand."""
    if zoom is None:
        return 0.0, 100.0
    left, right = (round(whole.scale.x(at) / STEP) * STEP for at in zoom)
    return min(left, 100.0 - STEP), max(right, min(left, 100.0 - STEP) + STEP)


def slid(whole: Timeline, places: tuple[str, str], zoom: tuple[float, float] | None) -> tuple[float, float] | None:
    """What the sliders ask for, as epoch seconds; None for all. An end that was not moved stays exactly where it was,
    and neither gets past the other. What says nothing changes nothing.
    """
    try:
        left, right = map(float, places)
    except ValueError:
        return zoom
    if not (0 <= left <= 100 and 0 <= right <= 100):
        return zoom
    was = _places(whole, zoom)
    if left >= right and left != was[0]:
        left = max(0.0, right - STEP)
    if left >= right:
        right = left + STEP
    if left <= 0 and right >= 100:
        return None
    start = zoom[0] if zoom and left == was[0] else whole.scale.time_at(left)
    end = zoom[1] if zoom and right == was[1] else whole.scale.time_at(right)
    return (start, end) if end > start else zoom


def _shape(density: tuple[int, ...]) -> str:
    """Steps, drawn as Plotly draws them; one move for each change of height."""
    top, width = max(max(density), 1), 100 / BUCKETS
    path, last = ["M0 100"], 0.0
    for bucket, number in enumerate(density):
        y = round(100 - 92 * number / top, 1)
        if bucket == 0 or y != last:
            path.append(f"H{bucket * width:.2f}V{y:g}")
            last = y
    return "".join([*path, "H100V100Z"])


def _density(whole: Timeline, key: tuple[object, ...]) -> tuple[int, ...]:
    with _lock:
        found = _densities.get(key)
    if found is None:
        found = whole.density(BUCKETS)
        with _lock:
            _densities[key] = found
    return found


def _layout(zoom: tuple[float, float] | None) -> dict[str, Any]:
    axis = {"visible": False, "fixedrange": True}
    layout: dict[str, Any] = {
        "margin": {"l": 0, "r": 0, "t": 2, "b": 2},
        "dragmode": "select",
        "selectdirection": "h",
        "xaxis": {**axis, "range": [0, 100]},
        "yaxis": {**axis, "rangemode": "tozero"},
    }
    if zoom:
        place = {"xref": "x", "yref": "paper", "x0": zoom[0], "x1": zoom[0] + zoom[1], "y0": 0, "y1": 1}
        layout["shapes"] = [{"type": "rect", "line": {"width": 1.5, "color": "#3f8ce0"}, **place}]
    return layout


def brushed(whole: Timeline, text: str) -> tuple[float, float] | None:
    """What was brushed, "12.5~40" in percent of the axis, as epoch seconds; None when it is no such thing."""
    left, _, right = text.partition("~")
    try:
        x0, x1 = sorted((float(left), float(right)))
    except ValueError:
        return None
    if not (-1 <= x0 < x1 <= 101):
        return None
    start, end = whole.scale.time_at(max(0.0, x0)), whole.scale.time_at(min(100.0, x1))
    return (start, end) if end > start else None
