"""coffee-order: one coffee, from the till to the counter.

Input fields that matter to the flow (all optional): ``paymentFailures`` attempts that the card terminal refuses (4 and
more fail the order), ``retryDelay``, ``brewSeconds``, ``callbackTimeout``, ``heartbeatTimeout`` and ``stepSeconds`` in
seconds, ``skipLoyalty`` to leave out the chained invoke.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from aws_durable_execution_sdk_python import (
    CallbackExternalError,
    CallbackTimeoutError,
    DurableContext,
    ParallelBranch,
    StepContext,
    StepError,
    durable_execution,
)
from aws_durable_execution_sdk_python.config import (
    Duration,
    JitterStrategy,
    StepConfig,
    StepSemantics,
    WaitForCallbackConfig,
)
from aws_durable_execution_sdk_python.retries import (
    LinearRetryStrategyConfig,
    RetryPresets,
    create_linear_retry_strategy,
)
from aws_durable_execution_sdk_python.types import WaitForCallbackContext

# A durable function can only be invoked with a qualifier.
LOYALTY_FUNCTION = os.environ.get("LOYALTY_FUNCTION", "loyalty-points:$LATEST")
PRICES = {"espresso": 2.4, "flat white": 3.9, "latte": 4.2, "cortado": 3.5, "抹茶ラテ": 4.8}
PAYMENT_ATTEMPTS = 4


class OrderRejected(Exception):
    """The order cannot be made."""


class CardTerminalBusy(Exception):
    """The card terminal did not answer; trying again helps."""


class PaymentDeclined(Exception):
    """The card terminal refused every attempt."""


@durable_execution
def handler(order: dict[str, Any], context: DurableContext) -> dict[str, Any]:
    """Take the order, have it paid and accepted, brew it, call the customer."""
    pause = float(order.get("stepSeconds", 0.15))
    # A bad order does not get better by trying again.
    once = StepConfig(RetryPresets.none())
    checked = context.step(lambda _: validate(order, pause), name="validate order", config=once)
    bill = context.step(lambda _: price(checked, pause), name="price")
    receipt = pay(context, order, bill, pause)
    try:
        accepted = ask_barista(context, order, checked)
    except (CallbackExternalError, CallbackTimeoutError) as error:
        reason = f"{type(error).__name__}: {error}"
        context.step(lambda _: {"voided": receipt["charge"], "reason": reason}, name="void payment")
        return {"state": "declined", "orderId": checked["orderId"], "reason": reason}
    context.wait(Duration.from_seconds(int(order.get("brewSeconds", 6))), name="brew")
    told = tell_customer(context, checked, pause)
    points = None if order.get("skipLoyalty") else book_points(context, checked, bill)
    served = {"state": "served", "orderId": checked["orderId"], "bill": bill}
    return {**served, "barista": accepted, "told": told, "points": points}


def validate(order: dict[str, Any], pause: float) -> dict[str, Any]:
    """The order with its gaps filled in."""
    time.sleep(pause)
    items = order.get("items") or [{"drink": "espresso", "qty": 1}]
    for item in items:
        if item.get("qty", 1) < 1:
            raise OrderRejected(f"quantity of {item.get('drink')!r} must be at least 1")
    customer = order.get("customer") or {"name": "Guest"}
    return {"orderId": order.get("orderId", "walk-in"), "customer": customer, "items": items, "valid": True}


def price(checked: dict[str, Any], pause: float) -> dict[str, Any]:
    """Line by line, as it is printed on the bill."""
    time.sleep(pause)
    lines = [
        {"drink": item["drink"], "qty": item.get("qty", 1), "each": PRICES.get(item["drink"], 3.0)}
        for item in checked["items"]
    ]
    return {"lines": lines, "total": round(sum(line["qty"] * line["each"] for line in lines), 2), "currency": "EUR"}


def pay(context: DurableContext, order: dict[str, Any], bill: dict[str, Any], pause: float) -> dict[str, Any]:
    """Charge the card; the terminal is often busy, so try again a little later each time."""
    delay = Duration.from_seconds(int(order.get("retryDelay", 1)))
    retry = LinearRetryStrategyConfig(
        max_attempts=PAYMENT_ATTEMPTS, initial_delay=delay, increment=delay, jitter_strategy=JitterStrategy.NONE
    )

    def charge(step: StepContext) -> dict[str, Any]:
        time.sleep(pause * 2)
        if step.attempt <= int(order.get("paymentFailures", 0)):
            raise CardTerminalBusy(f"card terminal 3 did not answer (attempt {step.attempt})")
        return {"charge": f"ch_{order.get('orderId', 'walk-in')}", "amount": bill["total"], "attempt": step.attempt}

    # At most once: nobody wants to pay twice because a sandbox died.
    config = StepConfig(create_linear_retry_strategy(retry), StepSemantics.AT_MOST_ONCE_PER_RETRY)
    try:
        return context.step(charge, name="charge card", config=config)
    except StepError as error:
        raise PaymentDeclined(f"gave up after {PAYMENT_ATTEMPTS} attempts: {error}") from error


def ask_barista(context: DurableContext, order: dict[str, Any], checked: dict[str, Any]) -> Any:
    """Hold the order until a barista takes or refuses it."""
    config = WaitForCallbackConfig(
        timeout=Duration.from_seconds(int(order.get("callbackTimeout", 900))),
        heartbeat_timeout=Duration.from_seconds(int(order.get("heartbeatTimeout", 480))),
    )

    def put_on_board(callback_id: str, step: WaitForCallbackContext) -> None:
        # A real shop would send the id to the barista's screen here.
        step.logger.info("order %s waits for %s", checked["orderId"], callback_id)

    answer = context.wait_for_callback(put_on_board, name="barista accepts", config=config)
    return as_json(answer)


def as_json(answer: str | None) -> Any:
    """A callback's result arrives as the text that was sent; people may send anything."""
    try:
        return json.loads(answer or "null")
    except ValueError:
        return answer


def tell_customer(context: DurableContext, checked: dict[str, Any], pause: float) -> list[str]:
    """Email, text message and push, all at once, then a shout across the shop."""
    name = checked["customer"].get("name", "Guest")

    def send(channel: str) -> ParallelBranch[str]:
        def branch(child: DurableContext) -> str:
            return child.step(lambda _: _sent(channel, name, pause), name=f"send {channel}")

        return ParallelBranch(branch, name=channel)

    batch = context.parallel([send("email"), send("sms"), send("push")], name="notify customer")
    context.step(lambda _: f"{name}, your coffee is ready!", name=f"call {name}"[:256])
    return list(batch.get_results())


def _sent(channel: str, name: str, pause: float) -> str:
    time.sleep(pause)
    return f"{channel} sent to {name}"


def book_points(context: DurableContext, checked: dict[str, Any], bill: dict[str, Any]) -> Any:
    """Hand the card to the loyalty function, a durable execution of its own."""
    payload = {
        "card": checked["customer"].get("card", 0),
        "orderId": checked["orderId"],
        "points": int(bill["total"] * 10),
    }
    return context.invoke(LOYALTY_FUNCTION, payload, name="loyalty-points")
