"""refund: pays an order back, but the bank never lets it. Input: ``orderId``, ``amount``, ``retryDelay`` in seconds."""

from __future__ import annotations

import json
import time
from typing import Any

from aws_durable_execution_sdk_python import DurableContext, StepContext, StepError, durable_execution
from aws_durable_execution_sdk_python.config import Duration, JitterStrategy, StepConfig
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy

ATTEMPTS = 3


class BankUnavailable(Exception):
    """The bank's gateway refused the call."""


class RefundRefused(Exception):
    """The money cannot be returned."""


@durable_execution
def handler(event: dict[str, Any], context: DurableContext) -> dict[str, Any]:
    """Look the order up, then ask the bank until there is no point in asking."""
    order_id, amount = event.get("orderId", "walk-in"), event.get("amount", 4.2)
    context.step(lambda _: {"orderId": order_id, "charge": f"ch_{order_id}", "amount": amount}, name="find charge")
    delay = Duration.from_seconds(int(event.get("retryDelay", 1)))
    retry = RetryStrategyConfig(
        max_attempts=ATTEMPTS, initial_delay=delay, backoff_rate=1.5, jitter_strategy=JitterStrategy.NONE
    )

    def ask(step: StepContext) -> dict[str, Any]:
        time.sleep(0.1)
        details = json.dumps({"gateway": "bank.example", "attempt": step.attempt, "charge": f"ch_{order_id}"})
        raise BankUnavailable(f"503 from the bank's gateway: {details}")

    try:
        return context.step(ask, name="ask the bank", config=StepConfig(retry_strategy=create_retry_strategy(retry)))
    except StepError as error:
        raise RefundRefused(f"refund of {amount} EUR for {order_id} refused after {ATTEMPTS} attempts") from error
