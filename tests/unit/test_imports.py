"""Histories from files: what is read, and the sentences about what cannot be."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executions.domain.imports import BadFile, HistoryFile, read
from tests import histories

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders:7/durable-execution/run-1/abc"


def events() -> list[dict[str, Any]]:
    script = histories.Script()
    script.started()
    script.step_started("s", name="brew")
    script.step_succeeded("s", result='{"ok": true}')
    script.ended()
    return script.events


def of(*values: Any) -> HistoryFile:
    return read([(f"file-{at}.json", json.dumps(value).encode()) for at, value in enumerate(values, 1)])


def ids(found: HistoryFile) -> list[int]:
    return [event["EventId"] for event in found.events]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_answer_of_the_aws_cli_is_read_whatever_shell_wrote_it(encoding: str) -> None:
    body = json.dumps({"Events": events(), "Büro": 1}, indent=4).encode(encoding)
    assert read([("history.json", body)]).events == events()


def test_times_as_the_cli_writes_them_are_times() -> None:
    given = [{**event, "EventTimestamp": "2026-11-24T12:00:00.123000+00:00"} for event in events()]
    assert len(of({"Events": given}).events) == len(given)


def test_pages_may_come_in_any_order_in_files_in_lists_or_one_after_the_other() -> None:
    first, second = {"Events": events()[:2], "NextMarker": "m"}, {"Events": events()[2:]}
    joined = json.dumps(second) + "\n" + json.dumps(first) + "\n"
    for found in (of(second, first), of([first, second]), read([("all.json", joined.encode())]), of(events())):
        assert found.events == events() and found.notes == ()


def test_an_event_that_is_in_two_pages_is_taken_once() -> None:
    assert ids(of({"Events": events()[:3]}, {"Events": events()[2:]})) == [1, 2, 3, 4]


def test_details_tell_arn_function_and_version() -> None:
    details = {"DurableExecutionArn": ARN, "Status": "SUCCEEDED", "StartTimestamp": 1.0}
    for found in (
        of({"Events": events()}, details),
        of(details, {"Events": events()}),
        of({"Events": events(), **details}),
    ):
        known = found.details
        assert (known.arn, known.function, known.version, known.name) == (ARN, "orders", "7", "run-1")


def test_what_is_odd_but_can_be_shown_is_said() -> None:
    given = [event for event in events() if event["EventId"] != 2]
    given[-1]["EventType"] = "TeaPoured"
    notes = " ".join(of({"Events": given, "NextMarker": "more"}).notes)
    assert "AWS had more pages" in notes and "1 event is missing" in notes and "TeaPoured" in notes


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\x1f\x8b\x08\x00\xff", "compressed"),
        (b"Events:\n  - EventId: 1", "is not JSON"),
        (b'{"Events": [{"EventId": 1, "Name": "cut he', "ends in the middle"),
        (b'{"Events": [', "ends in the middle"),
        (b"[" * 100_000, "nested too deep"),
        (b"7", "holds a number"),
        (b'["text"]', "holds a text"),
        (b"[[1]]", "holds a list"),
        (b"[]", "No file with a history"),
        (b'{"Functions": []}', 'has no "Events"'),
        (b'{"Events": {}}', "is an object, but should be a list"),
        (b'{"Events": []}', "has nothing in it"),
        (b'{"Events": [1, 2, 3, 4, 5]}', "is a number, not an object; event 2"),
        (b'{"Events": [{"EventType": "X"}]}', "no EventId"),
        (b'{"Events": [{"EventId": -1, "EventType": "X"}]}', "no EventId"),
        (b'{"Events": [{"EventId": 1}]}', "no EventType"),
        (b'{"Events": [{"EventId": 1, "EventType": "X", "EventTimestamp": "noon"}]}', "no EventTimestamp"),
        (b'{"Events": [{"EventId": 1, "EventType": "X", "EventTimestamp": 1.0, "Id": 7}]}', "a number as its Id"),
        (
            b'{"Events": [{"EventId": 1, "EventType": "X", "EventTimestamp": 1.0, "XDetails": []}]}',
            "a list as its XDetails",
        ),
        (b'{"Events": [{"EventId": 1, "EventType": "X", "EventTimestamp": NaN}]}', "no answer of AWS holds"),
        (b'{"Events": [{"EventId": 1, "EventType": "\\ud800", "EventTimestamp": 1}]}', "no answer of AWS holds"),
        (f'{{"DurableExecutionArn": "{ARN}"}}'.encode(), "choose the file with its history"),
        (
            b'{"DurableExecutionArn": "arn:odd", "Events": [{"EventId":1,"EventType":"X","EventTimestamp":1}]}',
            "cannot be read",
        ),
    ],
)
def test_a_bad_file_is_answered_with_a_sentence_that_says_what_is_wrong(body: bytes, sentence: str) -> None:
    with pytest.raises(BadFile) as raised:
        read([("history.json", body)])
    assert sentence in str(raised.value) and str(raised.value).endswith((".", "json."))


def test_histories_of_two_executions_are_not_mixed() -> None:
    other = [{**event, "Id": "another"} for event in events()]
    with pytest.raises(BadFile, match="different executions"):
        of({"Events": events()}, {"Events": other})
    two = [{"DurableExecutionArn": ARN}, {"DurableExecutionArn": f"{ARN}d"}]
    with pytest.raises(BadFile, match="different executions"):
        of({"Events": events()}, *two)
    given = events()
    given[0]["Name"] = "order-8"
    with pytest.raises(BadFile, match="The details are of run-1, but the history is of order-8"):
        of({"Events": given}, {"DurableExecutionArn": ARN})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=5) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["Events", "EventId", "EventType", "EventTimestamp", "Id", "NextMarker", "DurableExecutionArn"]
            )
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(JSON | st.fixed_dictionaries({"Events": st.lists(JSON, max_size=3)}))
def test_whatever_a_file_holds_it_is_read_or_refused_with_a_sentence(value: Any) -> None:
    try:
        of(value)
    except BadFile as error:
        assert str(error)


@given(st.permutations(range(4)), st.lists(st.integers(0, 3), max_size=4))
def test_the_order_of_the_events_in_a_file_and_their_copies_do_not_matter(order: list[int], more: list[int]) -> None:
    given = [events()[at] for at in [*order, *more]]
    assert of({"Events": given}).events == events()
