"""The form of a bulk: what its kind asks of one execution, and above a threshold the number of them, typed."""

import datetime as dt
from typing import Any

from django import forms
from django.http import QueryDict

from dashboard.asked_for import whole
from dashboard.forms.actions import ActionForm, DeleteForm, ErrorForm, PauseForm

TYPED_FROM = 10
"""From this many executions on the confirmation has to be typed; of a deletion always."""
TITLES = {
    "stop": "Stop many executions",
    "pause": "Pause many executions",
    "resume": "Resume many executions",
    "delete": "Delete many executions",
    "succeed": "Answer many callbacks",
    "fail": "Refuse many callbacks",
}
_TAKES = {"stop": (ErrorForm, ["error_type", "error_message"]), "pause": (PauseForm, ["timeout_too"])}
_DELETE = (DeleteForm, ["copy"])


class Pinned(ActionForm):
    """A form about what was there when it was drawn, at the moment `at`: `shown` of them were counted then.

    What has come since is left out, what is over since needs nothing done; so their number may fall, and never grows.
    """

    at = forms.FloatField(required=False, widget=forms.HiddenInput)
    shown = forms.IntegerField(widget=forms.HiddenInput)

    total = 0

    @property
    def number(self) -> int:
        """What was read: of a form that was sent, the number that it was drawn with."""
        shown = str(self.data.get(self.add_prefix("shown"), "")) if self.is_bound else ""
        number = whole(shown)
        return number if number is not None and self.total <= number else self.total

    def check_shown(self, values: dict[str, Any], total: int) -> None:
        """Raises ValidationError when there are more than were read and agreed to."""
        if (shown := values.get("shown")) is None or total > shown:
            self.data = {**dict(self.data.items()), self.add_prefix("shown"): str(total)}
            raise forms.ValidationError(
                f"There were {shown} when this was shown, and there are {total} now. "
                "Nothing was done: look again, and confirm."
            )


def drawn_at(sent: QueryDict | None, *, now: dt.datetime) -> dt.datetime:
    """When the form was drawn that was sent; now without one, or when it says something else than lately."""
    try:
        at = dt.datetime.fromtimestamp(float(sent.get("at", "") if sent else ""), tz=dt.UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return at if now - dt.timedelta(days=1) < at < now else now


class BulkForm(Pinned):
    """`total`: how many executions it is about now."""

    typed = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )

    def __init__(self, *args: Any, kind: str, total: int, at: dt.datetime, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kind, self.total = kind, total
        self.fields["at"].initial = at.timestamp()
        source, names = _DELETE if kind == "delete" else _TAKES.get(kind, (ActionForm, []))
        for name in names:
            self.fields[name] = source.base_fields[name]
        self.fields["shown"].initial = total
        typed = self.fields["typed"]
        typed.label, typed.required = f"Type “{self.phrase}”", True
        typed.error_messages["required"] = f"Type exactly “{self.phrase}” to confirm."
        if self.number < TYPED_FROM and kind != "delete":
            del self.fields["typed"]
        self.order_fields(["token", "at", "shown", *names, "reason", "typed"])

    @property
    def phrase(self) -> str:
        return f"{self.kind} {self.number}"

    @property
    def options(self) -> dict[str, Any]:
        """What the action of each row takes besides the reason."""
        values = self.cleaned_data
        if self.kind == "delete":
            return {"purge": values["copy"] == "purge"}
        return {name: values[name] for name in _TAKES.get(self.kind, (None, []))[1]}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        self.check_shown(values, self.total)
        if values.get("typed", self.phrase).strip() != self.phrase:
            self.add_error("typed", f"Type exactly “{self.phrase}” to confirm.")
        return values
