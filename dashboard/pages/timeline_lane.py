"""The first row of the timeline as HTML: when code ran, and the idle stretches, each of which can be opened."""

from html import escape

from django.utils.safestring import SafeString, mark_safe

from dashboard.pages.timeline_rows import bars_html, fixed
from dashboard.pages.timeline_state import TimelineState
from dashboard.templatetags.durascope import icon
from executions.domain.scale import Segment, key_of
from executions.domain.timeline import Timeline
from executions.domain.words import count, duration

_LEAST_ZIG = 2.2  # percent; idle stretches narrower than that are not marked


def lane_html(timeline: Timeline, state: TimelineState, *, page: str, fragment: str) -> SafeString:
    """`page` and `fragment`: the URLs of the page and of what htmx puts in its place."""
    history = timeline.history
    zigs = "".join(
        _zig(segment, state.query(opened=state.opened | {key_of(segment.t0)}), page, fragment)
        for segment in timeline.scale.segments
        if segment.collapsed and segment.x1 - segment.x0 >= _LEAST_ZIG and segment.t0 < timeline.ended_at
    )
    ran = duration(history.code_seconds)
    again = sum(until - invocation.started_at for invocation, until in timeline.replays)
    note = count(len(history.invocations), "invocation") + (f", ≤ {duration(again)} replay" if again > 0 else "")
    return mark_safe(  # noqa: S308 - escaped above
        f'<li class="tl-row d0 tl-lane"><span class="tl-name">{icon("invocation")}<span>Code running</span>'
        f'<span class="note" title="{note}">{note}</span></span><div class="lane">{bars_html(timeline.lane_bars)}'
        f'<svg class="bars zigs" width="100%" height="26" role="group" aria-label="Idle stretches">{zigs}</svg></div>'
        f'<span class="tl-dur">{ran}</span></li>'
    )


def _zig(segment: Segment, query: str, page: str, fragment: str) -> str:
    query, x, width = escape(query), fixed(segment.x0), fixed(segment.x1 - segment.x0)
    words = f"Open {duration(segment.t1 - segment.t0)} of idle time"
    return (
        f'<a href="{page}?{query}" hx-get="{fragment}?{query}" hx-push-url="{page}?{query}" aria-label="{words}">'
        f'<title>{words}</title><rect class="hit" x="{x}%" width="{width}%" y="0" height="26"/>'
        f'<svg x="{fixed((segment.x0 + segment.x1) / 2)}%" y="8" overflow="visible"><path class="zig"'
        f' d="M-3 0l2 3-2 4 2 3M2 0l2 3-2 4 2 3"/></svg></a>'
    )
