"""The timeline tab: the axis, the windows of rows that are shown, and the filters."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import parse_qsl

from cachetools import LRUCache
from django.http import QueryDict
from django.utils.safestring import SafeString, mark_safe

from dashboard.pages import deeds, gaps, timeline_lane, timeline_nest, timeline_overview, timeline_rows
from dashboard.pages.drawer import Place
from dashboard.pages.event import EventDrawer
from dashboard.pages.operation import Drawer
from dashboard.pages.tab import Subject
from dashboard.pages.timeline_nest import Child, Nest, everyone
from dashboard.pages.timeline_rows import CHUNK
from dashboard.pages.timeline_state import KINDS, STATUSES, TimelineState
from executions.domain import timeline
from executions.domain.timeline import Timeline

_MOST_KEPT = 100_000  # rows
_timelines: LRUCache[tuple[object, ...], Timeline] = LRUCache(
    maxsize=_MOST_KEPT, getsizeof=lambda one: 1 + one.total_rows + len(one.scale.segments)
)
_lock = threading.Lock()


def build(subject: Subject, state: TimelineState, at: float | None = None) -> Nest:
    """All rows at `at` (epoch seconds; now by default)."""
    now = float(int(subject.seconds if at is None else at))
    children = timeline_nest.children_of(subject, state)
    return timeline_nest.nest(_outermost(subject, state, children, now), children, state, now)


def _outermost(subject: Subject, state: TimelineState, children: tuple[Child, ...], now: float) -> Timeline:
    """The timeline at `now`.

    It is kept: for good when it can no longer change, else for all who look within the same second, and for the windows
    that are asked for later with that second in their URL.
    """
    history = subject.history
    still = history.is_over and not any(one.subject and one.subject.is_live for one in everyone(children))
    inside = tuple(child.key() for child in children)
    key = (subject.execution.pk, subject.execution.revision, inside, state.bare, None if still else now)
    with _lock:
        found = _timelines.get(key)
    if found is None:
        found = timeline.build(
            history,
            now=now,
            collapse_idle=not state.idle,
            opened=state.opened,
            folded=state.folded(history),
            zoom=state.zoom,
            only=timeline_nest.shown(history, state, children),
            also=timeline_nest.busy(children, now),
        )
        if found.total_rows < _MOST_KEPT // 2:
            with _lock:
                _timelines[key] = found
    return found


@dataclass(frozen=True)
class Choice:
    """A filter as a link; `query` is the state it leads to."""

    label: str
    query: str
    on: bool


@dataclass(frozen=True)
class TimelinePage:
    """`url` is the page's, `fragment` gives what htmx puts in the place of the timeline. `keep`: the hidden fields of
    the search, `keep_too`: those of the sliders, which change nothing else.
    """

    execution_id: int
    url: str
    fragment: str
    bare: str
    state: TimelineState
    keep: list[tuple[str, str]]
    keep_too: list[tuple[str, str]]
    kinds: list[Choice]
    kind_label: str
    statuses: list[Choice]
    status_label: str
    failed: Choice
    open: Choice
    idle: Choice
    follow: Choice | None
    folds: Choice | None
    clear: str | None
    total: int
    shown: int
    ticks: SafeString
    under: SafeString
    lane: SafeString
    gaps: SafeString
    deeds: SafeString
    body: SafeString
    zoomed: str | None
    overview: timeline_overview.Overview | None
    is_live: bool
    live_inside: list[tuple[int, str]]
    drawer: Drawer | None
    event: EventDrawer | None
    missing: int

    @classmethod
    def of(cls, subject: Subject, state: TimelineState, have: Iterable[int] = ()) -> Self:
        state = state.at(float(int(subject.seconds)))
        built = build(subject, state)
        wanted = {_chunk(state.start), *map(_chunk, have)}
        if state.follow and built.total_rows:
            wanted.add(_chunk(built.total_rows - 1))
        place = place_of(subject, state)
        chosen = _chosen(place, state)
        if (row := built.index_of(chosen, state.within)) is not None:
            wanted.add(_chunk(row))
        event = EventDrawer.of(place, state.event) if place and state.event else None
        whole = built.timeline
        return cls(
            execution_id=subject.execution.pk,
            url=subject.url("execution"),
            fragment=subject.url("execution-timeline"),
            bare=state.bare,
            state=state,
            keep=_kept(state.query(q="")),
            keep_too=_kept(state.query()),
            kinds=[Choice("All types", state.query(kind=""), not state.kind), *_kinds(subject, state)],
            kind_label=KINDS.get(state.kind, "All types"),
            statuses=[Choice("Any status", state.query(status=""), not state.status), *_statuses(subject, state)],
            status_label=STATUSES.get(state.status, "any status").capitalize(),
            failed=Choice("Failed only", state.query(failed=not state.failed), state.failed),
            open=Choice("Open only", state.query(open=not state.open), state.open),
            idle=_idle(state),
            follow=Choice("Follow live", state.query(follow=not state.follow), state.follow)
            if subject.is_live
            else None,
            folds=_folds(subject, state),
            clear=state.query(q="", failed=False, open=False, kind="", status="") if state.is_filtered else None,
            total=len(subject.history.operations),
            shown=built.total_rows,
            ticks=timeline_rows.ticks_html(whole),
            under=timeline_rows.under_html(whole),
            lane=timeline_lane.lane_html(
                whole, state, page=subject.url("execution"), fragment=subject.url("execution-timeline")
            ),
            gaps=gaps.lane_html(subject, whole),
            deeds=deeds.lane_html(subject, whole),
            body=_body(subject, state, built, wanted, chosen),
            zoomed=state.query(zoom=None) if state.zoom else None,
            overview=_overview(subject, state),
            is_live=subject.is_live,
            live_inside=[(one.execution.pk, one.url("execution-live")) for one in built.live],
            drawer=Drawer.of(place, state.op) if place and state.op and event is None else None,
            event=event,
            missing=state.event if state.event and event is None else 0,
        )


def rows(subject: Subject, state: TimelineState, at: float) -> SafeString:
    """One window of rows, drawn for the moment at which the rest of the page was."""
    state = state.at(float(int(at)))
    built = build(subject, state, at)
    writer = _writer(subject, state, built, _chosen(place_of(subject, state), state))
    return mark_safe(timeline_rows.chunk_html(writer, _chunk(state.start)))  # noqa: S308 - escaped where it is written


def zoomed_by(subject: Subject, state: TimelineState, query: QueryDict) -> TimelineState | None:
    """The state after brushing a part of the overview (`brush`) or moving its sliders (`left`, `right`), which nobody
    follows any more; None when the query asks for neither.
    """
    if "brush" in query:
        zoom = timeline_overview.brushed(_whole(subject, state), query.get("brush", ""))
        return replace(state, zoom=zoom, follow=False) if zoom else state
    if "left" not in query and "right" not in query:
        return None
    places = query.get("left", "0"), query.get("right", "100")
    state = state.at(float(int(subject.seconds)))
    return replace(state, zoom=timeline_overview.slid(_whole(subject, state), places, state.zoom), follow=False)


def _overview(subject: Subject, state: TimelineState) -> timeline_overview.Overview | None:
    still = subject.history.is_over
    now = None if still else int(subject.seconds)
    key = (subject.execution.pk, subject.execution.revision, state.idle, state.opened, state.inside, now)
    return timeline_overview.overview(_whole(subject, state), key, state.zoom)


def _whole(subject: Subject, state: TimelineState) -> Timeline:
    return build(subject, replace(state, zoom=None)).timeline


def _kept(query: str) -> list[tuple[str, str]]:
    """What is selected is not in it: it may change without this part being fetched again."""
    return [(name, value) for name, value in parse_qsl(query) if name not in ("op", "event", "within")]


def _chunk(row: int) -> int:
    return row // CHUNK * CHUNK


def place_of(subject: Subject, state: TimelineState) -> Place | None:
    """Where the drawer stands; None when what it is to show is in a child that is not there, or not theirs to see."""
    if not state.within:
        return Place(subject, state.bare)
    child = timeline_nest.child_at(subject, state)
    return Place(subject, state.bare, state.within, child) if child else None


def _chosen(place: Place | None, state: TimelineState) -> str:
    """The operation whose row is selected: the one in the drawer, or the one of the event there."""
    event = place.shown.history.event(state.event) if place and state.event else None
    return event.operation_id or "" if event else state.op


def _writer(subject: Subject, state: TimelineState, built: Nest, chosen: str) -> timeline_rows.RowWriter:
    page, fragment = subject.url("execution"), subject.url("execution-timeline")
    return timeline_rows.RowWriter(subject.execution.pk, built, state, page=page, fragment=fragment, chosen=chosen)


def _body(subject: Subject, state: TimelineState, built: Nest, wanted: set[int], chosen: str) -> SafeString:
    writer = _writer(subject, state, built, chosen)
    page, query = subject.url("execution"), state.bare
    ask = f"{subject.url('execution-rows')}?{query}{'&' if query else ''}at={int(subject.seconds)}"
    parts = [
        timeline_rows.chunk_html(writer, first)
        if first in wanted
        else timeline_rows.gap_html(first, built.total_rows, page=page, rows=ask, query=query)
        for first in range(0, built.total_rows, CHUNK)
    ]
    return mark_safe("".join(parts))  # noqa: S308 - escaped where it is written


def _kinds(subject: Subject, state: TimelineState) -> list[Choice]:
    present = subject.history.counts.by_kind
    return [
        Choice(f"{words} ({present[kind]:,})", state.query(kind=kind), state.kind == kind)
        for kind, words in KINDS.items()
        if kind in present
    ]


def _statuses(subject: Subject, state: TimelineState) -> list[Choice]:
    present = subject.history.counts.by_status
    return [
        Choice(f"{words} ({present.get(status, 0):,})", state.query(status=status), state.status == status)
        for status, words in STATUSES.items()
        if status in present or status == state.status
    ]


def _idle(state: TimelineState) -> Choice:
    """All idle stretches are short, or none is; between the two, some have been opened."""
    collapsed = not state.idle and not state.opened
    return Choice("Collapse idle", state.query(idle=collapsed, opened=frozenset()), collapsed)


def _folds(subject: Subject, state: TimelineState) -> Choice | None:
    if "Context" not in subject.history.counts.by_kind:
        return None
    any_folded = state.fold_all or bool(state.folds)
    label = "Unfold all" if any_folded else "Fold all"
    return Choice(label, state.query(fold_all=not any_folded, folds=frozenset()), any_folded)
