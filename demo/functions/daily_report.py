"""daily-report: adds up the day once the till is closed.

Input (all optional): ``date``, ``polls`` (how often to look until the books balance), ``waitSeconds`` (before
counting), ``pollSeconds``, ``sales`` (how many ledger lines; 160 make some 20 KB).
"""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration
from aws_durable_execution_sdk_python.waits import WaitForConditionConfig, WaitForConditionDecision


@durable_execution
def handler(event: dict[str, Any], context: DurableContext) -> dict[str, Any]:
    """Close the till, wait for late card payments, wait until the books balance, write the report."""
    day = event.get("date", "2026-01-31")
    context.step(lambda _: {"till": 1, "closed": True}, name="close till")
    context.wait(Duration.from_seconds(int(event.get("waitSeconds", 4))), name="late card payments")
    balance = wait_for_books(context, event)
    ledger = context.step(lambda _: read_ledger(day, int(event.get("sales", 160))), name="read ledger")
    context.wait(Duration.from_seconds(max(1, int(event.get("waitSeconds", 4)) // 2)), name="printer warms up")
    total = sum(line["cents"] for line in ledger)
    return context.step(
        lambda _: {"date": day, "sales": len(ledger), "cents": total, "balanced": balance["balanced"]},
        name="write report",
    )


def wait_for_books(context: DurableContext, event: dict[str, Any]) -> dict[str, Any]:
    """Poll until the books balance."""
    polls = max(1, int(event.get("polls", 4)))
    delay = Duration.from_seconds(int(event.get("pollSeconds", 2)))

    def look(state: dict[str, Any], _: Any) -> dict[str, Any]:
        looks = state["looks"] + 1
        return {"looks": looks, "missingCents": (polls - looks) * 125, "balanced": looks >= polls}

    def decide(state: dict[str, Any], _: int) -> WaitForConditionDecision:
        if state["balanced"]:
            return WaitForConditionDecision.stop_polling()
        return WaitForConditionDecision.continue_waiting(delay)

    start = {"looks": 0, "missingCents": 0, "balanced": False}
    return context.wait_for_condition(
        look, WaitForConditionConfig(wait_strategy=decide, initial_state=start), name="books balance"
    )


def read_ledger(day: str, sales: int) -> list[dict[str, Any]]:
    """The day's sales; the same for one day whenever it is read."""
    drinks = ("espresso", "flat white", "latte", "cortado", "抹茶ラテ")
    return [
        {"receipt": f"{day}-{n:05d}", "drink": drinks[n % 5], "cents": 240 + 37 * (n % 7), "card": 2**53 + n}
        for n in range(sales)
    ]
