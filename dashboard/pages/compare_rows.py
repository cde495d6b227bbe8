"""The rows of a comparison as HTML, in windows.

Written with f-strings, as the timeline's are: a window has hundreds of cells. What comes from outside passes through
`escape`.
"""

from html import escape

from dashboard.pages.compare_state import CompareState, pick_of
from dashboard.pages.timeline_rows import DEEPEST, ONE_BATCH, kind_icon, kind_words, said, spacer_html
from dashboard.templatetags.durascope import icon, status_badge
from executions.domain.comparison import Pair
from executions.domain.history import Operation
from executions.domain.words import duration

CHUNK = 100
ROW_HEIGHT, NARROW_HEIGHT = 50, 74  # as in static/css/compare.css
_SIGNS = {"same": "=", "changed": "~", "added": "+", "missing": "−", "ahead": "…"}
_PILLS = {"changed": "changed", "added": "appeared", "missing": "missing", "ahead": "ahead"}


class RowWriter:
    """Writes the rows of one comparison. `page` and `payloads`: the URLs of the page and of what a row opens."""

    def __init__(self, state: CompareState, first: str, *, page: str, payloads: str, rows: str):
        self._state, self._first = state, first
        self._page, self._payloads, self._rows = page, payloads, rows

    def windows(self, shown: list[Pair], wanted: set[int]) -> str:
        """All rows; of the windows that are not wanted only their place."""
        return "".join(
            self.window(shown, at) if at in wanted else self._gap(at, len(shown)) for at in range(0, len(shown), CHUNK)
        )

    def window(self, shown: list[Pair], at: int) -> str:
        return f'<tbody id="rows-{at}">{"".join(map(self._row, shown[at : at + CHUNK]))}</tbody>\n'

    def _gap(self, at: int, total: int) -> str:
        query = escape(self._state.query(pick=""))
        number = min(CHUNK, total - at)
        joined = f"{query}&amp;" if query else ""
        return (
            f'<tbody id="rows-{at}" class="gap-rows" data-window="{self._rows}?{joined}from={at}">'
            f'<tr><td colspan="4"><a href="{self._page}?{joined}from={at}">rows {at + 1:,} to {at + number:,}</a>'
            f"{spacer_html(number - 1, ROW_HEIGHT, NARROW_HEIGHT)}</td></tr></tbody>\n"
        )

    def _row(self, pair: Pair) -> str:
        pick, operation = pick_of(pair), pair.either
        query = escape(self._state.query(pick=pick))
        chosen, first = self._state.picks(pair), pick == self._first
        marks = (" is-selected" if chosen else "") + (" is-first" if first else "")
        current = ' aria-current="true"' if chosen else ""
        told = '<span class="st st-bad">first divergence</span> ' if first else ""
        pill = _PILLS.get(pair.what, "same")
        return (
            f'<tr id="{pick}" class="d{min(pair.depth, DEEPEST)}{marks}" data-operation-id="{escape(operation.id)}"'
            f' data-status="{pair.what}"><td class="of"><span class="cell"><span class="pill pill-{pill}"'
            f' title="{pair.what}">{_SIGNS[pair.what]}<span class="visually-hidden"> {pair.what}</span></span>'
            f"{icon(kind_icon(operation.kind, operation.subtype))}"
            f'<a class="pick" href="{self._page}?{query}" hx-get="{self._payloads}?{query}"'
            f' hx-target="#drawer" hx-swap="innerHTML" hx-push-url="{self._page}?{query}"{current}>'
            f'<bdi>{escape(operation.label)}</bdi></a> <span class="sub">{escape(_kind(operation))}</span></span>'
            f'<span class="what">{told}{escape(_words(pair))}</span></td>{_cells(pair)}</tr>\n'
        )


def _kind(operation: Operation) -> str:
    return kind_words(operation.kind, operation.subtype)


def _words(pair: Pair) -> str:
    differ = f"{' and '.join(pair.payloads)} differ{'s' if len(pair.payloads) == 1 else ''}" if pair.payloads else ""
    return ", ".join(part for part in (pair.words, differ) if part) or "the same"


def _cells(pair: Pair) -> str:
    """Status and duration on both sides, and how much longer B took."""
    a, b = pair.seconds
    return f'{_side("A", pair.left, a)}{_side("B", pair.right, b)}<td class="n more">{more(a, b)}</td>'


def _side(letter: str, operation: Operation | None, seconds: float | None) -> str:
    if operation is None:
        return f'<td class="of-one is-empty"><span class="mark-{letter.lower()}">{letter}</span> –</td>'
    badge = status_badge(operation.status, said(operation.status))
    took = duration(seconds) if seconds is not None else "–"
    if operation.ended_at is not None and operation.ended_at == operation.started_at:
        took = f'<span title="{ONE_BATCH}">?</span>'
    return f'<td class="of-one"><span class="mark-{letter.lower()}">{letter}</span> {badge} {took}</td>'


def more(a: float | None, b: float | None) -> str:
    """How much longer B took: "+1.2 s", "−30 ms", or "" when that is not known."""
    if a is None or b is None:
        return ""
    if abs(b - a) < 0.0005:
        return "="
    return f"{'+' if b > a else '−'}{duration(abs(b - a))}"
