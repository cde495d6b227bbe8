"""slow-brew: cold brew that takes longer than its execution timeout allows. Input: ``steepSeconds``."""

from __future__ import annotations

from typing import Any

from aws_durable_execution_sdk_python import DurableContext, durable_execution
from aws_durable_execution_sdk_python.config import Duration


@durable_execution
def handler(event: dict[str, Any], context: DurableContext) -> dict[str, Any]:
    """Grind, steep for far too long, never pour."""
    context.step(lambda _: {"grams": 90, "grind": "coarse"}, name="grind")
    context.wait(Duration.from_seconds(int(event.get("steepSeconds", 43_200))), name="steep overnight")
    return context.step(lambda _: {"litres": 1}, name="pour")
