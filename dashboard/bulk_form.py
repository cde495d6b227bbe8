"""The form of a bulk: what its kind asks of one execution, and above a threshold the number of them, typed."""

from typing import Any

from django import forms

from dashboard.forms import ActionForm, DeleteForm, ErrorForm, PauseForm

TYPED_FROM = 10
"""From this many executions on the confirmation has to be typed."""
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


class BulkForm(ActionForm):
    """`total`: how many executions it is about now. `shown`: how many there were when the form was drawn."""

    shown = forms.IntegerField(widget=forms.HiddenInput)
    typed = forms.CharField(
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )

    def __init__(self, *args: Any, kind: str, total: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kind, self.total = kind, total
        source, names = _DELETE if kind == "delete" else _TAKES.get(kind, (ActionForm, []))
        for name in names:
            self.fields[name] = source.base_fields[name]
        self.fields["shown"].initial = total
        self.fields["typed"].label = f"Type “{self.phrase}”"
        if total < TYPED_FROM:
            del self.fields["typed"]
        self.order_fields(["token", "shown", *names, "reason", "typed"])

    @property
    def phrase(self) -> str:
        return f"{self.kind} {self.total}"

    @property
    def options(self) -> dict[str, Any]:
        """What the action of each row takes besides the reason."""
        values = self.cleaned_data
        if self.kind == "delete":
            return {"purge": values["copy"] == "purge"}
        return {name: values[name] for name in _TAKES.get(self.kind, (None, []))[1]}

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("shown") != self.total:
            # The number that was read and agreed to must be the number that is acted on.
            self.data = {**dict(self.data.items()), "shown": str(self.total)}
            raise forms.ValidationError(
                f"There were {values.get('shown')} when this was shown, and there are {self.total} now. "
                "Nothing was done: look again, and confirm."
            )
        if "typed" in self.fields and values.get("typed", "").strip() != self.phrase:
            self.add_error("typed", f"Type exactly “{self.phrase}” to confirm.")
        return values
