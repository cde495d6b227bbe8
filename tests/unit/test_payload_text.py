import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain.payloads import Number, decode, pretty, to_text, truncate
from tests.unit.wires import SCENARIOS, json_values, recorded_events


@given(json_values, st.sampled_from([None, 2]), st.booleans())
def test_pretty_loses_nothing(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    shown = pretty(text, decode_tags=False)
    assert json.loads(shown, parse_float=str) == json.loads(text, parse_float=str)
    assert pretty(shown, decode_tags=False) == shown


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?", fullmatch=True))
def test_every_number_is_shown_as_it_was_written(number: str) -> None:
    assert pretty(f'{{"n":{number}}}') == f'{{\n  "n": {number}\n}}'


@pytest.mark.parametrize("number", ["12345678901234567890", "9.80", "1e400", "-0", "-0.0", "1E+3", "9" * 5000, "NaN"])
def test_big_and_odd_numbers_keep_every_digit(number: str) -> None:
    assert pretty(f"[{number}]") == f"[\n  {number}\n]"


@pytest.mark.parametrize("text", ["", "hello", "{", '{"a":1} x', "[1,]", "'a'", '{"a":1,"a":2}', "<xml/>"])
def test_what_is_not_json_is_returned_as_it_is(text: str) -> None:
    assert pretty(text) == text
    assert decode(text) == decode(text, decode_tags=False)
    assert not decode(text).is_json


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 400 + "1" + "}" * 400])
def test_json_nested_too_deep_is_text(text: str) -> None:
    assert pretty(text) == text
    assert not decode(text).is_json


def test_letters_stay_letters_and_lone_surrogates_stay_escapes() -> None:
    assert pretty('"caf\\u00e9 \\u2615"') == '"café ☕"'
    shown = pretty('{"\\ud800":"\\udfff x"}')
    assert shown == '{\n  "\\ud800": "\\udfff x"\n}'
    shown.encode()


def test_empty_things_take_one_line() -> None:
    assert pretty('{"a":[],"b":{},"c":[[]]}') == '{\n  "a": [],\n  "b": {},\n  "c": [\n    []\n  ]\n}'
    assert to_text({"a": [1, "x"]}, indent=None) == '{"a": [1, "x"]}'


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"ok": True, "n": None, "i": 3, "f": 9.5, "s": "x"}, {"ok": True, "n": None, "i": 3, "f": "9.5", "s": "x"}),
        ([1, {"a": [2]}], [1, {"a": [2]}]),
        ((1, 2), [1, 2]),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1E+3"),
        ([Decimal("NaN")], ["NaN"]),
        (b"hi", "aGk="),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
        ({"d": date(2026, 1, 2)}, {"d": "2026-01-02"}),
        ({"t": "m", "v": {}}, {"t": "m", "v": {}}),
        ({"t": "s", "v": {"t": "i", "v": 1}}, {"t": "s", "v": {"t": "i", "v": 1}}),
    ],
)
def test_what_the_sdk_writes_is_decoded(value: Any, shown: Any) -> None:
    serdes = pytest.importorskip("aws_durable_execution_sdk_python.serdes")
    text = serdes.EXTENDED_TYPES_SERDES.serialize(value)
    decoded = decode(text)
    assert decoded.tagged
    assert json.loads(to_text(decoded.value), parse_float=str) == json.loads(json.dumps(shown), parse_float=str) or (
        to_text(decoded.value) == shown
    )
    assert json.loads(pretty(text, decode_tags=False)) == json.loads(text)


sdk_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["t", "v", "a"]), inner, max_size=3),
    max_leaves=15,
)


@given(sdk_values)
def test_decoding_undoes_the_sdks_encoding_whatever_the_keys(value: Any) -> None:
    serdes = pytest.importorskip("aws_durable_execution_sdk_python.serdes")
    assert decode(serdes.EXTENDED_TYPES_SERDES.serialize(value)).value == value


@pytest.mark.parametrize(
    "text",
    [
        '{"t":"s","v":"x"}',
        '{"t":"i","v":3}',
        '{"t":"l","v":[{"t":"i","v":1}]}',
        '{"t":"m","v":{"a":1}}',
        '{"t":"m","v":{"a":{"t":"i","v":"1"}}}',
        '{"t":"m","v":{"a":{"t":"i","v":true}}}',
        '{"t":"m","v":{"a":{"t":"zz","v":1}}}',
        '{"t":"m","v":{},"w":1}',
        '{"t":"m","v":[]}',
        '{"t":1,"v":2}',
        '{"t":["m"],"v":{}}',
        '{"t":"u","v":"not a uuid"}',
        '{"t":"dt","v":"tomorrow"}',
        '[{"t":"m","v":{}}]',
        '{"a":{"t":"m","v":{}}}',
    ],
)
def test_data_that_only_looks_tagged_is_left_alone(text: str) -> None:
    decoded = decode(text)
    assert not decoded.tagged
    assert json.loads(to_text(decoded.value)) == json.loads(text)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_recorded_step_results_decode_and_executions_own_are_plain(scenario: str) -> None:
    for wire in recorded_events(scenario):
        details = wire.get(wire["EventType"] + "Details", {})
        payload = details.get("Result", {}).get("Payload")
        if payload is not None and payload.startswith('{"t"'):
            assert decode(payload).tagged
            assert '"t": "m"' not in pretty(payload)
        elif payload is not None:
            assert not decode(payload).tagged


def test_a_batch_result_is_decoded_through_all_its_levels() -> None:
    results = [wire for wire in recorded_events("fanout") if wire["EventType"] == "ContextSucceeded"]
    value = decode(results[-1]["ContextSucceededDetails"]["Result"]["Payload"]).value
    assert value["completionReason"] == "ALL_COMPLETED"
    assert value["all"][2]["error"]["ErrorMessage"] == "item 2 is broken"


def test_floats_are_numbers_with_their_own_text() -> None:
    assert decode('{"a":9.80}').value == {"a": Number("9.80")}
    assert decode('{"a":12345678901234567890}').value == {"a": 12345678901234567890}


def test_truncating_says_whether_anything_was_cut() -> None:
    assert truncate("abc", 3) == ("abc", False)
    assert truncate("abcd", 3) == ("abc", True)
    assert truncate("a", -1) == ("", True)


@given(st.text(max_size=40))
def test_any_text_can_be_shown(text: str) -> None:
    pretty(text).encode("utf-8", "surrogatepass")
    decode(text)
