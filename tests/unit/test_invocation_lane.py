"""The lane of the running code: replay, and when nothing ran."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from executions.domain.events import parse_events
from executions.domain.history import History
from executions.domain.invocations import replays
from executions.domain.operations import fold
from executions.domain.scale import key_of
from executions.domain.timeline import build
from tests.histories import Script
from tests.unit.wires import wire_events


def folded(script: Script) -> History:
    return fold(parse_events(script.events))


def slept() -> Script:
    """An invocation that ends in a wait of an hour, and one that runs a second of replay before its first step."""
    script = Script()
    script.started()
    script.step("one", seconds=1)
    script.wait_started("nap", 3600)
    script.invocation()
    script.sleep(3600)
    script.invoke()
    script.wait_succeeded("nap", 3600)
    script.sleep(1)
    script.step("two", seconds=2)
    script.invocation()
    script.ended()
    return script


def test_what_ran_before_the_first_new_event_was_replay() -> None:
    history = folded(slept())
    assert [(one.number, round(until - one.started_at, 3)) for one, until in replays(history)] == [(2, 1.0)]


def test_the_first_invocation_and_one_that_brought_nothing_about_replay_nothing_that_is_known() -> None:
    script = Script()
    script.started()
    script.sleep(1)
    script.step("one", seconds=1)
    script.invocation()
    script.sleep(5)
    script.invoke()
    script.sleep(1)
    script.invocation()
    assert replays(folded(script)) == []


def test_the_lane_shows_pauses_code_and_replay_with_their_words() -> None:
    timeline = build(folded(slept()), now=0, collapse_idle=False)
    assert [(bar.kind, bar.label) for bar in timeline.lane_bars if bar.kind != "code"] == [
        ("asleep", "no code ran for 1 h")
    ]
    zoomed = build(folded(slept()), now=0, zoom=(slept().at - 3, slept().at))
    assert [bar.label for bar in zoomed.lane_bars if bar.kind == "replay"] == [
        "replay, 1 s at most: done already, run through again"
    ]


def test_an_idle_stretch_opens_by_its_beginning_and_the_others_stay_short() -> None:
    script = slept()
    history = folded(script)
    short = [segment for segment in build(history, now=0).scale.segments if segment.collapsed]
    assert len(short) == 1
    opened = build(history, now=0, opened={key_of(short[0].t0)})
    assert not any(segment.collapsed for segment in opened.scale.segments)
    assert build(history, now=0, opened={1}).scale == build(history, now=0).scale


@given(wire_events(), st.floats(1.7e9, 1.9e9))
def test_replay_lies_inside_its_invocation(wires: list[dict[str, Any]], now: float) -> None:
    history = fold(parse_events(wires))
    for invocation, until in replays(history):
        assert invocation.started_at <= until <= invocation.ended_at
    assert build(history, now=now).lane_bars is not None
