"""The question before an action: what will happen to what, and the form."""

from dataclasses import dataclass
from typing import Self

from dashboard.forms.actions import (
    ActionForm,
    ClaimForm,
    DeleteForm,
    HeartbeatForm,
    PauseForm,
    ReleaseForm,
    RemoveImportForm,
    ResumeForm,
    RevealForm,
    StopForm,
)
from executions.actions.permissions import Verdict
from executions.models import Callback, Execution


@dataclass(frozen=True)
class Confirm:
    """`why_not` is a sentence when it cannot be done now; the form is then not shown."""

    title: str
    warning: str
    form: ActionForm
    execution: Execution
    callback: Callback | None
    why_not: str
    asked: str
    button: str
    danger: bool

    @classmethod
    def of(
        cls, form: ActionForm, execution: Execution, callback: Callback | None, verdict: Verdict, *, asked: str
    ) -> Self:
        return cls(
            form.title,
            _warning(form),
            form,
            execution,
            callback,
            verdict.why,
            asked,
            form.button,
            form.danger,
        )


WARNINGS: dict[type[ActionForm], str] = {
    StopForm: "Code that is running goes on until its next checkpoint; nothing runs after that. This cannot be undone.",
    PauseForm: "Code that is running goes on until its next checkpoint; then nothing runs until it is resumed. "
    "Waits and callbacks go on completing meanwhile.",
    ResumeForm: "The code runs again as soon as there is something to do.",
    DeleteForm: "AWS removes the execution with its whole history. This cannot be undone.",
    RemoveImportForm: "What was imported is gone for everybody; the file that it came from is not touched.",
    RevealForm: "That you looked, at which payload and why is kept in the audit trail.",
    ClaimForm: "Everybody sees in the inbox that you are at it. AWS is told nothing.",
    ReleaseForm: "Others see that nobody is at it. Heartbeats that are sent for you end.",
    HeartbeatForm: "The heartbeat timeout starts anew; the callback stays open.",
}


def _warning(form: ActionForm) -> str:
    return WARNINGS[type(form)]
