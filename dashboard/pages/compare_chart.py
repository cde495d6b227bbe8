"""The durations of two executions beside each other: those operations that differ most, as a Plotly figure.

The same numbers stand in the table, for all operations.
"""

from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Any

from dashboard.pages.compare_state import pick_of
from executions.domain.comparison import Pair
from executions.domain.words import duration

MOST = 12
_LONGEST_NAME = 28
_LEAST = 0.0005  # seconds


def chosen(pairs: Sequence[Pair]) -> list[Pair]:
    """The operations without others inside whose durations differ most, in the order of the table."""
    found: list[tuple[float, int]] = []
    for index, pair in enumerate(pairs):
        a, b = pair.seconds
        if a is not None and b is not None and abs(b - a) >= _LEAST and not pair.either.children:
            found.append((abs(b - a), index))
    largest = sorted(found, reverse=True)[:MOST]
    return [pairs[index] for index in sorted(index for _, index in largest)]


def figure(pairs: Sequence[Pair], page: str) -> dict[str, Any] | None:
    """None when no operation took longer in one than in the other. A click on a bar opens its row."""
    shown = chosen(pairs)
    if not shown:
        return None
    places = list(range(len(shown)))
    links = [f"{page}?pick={pick_of(pair)}#{pick_of(pair)}" for pair in shown]
    data = [_bars(name, tone, [pair.seconds[side] for pair in shown], places, links)
            for side, (name, tone) in enumerate((("A", "grey"), ("B", "info")))]  # fmt: skip
    names = [_name(name) for name in _labels(shown, pairs)]
    layout = {
        "barmode": "group",
        "showlegend": True,
        "legend": {"orientation": "h", "x": 0, "y": 1.12},
        "margin": {"l": 8, "r": 16, "t": 24, "b": 44},
        "xaxis": {"title": {"text": "seconds", "standoff": 8}, "rangemode": "tozero", "fixedrange": True},
        "yaxis": {
            "tickvals": places,
            "ticktext": names,
            "autorange": "reversed",
            "fixedrange": True,
            "automargin": True,
        },
    }
    return {"data": data, "layout": layout}


def _bars(name: str, tone: str, seconds: list[float | None], places: list[int], links: list[str]) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": [round(value or 0.0, 4) for value in seconds],
        "y": places,
        "customdata": links,
        "text": [duration(value or 0.0) for value in seconds],
        "textposition": "none",
        "hovertemplate": f"{name}: %{{text}}<extra></extra>",
        "meta": {"tone": tone},
    }


def _labels(shown: Sequence[Pair], pairs: Sequence[Pair]) -> list[str]:
    """Those that bear the same name as another are told apart by what they are in."""
    names = Counter(pair.either.label for pair in shown)
    around = {one.id: one.label for pair in pairs for one in (pair.left, pair.right) if one}
    found = []
    for pair in shown:
        label, parent = pair.either.label, around.get(pair.either.parent_id or "", "")
        found.append(f"{parent}: {label}" if parent and names[label] > 1 else label)
    return found


def _name(label: str) -> str:
    """Plotly reads some HTML in texts: a name is only a name."""
    return escape(label if len(label) <= _LONGEST_NAME else f"{label[: _LONGEST_NAME - 1]}…")
