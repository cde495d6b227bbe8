import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain.bars import operation_bars
from executions.domain.events import parse_events
from executions.domain.history import History, Operation
from executions.domain.operations import fold
from executions.domain.timeline import Bar, Timeline, build
from tests.histories import START, Script, big_history
from tests.unit.wires import SCENARIOS, recorded, recorded_events, wire_events

KINDS = {"ok", "failed", "backoff", "wait", "callback", "open", "never", "context", "code", "deadline", "unknown"} | {
    "replay",
    "asleep",
}
any_history = st.one_of(
    st.sampled_from(SCENARIOS).map(recorded_events), st.integers(0, 80).map(big_history), wire_events()
)


def folded(script: Script) -> History:
    return fold(parse_events(script.events))


def bars_of(timeline: Timeline, name: str) -> list[tuple[str, str]]:
    row = next(row for row in timeline.rows if row.name == name)
    return [(bar.kind, bar.label) for bar in row.bars]


def check(bar: Bar) -> None:
    assert bar.kind in KINDS
    assert math.isfinite(bar.x)
    assert math.isfinite(bar.width)
    assert bar.width >= 0.35
    assert bar.x >= 0
    assert bar.x + bar.width <= 100.001
    assert (round(bar.x, 3), round(bar.width, 3)) == (bar.x, bar.width)


@given(any_history, st.floats(1.7e9, 1.9e9), st.booleans())
def test_every_bar_is_on_the_axis(wires: list[dict[str, Any]], now: float, collapse: bool) -> None:
    timeline = build(fold(parse_events(wires)), now=now, collapse_idle=collapse)
    for row in timeline.rows:
        assert row.duration_seconds is None or row.duration_seconds >= 0
        for bar in row.bars:
            check(bar)
    for bar in timeline.lane_bars:
        check(bar)
    assert sum(timeline.density()) >= 0
    assert min(timeline.density()) >= 0


@given(any_history, st.integers(1, 9))
def test_windows_put_together_are_the_whole(wires: list[dict[str, Any]], size: int) -> None:
    timeline = build(fold(parse_events(wires)), now=1.9e9)
    rows = [row for first in range(0, timeline.total_rows + size, size) for row in timeline.window(first, size)]
    assert tuple(rows) == timeline.rows
    assert [row.index for row in rows] == list(range(timeline.total_rows))
    assert timeline.window(-5, 2) == timeline.rows[:2]
    assert timeline.window(timeline.total_rows, 5) == ()


@given(any_history)
def test_every_operation_has_one_row_below_its_parent(wires: list[dict[str, Any]]) -> None:
    history = fold(parse_events(wires))
    timeline = build(history, now=1.9e9)
    assert sorted(timeline.order) == sorted(history.operations)
    for operation in history.operations.values():
        for child in operation.children:
            row, parent = timeline.index_of(child), timeline.index_of(operation.id)
            assert row is not None
            assert parent is not None
            assert row > parent


@given(any_history, st.floats(0, 1), st.floats(0, 1))
def test_a_zoomed_timeline_keeps_its_rows_and_stays_in_bounds(
    wires: list[dict[str, Any]], left: float, right: float
) -> None:
    history = fold(parse_events(wires))
    whole = build(history, now=1.9e9)
    span = whole.ended_at - whole.started_at
    zoom = (whole.started_at + span * left, whole.started_at + span * right)
    timeline = build(history, now=1.9e9, zoom=zoom)
    assert timeline.order == whole.order
    for row in timeline.rows:
        for bar in row.bars:
            check(bar)


def test_a_zoom_leaves_out_what_lies_outside() -> None:
    script = Script()
    script.started()
    script.step("early", seconds=1)
    script.step("late", seconds=1)
    script.ended()
    timeline = build(folded(script), now=START, zoom=(START + 1.5, START + 9))
    assert [len(row.bars) for row in timeline.rows] == [0, 1]
    assert timeline.rows[1].bars[0].x == 0
    assert timeline.rows[1].bars[0].width == 100


@pytest.mark.parametrize("zoom", [(-9.0, -1.0), (50.0, 60.0), (1.5, 1.5), (9.0, 0.0)])
def test_a_zoom_in_which_there_is_nothing_shows_everything(zoom: tuple[float, float]) -> None:
    script = Script()
    script.started()
    script.step("only", seconds=3)
    script.ended()
    history = folded(script)
    whole = build(history, now=START)
    assert build(history, now=START, zoom=(START + zoom[0], START + zoom[1])).scale == whole.scale


def test_the_overview_counts_an_operation_until_its_end() -> None:
    script = Script()
    script.step("all the time", seconds=8)
    assert build(folded(script), now=START).density(4) == (1, 1, 1, 1)


def test_failed_attempts_are_told_apart_from_the_pauses_between_them() -> None:
    timeline = build(recorded("doomed"), now=2e9)
    assert [kind for kind, _ in bars_of(timeline, "charge")] == ["failed", "backoff", "failed", "backoff", "failed"]
    assert bars_of(timeline, "charge")[0][1] == "attempt 1 failed: ValueError"
    charge = timeline.rows[2]
    assert (charge.note, charge.depth, charge.status) == ("3 attempts", 1, "FAILED")
    ends = [round(bar.x + bar.width, 3) for bar in charge.bars]
    assert all(bar.x >= end - 0.36 for bar, end in zip(charge.bars[1:], ends, strict=False))


def test_an_open_callback_runs_to_now_and_shows_its_deadline() -> None:
    script = Script()
    script.started()
    script.step("ask", seconds=1)
    script.invocation()
    script.callback_started("accept", timeout=3600)
    timeline = build(folded(script), now=script.at + 600)
    assert bars_of(timeline, "accept") == [("open", "started, 10 m"), ("deadline", "times out in 50 m")]
    row = timeline.rows[1]
    assert row.duration_seconds == 600
    assert row.bars[1].x + row.bars[1].width == pytest.approx(100)
    now = timeline.scale.x(timeline.ended_at)
    assert row.bars[1].x == pytest.approx(now, abs=0.01)
    assert [tick.label for tick in timeline.ticks if tick.kind == "now"] == ["now"]


def test_a_finished_execution_has_no_now_and_marks_what_never_finished() -> None:
    timeline = build(recorded("too_slow"), now=2e9)
    assert timeline.ended_at == recorded("too_slow").execution.ended_at
    assert bars_of(timeline, "one-hour")[0][0] == "never"
    assert timeline.rows[1].duration_seconds is None
    assert {tick.kind for tick in timeline.ticks} <= {"start", "offset", "end"}


def test_a_running_invocation_is_inferred_from_the_attempt_it_runs() -> None:
    script = Script()
    script.started()
    script.step("one", seconds=1)
    script.invocation()
    script.sleep(5)
    script.step_started("two")
    timeline = build(folded(script), now=script.at + 2)
    assert [bar.kind for bar in timeline.lane_bars] == ["asleep", "code", "open"]


def test_polls_and_waits_have_notes() -> None:
    rows = {row.name: row.note for row in build(recorded("waiter"), now=2e9).rows}
    assert rows == {"settle": "wait 2 s", "poll-job": "3 polls"}
    rows = {row.name: row.note for row in build(recorded("fanout"), now=2e9).rows}
    assert rows["checks"] == "3 branches"
    assert rows["squares"] == "4 items"
    assert rows["map-item-0"] == "1 operation"


def test_folding_hides_what_is_inside() -> None:
    history = recorded("fanout")
    checks, squares = history.roots
    timeline = build(history, now=2e9, folded=frozenset({checks}))
    assert timeline.total_rows == len(history.operations) - 7
    row = timeline.rows[0]
    assert (row.operation_id, row.is_folded, row.has_children, row.child_count) == (checks, True, True, 3)
    assert timeline.index_of(history.operations[checks].children[0]) is None
    assert timeline.index_of(squares) == 1


def test_a_filter_keeps_the_way_to_what_it_shows() -> None:
    history = recorded("fanout")
    bad = frozenset(key for key, operation in history.operations.items() if operation.is_bad)
    assert [row.name for row in build(history, now=2e9, only=bad).rows] == ["squares", "map-item-2", "bad-item"]
    assert build(history, now=2e9, only=frozenset({"gone"})).total_rows == 0


def test_a_child_can_be_drawn_on_its_parents_axis() -> None:
    parent = build(recorded("chain_parent"), now=2e9)
    child = build(recorded("chain_child_call-child"), now=2e9, scale=parent.scale)
    call = parent.rows[0].bars[0]
    for row in child.rows:
        for bar in row.bars:
            assert call.x <= bar.x <= call.x + call.width


@pytest.mark.parametrize("step", [0.0, -1.0])
def test_clocks_that_stand_still_or_run_backwards_are_drawn(step: float) -> None:
    script = Script()
    script.started()
    for number in range(5):
        script.step(f"s{number}", seconds=step)
    script.invocation()
    script.ended()
    timeline = build(folded(script), now=START)
    for row in timeline.rows:
        assert row.duration_seconds == 0
        for bar in row.bars:
            check(bar)


def test_an_empty_history_has_an_empty_timeline() -> None:
    timeline = build(fold([]), now=START)
    assert timeline.rows == ()
    assert timeline.lane_bars == ()
    assert timeline.ticks[0].kind == "start"


def test_a_step_with_ten_thousand_polls_has_few_bars() -> None:
    script = Script()
    script.started()
    for _ in range(10_000):
        script.step("poll", seconds=0.01)
        script.sleep(1)
    assert len(build(folded(script), now=script.at).rows[0].bars) <= 400


def test_only_the_rows_of_the_window_get_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def counting(operation: Operation, *rest: Any) -> Any:
        drawn.append(operation.id)
        return operation_bars(operation, *rest)

    monkeypatch.setattr("executions.domain.timeline.operation_bars", counting)
    timeline = build(fold(parse_events(big_history(3000))), now=2e9)
    assert timeline.total_rows == 3000
    assert [row.operation_id for row in timeline.window(1000, 60)] == drawn
