"""What a message of the push queue says. Anything may stand in it; nothing that stands in it raises.

The envelope is EventBridge's. `aws.lambda` sends "Durable Execution Status Change"; a function's own submitter step may
send "Durascope Callback Hint" under any source of its own, because AWS tells nobody that a callback was opened.
"""

import datetime as dt
import json
import math
from dataclasses import dataclass
from typing import Any

from executions.domain.arns import ExecutionArn, InvalidArn

STATUS_SOURCE, STATUS_TYPE = "aws.lambda", "Durable Execution Status Change"
HINT_TYPE = "Durascope Callback Hint"
_MILLISECONDS_FROM = 1e11
"""A number this large counts milliseconds: as seconds it would lie 3,000 years ahead."""


@dataclass(frozen=True)
class StatusChange:
    """AWS says that an execution has this status; a time that it does not tell, or not readably, is None."""

    arn: ExecutionArn
    status: str
    started_at: dt.datetime | None
    ended_at: dt.datetime | None


@dataclass(frozen=True)
class CallbackHint:
    """A function says that it is about to wait for somebody. True or not, only AWS's history tells."""

    arn: ExecutionArn


@dataclass(frozen=True)
class Malformed:
    """Nothing that we know; `reason` is for the log and repeats nothing of the body."""

    reason: str


def parse(body: str) -> StatusChange | CallbackHint | Malformed:
    """Read the body of an SQS message."""
    try:
        envelope = json.loads(body)
    except (ValueError, TypeError, RecursionError):
        return Malformed("it is not JSON")
    if not isinstance(envelope, dict):
        return Malformed("it is not a JSON object")
    kind, detail = envelope.get("detail-type"), envelope.get("detail")
    if kind not in (STATUS_TYPE, HINT_TYPE):
        return Malformed("its detail-type is neither a status change nor a callback hint")
    if not isinstance(detail, dict):
        return Malformed("it has no detail")
    arn = _arn(detail.get("durableExecutionArn"))
    if arn is None:
        return Malformed("its durableExecutionArn is not the ARN of a durable execution")
    if kind == HINT_TYPE:
        return CallbackHint(arn)
    if envelope.get("source") != STATUS_SOURCE:
        return Malformed(f"a status change that does not come from {STATUS_SOURCE}")
    return _status_change(arn, detail)


def _status_change(arn: ExecutionArn, detail: dict[str, Any]) -> StatusChange | Malformed:
    """The ARN decides which function it is: in AWS's own example `functionArn` disagrees with it."""
    status = detail.get("status")
    if not isinstance(status, str) or not status.strip():
        return Malformed("it has no status")
    return StatusChange(arn, status.strip(), _moment(detail.get("startTimestamp")), _moment(detail.get("endTimestamp")))


def _arn(value: object) -> ExecutionArn | None:
    if not isinstance(value, str):
        return None
    try:
        value.encode()  # half of a surrogate pair is text to JSON and to nobody else
        return ExecutionArn.parse(value)
    except (InvalidArn, UnicodeEncodeError):
        return None


def _moment(value: object) -> dt.datetime | None:
    """ISO text, or the seconds or milliseconds since 1970; text without an offset is UTC."""
    try:
        if isinstance(value, str):
            read = dt.datetime.fromisoformat(value.strip())
            # Converting finds out whether the moment exists in UTC at all: year 1 at +14:00 does not.
            return (read if read.tzinfo else read.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0:
            seconds = value / 1000 if value >= _MILLISECONDS_FROM else value
            return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
