"""open-tab: a tab that stays open until somebody stops it.

Input: ``guest``, ``table``, ``roundSeconds`` between two rounds, ``rounds`` after which the house closes it anyway.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from aws_durable_execution_sdk_python import DurableContext, StepContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration

MENU = ("espresso", "cortado", "flat white", "affogato")


@durable_execution
def handler(event: dict[str, Any], context: DurableContext) -> dict[str, Any]:
    """A round, a pause, another round."""
    pause = Duration.from_seconds(int(event.get("roundSeconds", 20)))
    owed = 0.0
    # Far below the 3,000 operations that one execution may have.
    for number in range(1, int(event.get("rounds", 1000)) + 1):
        owed += context.step(partial(serve, number), name=f"round {number}")["price"]
        context.wait(pause, name=f"until round {number + 1}")
    return {"guest": event.get("guest", "table 4"), "owed": round(owed, 2)}


def serve(number: int, _: StepContext) -> dict[str, Any]:
    """One round."""
    return {"round": number, "drink": MENU[number % len(MENU)], "price": 2.5 + number % 3}
