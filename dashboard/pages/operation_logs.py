"""Where the logs of one operation are: the lines that name it, and what its execution logged while it lasted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from dashboard.pages.tab import Subject
from executions.domain import links
from executions.domain.arns import ExecutionArn, InvalidArn
from executions.domain.history import Operation
from executions.domain.words import count

MOST_REQUESTS = 20
"""Invocations that are asked for by name: a console's address must not become too long."""
_RUNS_CODE = frozenset({"Step", "Context"})
"""Kinds whose code logs under the operation's id; what AWS does by itself writes no line of its own."""


@dataclass(frozen=True)
class OperationLogs:
    """`own_url` is "" for what runs no code. `note`: what these find, and what they do not."""

    own_url: str
    url: str
    commands: tuple[links.Command, ...]
    note: str

    @classmethod
    def of(cls, subject: Subject, operation: Operation) -> Self | None:
        """None through a share link, and where it is not known of which function in which Region it is."""
        if subject.share is not None:
            return None
        try:
            arn = ExecutionArn.parse(subject.execution.arn)
        except InvalidArn:
            return None
        ended = _ended(operation)
        when = (operation.first_at, ended, subject.seconds)
        found = _requests(subject, operation.first_at, subject.seconds if ended is None else ended)
        requests = found[:MOST_REQUESTS]
        meanwhile = links.Command("Query for all logs while it lasted", links.logs_query(arn, request_ids=requests))
        own: tuple[links.Command, ...] = ()
        if operation.kind in _RUNS_CODE:
            query = links.Command("Query for the lines that name it", links.logs_query(arn, operation.id))
            own = (query, *links.log_commands(arn, *when, operation.id))
        return cls(
            own_url=links.logs_url(arn, *when, operation.id) if own else "",
            url=links.logs_url(arn, *when, request_ids=requests),
            commands=(*own, meanwhile) if own else (meanwhile, *links.log_commands(arn, *when)),
            note=_note(operation, found),
        )


def _ended(operation: Operation) -> float | None:
    """None while it is open: it lasts until now."""
    if operation.ended_at is not None:
        return operation.ended_at
    return None if operation.is_open else operation.last_at


def _requests(subject: Subject, start: float, end: float) -> tuple[str, ...]:
    """The request ids of the invocations of which some part lay between."""
    invocations = subject.history.invocations
    met = (one.request_id for one in invocations if one.started_at <= end and one.ended_at >= start)
    return tuple(dict.fromkeys(filter(None, met)))


def _note(operation: Operation, requests: Sequence[str]) -> str:
    names = {
        "Wait": "No log line names a wait.",
        "Callback": "No log line names a callback.",
        "ChainedInvoke": "No log line here names an invoke; what the child logged is at its own execution.",
    }
    first = names.get(operation.kind, "Lines name an operation when they are written by the SDK's logger.")
    if not requests:
        told = "AWS has named no invocation that ran while it lasted: only lines with the execution's ARN are found."
    elif len(requests) > MOST_REQUESTS:
        told = f"Of {len(requests):,} invocations that ran while it lasted, the first {MOST_REQUESTS} are asked for."
    else:
        told = f"While it lasted {count(len(requests), 'invocation')} ran: asked for by execution ARN and request id."
    return f"{first} {told}"
