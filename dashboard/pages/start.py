"""The form that starts an execution, alone or with the input of another one."""

from dataclasses import dataclass
from typing import Any, Self

from django.urls import reverse

from dashboard.forms.starting import Start
from executions import histories, queries
from executions.actions import permissions
from executions.domain.words import duration
from executions.models import Execution, Function, InputSchema, PreparedEvent


@dataclass(frozen=True)
class Page:
    """`qualifiers`: versions that are known, offered while one types. `how` says why it is started asynchronously;
    `note` what is wrong with the input that was taken over.
    """

    function: Function
    begun: Start
    how: str
    note: str
    why_not: str
    prepared: list[PreparedEvent]
    may_prepare: bool
    after: Execution | None
    url: str
    qualifiers: list[str]
    schema: InputSchema | None
    schema_text: str
    event_name: str

    @classmethod
    def of(
        cls,
        user: Any,
        function: Function,
        begun: Start,
        *,
        after: Execution | None = None,
        note: str = "",
        schema_text: str | None = None,
        event_name: str = "",
    ) -> Self:
        """`schema_text`: as it was typed, None for the one that is kept; `event_name`: as it was typed."""
        schema = InputSchema.objects.filter(function=function).first()
        return cls(
            function=function,
            begun=begun,
            how=_how(function),
            note=note,
            why_not=permissions.can_start(user, function).why,
            prepared=list(function.prepared_events.order_by("name")),
            may_prepare=bool(permissions.can_prepare(user, function)),
            after=after,
            url=reverse("start", args=[function.pk]),
            qualifiers=list(dict.fromkeys(["$LATEST", *queries.versions_of(function)])),
            schema=schema,
            schema_text=schema_text if schema_text is not None else schema.text if schema else "",
            event_name=event_name,
        )


def input_of(execution: Execution) -> tuple[str, str]:
    """(the input as AWS has it, what is wrong with it)."""
    event = histories.event_with_payload(execution, 1)
    payload = event.payload if event and event.type == "ExecutionStarted" else None
    if payload is None:
        return "{}", "The input of that execution is not in the mirror: write one."
    return payload.text, "AWS gave only the beginning of that input: complete it." if payload.truncated else ""


def _how(function: Function) -> str:
    whole, once = function.execution_timeout_seconds, function.timeout_seconds
    if whole and once and whole > once:
        return (
            f"It is started asynchronously, as AWS requires here: an execution may take {duration(whole)}, which is "
            f"longer than one invocation may ({duration(once)})."
        )
    return "It is started asynchronously, so that nobody has to wait here for its end."
