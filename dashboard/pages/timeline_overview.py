"""The whole execution at a glance, above a long timeline: how much was going on when, and a brush to zoom with.

The horizontal axis is the timeline's own, in percent, so that it stands right above the bars and idle stretches are
short.
"""

import threading
from typing import Any

from cachetools import LRUCache
from django.utils.html import format_html
from django.utils.safestring import SafeString

from executions.domain.timeline import Timeline

LEAST_ROWS = 60
BUCKETS = 120


_densities: LRUCache[tuple[object, ...], tuple[int, ...]] = LRUCache(maxsize=500)
_lock = threading.Lock()


def figure(whole: Timeline, key: tuple[object, ...], zoom: tuple[float, float] | None) -> dict[str, Any] | None:
    """A Plotly figure; None for a timeline that can be seen at once, or that is still growing under the brush.

    `key`: the execution, its revision, and what else the axis depends on.
    """
    if len(whole.history.operations) < LEAST_ROWS or not whole.history.is_over:
        return None
    width = 100 / BUCKETS
    trace = {
        "type": "bar",
        "x": [round((bucket + 0.5) * width, 3) for bucket in range(BUCKETS)],
        "y": list(_density(whole, key)),
        "width": width,
        "hovertemplate": "%{y} in progress<extra></extra>",
        "meta": {"tone": "code"},
    }
    return {"data": [trace], "layout": _layout(whole, zoom), "config": {"doubleClick": False}}


def sketch(figure: dict[str, Any]) -> SafeString:
    """The same as plain SVG, to be seen until somebody points at it: Plotly is long in coming, and then keeps a browser
    busy for longer than a frame.
    """
    [bars] = figure["data"]
    most = max(bars["y"], default=0) or 1
    outline = "".join(f"V{100 - 100 * high // most}h1" for high in bars["y"])
    drawn = format_html('<path d="M0 100{}V100Z"/>', outline)
    for shape in figure["layout"].get("shapes", ()):
        x0, x1 = (round(shape[end] * BUCKETS / 100, 2) for end in ("x0", "x1"))
        drawn += format_html('<rect class="zoomed" x="{}" y="0" width="{}" height="100"/>', x0, round(x1 - x0, 2))
    box = '<svg class="sketch" viewBox="0 0 {} 100" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    return format_html(box, BUCKETS, drawn)


def _density(whole: Timeline, key: tuple[object, ...]) -> tuple[int, ...]:
    with _lock:
        found = _densities.get(key)
    if found is None:
        found = whole.density(BUCKETS)
        with _lock:
            _densities[key] = found
    return found


def _layout(whole: Timeline, zoom: tuple[float, float] | None) -> dict[str, Any]:
    axis = {"visible": False, "fixedrange": True}
    layout: dict[str, Any] = {
        "margin": {"l": 0, "r": 0, "t": 2, "b": 2},
        "bargap": 0,
        "dragmode": "select",
        "selectdirection": "h",
        "xaxis": {**axis, "range": [0, 100]},
        "yaxis": {**axis, "rangemode": "tozero"},
    }
    if zoom:
        x0, x1 = (round(whole.scale.x(at), 3) for at in zoom)
        line = {"color": "#3f8ce0", "width": 1.5}
        place = {"xref": "x", "yref": "paper", "x0": x0, "x1": x1, "y0": 0, "y1": 1}
        layout["shapes"] = [{"type": "rect", "line": line, **place}]
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
