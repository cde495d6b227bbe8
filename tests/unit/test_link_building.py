import re
import shlex
from urllib.parse import unquote

import pytest

from executions.domain.arns import ExecutionArn
from executions.domain.links import (
    cli_commands,
    console_url,
    log_commands,
    logs_query,
    logs_url,
    trace_of,
    trace_url,
    traces_url,
)

ARN = ExecutionArn("aws", "us-east-1", "123456789012", "coffee_order", "$LATEST", "order-1042", "db8f7d52")


def test_the_console_link_opens_the_execution() -> None:
    assert console_url(ARN) == (
        "https://us-east-1.console.aws.amazon.com/lambda/home?region=us-east-1"
        "#/functions/coffee_order/versions/$LATEST/executions/order-1042/db8f7d52"
    )


@pytest.mark.parametrize(
    ("partition", "domain"),
    [
        ("aws-cn", "console.amazonaws.cn"),
        ("aws-us-gov", "console.amazonaws-us-gov.com"),
        ("aws-x", "console.aws.amazon.com"),
    ],
)
def test_each_partition_has_its_own_console(partition: str, domain: str) -> None:
    arn = ExecutionArn(partition, "some-region-1", "123456789012", "f", "1", "e", "i")
    assert console_url(arn).startswith(f"https://some-region-1.{domain}/lambda/")
    assert logs_url(arn, 1e9, None, 2e9).startswith(f"https://some-region-1.{domain}/cloudwatch/")


def _decoded(text: str) -> str:
    """The console's string notation, read back."""
    text = re.sub(r"\*\*([0-9a-f]{4})", lambda found: chr(int(found.group(1), 16)), text)
    return re.sub(r"\*([0-9a-f]{2})", lambda found: chr(int(found.group(1), 16)), text)


def test_the_logs_link_carries_the_query_the_group_and_the_time_range() -> None:
    url = logs_url(ARN, 1_795_403_615.5, 1_795_403_700.25, 1_795_500_000.0)
    head, _, detail = url.partition("$3FqueryDetail$3D")
    assert head.endswith("/cloudwatch/home?region=us-east-1#logsV2:logs-insights")
    assert not set(detail) & set(' "|/:@,=\n$')
    found = re.fullmatch(
        r"~\(end~'(.*)~start~'(.*)~timeType~'ABSOLUTE~tz~'UTC~editorString~'(.*)~source~\(~'(.*)\)\)", detail
    )
    assert found is not None
    end, start, query, group = (_decoded(part) for part in found.groups())
    assert (start, end) == ("2026-11-23T03:12:35.500Z", "2026-11-23T03:20:00.250Z")
    assert query == logs_query(ARN)
    assert group == "/aws/lambda/coffee_order"


def test_the_logs_link_of_a_running_execution_ends_at_now() -> None:
    assert "end~'2026-11-24T06*3a05*3a00.000Z" in logs_url(ARN, 1_795_403_615.5, None, 1_795_500_000.0)


def test_the_logs_of_one_operation_are_asked_for_by_its_id() -> None:
    assert '| filter operationId = "a\\\\\\"b"\n' in logs_query(ARN, 'a\\"b')
    assert "operationId" not in logs_query(ARN)
    assert "operationId*20*3d*20*22abc*22" in logs_url(ARN, 1e9, 1e9, 1e9, "abc")


def test_all_lines_of_some_invocations_are_asked_for_by_request_id() -> None:
    query = logs_query(ARN, request_ids=["r-1", 'r"2'])
    assert f'executionArn = "{ARN}"' in query and '@requestId in ["r-1", "r\\"2"]' in query
    assert 'record.requestId in ["r-1", "r\\"2"]' in query
    assert "requestId" not in logs_query(ARN, "abc")
    assert "*40requestId*20in*20*5b*22r-1*22*5d" in logs_url(ARN, 1e9, 1e9, 1e9, request_ids=["r-1"])


def test_the_traces_link_names_the_function_and_the_time_range() -> None:
    url = traces_url(ARN, 1_795_403_615.5, None, 1_795_500_000.0)
    assert "#xray:traces/query?~(query~(expression~'service*28id*28name*3a*20*22coffee_order*22*20*29*29)" in url
    assert "start~'2026-11-23T03*3a12*3a35.500Z" in url and "end~'2026-11-24T06*3a05*3a00.000Z" in url


def test_the_query_looks_for_both_spellings_of_the_field() -> None:
    assert f'filter executionArn = "{ARN}" or durableExecutionArn = "{ARN}"' in logs_query(ARN)


def test_characters_outside_latin_are_escaped_as_utf16_units() -> None:
    arn = ExecutionArn("aws", "us-east-1", "123456789012", "f", "1", "naïve-☕-😀", "i")
    url = logs_url(arn, 1e9, 1e9, 1e9)
    assert "na*efve-**2615-**d83d**de00" in url
    assert unquote(console_url(arn)).endswith("/executions/naïve-☕-😀/i")


def test_commands_survive_a_shell() -> None:
    commands = cli_commands(ARN)
    assert {command.text.split()[0] for command in commands} == {"aws", "sam"}
    for command in commands:
        assert str(ARN) in shlex.split(command.text)
    assert any("get-durable-execution-history" in command.text for command in commands)


def test_log_commands_survive_a_shell_and_ask_for_both_spellings() -> None:
    for command in log_commands(ARN, 1_795_403_615.5, None, 1_795_500_000.0, 'o"p'):
        words = shlex.split(command.text)
        [pattern] = [word for word in words if word.startswith("{")]
        assert f'$.executionArn = "{ARN}"' in pattern and f'$.durableExecutionArn = "{ARN}"' in pattern
        assert '$.operationId = "o\\"p"' in pattern and "/aws/lambda/coffee_order" in words
    [aws, sam] = log_commands(ARN, 1_795_403_615.5, 1_795_403_616.0, 0)
    assert "--start-time 1795403555500" in aws.text and "2026-11-23T03:12:35.500Z" in sam.text
    assert "operationId" not in aws.text + sam.text


TRACE = "1-5759e988-bd862e3fe1be46a994272793"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
            "1-5759e988-bd862e3fe1be46a994272793",
        ),
        (f"Sampled=0; Root={TRACE}", TRACE),
        ("Root=1-5759e988-bd862e3fe1be46a99427279/../x", ""),
        ("Root=", ""),
        ("", ""),
    ],
)
def test_the_trace_is_read_from_its_header(header: str, found: str) -> None:
    assert trace_of(header) == found


def test_one_trace_has_its_own_address() -> None:
    assert trace_url(ARN, "1-5759e988-bd862e3fe1be46a994272793").endswith(
        "#xray:traces/1-5759e988-bd862e3fe1be46a994272793"
    )
