"""The sample functions and their configuration, as ``template.yaml`` deploys them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from demo.arns import LATEST, FunctionRef, function_arn
from demo.errors import not_found
from demo.functions import (
    barista_callback,
    batch_roast,
    coffee_order,
    daily_report,
    loyalty_points,
    open_tab,
    refund,
    slow_brew,
)

Handler = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class FunctionSpec:
    """One function. ``execution_timeout`` and ``timeout`` in seconds; without the former it is not durable."""

    name: str
    handler: Handler
    module: str
    description: str
    timeout: int = 30
    execution_timeout: int | None = None
    retention_days: int = 7
    versions: tuple[str, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)

    @property
    def durable(self) -> bool:
        """Whether it has a DurableConfig."""
        return self.execution_timeout is not None

    def durable_config(self) -> dict[str, int] | None:
        """The wire's DurableConfig, or nothing for a plain function."""
        if self.execution_timeout is None:
            return None
        return {"ExecutionTimeout": self.execution_timeout, "RetentionPeriodInDays": self.retention_days}

    def version_of(self, qualifier: str | None) -> str:
        """The version a qualifier stands for; executions record versions, never aliases."""
        if qualifier is None or qualifier == LATEST:
            return LATEST
        version = self.aliases.get(qualifier, qualifier)
        if version not in self.versions:
            raise not_found(f"Function not found: {function_arn(self.name, qualifier)}")
        return version


@dataclass(frozen=True)
class Catalog:
    """All functions by name, in the order they are listed."""

    specs: dict[str, FunctionSpec]

    def find(self, ref: FunctionRef) -> tuple[FunctionSpec, str]:
        """The function and the version meant; unknown ones raise ResourceNotFoundException."""
        spec = self.specs.get(ref.name)
        if spec is None:
            raise not_found(f"Function not found: {function_arn(ref.name, ref.qualifier)}")
        return spec, spec.version_of(ref.qualifier)


def build_catalog(make_client: Callable[[], Any]) -> Catalog:
    """``make_client`` gives the boto3 Lambda client with which ``barista-callback`` answers.

    Long because it is a table; it must say the same as ``template.yaml``, which a test checks.
    """
    specs = (
        FunctionSpec(
            "barista-callback",
            barista_callback.build_handler(make_client),
            "barista_callback",
            "Answers the barista's callback of one order",
        ),
        FunctionSpec(
            "batch-roast",
            batch_roast.handler,
            "batch_roast",
            "Roasts a batch of beans, several at a time; tolerates a few burnt ones",
            timeout=60,
            execution_timeout=600,
        ),
        FunctionSpec(
            "coffee-order",
            coffee_order.handler,
            "coffee_order",
            "One coffee, from the till to the counter",
            timeout=60,
            execution_timeout=86_400,
            retention_days=30,
            versions=("7",),
            aliases={"live": "7"},
        ),
        FunctionSpec(
            "daily-report",
            daily_report.handler,
            "daily_report",
            "Adds up the day once the till is closed",
            timeout=60,
            execution_timeout=900,
        ),
        FunctionSpec(
            "loyalty-points",
            loyalty_points.handler,
            "loyalty_points",
            "Books points on a customer's card",
            timeout=60,
            execution_timeout=60,
        ),
        FunctionSpec(
            "open-tab",
            open_tab.handler,
            "open_tab",
            "A tab that stays open until somebody closes it",
            timeout=60,
            execution_timeout=86_400,
        ),
        FunctionSpec(
            "refund",
            refund.handler,
            "refund",
            "Pays an order back, if the bank lets it, or the managers",
            timeout=60,
            execution_timeout=86_400,
        ),
        FunctionSpec(
            "slow-brew",
            slow_brew.handler,
            "slow_brew",
            "Cold brew that takes longer than it is allowed to",
            timeout=30,
            execution_timeout=6,
        ),
    )
    return Catalog({spec.name: spec for spec in specs})
