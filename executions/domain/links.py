"""Where else to look at an execution: the AWS console, CloudWatch Logs Insights, X-Ray, the AWS CLI and the SAM CLI."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from executions.domain.arns import ExecutionArn

# AWS's console endpoints by partition; any other partition is taken to use the common one.
_CONSOLE_DOMAINS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-eusc": "console.amazonaws-eusc.eu",
    "aws-iso": "console.c2shome.ic.gov",
    "aws-iso-b": "console.sc2shome.sgov.gov",
}
_BEFORE, _AFTER = 60.0, 300.0  # seconds; log lines are stamped by another clock and arrive late
_TRACE = re.compile(r"(?:^|;)\s*Root=(1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24})(?:;|\s*$)")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True)
class Command:
    """A line to paste into a POSIX shell, and what it does."""

    label: str
    text: str


def _console(arn: ExecutionArn) -> str:
    return f"https://{arn.region}.{_CONSOLE_DOMAINS.get(arn.partition, _CONSOLE_DOMAINS['aws'])}"


def console_url(arn: ExecutionArn) -> str:
    """The execution's page in the Lambda console."""
    name, version, execution, run = (
        quote(part, safe="$") for part in (arn.function_name, arn.version, arn.execution_name, arn.execution_id)
    )
    return (
        f"{_console(arn)}/lambda/home?region={arn.region}"
        f"#/functions/{name}/versions/{version}/executions/{execution}/{run}"
    )


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def logs_query(arn: ExecutionArn, operation_id: str = "", request_ids: Sequence[str] = ()) -> str:
    """A Logs Insights query for the lines of this execution, or of one operation of it; also for all lines of these
    invocations, whatever wrote them.

    The Java SDK names the execution's field differently. Lambda's own lines have the request id in `record` where a
    function logs as JSON.
    """
    quoted = _quoted(str(arn))
    one = f"| filter operationId = {_quoted(operation_id)}\n" if operation_id else ""
    ids = ", ".join(map(_quoted, request_ids))
    also = f"\n    or @requestId in [{ids}] or record.requestId in [{ids}]" if ids else ""
    return (
        "fields @timestamp, level, operationName, attempt, message, @message\n"
        f"| filter executionArn = {quoted} or durableExecutionArn = {quoted}{also}\n"
        f"{one}"
        "| sort @timestamp asc\n"
        "| limit 1000"
    )


def _escaped(text: str) -> str:
    """A string in the notation of the console's URL: `*xx` for a byte, `**xxxx` for a UTF-16 unit above 255."""

    def one(found: re.Match[str]) -> str:
        code = ord(found.group())
        if code < 0x100:
            return f"*{code:02x}"
        units = found.group().encode("utf-16-be", "surrogatepass").hex()
        return "".join("**" + units[at : at + 4] for at in range(0, len(units), 4))

    return "'" + _NOT_PLAIN.sub(one, text)


def _instant(at: float) -> str:
    """ISO 8601 in UTC with milliseconds; times outside the calendar fall back to its ends."""
    moment = datetime.fromtimestamp(min(max(at, 0.0), 253_402_300_799.0), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def logs_url(
    arn: ExecutionArn,
    started_at: float,
    ended_at: float | None,
    now: float,
    operation_id: str = "",
    *,
    request_ids: Sequence[str] = (),
) -> str:
    """Logs Insights, with `logs_query` filled in and the time range set around what is asked for (epoch seconds)."""
    query = _escaped(logs_query(arn, operation_id, request_ids))
    group = _escaped(f"/aws/lambda/{arn.function_name}")
    detail = f"~({_range(started_at, ended_at, now)}~timeType~'ABSOLUTE~tz~'UTC~editorString~{query}~source~(~{group}))"
    # The fragment's own query string is percent-encoded with '$' in place of '%'.
    return f"{_console(arn)}/cloudwatch/home?region={arn.region}#logsV2:logs-insights$3FqueryDetail$3D{detail}"


def traces_url(arn: ExecutionArn, started_at: float, ended_at: float | None, now: float) -> str:
    """X-Ray's traces of the function while the execution ran, whosever they are."""
    expression = f"service(id(name: {_quoted(arn.function_name)} ))"
    detail = f"~(query~(expression~{_escaped(expression)})~context~(timeRange~({_range(started_at, ended_at, now)})))"
    return f"{_console(arn)}/cloudwatch/home?region={arn.region}#xray:traces/query?{detail}"


def trace_of(header: str) -> str:
    """The trace's id in a header like "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"; "" when there is none."""
    found = _TRACE.search(header)
    return found.group(1) if found else ""


def trace_url(arn: ExecutionArn, trace_id: str) -> str:
    """One trace in X-Ray."""
    return f"{_console(arn)}/cloudwatch/home?region={arn.region}#xray:traces/{trace_id}"


def _range(started_at: float, ended_at: float | None, now: float) -> str:
    end = (now if ended_at is None else ended_at) + _AFTER
    return f"end~{_escaped(_instant(end))}~start~{_escaped(_instant(started_at - _BEFORE))}"


def _filter_pattern(arn: ExecutionArn, operation_id: str = "") -> str:
    """What `logs_query` asks for, in the notation of CloudWatch's filter patterns."""
    quoted = _quoted(str(arn))
    own = f" && ($.operationId = {_quoted(operation_id)})" if operation_id else ""
    return f"{{ (($.executionArn = {quoted}) || ($.durableExecutionArn = {quoted})){own} }}"


def log_commands(
    arn: ExecutionArn, started_at: float, ended_at: float | None, now: float, operation_id: str = ""
) -> tuple[Command, ...]:
    """The lines of an execution, or of one operation of it, in a terminal."""
    start, end = started_at - _BEFORE, (now if ended_at is None else ended_at) + _AFTER
    pattern, region = shlex.quote(_filter_pattern(arn, operation_id)), shlex.quote(arn.region)
    group = shlex.quote(f"/aws/lambda/{arn.function_name}")
    return (
        Command(
            "Logs with the AWS CLI",
            f"aws logs filter-log-events --log-group-name {group} --filter-pattern {pattern}"
            f" --start-time {int(start * 1000)} --end-time {int(end * 1000)} --region {region}",
        ),
        Command(
            "Logs with the SAM CLI",
            f"sam logs --cw-log-group {group} --filter {pattern} --start-time {shlex.quote(_instant(start))}"
            f" --end-time {shlex.quote(_instant(end))} --region {region}",
        ),
    )


def callback_commands(arn: ExecutionArn) -> tuple[Command, ...]:
    """Answering a callback whose id one has, with CALLBACK_ID and the result to be filled in."""
    region = shlex.quote(arn.region)
    aws = "aws lambda send-durable-execution-callback-success --cli-binary-format raw-in-base64-out"
    return (
        Command(
            "Answer a callback with the AWS CLI", f"{aws} --callback-id CALLBACK_ID --result '{{}}' --region {region}"
        ),
        Command("Answer a callback with the SAM CLI", f"sam remote callback succeed CALLBACK_ID --region {region}"),
    )


def cli_commands(arn: ExecutionArn) -> tuple[Command, ...]:
    """Ready-made commands for this execution; the ones that change something come last."""
    text, region = shlex.quote(str(arn)), shlex.quote(arn.region)
    aws = f"--durable-execution-arn {text} --region {region}"
    return (
        Command("Show with the AWS CLI", f"aws lambda get-durable-execution {aws}"),
        Command("History with the AWS CLI", f"aws lambda get-durable-execution-history {aws} --include-execution-data"),
        Command("Show with the SAM CLI", f"sam remote execution get {text} --region {region}"),
        Command("History with the SAM CLI", f"sam remote execution history {text} --region {region}"),
        Command("Stop with the AWS CLI", f"aws lambda stop-durable-execution {aws}"),
        Command("Stop with the SAM CLI", f"sam remote execution stop {text} --region {region}"),
    )
