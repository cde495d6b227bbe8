"""The whole execution at a glance, above the timeline: how much was going on when, and a brush to zoom with.

The horizontal axis is the timeline's own, in percent, so that it stands right above the bars and idle stretches are
short. It is there as a plain shape at once; Plotly takes its place as soon as somebody points at it.
"""

import threading
from dataclasses import dataclass
from typing import Any

from cachetools import LRUCache

from executions.domain.timeline import Timeline

LEAST_ROWS = 8
BUCKETS = 120


_densities: LRUCache[tuple[object, ...], tuple[int, ...]] = LRUCache(maxsize=500)
_lock = threading.Lock()


@dataclass(frozen=True)
class Overview:
    """`shape`: an SVG path in a box of 100 by 100. `zoom`: (x, width) of what is zoomed to, in percent."""

    figure: dict[str, Any]
    shape: str
    zoom: tuple[float, float] | None


def overview(whole: Timeline, key: tuple[object, ...], zoom: tuple[float, float] | None) -> Overview | None:
    """None for a timeline of a few rows. `key`: the execution, its revision, and what else the axis depends on."""
    if len(whole.history.operations) < LEAST_ROWS:
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
    return Overview(figure, _shape(density), framed)


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
