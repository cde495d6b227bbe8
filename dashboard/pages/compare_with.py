"""Choosing what an execution is compared with: its function's last success, an id, an ARN, or one of the newest."""

from dataclasses import dataclass
from typing import Any, Self

from django.urls import reverse

from dashboard.asked_for import whole
from dashboard.pages.execution import Crumb, crumbs_above
from dashboard.pages.executions import Row, row_of
from executions import queries
from executions.models import Execution

LAST_SUCCESS = "last-success"
MOST = 25
_LONGEST = 1100  # an ARN has at most 1,024 characters


@dataclass(frozen=True)
class Choice:
    row: Row
    version: str
    url: str


@dataclass(frozen=True)
class ComparisonChoices:
    """`problem` is a sentence about `asked`, the text of the field."""

    execution: Execution
    crumbs: list[Crumb]
    asked: str
    problem: str
    choices: list[Choice]
    last_success_url: str

    @classmethod
    def of(cls, user: Any, execution: Execution, asked: str, problem: str) -> Self:
        others = queries.of_the_same_function(user, execution).exclude(pk=execution.pk)[:MOST]
        own = reverse("execution-compare-with", args=[execution.pk])
        return cls(
            execution=execution,
            crumbs=[
                *crumbs_above(execution),
                Crumb(execution.name, reverse("execution", args=[execution.pk])),
                Crumb("Compare with", ""),
            ],
            asked="" if asked == LAST_SUCCESS else asked,
            problem=problem,
            choices=[Choice(row_of(other), other.version, comparison_url(other, execution)) for other in others],
            last_success_url=f"{own}?with={LAST_SUCCESS}",
        )


def comparison_url(a: Execution, b: Execution) -> str:
    return reverse("execution-compare", args=[a.pk, b.pk])


def found(user: Any, execution: Execution, asked: str) -> tuple[Execution | None, str]:
    """(what is asked for, or None with a sentence why not)"""
    text = asked.strip()[:_LONGEST]
    if text == LAST_SUCCESS:
        other = queries.last_success(user, execution)
        return (
            other,
            "" if other else f"No other execution of {execution.function.name} that is mirrored has succeeded.",
        )
    other = _looked_up(user, execution, text)
    if other is None:
        return None, "No execution that you may see has this number, ARN or name."
    if other.function.name != execution.function.name:
        return None, f"This is an execution of {other.function.name}; only those of one function can be compared."
    return other, ""


def _looked_up(user: Any, execution: Execution, text: str) -> Execution | None:
    """By number, ARN, or exact name among those of the same function."""
    rows = queries.visible(user).select_related("function__connection")
    if other := rows.filter(pk=whole(text) or 0).first():
        return other
    if "\0" in text:
        return None
    by_arn = rows.filter(arn=text).first()
    return by_arn or queries.of_the_same_function(user, execution).filter(name=text).first()
