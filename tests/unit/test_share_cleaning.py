"""What is taken out of events before a share link shows them, and out of logs."""

import logging
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import logs
from executions.domain.redaction import DEFAULT_PATTERNS
from executions.history_pages import CutText
from executions.sharing import clean_event

SECRET = "tr0ub4dor"
KEYS = st.sampled_from(["password", "accessToken", "api_key", "client-secret", "Authorization"])
PLAIN = st.sampled_from(["tea", "total", "items", "note"])


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Around a value: objects, lists, and JSON inside a string."""
    return st.one_of(
        st.dictionaries(PLAIN, inner, min_size=1, max_size=2),
        st.lists(inner, min_size=1, max_size=2),
        inner.map(lambda value: orjson.dumps(value).decode()),
    )


SECRETIVE = st.recursive(st.dictionaries(KEYS, st.just(SECRET), min_size=1, max_size=2), nested, max_leaves=6)


@given(SECRETIVE, st.sampled_from(["Result", "Error", "Input", "Whatever"]), st.booleans())
def test_no_value_of_a_secret_key_survives(value: Any, role: str, as_text: bool) -> None:
    payload = orjson.dumps(value).decode() if as_text else value
    event = {"EventId": 1, "EventType": "X", "XDetails": {role: {"Payload": payload}, "CallbackId": "handle"}}
    cleaned = orjson.dumps(clean_event(event, DEFAULT_PATTERNS)).decode()
    assert SECRET not in cleaned and "handle" not in cleaned


@given(st.dictionaries(PLAIN, st.one_of(st.integers(-(2**53), 2**53), st.text(), st.none()), max_size=4))
def test_what_is_no_secret_stays_as_it_is(value: dict[str, Any]) -> None:
    text = orjson.dumps(value).decode()
    event = {"EventId": 7, "EventType": "StepSucceeded", "StepSucceededDetails": {"Result": {"Payload": text}}}
    assert clean_event(event, DEFAULT_PATTERNS) == event


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_secrets_in_quoted_json_inside_a_sentence_are_hidden(levels: int) -> None:
    text = orjson.dumps({"password": SECRET, "tea": 1}).decode()
    for _ in range(levels):
        text = orjson.dumps(text).decode()
    cleaned = clean_event({"XDetails": {"Error": {"Payload": {"ErrorMessage": f"refused: {text}"}}}}, DEFAULT_PATTERNS)
    assert SECRET not in repr(cleaned) and "tea" in repr(cleaned)


def test_json_in_json_in_json_is_looked_through_and_what_lies_too_deep_is_hidden_whole() -> None:
    for levels in range(1, 13):
        text = orjson.dumps({"password": SECRET}).decode()
        for _ in range(levels):
            text = orjson.dumps({"tea": text}).decode()
        cleaned = clean_event({"XDetails": {"Result": {"Payload": text}}}, DEFAULT_PATTERNS)
        assert SECRET not in repr(cleaned) and "tea" in repr(cleaned)


def test_the_beginning_of_a_long_text_is_not_shown() -> None:
    event = {"XDetails": {"Result": {"Payload": CutText('{"password": "tr0u', 9000)}}}
    cut = clean_event(event, DEFAULT_PATTERNS)["XDetails"]["Result"]["Payload"]
    assert cut == "" and cut.size == 9000


def test_without_redaction_only_handles_are_taken_out() -> None:
    event = {
        "XDetails": {"CallbackId": "c", "DurableExecutionArn": "a", "Result": {"Payload": '{"pin": 1}'}},
        "EventId": 1,
    }
    assert clean_event(event, None) == {"XDetails": {"Result": {"Payload": '{"pin": 1}'}}, "EventId": 1}


def test_no_log_holds_a_token() -> None:
    said = logs.without_tokens(None, "", {"event": "Not Found: /shared/abc-DEF_1/events/9/"})
    assert said["event"] == "Not Found: /shared/…/events/9/"
    nested = "GET /login/?next=%2Fshared%2Fabc-DEF_1%2F and %252fshared%252fabc-DEF_1"
    broken = logs.without_tokens(
        None, "", {"event": nested, "exception": 'File "x"\nError: /shared/abc-DEF_1/', "n": 7}
    )
    assert "abc-DEF_1" not in repr(broken) and "next=%2Fshared%2F…%2F" in broken["event"]
    record = logging.makeLogRecord({"args": ("1.2.3.4", "GET", "/shared/abc-DEF_1/?x=1", "1.1", 200)})
    logger = logging.getLogger("uvicorn.access")
    assert logger.filter(record) and "abc-DEF_1" not in repr(record.args) and "/shared/…/?x=1" in repr(record.args)
