"""What AWS answers, as plain values of ours."""

import datetime as dt
import email.utils
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from executions.gateway.errors import NotUnderstood

T = TypeVar("T")


@dataclass(frozen=True)
class FunctionConfiguration:
    """A durable function; times in seconds, memory in MB, `modified_at` as AWS writes it."""

    arn: str
    name: str
    description: str
    runtime: str
    memory_mb: int | None
    timeout_seconds: int | None
    execution_timeout_seconds: int | None
    retention_days: int | None
    kms_key_arn: str
    modified_at: str


@dataclass(frozen=True)
class ExecutionSummary:
    """One execution as List, Get or push describes it; `started_at` is None where that was left out."""

    arn: str
    name: str
    function_arn: str
    status: str
    started_at: dt.datetime | None
    ended_at: dt.datetime | None


@dataclass(frozen=True)
class Page(Generic[T]):
    """`at`: AWS's own time when it answered, in whole seconds; None when it did not say. `body`: what AWS wrote, where
    that is kept.
    """

    items: list[T]
    next_marker: str | None
    at: dt.datetime | None = None
    body: bytes = b""


class Markers:
    """The markers that one reading has followed. One that comes again leads in a circle: it would never end, and taken
    for the end it would hide what comes after it.
    """

    def __init__(self) -> None:
        self._followed: set[str] = set()

    def follow(self, marker: str | None) -> str | None:
        """The marker of the next page, None after the last one; raises NotUnderstood."""
        if not marker:
            return None
        if marker in self._followed:
            raise NotUnderstood("AWS's pages lead in a circle.", "Durascope begins again by itself.")
        self._followed.add(marker)
        return marker


@dataclass(frozen=True)
class Answer:
    """AWS's answer to an action: its request id and the fields it returned."""

    request_id: str
    fields: dict[str, Any]


@contextmanager
def complete(what: str) -> Iterator[None]:
    """Members that AWS's model calls required must be there."""
    try:
        yield
    except KeyError as missing:
        raise NotUnderstood(
            f"AWS described {what} without {missing}.",
            "Check that AWS_ENDPOINT_URL_LAMBDA, and any proxy between, leads to AWS Lambda.",
        ) from missing


def function_from(item: dict[str, Any]) -> FunctionConfiguration:
    durable = item.get("DurableConfig") or {}
    with complete("a function"):
        return FunctionConfiguration(
            arn=item["FunctionArn"],
            name=item["FunctionName"],
            description=item.get("Description") or "",
            runtime=item.get("Runtime") or "",
            memory_mb=item.get("MemorySize"),
            timeout_seconds=item.get("Timeout"),
            execution_timeout_seconds=durable.get("ExecutionTimeout"),
            retention_days=durable.get("RetentionPeriodInDays"),
            kms_key_arn=durable.get("KMSKeyArn") or "",
            modified_at=item.get("LastModified") or "",
        )


def summary_from(item: dict[str, Any]) -> ExecutionSummary:
    with complete("an execution"):
        arn = item["DurableExecutionArn"]
    return ExecutionSummary(
        arn=arn,
        name=item.get("DurableExecutionName") or "",
        function_arn=item.get("FunctionArn") or "",
        status=item.get("Status") or "UNKNOWN",
        started_at=item.get("StartTimestamp"),
        ended_at=item.get("EndTimestamp"),
    )


def answered_at(answer: dict[str, Any]) -> dt.datetime | None:
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return email.utils.parsedate_to_datetime(said).astimezone(dt.UTC) if said else None
    except ValueError:
        return None
