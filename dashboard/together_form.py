"""The form that answers many like callbacks at once: the answer, a reason, and from some on their number, typed."""

import datetime as dt
from typing import Any

from django import forms

from dashboard.answering import AnswerForm
from dashboard.bulk_form import TYPED_FROM, Pinned
from dashboard.forms import ErrorForm
from executions.domain.decisions import Form
from executions.models import ActionRecord

JSON, TEXT, FAILURE = "json", "text", "failure"


class TogetherForm(Pinned):
    """`total`: how many callbacks it is about now; `policy`: their decision form, if they have one.

    Valid, it has `kind` ("succeed" or "fail") and `options` as executions/actions/bulk.py takes them.
    """

    answer = forms.ChoiceField(label="Answer all of them with", widget=forms.RadioSelect)
    result = AnswerForm.base_fields["result"]
    error_type = ErrorForm.base_fields["error_type"]
    error_message = ErrorForm.base_fields["error_message"]
    typed = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )
    field_order = ["token", "at", "shown", "answer", "result", "error_type", "error_message", "reason", "typed"]

    def __init__(self, *args: Any, total: int, policy: Form | None, at: dt.datetime, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.total, self.policy = total, policy
        self.fields["shown"].initial = total
        self.fields["at"].initial = at.timestamp()
        typed = self.fields["typed"]
        typed.label, typed.required = f"Type “{self.phrase}”", True
        typed.error_messages["required"] = f"Type exactly “{self.phrase}” to confirm."
        self.fields["result"].label = "Success: what the functions get"
        self.fields["error_type"].label = "Failure: its type"
        self.fields["error_message"].label = "Failure: its message"
        self.fields["reason"].help_text = "Kept in the audit trail, with each callback."
        choices = self._choices()
        self.fields["answer"].choices = choices  # type: ignore[attr-defined]
        if policy and policy.reason_required:
            self.fields["reason"].required = True
        if JSON not in dict(choices):
            del self.fields["result"]
        if self.number < TYPED_FROM:
            del self.fields["typed"]

    def _choices(self) -> list[tuple[str, str]]:
        prepared = [(f"prepared-{n}", one.label) for n, one in enumerate(self.policy.answers if self.policy else ())]
        written = []
        if self.policy is None or self.policy.raw or self.policy.schema is not None:
            written.append((JSON, "success: the JSON below"))
        if self.policy is None or (self.policy.raw and self.policy.schema is None):
            written.append((TEXT, "success: the plain text below"))
        return [*prepared, *written, (FAILURE, "failure: type and message below")]

    @property
    def phrase(self) -> str:
        return f"answer {self.number}"

    def clean_result(self) -> str:
        return str(self.cleaned_data["result"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        self.check_shown(values, self.total)
        if values.get("typed", self.phrase).strip() != self.phrase:
            self.add_error("typed", f"Type exactly “{self.phrase}” to confirm.")
        if values.get("answer"):
            self.kind, self.options = self._answer(values)
        return values

    def _answer(self, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        chosen = values["answer"]
        if chosen.startswith("prepared-") and self.policy:
            one = self.policy.answers[int(chosen.removeprefix("prepared-"))]
            if one.result is not None:
                return ActionRecord.Kind.SUCCEED, {"result": one.result, "is_json": True}
            return ActionRecord.Kind.FAIL, {"error_type": one.error_type, "error_message": one.error_message}
        if chosen == FAILURE:
            typed = {name: values.get(name, "") for name in ("error_type", "error_message")}
            return ActionRecord.Kind.FAIL, typed
        return ActionRecord.Kind.SUCCEED, {"result": values.get("result", ""), "is_json": chosen == JSON}
