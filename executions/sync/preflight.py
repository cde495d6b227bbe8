"""What the credentials let us do: each reading API is tried once, within the call budget. Nothing is ever changed."""

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeVar

from executions.domain.lanes import Lane
from executions.domain.policy import ASSUME_ROLE, READ, forms_of
from executions.gateway import budget, lambda_api, queue
from executions.gateway.answers import ExecutionSummary, FunctionConfiguration
from executions.gateway.configuration import configured, push_queue
from executions.gateway.connections import Connection, reach
from executions.gateway.errors import Denied, GatewayError, OverBudget, triage
from executions.models import Connection as Row

T = TypeVar("T")
ALLOWED, DENIED, FAILED, NOT_TRIED = "allowed", "denied", "failed", "not tried"
PUSH: dict[str, Callable[[queue.Queue], object]] = {
    "sqs:GetQueueAttributes": queue.depth,
    "sqs:ReceiveMessage": queue.may_receive,
    "sqs:DeleteMessage": queue.may_delete,
}
FUNCTIONS = 3
"""How many functions are looked at, at the most, for an execution to read."""
PATIENCE = 10.0
EVERY, AGAIN = dt.timedelta(hours=1), dt.timedelta(minutes=5)
"""Between two preflights of a connection; sooner while something is wrong, to see that it is mended."""


@dataclass(frozen=True)
class Check:
    """One IAM action: `outcome` is one of the four above, `words` say why, `forms` how a policy names the resource."""

    action: str
    outcome: str
    words: str = ""
    forms: tuple[str, ...] = ()

    @property
    def is_bad(self) -> bool:
        return self.outcome in (DENIED, FAILED)


class Preflight:
    """The checks of one connection, in the order in which one needs what another has found."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.checks: list[Check] = []

    def run(self) -> list[Check]:
        if role := self.connection.settings.role_arn:
            self._try(ASSUME_ROLE, lambda: self._assume(role))
            if self.checks[-1].is_bad:
                self._skip_all("the role cannot be assumed")
                return self.checks
        function = self._functions()
        self._configuration(function[0] if function else None)
        execution = self._executions(function)
        self._execution(execution)
        if url := push_queue(self.connection.name):
            for action, call in PUSH.items():
                self._try(action, lambda call=call: call(queue.reach(self.connection.name, url)))  # type: ignore[misc]
        return self.checks

    def _assume(self, role: str) -> None:
        try:
            self.connection.ready()
        except Exception as error:
            raise triage(error, asked=f"assume the role {role}") from error

    def _skip_all(self, why: str) -> None:
        for _, actions, _ in READ:
            for action in actions:
                self._skip(action, why)

    def _functions(self) -> list[FunctionConfiguration]:
        def some() -> list[FunctionConfiguration]:
            wants = self.connection.settings.wants
            found = (item for item in lambda_api.list_functions(self.connection) if wants(item.name))
            return [item for _, item in zip(range(FUNCTIONS), found, strict=False)]

        return self._try("lambda:ListFunctions", some) or []

    def _configuration(self, function: FunctionConfiguration | None) -> None:
        action = "lambda:GetFunctionConfiguration"
        if function is None:
            self._skip(action, "no durable function is known")
            return
        self._try(action, lambda: lambda_api.get_function(self.connection, function.arn, patience=PATIENCE))

    def _executions(self, functions: list[FunctionConfiguration]) -> ExecutionSummary | None:
        action = "lambda:ListDurableExecutionsByFunction"
        if not functions:
            self._skip(action, "no durable function is known")
            return None

        def newest() -> ExecutionSummary | None:
            for function in functions:
                if items := lambda_api.list_executions(self.connection, function.arn).items:
                    return items[0]
            return None

        return self._try(action, newest)

    def _execution(self, execution: ExecutionSummary | None) -> None:
        calls = {
            "lambda:GetDurableExecution": lambda_api.get_execution,
            "lambda:GetDurableExecutionHistory": lambda_api.get_history,
        }
        for action, call in calls.items():
            if execution is None:
                self._skip(action, "no execution is known")
            else:
                self._try(action, lambda call=call: call(self.connection, execution.arn, patience=PATIENCE))  # type: ignore[misc]

    def _try(self, action: str, call: Callable[[], T]) -> T | None:
        try:
            answer = call()
        except OverBudget as error:
            self._skip(action, error.words)
            return None
        except GatewayError as error:
            outcome = DENIED if isinstance(error, Denied) else FAILED
            self.checks.append(Check(action, outcome, str(error), forms_of(action)))
            return None
        self.checks.append(Check(action, ALLOWED))
        return answer

    def _skip(self, action: str, why: str) -> None:
        self.checks.append(Check(action, NOT_TRIED, why, forms_of(action)))


def names() -> list[str]:
    """The configured connections."""
    return [one.name for one in configured()]


def check(connection: str, lane: Lane = Lane.INTERACTIVE) -> list[Check]:
    """Of the connection of this name; raises GatewayError when it cannot be opened at all."""
    with budget.lane(lane):
        return Preflight(reach(connection)).run()


def check_and_keep(row: Row, *, now: dt.datetime) -> None:
    """For the page of connections."""
    try:
        checks = check(row.name, Lane.RECONCILE)
    except GatewayError as error:
        checks = [Check("open the connection", FAILED, str(error))]
    keep(row.name, checks, now=now)


def keep(connection: str, checks: list[Check], *, now: dt.datetime) -> None:
    Row.objects.filter(name=connection).update(checks=[asdict(check) for check in checks], checked_at=now)


def is_due(row: Row, *, now: dt.datetime) -> bool:
    """Not before the functions were looked for once: that may explain all by itself."""
    if row.checked_at is None:
        return row.swept_at is not None or row.troubles.exists()
    bad = any(check["outcome"] in (DENIED, FAILED) for check in row.checks) or row.troubles.exists()
    return row.checked_at <= now - (AGAIN if bad else EVERY)
