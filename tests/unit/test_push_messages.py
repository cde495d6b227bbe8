"""What stands in a push queue's message: AWS's status changes, hints of functions, and anything else."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain import pushes
from executions.domain.pushes import CallbackHint, Malformed, StatusChange

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:orders"
ARN = f"{FUNCTION}:$LATEST/durable-execution/order-1/0b0f8f3a"


def event(**changes: Any) -> dict[str, Any]:
    detail = {
        "durableExecutionArn": ARN,
        "durableExecutionName": "order-1",
        "functionArn": f"{FUNCTION}:$LATEST",
        "status": "SUCCEEDED",
        "startTimestamp": "2026-11-20T13:08:22.345Z",
        "endTimestamp": "2026-11-20T13:10:00Z",
    }
    return {
        "version": "0",
        "source": "aws.lambda",
        "detail-type": "Durable Execution Status Change",
        "detail": {key: value for key, value in {**detail, **changes}.items() if value is not None},
    }


def hint(**detail: Any) -> dict[str, Any]:
    return {"source": "com.example.orders", "detail-type": "Durascope Callback Hint", "detail": detail}


def change(**changes: Any) -> StatusChange:
    said = pushes.parse(json.dumps(event(**changes)))
    assert isinstance(said, StatusChange)
    return said


def test_a_status_change_is_read_with_both_its_times() -> None:
    said = change()
    assert str(said.arn) == ARN and said.status == "SUCCEEDED"
    assert said.started_at == dt.datetime(2026, 11, 20, 13, 8, 22, 345000, tzinfo=dt.UTC)
    assert said.ended_at == dt.datetime(2026, 11, 20, 13, 10, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-20T13:10:00Z",
        "2026-11-20T14:10:00+01:00",
        "2026-11-20T13:10:00",
        1795180200,
        1795180200.0,
        1795180200000,
    ],
)
def test_a_time_may_be_text_seconds_or_milliseconds(written: object) -> None:
    assert change(endTimestamp=written).ended_at == dt.datetime(2026, 11, 20, 13, 10, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "0001-01-01T00:00:00+14:00",
        -1,
        0,
        10**400,
        float("inf"),
        float("nan"),
        True,
        [],
        {},
        1e300,
        None,
    ],
)
def test_a_time_that_is_none_does_not_cost_the_status(written: object) -> None:
    said = change(startTimestamp=written)
    assert said.started_at is None and said.status == "SUCCEEDED"


def test_a_status_that_nobody_knows_yet_survives() -> None:
    assert change(status="HIBERNATING").status == "HIBERNATING"


def test_the_execution_s_arn_decides_which_function_it_is() -> None:
    said = change(functionArn="arn:aws:lambda:us-east-1:999999999999:function:another")
    assert str(said.arn.function_arn) == FUNCTION


def test_a_name_of_any_length_beside_the_arn_is_not_needed() -> None:
    assert change(durableExecutionName="n" * 10_000).arn.execution_name == "order-1"


def test_a_hint_may_come_from_any_source_of_the_customer_s_own() -> None:
    said = pushes.parse(json.dumps(hint(durableExecutionArn=ARN, anything="else")))
    assert isinstance(said, CallbackHint) and str(said.arn) == ARN


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 200_000, "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "detail-type"),
        (json.dumps({**event(), "detail-type": ["Durable Execution Status Change"]}), "detail-type"),
        (json.dumps({**event(), "detail": "text"}), "no detail"),
        (json.dumps({**event(), "source": "com.example"}), "does not come from aws.lambda"),
        (json.dumps(event(durableExecutionArn=FUNCTION)), "not the ARN"),
        (json.dumps(event(durableExecutionArn=f"{ARN}\ud800")), "not the ARN"),
        (json.dumps(event(durableExecutionArn=f"{ARN}\x00")), "not the ARN"),
        (json.dumps(event(durableExecutionArn="a" * 10_000)), "not the ARN"),
        (json.dumps(event(durableExecutionArn=7)), "not the ARN"),
        (json.dumps(event(status=" ")), "no status"),
        (json.dumps(event(status=5)), "no status"),
        (json.dumps(hint()), "not the ARN"),
    ],
)
def test_anything_else_is_malformed_with_a_reason(body: str, reason: str) -> None:
    said = pushes.parse(body)
    assert isinstance(said, Malformed) and reason in said.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.text() | JSON.map(json.dumps))
def test_any_text_and_any_json_is_read_without_an_exception(body: str) -> None:
    assert isinstance(pushes.parse(body), Malformed)


@given(
    st.sampled_from(["durableExecutionArn", "status", "startTimestamp", "endTimestamp"]),
    JSON,
    st.sampled_from([pushes.STATUS_TYPE, pushes.HINT_TYPE]),
)
def test_any_value_in_any_field_is_read_without_an_exception(field: str, value: object, kind: str) -> None:
    body = json.dumps({**event(**{field: value}), "detail-type": kind})
    assert isinstance(pushes.parse(body), StatusChange | CallbackHint | Malformed)
