"""What the API takes and answers. Times are ISO 8601 in UTC; ids are this installation's, ARNs are AWS's."""

import datetime as dt
import uuid
from typing import Annotated, Any

import orjson
from django.http import HttpRequest
from ninja import Field, Schema
from ninja.renderers import BaseRenderer

from dashboard.pages.audit import account_of, without_secrets
from executions.models import ActionRecord, Callback, Execution

Id = Annotated[int, Field(ge=1, lt=2**63)]


class OrjsonRenderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return orjson.dumps(data, default=str)


class ExecutionOut(Schema):
    id: int
    arn: str
    name: str
    function: str
    version: str
    status: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    error_type: str
    activity: str = Field(description="What is going on, in a few words.")
    history_complete: bool
    gone_at: dt.datetime | None = Field(description="When AWS said that it no longer has it.")

    @classmethod
    def of(cls, row: Execution) -> "ExecutionOut":
        names = (name for name in cls.model_fields if name not in ("id", "function"))
        return cls(id=row.pk, function=row.function.name, **{name: getattr(row, name) for name in names})


class ExecutionsOut(Schema):
    executions: list[ExecutionOut]
    next: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")


class OperationOut(Schema):
    """`status` is STARTED, PENDING, SUCCEEDED, FAILED, TIMED_OUT, STOPPED, CANCELLED, NEVER_FINISHED or UNKNOWN."""

    id: str
    parent_id: str | None
    name: str | None
    kind: str
    subtype: str | None
    status: str
    started_at: float | None = Field(description="Epoch seconds.")
    ended_at: float | None = Field(description="Epoch seconds.")
    attempts: int
    event_ids: list[int]


class OperationsOut(Schema):
    operations: list[OperationOut]
    gaps: list[tuple[int, int]] = Field(description="Ranges of event ids that are not mirrored yet.")


class CallbackOut(Schema):
    id: int
    callback_id: str
    name: str
    operation_id: str
    execution_id: int
    execution: str
    function: str
    status: str
    opened_at: dt.datetime
    timeout_at: dt.datetime | None = Field(description="null: it waits for ever.")
    heartbeat_seconds: int | None

    @classmethod
    def of(cls, row: Callback) -> "CallbackOut":
        return cls(
            id=row.pk,
            callback_id=row.callback_id,
            name=row.name,
            operation_id=row.operation_id,
            execution_id=row.execution_id,
            execution=row.execution.name,
            function=row.execution.function.name,
            status=row.status,
            opened_at=row.opened_at,
            timeout_at=row.timeout_at,
            heartbeat_seconds=row.heartbeat_seconds,
        )


class CallbacksOut(Schema):
    callbacks: list[CallbackOut]
    next: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")


class ActionOut(Schema):
    """`outcome`: sending, accepted, refused, done, unconfirmed, which is settled from the history and never sent again,
    or unknown when nothing will ever tell.
    """

    id: int
    kind: str
    outcome: str
    username: str
    address: str | None = Field(description="Where from.")
    execution_arn: str
    callback_id: str
    account: str = Field(description="Whose account or token it was about.")
    reason: str
    request: dict[str, Any] = Field(description="What was asked for, with the values of secrets hidden.")
    answer: str = Field(description="AWS's answer or error, in words.")
    aws_request_id: str
    created_at: dt.datetime
    finished_at: dt.datetime | None

    @classmethod
    def of(cls, row: ActionRecord) -> "ActionOut":
        apart: dict[str, Any] = {
            "callback_id": row.callback.callback_id if row.callback else "",
            "account": account_of(row),
            "request": without_secrets(row.request),
        }
        return cls(**{name: getattr(row, name) for name in cls.model_fields.keys() - apart.keys()}, **apart)


class ActionsOut(Schema):
    actions: list[ActionOut]
    next: str | None = Field(description="Send it as `cursor` for the next page; null on the last one.")


class Problem(Schema):
    detail: Any


class Act(Schema):
    """`token`: the same one sent again is the same action, carried out once."""

    reason: str = Field("", max_length=1000)
    token: uuid.UUID = Field(default_factory=uuid.uuid4)


class ActWithError(Act):
    error_type: str = Field("", max_length=200)
    error_message: str = Field("", max_length=4000)


class Pause(Act):
    timeout_too: bool = Field(True, description="Stop the clock of the execution timeout, too.")


class Succeed(Act):
    """`result` is sent byte for byte. `is_json`: refuse what is not JSON."""

    result: str = ""
    is_json: bool = True
    twice: bool = Field(False, description="A text that itself holds JSON is meant so.")


class Claim(Act):
    """`over`: also from somebody who has claimed it."""

    over: bool = False


class Delete(Act):
    purge: bool = Field(False, description="Remove the mirror's copy, too, once AWS has accepted it.")


class Start(Act):
    """`payload` is JSON and sent byte for byte."""

    function: str = Field(max_length=200, description="Its ARN, or its name where only one has it.")
    qualifier: str = Field("$LATEST", max_length=128, description="A version or an alias.")
    name: str = Field("", max_length=64, description="Of the execution; one is made from the token without.")
    payload: str = "{}"
