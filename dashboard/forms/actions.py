"""The forms of the actions. Each carries a token made when it was drawn, so that sending it twice is sending it
once.
"""

import uuid
from typing import Any

from django import forms
from django.conf import settings

from executions.actions import tokens
from executions.domain import words

REASON = "Kept in the audit trail; what stops or pauses tells AWS, too, with your name."


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


class StartForm(ActionForm):
    """How an execution is to be started; the payload is sent byte for byte."""

    qualifier = forms.RegexField(
        r"^(\$LATEST|[a-zA-Z0-9_-]{1,128})$", initial="$LATEST", label="Version or alias", max_length=128
    )
    name = forms.RegexField(
        r"^[a-zA-Z0-9_-]{1,64}$",
        required=False,
        label="Name",
        max_length=64,
        help_text="Letters, digits, hyphens and underscores; one is made up where it is left empty.",
    )
    payload = forms.CharField(
        strip=False,
        label="Input",
        help_text="JSON. The function gets exactly these bytes.",
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono", "spellcheck": "false"}),
    )
    field_order = ["token", "qualifier", "name", "payload", "reason"]
    title = "Start an execution"

    def __init__(self, *args: Any, by_fields: bool = False, **kwargs: Any):
        """`by_fields`: the payload is made of fields of its own; nobody writes it."""
        super().__init__(*args, **kwargs)
        self.fields["qualifier"].widget.attrs["list"] = "known-qualifiers"
        self.fields["reason"].help_text = "Kept in the audit trail."
        if by_fields:
            del self.fields["payload"]

    def clean_payload(self) -> str:
        return str(self.cleaned_data["payload"]).replace("\r\n", "\n")


class PrepareForm(forms.Form):
    event_name = forms.CharField(max_length=100)
    payload = forms.CharField(strip=False, required=False)

    def clean_payload(self) -> str:
        return str(self.cleaned_data["payload"]).replace("\r\n", "\n")


class SchemaTextForm(forms.Form):
    """`schema`: of a function's input, as JSON Schema; "" for none."""

    schema = forms.CharField(required=False, strip=False, max_length=200_000)


class StopForm(ErrorForm):
    title = "Stop this execution"
    button = "Stop the execution"
    danger = True


class PauseForm(ActionForm):
    title = "Pause this execution"
    button = "Pause the execution"
    timeout_too = forms.BooleanField(
        required=False,
        initial=True,
        label="Stop the clock of the execution timeout, too",
        help_text="AWS adds the time spent paused to the timeout, up to 366 days after the start.",
    )
    field_order = ["token", "timeout_too", "reason"]


class ResumeForm(ActionForm):
    title = "Resume this execution"
    button = "Resume the execution"


class RevealForm(ActionForm):
    title = "Show this payload with its secrets"
    button = "Show it"


class ExportForm(ActionForm):
    """As what the audit trail is exported with its secrets."""

    written_as = forms.ChoiceField(
        label="Format",
        choices=[("json", "JSON"), ("csv", "CSV, for spreadsheets")],
        initial="json",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    field_order = ["token", "written_as", "reason"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = "Kept in the audit trail."


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """-> a list of uploaded files, at least one."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        one = super().clean
        given = data if isinstance(data, list | tuple) else [data]
        return [one(item, initial) for item in given] if given else [one(None, initial)]


class ImportForm(ActionForm):
    """A history in one file or several: pages, details."""

    history = ManyFilesField(
        label="Files",
        allow_empty_file=True,
        widget=ManyFilesInput(attrs={"class": "form-control", "accept": ".json,application/json,.txt"}),
        help_text="A history as JSON: one page or all of them, with the execution's details or without.",
    )
    function = forms.CharField(
        required=False,
        max_length=140,
        label="Function",
        help_text="Its name, for a history without details; with them, theirs is taken.",
        widget=forms.TextInput(attrs={"class": "form-control mono", "autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ["token", "history", "function", "reason"]

    def too_large(self) -> None:
        """The rest of the upload was dropped: say so in the place of whatever else is wrong then."""
        self.full_clean()
        self.errors.clear()
        limit = words.size(int(settings.IMPORT_MB * 1024 * 1024))
        self.add_error("history", f"This is more than {limit}, which is the most that is taken at once (IMPORT_MB).")


class RemoveImportForm(ActionForm):
    title = "Remove this imported history"
    button = "Remove it"
    danger = True


class DeleteForm(ActionForm):
    """`expected`: the execution's name, which has to be typed."""

    title = "Delete this execution"
    button = "Delete the execution"
    danger = True
    COPIES = [("keep", "keep it: the history stays readable here"), ("purge", "remove it as well")]
    copy = forms.ChoiceField(choices=COPIES, initial="keep", label="Our copy", widget=forms.RadioSelect)
    typed = forms.CharField(
        strip=True,
        max_length=300,
        label="Type the execution's name",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )
    field_order = ["token", "copy", "typed", "reason"]

    def __init__(self, *args: Any, expected: str = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.expected = expected

    def clean_typed(self) -> str:
        if self.cleaned_data["typed"] != self.expected:
            raise forms.ValidationError("This is not the execution's name; nothing was deleted.")
        return self.expected


class HeartbeatForm(ActionForm):
    title = "Send a heartbeat"
    button = "Send the heartbeat"


class ClaimForm(ActionForm):
    """`had_by`: who has claimed it; `beats`: whether it takes heartbeats, `hours` how long they may be sent."""

    title = "Claim this callback"
    button = "Claim it"
    over = forms.BooleanField(required=False, label="Take it over")
    alive = forms.BooleanField(
        required=False, label="Keep it alive", help_text="Heartbeats are sent for you meanwhile."
    )
    field_order = ["token", "over", "alive", "reason"]

    def __init__(self, *args: Any, had_by: str = "", beats: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if had_by:
            self.fields["over"].help_text = f"{had_by} has claimed it, and is told in the audit trail."
        else:
            del self.fields["over"]
        if not beats:
            del self.fields["alive"]


class ReleaseForm(ActionForm):
    title = "Release this callback"
    button = "Release it"


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        max_length=100, label="What it is for", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    scopes = forms.MultipleChoiceField(
        label="Scopes",
        initial=[tokens.READ],
        help_text="Only what you may do yourself is offered. What you lose later, it loses too.",
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.ChoiceField(
        choices=[("7", "a week"), ("30", "30 days"), ("90", "90 days"), ("365", "a year")],
        initial="30",
        label="It works for",
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        """`user`: whose token it will be."""
        super().__init__(*args, **kwargs)
        offered = [(name, f"{name}: {tokens.SCOPES[name].opens}") for name in tokens.offered(user)]
        self.fields["scopes"].choices = offered  # type: ignore[attr-defined]


def lifetimes() -> list[tuple[str, str]]:
    """How long a share link may work: the usual choices up to SHARE_DAYS, and SHARE_DAYS itself."""
    most = round(settings.SHARE_DAYS * 24, 2)
    usual = [
        (1, "1 hour"),
        (8, "8 hours"),
        (24, "1 day"),
        (7 * 24, "7 days"),
        (30 * 24, "30 days"),
        (90 * 24, "90 days"),
    ]
    found = [(f"{hours:g}", label) for hours, label in usual if hours <= most]
    if f"{most:g}" not in dict(found):
        found.append((f"{most:g}", f"{words.duration(most * 3600)}, the longest"))
    return found


class ShareForm(forms.Form):
    """What a share link shows, for how long, and to whom it says what. `view`: where it opens, "history?event=3"."""

    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    view = forms.CharField(required=False, max_length=2100, widget=forms.HiddenInput)
    note = forms.CharField(
        required=False, max_length=300, label="Note", help_text="Whoever opens the link reads this first."
    )
    lasts = forms.ChoiceField(label="Works for", choices=lifetimes, widget=forms.Select(attrs={"class": "form-select"}))
    redacted = forms.BooleanField(
        required=False,
        initial=True,
        label="Hide secrets",
        help_text="By the names of their keys. Without this, payloads can be downloaded exactly as AWS stored them.",
    )

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        choices = [value for value, _ in lifetimes()]
        self.fields["lasts"].initial = "168" if "168" in choices else choices[-1]
