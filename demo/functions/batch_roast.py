"""batch-roast: roasts a batch of beans, five at a time, and tolerates a few burnt ones.

Input (all optional): ``beans`` (list of names; 20 by default), ``burnt`` (indexes that fail), ``jammed`` (indexes whose
first attempt fails; the next one, a second later, succeeds), ``tolerated`` (how many may fail), ``restSeconds`` (pause
between roasting and cupping), ``stepSeconds``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from aws_durable_execution_sdk_python import BatchResult, DurableContext, StepContext, durable_execution
from aws_durable_execution_sdk_python.config import (
    CompletionConfig,
    Duration,
    JitterStrategy,
    MapConfig,
    StepConfig,
    StepSemantics,
)
from aws_durable_execution_sdk_python.retries import RetryStrategyConfig, create_retry_strategy

ORIGINS = ("Yirgacheffe", "Huila", "Tarrazú", "Antigua", "Sidamo", "Nariño", "Kona", "ブルーマウンテン")


class BeansBurnt(Exception):
    """This lot cannot be sold."""


class BatchSpoilt(Exception):
    """More lots burnt than the shop can bear."""


class DrumJammed(Exception):
    """Somebody has to poke it; trying again helps."""


POKE = create_retry_strategy(
    RetryStrategyConfig(
        max_attempts=3,
        initial_delay=Duration.from_seconds(1),
        jitter_strategy=JitterStrategy.NONE,
        retryable_error_types=[DrumJammed],
    )
)


@durable_execution
def handler(event: dict[str, Any], context: DurableContext) -> dict[str, Any]:
    """Heat the drum, roast every lot, report what came out."""
    beans = event.get("beans") or [f"{ORIGINS[i % len(ORIGINS)]} lot {i + 1}" for i in range(20)]
    context.step(lambda _: {"drum": "hot", "celsius": 205}, name="heat drum")
    tolerated = int(event.get("tolerated", 5))
    config: MapConfig[str] = MapConfig(
        max_concurrency=5,
        completion_config=CompletionConfig(tolerated_failure_count=tolerated),
        item_namer=lambda bean, _: str(bean),
    )

    def roast(child: DurableContext, bean: str, index: int, _: Sequence[str]) -> dict[str, Any]:
        return roast_lot(child, bean, index, event)

    batch: BatchResult[dict[str, Any]] = context.map(beans, roast, name="roast beans", config=config)
    if batch.completion_reason.value == "FAILURE_TOLERANCE_EXCEEDED":
        raise BatchSpoilt(f"{batch.failure_count} of {len(beans)} lots burnt, {tolerated} are tolerated")
    return {
        "roasted": batch.success_count,
        "burnt": batch.failure_count,
        "errors": [error.message for error in batch.get_errors() if error],
        "reason": batch.completion_reason.value,
    }


def roast_lot(child: DurableContext, bean: str, index: int, event: dict[str, Any]) -> dict[str, Any]:
    """One lot: roast it, let it rest, taste it in a context of its own."""
    pause = float(event.get("stepSeconds", 0.1))
    burnt = index in event.get("burnt", [3, 11])

    def roast(step: StepContext) -> dict[str, Any]:
        time.sleep(pause * (1 + index % 3))
        if step.attempt == 1 and index in event.get("jammed", [6]):
            raise DrumJammed(f"the drum stopped at {bean}")
        if burnt:
            raise BeansBurnt(f"{bean} caught fire at 231 °C")
        return {"bean": bean, "colour": 60 + index % 7, "grams": 12_000 - 37 * index}

    roasted = child.step(roast, name="roast", config=StepConfig(POKE, StepSemantics.AT_MOST_ONCE_PER_RETRY))
    rest = int(event.get("restSeconds", 1))
    if rest and index % 4 == 0:
        child.wait(Duration.from_seconds(rest), name="rest")
    score = child.run_in_child_context(lambda table: cup(table, index), name="cupping")
    return {**roasted, "score": score}


def cup(table: DurableContext, index: int) -> float:
    """Two tasters; the mean of their scores."""
    first = table.step(lambda _: 80 + index % 9, name="first taster")
    second = table.step(lambda _: 79 + index % 11, name="second taster")
    return (first + second) / 2
