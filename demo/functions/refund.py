"""refund: pays an order back, but the bank never lets it; what is above 100 is paid by hand, once managers approve.

Input: ``orderId``, ``amount``, ``retryDelay`` and ``callbackTimeout`` in seconds.
"""

from __future__ import annotations

import json
import time
from typing import Any

from aws_durable_execution_sdk_python import (
    CallbackExternalError,
    CallbackTimeoutError,
    DurableContext,
    StepContext,
    StepError,
    durable_execution,
)
from aws_durable_execution_sdk_python.config import Duration, JitterStrategy, StepConfig, WaitForCallbackConfig
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy
from aws_durable_execution_sdk_python.types import WaitForCallbackContext

ATTEMPTS = 3
BY_HAND_ABOVE = 100


class BankUnavailable(Exception):
    """The bank's gateway refused the call."""


class RefundRefused(Exception):
    """The money cannot be returned."""


@durable_execution
def handler(event: dict[str, Any], context: DurableContext) -> dict[str, Any]:
    """Look the order up, then ask the bank until there is no point in asking."""
    order_id, amount = event.get("orderId", "walk-in"), event.get("amount", 4.2)
    context.step(lambda _: {"orderId": order_id, "charge": f"ch_{order_id}", "amount": amount}, name="find charge")
    if amount > BY_HAND_ABOVE:
        return by_hand(context, order_id, float(event.get("callbackTimeout", 3600)))
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


def by_hand(context: DurableContext, order_id: str, timeout: float) -> dict[str, Any]:
    """Hold a large refund until the managers have agreed."""

    def tell(callback_id: str, step: WaitForCallbackContext) -> None:
        step.logger.info("refund of %s waits for %s", order_id, callback_id)

    config = WaitForCallbackConfig(timeout=Duration.from_seconds(int(timeout)))
    try:
        answer = context.wait_for_callback(tell, name="manager approval", config=config)
    except (CallbackExternalError, CallbackTimeoutError) as error:
        return {"state": "refused", "orderId": order_id, "reason": f"{type(error).__name__}: {error}"}
    return {"state": "refunded by hand", "orderId": order_id, "approval": answer}
