"""The form that answers many like callbacks at once: that of a single one, and from some on their number, typed."""

import datetime as dt
from typing import Any

from django import forms

from dashboard.forms.answering import AnswerForm
from dashboard.forms.bulk import TYPED_FROM, Pinned


class TogetherForm(Pinned, AnswerForm):
    """`total`: how many callbacks it is about now; `reason_needed`: whether their decision form asks for one."""

    typed = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )

    def __init__(self, *args: Any, total: int, reason_needed: bool, at: dt.datetime, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.total = total
        self.initial = {**self.initial, "shown": total, "at": at.timestamp()}
        reason = self.fields["reason"]
        reason.required = reason_needed
        reason.error_messages["required"] = "A reason is needed for this decision."
        typed = self.fields["typed"]
        typed.label = f"Type “{self.phrase}”"
        typed.error_messages["required"] = self._type_it
        if self.number < TYPED_FROM:
            del self.fields["typed"]

    @property
    def phrase(self) -> str:
        return f"answer {self.number}"

    @property
    def _type_it(self) -> str:
        return f"Type exactly “{self.phrase}” to confirm."

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        self.check_shown(values, self.total)
        if values.get("typed", self.phrase).strip() != self.phrase:
            self.add_error("typed", self._type_it)
        return values
