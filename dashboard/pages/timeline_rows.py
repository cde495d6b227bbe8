"""The timeline's rows, bars and axis as HTML.

Written with f-strings rather than a template, because a window has hundreds of shapes and a template's loop over them
takes ten times as long. Whatever comes from outside passes through `escape`; everything else is made here from numbers
and fixed words.
"""

import datetime as dt
from dataclasses import replace
from functools import lru_cache
from html import escape
from urllib.parse import quote

from django.utils.safestring import SafeString, mark_safe

from dashboard.pages.timeline_nest import Nest
from dashboard.pages.timeline_state import TimelineState
from dashboard.templatetags.durascope import icon, status_badge
from executions.domain import nesting
from executions.domain.history import OPEN, Operation
from executions.domain.nesting import Piece
from executions.domain.timeline import Bar, Row, Tick, Timeline
from executions.domain.words import duration

CHUNK = 40
ROW_HEIGHT, NARROW_HEIGHT = 26, 46  # as in static/css/4-timeline.css
DEEPEST = 30  # classes d0 to d30
_LEAST_BAND = 0.8  # percent; idle stretches narrower than that are not shaded
_IMPORTANT = ("start", "end", "now", "resume", "idle", "offset")
_CHARACTER, _GAP = 6.5, 6.0  # pixels of a label under the axis
NARROWEST_AXIS = 264  # pixels
_AXES = ((NARROWEST_AXIS, ""), (450, ' class="roomy"'))  # and one from 864 px of timeline on
_LAYOUT = {"context": (11, 4), "failed-context": (11, 4), "backoff": (10, 6), "asleep": (13, 0)}
_SUBTYPES = {
    "WaitForCondition": "condition",
    "Parallel": "parallel",
    "ParallelBranch": "branch",
    "Map": "map",
    "MapIteration": "item",
    "WaitForCallback": "wait for callback",
    "RunInChildContext": "context",
}
_KINDS = {
    "Step": "step",
    "Wait": "wait",
    "Callback": "callback",
    "ChainedInvoke": "chained invoke",
    "Context": "context",
}
_ICONS = {"Step": "step", "Wait": "wait", "Callback": "callback", "ChainedInvoke": "invoke", "Context": "context"}
_SAID = {"PENDING": "Retrying", "NEVER_FINISHED": "Never finished", "UNKNOWN": "Unknown", "POLLED": "Not yet"}
_QUIET = frozenset({"SUCCEEDED", "STARTED"})


def kind_words(kind: str, subtype: str | None) -> str:
    """ "step", "parallel", "chained invoke"; what is not known is shown as it is."""
    return _SUBTYPES.get(subtype or "") or _KINDS.get(kind) or subtype or "not known here"


def said(status: str) -> str:
    """The words of an operation's status where the badge has none of its own."""
    return _SAID.get(status, "")


def kind_icon(kind: str, subtype: str | None) -> str:
    return "parallel" if subtype in ("Parallel", "Map") else _ICONS.get(kind, "unknown")


@lru_cache(maxsize=64)
def _icon(name: str) -> str:
    return icon(name)


def fixed(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


def bars_html(bars: tuple[Bar, ...], *, callback: bool = False) -> str:
    """An SVG as wide as the axis."""
    shapes = []
    for bar in bars:
        kind = bar.kind
        if callback:
            # An open callback waits for a person: that is what amber says. An answered one is done.
            kind = {"open": "callback", "callback": "ok"}.get(kind, kind)
        y, height = _LAYOUT.get(kind, (8, 10))
        shapes.append(
            f'<rect class="bar bar-{kind}" x="{fixed(bar.x)}%" width="{fixed(bar.width)}%"'
            f' y="{y}" height="{height}" rx="2"><title>{escape(bar.label)}</title></rect>'
        )
    return f'<svg class="bars" width="100%" height="26" aria-hidden="true">{"".join(shapes)}</svg>'


class RowWriter:
    """Writes the rows of one page. `page` and `fragment`: the URLs of the page and of what htmx puts in its place.
    `chosen`: the operation whose row is selected, of the execution that the state names.
    """

    def __init__(
        self, execution_id: int, nest: Nest, state: TimelineState, *, page: str, fragment: str, chosen: str = ""
    ):
        self._execution_id = execution_id
        self._nest = nest
        self._state = state
        self._page = page
        self._fragment = fragment
        self._chosen = chosen
        rest = state.bare
        self._pick = f"{page}?{escape(rest)}&amp;" if rest else f"{page}?"

    def rows(self, first: int) -> str:
        """The window that begins with row `first`."""
        parts = []
        for piece in nesting.window(self._nest.pieces, first, CHUNK):
            if piece.first == nesting.NOTE:
                parts.append(self._absent(piece))
                continue
            shown = self._nest.timelines[piece.path]
            parts += [self._row(row, shown, piece) for row in shown.window(piece.first, piece.count)]
        return "".join(parts)

    def _row(self, row: Row, shown: Timeline, piece: Piece) -> str:
        key, child = row.operation_id, self._nest.children.get(piece.path)
        operation = shown.history.operations[key]
        owner, pick, mark, within, current = self._execution_id, self._pick, "", "", ""
        if child is not None and child.subject is not None:
            owner, mark = child.subject.execution.pk, " is-child"
            pick, within = f"{pick}within={piece.path}&amp;", f' data-within="{piece.path}"'
        if key == self._chosen and piece.path == self._state.within:
            mark, current = f"{mark} is-selected", ' aria-current="true"'
        length, why = took(row)
        path = f"{piece.path}-{row.first_event_id}" if piece.path else str(row.first_event_id)
        return (
            f'<li class="tl-row d{min(row.depth + piece.depth, DEEPEST)}{mark}" id="op-{path}"'
            f' data-execution-id="{owner}" data-operation-id="{escape(key)}"{within}'
            f' data-event-id="{row.first_event_id}" data-status="{escape(row.status)}">'
            f'<span class="tl-name">{self._fold(row, operation, path)}{_icon(kind_icon(row.kind, row.subtype))}'
            f'<a href="{pick}op={quote(key)}"{current}>{escape(row.name)}</a>'
            f"{_note(row, operation)}{_badge(row)}</span>"
            f"{bars_html(_toned(row), callback=row.kind == 'Callback')}"
            f'<span class="tl-dur"{why}>{length}</span></li>\n'
        )

    def _absent(self, piece: Piece) -> str:
        """The line in the place of a child that has no rows to show."""
        child = self._nest.children[piece.path]
        link = f' <a href="/arn/{quote(child.arn)}">Open it</a>'
        return (
            f'<li class="tl-row tl-absent d{min(piece.depth, DEEPEST)}" id="op-{piece.path}-none">'
            f'<span class="tl-name"><span class="note">{escape(child.note)}{link}</span></span></li>\n'
        )

    def _fold(self, row: Row, operation: Operation, path: str) -> str:
        if operation.invoke is not None and operation.invoke.child_arn:
            folded = path not in self._state.inside
            return self._toggle(self._state.with_inside(path), folded, f"the execution that {row.name} called")
        if not row.has_children:
            return ""
        if "-" in path:
            return self._toggle(self._state.with_shut(path), row.is_folded, row.name)
        return self._toggle(self._state.with_fold(row.first_event_id), row.is_folded, row.name)

    def _toggle(self, query: str, folded: bool, what: str) -> str:
        query = escape(query)
        verb, shape, wide = ("Unfold", "chevron-right", "false") if folded else ("Fold", "chevron-down", "true")
        return (
            f'<a class="tl-fold" role="button" aria-expanded="{wide}" aria-label="{verb} {escape(what)}"'
            f' href="{self._page}?{query}" hx-get="{self._fragment}?{query}" hx-push-url="{self._page}?{query}">'
            f"{_icon(shape)}</a>"
        )


ONE_BATCH = "not known: its start and end came in one checkpoint"


def took(row: Row) -> tuple[str, str]:
    """How long it took, and an attribute that says why that is not known."""
    if row.duration_seconds is None:
        return "–", ' title="Its end, or its start, is not known."'
    if row.duration_seconds == 0 and row.status not in OPEN:
        return "?", f' title="{ONE_BATCH}"'
    return duration(row.duration_seconds), ""


def _toned(row: Row) -> tuple[Bar, ...]:
    if row.kind != "Context":
        return row.bars
    return tuple(replace(bar, kind="failed-context") if bar.kind == "failed" else bar for bar in row.bars)


def _note(row: Row, operation: Operation) -> str:
    words = kind_words(row.kind, row.subtype)
    if operation.invoke is not None:
        target: str = escape(operation.invoke.function_name or "child")
        if operation.invoke.child_arn:
            target = f'<a href="/arn/{quote(operation.invoke.child_arn)}">{target}</a>'
        return f'<span class="note">{escape(words)} → {target}</span>'
    if row.kind == "Wait":
        words = row.note or "wait"
    elif row.note and row.kind != "Callback" and row.subtype != "WaitForCallback":
        words = f"{words} · {row.note}"
    if row.status == "STARTED" and row.kind in ("Step", "Callback"):
        words += " · open" if row.kind == "Callback" else " · running"
    return f'<span class="note">{escape(words)}</span>'


def _badge(row: Row) -> str:
    return "" if row.status in _QUIET else status_badge(row.status, said(row.status))


def chunk_html(writer: RowWriter, first: int) -> str:
    """Rows `first` to `first` + CHUNK. The hidden input tells the next refresh that these are wanted whole."""
    return (
        f'<div class="tl-chunk" id="rows-{first}">'
        f'<input type="hidden" class="keep" name="have" value="{first}">'
        f'<ol class="tl-rows" start="{first + 1}">{writer.rows(first)}</ol></div>'
    )


def gap_html(first: int, total: int, *, page: str, rows: str, query: str) -> str:
    """The place of a window that has not been asked for: as high as its rows, filled when it is scrolled to
    (static/js/rows.js). The stylesheet knows the height of a whole one.
    """
    number = min(CHUNK, total - first)
    short, spacer = ("", "") if number == CHUNK else (" is-short", spacer_html(number, ROW_HEIGHT, NARROW_HEIGHT))
    link = escape(f"{page}?{query}&from={first}" if query else f"{page}?from={first}")
    ask = escape(f"{rows}&from={first}")
    return (
        f'<div class="tl-gap{short}" id="rows-{first}" data-window="{ask}">'
        f'<a href="{link}">rows {first + 1:,} to {first + number:,}</a>{spacer}</div>\n'
    )


def spacer_html(number: int, height: int, narrow: int) -> str:
    """As high as so many rows, on a wide screen and on a narrow one."""
    return (
        f'<svg class="wide" width="1" height="{number * height}" aria-hidden="true"></svg>'
        f'<svg class="narrow" width="1" height="{number * narrow}" aria-hidden="true"></svg>'
    )


def ticks_html(timeline: Timeline) -> SafeString:
    """The axis's labels, the important ones first, as far as none touches another. Those that only a wide axis has room
    for are `roomy`: static/css/4-timeline.css hides them on a narrow one.
    """
    kept: list[Tick] = []
    parts = []
    for pixels, extra in _AXES:
        for tick in sorted(timeline.ticks, key=lambda tick: _IMPORTANT.index(tick.kind)):
            if not all(_apart(_span(tick, pixels), _span(other, pixels)) for other in kept):
                continue
            kept.append(tick)
            parts.append(
                f'<text x="{fixed(tick.x)}%" y="16" text-anchor="{_anchor(tick)}" data-kind="{tick.kind}"{extra}>'
                f"{escape(_label(tick))}</text>"
            )
    return mark_safe("".join(parts))  # noqa: S308 - escaped above


def _label(tick: Tick) -> str:
    """Where it has no words of its own: the time of day."""
    return tick.label or f"{dt.datetime.fromtimestamp(min(tick.at, 253_402_300_799.0), dt.UTC):%H:%M:%S}"


def _anchor(tick: Tick) -> str:
    return "start" if tick.x < 4 else "end" if tick.x > 92 else "middle"


def _span(tick: Tick, pixels: int) -> tuple[float, float]:
    """What its label covers of an axis that is so wide, with a gap to the next; in percent."""
    width = 100 * (_CHARACTER * len(_label(tick)) + _GAP) / pixels
    left = tick.x - {"start": 0.0, "middle": width / 2, "end": width}[_anchor(tick)]
    return left, left + width


def _apart(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[1] <= other[0] or other[1] <= one[0]


def under_html(timeline: Timeline) -> SafeString:
    """What lies below all rows: idle stretches that are drawn short, and now."""
    parts = []
    for segment in timeline.scale.segments:
        if segment.collapsed and segment.x1 - segment.x0 >= _LEAST_BAND and segment.t0 < timeline.ended_at:
            x, width = fixed(segment.x0), fixed(segment.x1 - segment.x0)
            parts.append(f'<rect class="band" x="{x}%" width="{width}%" y="0" height="100%"/>')
    for tick in timeline.ticks:
        if tick.kind in ("now", "resume"):
            x, name = fixed(tick.x), "now" if tick.kind == "now" else "grid-line"
            parts.append(f'<line class="{name}" x1="{x}%" x2="{x}%" y1="0" y2="100%"/>')
    return mark_safe("".join(parts))  # noqa: S308 - numbers
