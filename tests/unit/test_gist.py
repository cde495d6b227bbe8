"""The short cut to the lists' columns says what the fold of the whole history says."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from executions.domain import written
from executions.domain.diagnosis import activity
from executions.domain.events import parse_events
from executions.domain.gist import gist
from executions.domain.history import History
from executions.domain.operations import fold
from tests.histories import Script, big_history
from tests.unit.wires import SCENARIOS, recorded_events, wire_events

Wires = list[dict[str, Any]]


@st.composite
def scripts(draw: st.DrawFn) -> Wires:
    """Nested contexts with steps, waits and callbacks in them, some of which stay open, fail or are retried."""
    script = Script()
    script.started()
    stack: list[tuple[str, str]] = []
    for number in range(draw(st.integers(0, 25))):
        parent = stack[-1][0] if stack else None
        what = draw(st.sampled_from(["step", "open", "failed", "retry", "wait", "callback", "answered", "in", "out"]))
        path = f"{what}-{number}"
        if what == "step":
            script.step(path, parent)
        elif what == "open":
            script.step_started(path, parent)
        elif what in ("failed", "retry"):
            script.step_started(path, parent)
            script.step_failed(path, parent, delay=5 if what == "retry" else 0)
        elif what == "wait":
            script.wait_started(path, 5, parent)
            script.wait_succeeded(path, 5, parent)
        elif what in ("callback", "answered"):
            script.callback_started(path, parent, timeout=60)
            if what == "answered":
                script.callback_ended(path, parent)
        elif what == "in":
            subtype = draw(st.sampled_from(["Map", "Parallel", "WaitForCallback", "RunInChildContext"]))
            script.context_started(path, parent, subtype)
            stack.append((path, subtype))
        elif stack:
            inner, subtype = stack.pop()
            verb = draw(st.sampled_from(["Succeeded", "Failed"]))
            script.context_ended(inner, stack[-1][0] if stack else None, subtype, verb)
        script.sleep(1)
        if draw(st.booleans()):
            script.invocation()
    if draw(st.booleans()):
        error = {"ErrorType": "PaymentError", "ErrorMessage": "declined"}
        verb = draw(st.sampled_from(["Succeeded", "Failed", "TimedOut", "Stopped"]))
        script.ended(verb, **({} if verb == "Succeeded" else error))
    return script.events


def told(history: History, operations: int) -> dict[str, Any]:
    """All that the columns are made of."""
    last = next((event for event in reversed(history.events) if event.family != "Execution"), None)
    return {
        "facts": history.execution,
        "activity": activity(history),
        "operations": operations,
        "gaps": history.gaps,
        "ends": (history.last_event_id, history.contiguous_through),
        "code may run": last is None or last.family != "Invocation",
        "callbacks": [
            (key, one.status, one.callback, one.started_at, one.ended_at, history.called(one))
            for key, one in history.operations.items()
            if one.callback is not None
        ],
    }


@given(st.one_of(scripts(), wire_events(), st.sampled_from(SCENARIOS).map(recorded_events)), st.data())
@example(big_history(200), None)
def test_the_columns_say_what_the_whole_fold_says(wires: Wires, data: st.DataObject | None) -> None:
    if data is not None and wires:
        left_out = data.draw(st.sets(st.sampled_from(range(len(wires))), max_size=3))
        wires = [wire for index, wire in enumerate(wires) if index not in left_out]
    events = written.of(wires)
    whole, short = fold(parse_events([event.whole() for event in events])), gist(events)
    assert told(short.history, short.operation_count) == told(whole, len(whole.operations))


def test_of_a_long_history_that_went_well_only_a_small_part_is_folded() -> None:
    events = big_history(3000)
    assert len(gist(written.of(events)).history.events) < len(events) / 10
