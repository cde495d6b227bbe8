"""The forms of notification rules: one for each channel, because each sends somewhere else."""

import uuid
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet

from executions.domain import addresses
from executions.domain.notices import WORDS
from executions.models import NoticeRule
from executions.notices.terms import Wanted

Channel = NoticeRule.Channel
MOST_PEOPLE = 20
GATHER = [("0", "at once"), ("60", "a minute"), ("300", "5 minutes"), ("900", "15 minutes"), ("3600", "an hour")]
ZONES = sorted(name for name in available_timezones() if "/" in name or name == "UTC")
_TEXT = {"autocomplete": "off", "spellcheck": "false"}


class TokenForm(forms.Form):
    """What a button sends: pressing it twice is pressing it once."""

    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


def _pattern(label: str, most: int, hint: str) -> forms.CharField:
    return forms.CharField(
        max_length=most,
        initial="*",
        label=label,
        help_text=hint,
        widget=forms.TextInput(attrs={**_TEXT, "class": "mono"}),
    )


class RuleForm(TokenForm):
    """`groups`: those for which this person may write; `rule`: the one to be changed, None for a new one."""

    name = forms.CharField(max_length=100, label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    group = forms.ModelChoiceField(
        queryset=Group.objects.none(),
        label="Team",
        empty_label="Choose one",
        help_text="Only what this group may see is told.",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    events = forms.MultipleChoiceField(
        choices=[(event.value, words) for event, words in WORDS.items()],
        label="Tell when",
        widget=forms.CheckboxSelectMultiple,
    )
    claimed_minutes = forms.IntegerField(
        min_value=1, max_value=60 * 24 * 90, initial=60, label="A claim is too long after", help_text="Minutes."
    )
    functions = _pattern("Functions", 140, "A pattern: *, checkout-*. Capitals count.")
    connections = _pattern("Connections", 100, "A pattern: *, prod-*.")
    callbacks = _pattern("Callbacks", 300, "A pattern of their names: *, *approval*. Only for what is about callbacks.")
    gather_seconds = forms.TypedChoiceField(
        choices=GATHER,
        coerce=int,
        initial="60",
        label="Gather for",
        help_text="What comes up in this time is told in one message.",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    quiet_from = forms.TimeField(
        required=False, label="Quiet from", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_to = forms.TimeField(
        required=False,
        label="Quiet until",
        help_text="Messages wait for the end; what is over by then is not told.",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    zone = forms.CharField(
        max_length=64, initial="UTC", label="Time zone", widget=forms.TextInput(attrs={**_TEXT, "list": "zones"})
    )
    with_payload = forms.BooleanField(
        required=False,
        label="Messages carry payloads",
        help_text="The input, and of what failed the error: secrets hidden by their names, the first 2,000 characters.",
    )
    active = forms.BooleanField(required=False, initial=True, label="Switched on")
    reason = forms.CharField(
        required=False,
        max_length=1000,
        label="Reason",
        help_text="Kept in the audit trail.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order = ["token", "name", "group", "target"]

    def __init__(self, *args: Any, groups: "QuerySet[Group]", rule: NoticeRule, **kwargs: Any):
        if rule.pk:
            kwargs["initial"] = {name: getattr(rule, name) for name in RuleForm.base_fields if hasattr(rule, name)}
        super().__init__(*args, **kwargs)
        self.rule = rule
        self.fields["group"].queryset = groups  # type: ignore[attr-defined]
        self.fields["target"] = _target(rule)
        if rule.pk:
            self.fields["group"].initial = rule.group_id
        self.order_fields(self.field_order)

    def clean_target(self) -> str:
        text = str(self.cleaned_data["target"]).strip()
        if not text:
            return ""
        return _people(text) if self.rule.channel == Channel.EMAIL else _receiver(text)

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"]).strip()
        if zone not in ZONES:
            raise ValidationError("Write a time zone such as Europe/Vienna, or UTC.")
        return zone

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        begins, ends = values.get("quiet_from"), values.get("quiet_to")
        if (begins is None) != (ends is None) and "quiet_from" not in self.errors and "quiet_to" not in self.errors:
            self.add_error("quiet_to", "Write both ends of the quiet hours, or neither.")
        for name in ("quiet_from", "quiet_to"):
            if values.get(name) is not None:
                values[name] = values[name].replace(second=0, microsecond=0)
        if begins is not None and values.get("quiet_from") == values.get("quiet_to"):
            self.add_error("quiet_to", "From and until are the same: leave both empty, or switch the rule off.")
        return values

    def wanted(self) -> Wanted:
        names = [name for name in Wanted.__dataclass_fields__ if name in self.cleaned_data]
        return Wanted(**{name: self.cleaned_data[name] for name in names})


def _target(rule: NoticeRule) -> forms.CharField:
    kept = f" Leave it empty to stay with {rule.shown} as it is." if rule.pk else ""
    if rule.channel == Channel.EMAIL:
        return forms.CharField(
            initial=rule.shown if rule.pk else None,
            max_length=2000,
            label="To",
            help_text=f"E-mail addresses with commas between, {MOST_PEOPLE} at the most.",
            widget=forms.Textarea(attrs={"rows": 2, **_TEXT}),
        )
    what = "The incoming webhook's address" if rule.channel == Channel.SLACK else "Where signed messages are sent"
    return forms.CharField(
        required=not rule.pk,
        max_length=2000,
        label="Address",
        help_text=f"{what}, with https://. It is kept sealed and never shown again.{kept}",
        widget=forms.TextInput(attrs={**_TEXT, "class": "mono"}),
    )


def _people(text: str) -> str:
    found = list(dict.fromkeys(one for one in text.replace(",", " ").replace(";", " ").split() if one))
    for one in found:
        try:
            validate_email(one)
        except ValidationError:
            raise ValidationError(f"“{one[:100]}” is no e-mail address.") from None
    shown = ", ".join(found)
    if len(found) > MOST_PEOPLE or len(shown) > 1000:
        raise ValidationError(f"At most {MOST_PEOPLE} people are written to: take a mailing list's address.")
    return shown


def _receiver(text: str) -> str:
    if wrong := addresses.wrong_with(text):
        raise ValidationError(wrong)
    if text.startswith("http://") and not settings.NOTIFY_NETWORKS:
        raise ValidationError("Write an address that begins with https://: NOTIFY_NETWORKS names no network for http.")
    return text
