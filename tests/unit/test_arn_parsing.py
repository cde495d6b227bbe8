import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain.arns import ExecutionArn, FunctionArn, InvalidArn
from tests.unit.wires import SCENARIOS, recorded_execution

LATEST = (
    "arn:aws:lambda:us-west-2:123456789012:function:coffee_order:$LATEST"
    "/durable-execution/coffee-accept/db8f7d52-bd55-45f2-97ac-6959ab0e9ed0"
)


def test_an_execution_arn_gives_its_parts() -> None:
    arn = ExecutionArn.parse(LATEST)
    assert (arn.partition, arn.region, arn.account) == ("aws", "us-west-2", "123456789012")
    assert (arn.function_name, arn.version) == ("coffee_order", "$LATEST")
    assert (arn.execution_name, arn.execution_id) == ("coffee-accept", "db8f7d52-bd55-45f2-97ac-6959ab0e9ed0")
    assert str(arn.function_arn) == "arn:aws:lambda:us-west-2:123456789012:function:coffee_order"
    assert str(arn.qualified_function_arn) == "arn:aws:lambda:us-west-2:123456789012:function:coffee_order:$LATEST"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_recorded_arn_survives_the_round_trip(scenario: str) -> None:
    answer = recorded_execution(scenario)
    arn = ExecutionArn.parse(answer["DurableExecutionArn"])
    assert str(arn) == answer["DurableExecutionArn"]
    assert str(arn.qualified_function_arn) == answer["FunctionArn"]
    assert arn.execution_name == answer["DurableExecutionName"]


def test_an_execution_name_may_hold_slashes_and_colons() -> None:
    arn = ExecutionArn.parse(
        "arn:aws:lambda:eu-west-1:123456789012:function:f:3/durable-execution/a/b:c/durable-execution/d/id"
    )
    assert arn.execution_name == "a/b:c/durable-execution/d"
    assert arn.execution_id == "id"


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-eusc"])
def test_every_partition_is_accepted(partition: str) -> None:
    text = LATEST.replace("arn:aws:", f"arn:{partition}:")
    assert ExecutionArn.parse(f"  {text}\n").partition == partition


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("hello", "should begin with"),
        ("7115e0b7/4e14", "should begin with"),
        ("arn:aws:s3:::bucket", "should begin with"),
        (LATEST.replace("123456789012", "12345"), "12 digits"),
        (LATEST.split("/", maxsplit=1)[0], "no durable execution"),
        (LATEST.rsplit("/", 1)[0], "should end in"),
        (LATEST.replace(":$LATEST", ""), "its version"),
        (LATEST.replace("coffee_order", "coffee/order"), "its version"),
        (LATEST.replace("coffee-accept", "coffee accept"), "a space"),
        (LATEST + "x" * 1024, "at most 1,024"),
    ],
)
def test_what_is_no_execution_arn_is_refused_with_a_sentence(text: str, why: str) -> None:
    with pytest.raises(InvalidArn, match=why) as caught:
        ExecutionArn.parse(text)
    assert str(caught.value).endswith(".")


def test_a_function_arn_may_be_qualified_or_not() -> None:
    plain = FunctionArn.parse("arn:aws:lambda:us-east-1:123456789012:function:pay")
    alias = FunctionArn.parse("arn:aws:lambda:us-east-1:123456789012:function:pay:live")
    assert plain.qualifier is None
    assert alias.qualifier == "live"
    assert (plain.name, plain.account) == (alias.name, alias.account)


@pytest.mark.parametrize("text", [LATEST, "arn:aws:lambda:us-east-1:123456789012:function:pay:", "pay"])
def test_what_is_no_function_arn_is_refused(text: str) -> None:
    with pytest.raises(InvalidArn):
        FunctionArn.parse(text)


_name = st.from_regex(r"[A-Za-z0-9_.-]{1,30}", fullmatch=True)


@given(
    partition=st.sampled_from(["aws", "aws-cn", "aws-us-gov"]),
    name=_name,
    version=st.sampled_from(["$LATEST", "$LATEST.PUBLISHED"]) | st.integers(1, 999).map(str),
    execution=st.from_regex(r"[A-Za-z0-9_/:$ü-]{0,20}[A-Za-z0-9]", fullmatch=True),
    run=_name,
)
def test_writing_a_parsed_arn_gives_the_same_text(
    partition: str, name: str, version: str, execution: str, run: str
) -> None:
    text = (
        f"arn:{partition}:lambda:us-east-1:123456789012:function:{name}:{version}/durable-execution/{execution}/{run}"
    )
    arn = ExecutionArn.parse(text)
    assert str(arn) == text
    assert arn.execution_name == execution
    assert FunctionArn.parse(str(arn.qualified_function_arn)).qualifier == version


@given(st.text(max_size=80))
def test_any_text_is_either_refused_or_kept_exactly(text: str) -> None:
    for kind in (ExecutionArn, FunctionArn):
        try:
            parsed = kind.parse(text)
        except InvalidArn:
            continue
        assert str(parsed) == text.strip()
