"""Recorded answers and generated histories for the unit tests: wire dicts as AWS's JSON decodes."""

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from executions.domain.events import parse_events
from executions.domain.history import History, Operation
from executions.domain.operations import fold
from executions.domain.statuses import EVENT_TYPES

RECORDED = Path(__file__).parent.parent / "recorded"
SCENARIOS = sorted(path.name.removesuffix(".history.json") for path in RECORDED.glob("*.history.json"))


def recorded_events(scenario: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = json.loads((RECORDED / f"{scenario}.history.json").read_text())["Events"]
    return events


def recorded_execution(scenario: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((RECORDED / f"{scenario}.get.json").read_text())
    return answer


def recorded(scenario: str) -> History:
    return fold(parse_events(recorded_events(scenario)))


def named(history: History, name: str) -> Operation:
    found = [operation for operation in history.operations.values() if operation.name == name]
    assert len(found) == 1, f"{len(found)} operations are called {name}"
    return found[0]


json_scalars = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
json_values = st.recursive(
    json_scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=25,
)

_ids = st.sampled_from([f"{letter}" * 64 for letter in "abcdef"])
_times = st.one_of(
    st.floats(min_value=1.79e9, max_value=1.79e9 + 1e6),
    st.sampled_from([1.79e9, 1.79e9 + 1, 1.79e9 + 90_000]),
)
_payloads = st.one_of(
    st.builds(lambda text: {"Payload": text, "Truncated": False}, st.text(max_size=6)),
    st.builds(lambda text: {"Payload": {"ErrorType": "x.E", "ErrorMessage": text}}, st.text(max_size=6)),
    json_values,
)
_details = st.one_of(
    st.none(),
    json_values,
    st.fixed_dictionaries(
        {},
        optional={
            "Result": _payloads,
            "Error": _payloads,
            "Input": _payloads,
            "RetryDetails": st.fixed_dictionaries(
                {
                    "CurrentAttempt": st.integers(-1, 4),
                    "NextAttemptDelaySeconds": st.sampled_from([0, 1, 600, None, "x"]),
                }
            ),
            "Duration": st.sampled_from([0, 5, 86_400, -1, "5", None]),
            "Timeout": st.sampled_from([0, 60, None]),
            "HeartbeatTimeout": st.sampled_from([0, 60, None]),
            "CallbackId": st.text(max_size=4) | st.none(),
            "ScheduledEndTimestamp": _times | json_scalars,
            "StartTimestamp": _times | json_scalars,
            "EndTimestamp": _times | json_scalars,
            "ExecutionTimeout": json_scalars,
            "DurableExecutionArn": json_scalars,
        },
    ),
)


@st.composite
def wire_events(draw: st.DrawFn, max_size: int = 20) -> list[dict[str, Any]]:
    """Anything AWS might send, the absurd included: ids count up from 1, all else is arbitrary."""
    events = []
    for number in range(1, draw(st.integers(0, max_size)) + 1):
        kind = draw(st.sampled_from([*sorted(EVENT_TYPES), "TeaBrewed", "ExecutionArchived"]))
        wire: dict[str, Any] = {"EventId": number, "EventType": kind, "EventTimestamp": draw(_times | json_scalars)}
        wire["Id"] = draw(_ids | st.none())
        wire["ParentId"] = draw(_ids | st.none())
        wire["Name"] = draw(st.text(max_size=4) | st.none() | st.integers())
        wire["SubType"] = draw(st.sampled_from(["Step", "Map", "Parallel", "WaitForCondition", None, 7]))
        wire[kind + "Details"] = draw(_details)
        events.append({key: value for key, value in wire.items() if value is not None})
    return events
