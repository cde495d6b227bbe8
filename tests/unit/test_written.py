"""What is read of an event at a glance is what stands in it, and whatever is taken in can be read whole later."""

from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from executions.domain import written
from executions.domain.events import Event
from tests.histories import big_history
from tests.unit.wires import wire_events

SEEDS = [
    orjson.dumps({"Events": big_history(8)[:6], "NextMarker": "m"}),
    '{"NextMarker":null,"Events":[{"EventType":"é☕","EventId":1e2,"Id":["x"],"ParentId":{},"X":[[-0.5e-7]]}]}'.encode(),
    b'{"Events":[{"EventId":1,"EventId":2,"text":3,"StepSucceededDetails":{"RetryDetails":{"x":12345678901234567890123}}}]}',
]
MEMBERS = {"EventType": "kind", "EventId": "number", "Id": "operation_id", "ParentId": "parent_id"}


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """An answer of which some bytes are others."""
    body = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(body) - 1))
        bits = st.sampled_from([b"", b'"', b"\\", b"\\ud800", b"\xff", b"1e999", b"[", b"}", b",", b"null", b"\x01"])
        body[at : at + draw(st.integers(0, 3))] = draw(st.one_of(bits, st.binary(max_size=2)))
    return bytes(body)


def _holds_events(body: bytes) -> bool:
    try:
        told = orjson.loads(body)
    except ValueError:
        return False
    events = told.get("Events") if isinstance(told, dict) else None
    return isinstance(events, list) and all(isinstance(event, dict) for event in events)


@given(bodies())
@example(b'{"Events":[{"EventId":1,"XDetails":{"Y":1e999}}]}')
@example(b'{"Events":[{"EventId":1,"XDetails":"\xff"}]}')
@example(b'{"Events":[{"EventId":1,"XDetails":%b}]}' % (b"[" * 5000 + b"]" * 5000))
def test_what_is_taken_in_can_be_read_whole_and_what_is_no_json_is_refused(body: bytes) -> None:
    try:
        events, _ = written.read(body)
    except ValueError:
        assert not _holds_events(body)
        return
    wholes = [event.whole() for event in events]
    assert wholes == (orjson.loads(body)["Events"] if _holds_events(body) else written.loads(body)["Events"])
    assert orjson.loads(orjson.dumps(wholes)) == wholes
    for event, whole in zip(events, wholes, strict=True):
        assert {name: getattr(event, ours) for name, ours in MEMBERS.items()} == {
            name: whole.get(name) for name in MEMBERS
        }
        Event.parse(whole)


@given(wire_events())
def test_a_step_is_tried_again_when_its_result_says_after_how_many_seconds(events: list[dict[str, Any]]) -> None:
    for event, told in zip(written.of(events), events, strict=True):
        details = told.get("StepSucceededDetails")
        retry = details.get("RetryDetails") if isinstance(details, dict) else None
        assert event.is_tried_again is bool(isinstance(retry, dict) and retry.get("NextAttemptDelaySeconds"))


@pytest.mark.parametrize("retry", [1, 2.5, True, "x", [1], None, {}, {"NextAttemptDelaySeconds": 0}])
def test_odd_details_of_a_step_do_not_keep_a_history_from_being_read(retry: Any) -> None:
    for details in (retry, {"RetryDetails": retry}):
        [event] = written.of([{"EventType": "StepSucceeded", "EventId": 1, "StepSucceededDetails": details}])
        assert not event.is_tried_again and event.kind == "StepSucceeded"


def test_the_same_said_in_another_order_is_told_alike() -> None:
    first, second, third = (
        written.read(b'{"Events":[%b]}' % event)[0][0]
        for event in (b'{"EventId":1,"Name":"a"}', b'{ "Name": "a", "EventId": 1 }', b'{"EventId":1,"Name":"b"}')
    )
    assert first.is_told_like(second) and not first.is_told_like(third)
