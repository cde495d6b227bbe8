"""loyalty-points: books points on a customer's card. Input: ``card``, ``points``, ``orderId``, ``settleSeconds``."""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration

# Card numbers are longer than a double can hold exactly (2^53).
FIRST_CARD = 9_007_199_254_740_993


@durable_execution
def handler(event: dict[str, Any], context: DurableContext) -> dict[str, Any]:
    """Find the card, book the points, let the ledger settle, read the new balance."""
    card = int(event.get("card") or FIRST_CARD)
    points = int(event.get("points", 10))
    balance: int = card % 500
    context.step(lambda _: {"card": card, "tier": tier(card), "balance": balance}, name="look up card")
    booked = context.step(
        lambda _: {"entry": f"{event.get('orderId', 'walk-in')}+{points}", "balance": balance + points},
        name="book points",
    )
    context.wait(Duration.from_seconds(int(event.get("settleSeconds", 1))), name="ledger settles")
    return context.step(lambda _: {"card": card, "tier": tier(card), **booked}, name="read balance")


def tier(card: int) -> str:
    """Gold, silver or bronze, for ever the same for one card."""
    return ("bronze", "silver", "gold")[card % 3]
