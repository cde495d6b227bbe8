import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain.events import parse_events
from executions.domain.operations import fold
from executions.domain.scale import COLLAPSED_WIDTH, LAST_WIDTH, make_scale
from executions.domain.timeline import build
from tests.histories import START, Script
from tests.unit.wires import recorded, wire_events

moments = st.floats(min_value=0, max_value=1e7) | st.integers(0, 20).map(float)
intervals = st.lists(st.tuples(moments, moments), max_size=40)


@given(intervals, moments, moments, st.booleans(), st.booleans())
def test_a_scale_is_contiguous_finite_and_covers_the_whole_axis(
    busy: list[tuple[float, float]], start: float, end: float, collapse: bool, open_end: bool
) -> None:
    scale = make_scale(start, end, busy, collapse=collapse, open_end=open_end)
    assert scale.start == start
    assert scale.end >= end
    assert (scale.segments[0].x0, scale.segments[-1].x1) == (0.0, 100.0)
    for before, after in pairwise(scale.segments):
        assert (before.t1, before.x1) == (after.t0, after.x0)
    for segment in scale.segments:
        assert segment.t0 < segment.t1
        assert 0 <= segment.x0 <= segment.x1 <= 100
        assert all(map(math.isfinite, (segment.t0, segment.t1, segment.x0, segment.x1)))
    shown = sum(segment.x1 - segment.x0 for segment in scale.segments if not segment.collapsed)
    assert shown >= 50 - 1e-6


@given(intervals, moments, moments, st.lists(moments, min_size=2))
def test_later_is_never_further_left(
    busy: list[tuple[float, float]], start: float, end: float, times: list[float]
) -> None:
    scale = make_scale(start, end, busy, collapse=True)
    xs = [scale.x(t) for t in sorted(times)]
    assert xs == sorted(xs)
    assert all(0 <= x <= 100 for x in xs)


@given(intervals, moments, moments, st.floats(0, 100))
def test_the_way_back_from_percent_to_time_stays_on_the_axis(
    busy: list[tuple[float, float]], start: float, end: float, x: float
) -> None:
    scale = make_scale(start, end, busy, collapse=True)
    at = scale.time_at(x)
    assert scale.start <= at <= scale.end
    assert scale.x(at) == pytest.approx(x, abs=0.01) or scale.end - scale.start < 0.01


def test_three_seconds_of_work_inside_a_five_day_wait_stay_readable() -> None:
    script = Script()
    script.started()
    script.step("before", seconds=1.5)
    script.wait_started("settle", 5 * 86_400)
    script.invocation()
    script.sleep(5 * 86_400)
    script.invoke()
    script.wait_succeeded("settle", 5 * 86_400)
    script.step("after", seconds=1.5)
    script.invocation()
    script.ended()
    timeline = build(fold(parse_events(script.events)), now=START + 1e9)
    assert [segment.collapsed for segment in timeline.scale.segments] == [False, True, False]
    idle = timeline.scale.segments[1]
    assert idle.x1 - idle.x0 == pytest.approx(COLLAPSED_WIDTH)
    bars = {row.name: row.bars[0] for row in timeline.rows}
    assert bars["before"].width > 40
    assert bars["after"].width > 40
    assert bars["settle"].width == pytest.approx(COLLAPSED_WIDTH, abs=0.01)
    assert [tick.label for tick in timeline.ticks if tick.kind == "idle"] == ["5 d idle"]
    plain = build(fold(parse_events(script.events)), now=START, collapse_idle=False)
    assert len(plain.scale.segments) == 1


def test_two_seconds_of_idleness_and_a_tenth_of_the_work_are_not_collapsed() -> None:
    assert len(make_scale(0, 4, [(0, 1), (3, 4)], collapse=True).segments) == 1
    assert len(make_scale(0, 4.2, [(0, 1), (3.2, 4.2)], collapse=True).segments) == 3
    assert len(make_scale(0, 209, [(0, 100), (109, 209)], collapse=True).segments) == 1


def test_many_idle_stretches_leave_half_of_the_axis_to_the_work() -> None:
    busy = [(100.0 * number, 100.0 * number + 1) for number in range(200)]
    scale = make_scale(0, 19_901, busy, collapse=True)
    assert sum(segment.collapsed for segment in scale.segments) == 199
    assert sum(s.x1 - s.x0 for s in scale.segments if s.collapsed) == pytest.approx(50)


def test_nothing_but_idleness_is_not_collapsed() -> None:
    assert len(make_scale(0, 3600, [(0, 0), (3600, 3600)], collapse=True).segments) == 1
    assert len(make_scale(0, 3600, [], collapse=True).segments) == 1


def test_what_is_awaited_now_gets_more_room_than_what_is_over() -> None:
    timeline = build(recorded("coffee_pending"), now=1795403615.9 + 86_400)
    last = timeline.scale.segments[-1]
    assert last.collapsed
    assert last.x1 - last.x0 == pytest.approx(LAST_WIDTH)


@given(wire_events(), st.floats(1.7e9, 1.9e9))
def test_any_history_at_any_time_has_a_finite_axis(wires: list[dict[str, Any]], now: float) -> None:
    timeline = build(fold(parse_events(wires)), now=now)
    assert math.isfinite(timeline.started_at)
    assert timeline.started_at <= timeline.ended_at
    xs = [tick.x for tick in timeline.ticks]
    assert xs == sorted(xs)
    assert all(0 <= x <= 100 for x in xs)
    assert all(right - left >= 9 for left, right in pairwise(xs))
