"""Function identifiers and execution ARNs, in the forms the Lambda API takes and gives."""

from __future__ import annotations

import re
from dataclasses import dataclass

from demo.errors import invalid, not_found

REGION = "us-east-1"
ACCOUNT_ID = "123456789012"
LATEST = "$LATEST"

# The four forms of botocore's NamespacedFunctionName: NAME, NAME:QUALIFIER, ACCOUNT:function:NAME, full ARN.
_FUNCTION = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?"
    r"(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?"
    r"(?:(?P<account>\d{12}):)?"
    r"(?:function:)?"
    r"(?P<name>[a-zA-Z0-9_.-]{1,140})"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]{1,128}))?"
)
_EXECUTION = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9_.-]+:(?:\$LATEST|[a-zA-Z0-9_-]+)"
    r"/durable-execution/[a-zA-Z0-9_-]+/[a-zA-Z0-9-]+"
)


@dataclass(frozen=True)
class FunctionRef:
    """What a caller named: a function and, if given, a version or alias of it."""

    name: str
    qualifier: str | None


def parse_function(identifier: str, qualifier: str | None = None) -> FunctionRef:
    """Read any accepted form; a qualifier given twice must agree with itself, as AWS demands."""
    match = _FUNCTION.fullmatch(identifier) if len(identifier) <= 256 else None
    if match is None:
        raise invalid(f"Not a function name or ARN: {identifier!r}")
    if match["region"] not in (None, REGION) or match["account"] not in (None, ACCOUNT_ID):
        raise not_found(f"Function not found: {identifier}")
    inner = match["qualifier"]
    if inner and qualifier and inner != qualifier:
        raise invalid(f"The qualifier in the function name ({inner}) differs from Qualifier ({qualifier})")
    return FunctionRef(match["name"], inner or qualifier)


def function_arn(name: str, qualifier: str | None = None) -> str:
    """The function's ARN, unqualified unless a qualifier is given."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def execution_arn(name: str, version: str, execution_name: str, execution_id: str) -> str:
    """The ARN of one execution; the SDK finds the execution's input by the last segment."""
    return f"{function_arn(name, version)}/durable-execution/{execution_name}/{execution_id}"


def check_execution_arn(arn: str) -> str:
    """Refuse what cannot be an execution's ARN, as opposed to one that merely does not exist."""
    if len(arn) > 1024 or not _EXECUTION.fullmatch(arn):
        raise invalid(f"Not a durable execution ARN: {arn!r}")
    return arn
