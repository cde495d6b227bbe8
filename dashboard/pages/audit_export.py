"""The audit trail as CSV and as JSON, a chunk of text at a time."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import orjson

from dashboard.pages.audit import account_of, without_secrets
from executions import queries
from executions.models import ActionRecord
from executions.queries import AuditFilter

AT_ONCE = 500
LONGEST_CELL = 32_000
"""Characters; spreadsheets take no more in a cell."""
COLUMNS = (
    *(
        "at",
        "who",
        "from",
        "browser",
        "what",
        "execution",
        "callback",
        "account",
        "why",
        "request",
        "outcome",
        "answer",
    ),
    *("aws_request_id", "finished_at"),
)


def batches(user: Any, chosen: AuditFilter, *, exact: bool = False) -> Iterator[list[dict[str, Any]]]:
    """Everything that the filter lets through, newest first, read by keyset: a long trail is never in memory whole.
    `exact`: requests with their secrets.
    """
    place, more = None, True
    while more:
        records, more = queries.actions(user, place, chosen, AT_ONCE)
        if records:
            place = (records[-1].created_at, records[-1].pk)
            yield [_values(record, exact) for record in records]


def as_csv(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([harmless(row[name]) for name in COLUMNS])
    return out.getvalue()


def head() -> str:
    return ",".join(COLUMNS) + "\r\n"


def as_json_lines(rows: list[dict[str, Any]]) -> str:
    """Members of one JSON array, each on a line, without the comma before the first."""
    return ",\n".join(orjson.dumps(row).decode() for row in rows)


def harmless(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = orjson.dumps(value).decode() if isinstance(value, dict) else "" if value is None else str(value)
    text = text[:LONGEST_CELL]
    return f"'{text}" if text.lstrip(" ")[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%") else text


def _values(record: ActionRecord, exact: bool) -> dict[str, Any]:
    return {
        "at": record.created_at.isoformat(),
        "who": record.username,
        "from": record.address,
        "browser": record.user_agent,
        "what": record.kind,
        "execution": record.execution_arn,
        "callback": record.callback.callback_id if record.callback else "",
        "account": account_of(record),
        "why": record.reason,
        "request": record.request if exact else without_secrets(record.request),
        "outcome": record.outcome,
        "answer": record.answer,
        "aws_request_id": record.aws_request_id,
        "finished_at": record.finished_at.isoformat() if record.finished_at else None,
    }
