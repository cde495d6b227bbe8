"""The forms of the actions. Each carries a token made when it was drawn, so that sending it twice is sending it
once.
"""

import uuid

from django import forms

REASON = "Kept in the audit trail."


class ActionForm(forms.Form):
    """What every action asks: its token and a reason."""

    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    reason = forms.CharField(
        required=False, max_length=1000, label="Reason", help_text=REASON, widget=forms.Textarea(attrs={"rows": 2})
    )
    title = ""
    button = ""
    danger = False


class ErrorForm(ActionForm):
    """An error as AWS takes it."""

    error_type = forms.CharField(
        required=False, max_length=200, label="Error type", help_text="A word the code may look at."
    )
    error_message = forms.CharField(
        required=False, max_length=4000, label="Error message", widget=forms.Textarea(attrs={"rows": 2})
    )
    field_order = ["token", "error_type", "error_message", "reason"]


class StopForm(ErrorForm):
    title = "Stop this execution"
    button = "Stop the execution"
    danger = True


class FailForm(ErrorForm):
    title = "Answer with failure"
    button = "Send the failure"
    danger = True


class SucceedForm(ActionForm):
    """The answer of a callback. The text is sent byte for byte; browsers end lines with CR LF, which is undone."""

    FORMATS = [("json", "JSON, checked before it is sent"), ("text", "plain text")]
    format = forms.ChoiceField(choices=FORMATS, initial="json", label="The answer is", widget=forms.RadioSelect)
    result = forms.CharField(
        required=False,
        strip=False,
        label="Answer",
        help_text="The function gets exactly these bytes.",
        widget=forms.Textarea(attrs={"rows": 6, "class": "mono", "spellcheck": "false"}),
    )
    field_order = ["token", "format", "result", "reason"]
    title = "Answer with success"
    button = "Send the answer"

    def clean_result(self) -> str:
        return str(self.cleaned_data["result"]).replace("\r\n", "\n")


class HeartbeatForm(ActionForm):
    title = "Send a heartbeat"
    button = "Send the heartbeat"
