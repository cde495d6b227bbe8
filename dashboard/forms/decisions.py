"""The form in which an admin writes a decision form, and what it comes to."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group
from django.http import QueryDict

from dashboard.forms.actions import ActionForm
from executions import decision_forms
from executions.decision_forms import MOST_APPROVALS, TEXTS
from executions.domain.decisions import Form

_MONO = {"class": "mono", "spellcheck": "false"}
SWITCHES = {
    "raw": "People may also write JSON or text by hand, as far as the schema allows it",
    "reason_required": "A reason is needed",
    "not_by_starter": "Not by whoever started the execution, where that is known (four eyes)",
    "one_refusal_ends": "One refusal ends it",
}
MOST_ROWS = 50


class EditorForm(ActionForm):
    """`seen`: the version that is being changed."""

    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    name = forms.CharField(max_length=80, label="Name", help_text="Small letters, digits and dashes; in the address.")
    title = forms.CharField(max_length=TEXTS["title"], label="Title")  # type: ignore[assignment]
    functions = forms.CharField(
        max_length=TEXTS["functions"], initial="*", label="Functions", help_text="A pattern: *, refund-*"
    )
    callbacks = forms.CharField(
        max_length=TEXTS["callbacks"], initial="*", label="Callbacks", help_text="A pattern of their names."
    )
    instructions = forms.CharField(
        required=False,
        max_length=TEXTS["instructions"],
        label="Instructions",
        help_text="Markdown. HTML in it is shown as text.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    schema = forms.CharField(
        required=False,
        max_length=200_000,
        label="Schema of the success result",
        help_text="A JSON Schema (2020-12): the fields of the form are made from it.",
        widget=forms.Textarea(attrs={"rows": 10, **_MONO}),
    )
    raw = forms.BooleanField(required=False, initial=True, label=SWITCHES["raw"])
    reason_required = forms.BooleanField(required=False, label=SWITCHES["reason_required"])
    approvals = forms.IntegerField(
        min_value=1, max_value=MOST_APPROVALS, initial=1, label="How many must approve the same bytes"
    )
    one_refusal_ends = forms.BooleanField(
        required=False, initial=True, label=SWITCHES["one_refusal_ends"], help_text="Else as many as must approve."
    )
    not_by_starter = forms.BooleanField(required=False, label=SWITCHES["not_by_starter"])
    groups = forms.MultipleChoiceField(
        required=False,
        label="Only these groups decide",
        help_text="None: everybody who may answer callbacks.",
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = [
        *(
            "token",
            "seen",
            "name",
            "title",
            "functions",
            "callbacks",
            "instructions",
            "schema",
            "raw",
            "reason_required",
        ),
        *("approvals", "one_refusal_ends", "not_by_starter", "groups", "reason"),
    ]

    def __init__(self, *args: Any, known: tuple[str, ...] = (), is_new: bool = True, **kwargs: Any):
        """`known`: groups that the form names, also when they are no longer there."""
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        names = {*Group.objects.values_list("name", flat=True), *known}
        self.fields["groups"].choices = [(name, name) for name in sorted(names)]  # type: ignore[attr-defined]
        self.fields["name"].disabled = not is_new
        self.fields["reason"].label = "Why it is changed"
        self.fields["reason"].help_text = "Kept in the audit trail, with what was there before."


class AnswerRow(forms.Form):
    """A prepared answer: a success with a result, or a failure with a type."""

    label = forms.CharField(required=False, max_length=200, label="Label")
    result = forms.CharField(
        required=False,
        strip=False,
        label="Result (JSON), for a success",
        widget=forms.Textarea(attrs={"rows": 1, **_MONO}),
    )
    error_type = forms.CharField(required=False, max_length=200, label="Error type, for a failure")
    error_message = forms.CharField(required=False, max_length=4000, label="Error message")


class ShownRow(forms.Form):
    """A field of a payload that people are shown."""

    label = forms.CharField(required=False, max_length=200, label="Label")
    of = forms.CharField(required=False, max_length=300, label="Result of operation (empty: the input)")
    pointer = forms.CharField(required=False, max_length=1000, label="JSON pointer, such as /amount")


AnswerRows = forms.formset_factory(AnswerRow, extra=0, absolute_max=MOST_ROWS, max_num=MOST_ROWS)
ShownRows = forms.formset_factory(ShownRow, extra=0, absolute_max=MOST_ROWS, max_num=MOST_ROWS)


class Editor:
    """`had`: what is changed; None for a new one. `data`: what was sent; `wrong`: mistakes by section."""

    def __init__(self, had: dict[str, Any] | None, data: QueryDict | None = None, **about: Any):
        """`about`: name, seen, is_new."""
        self.is_new = about.get("is_new", True)
        values = had or {}
        known = (*values.get("groups", []), *(data.getlist("groups") if data else ()))
        initial = {**values, "name": about.get("name", ""), "seen": about.get("seen", "")}
        self.form = EditorForm(data, initial=initial, known=known, is_new=self.is_new)
        self.answers = AnswerRows(data, initial=values.get("answer", []), prefix="answers")
        self.shown = ShownRows(data, initial=values.get("show", []), prefix="shown")
        self.wrong: dict[str, str] = {}

    def read(self) -> tuple[str, dict[str, Any]] | None:
        """(name, values) when all is well; else what is wrong stands at the fields. Only of what was sent."""
        for key, rows in (("answer", self.answers), ("show", self.shown)):
            if not rows.is_valid() and rows.non_form_errors():
                self.wrong[key] = "These rows did not come whole: look at them again."
        if not (self.form.is_valid() and self.answers.is_valid() and self.shown.is_valid()):
            return None
        name, values = self.form.cleaned_data["name"] or "draft", self._values()
        for key, words in decision_forms.mistakes(name, values).items():
            sentence = words[:1].upper() + words[1:] + "."
            if key in self.form.fields:
                self.form.add_error(key, sentence)
            else:
                self.wrong[key] = sentence
        return None if self.wrong or self.form.errors else (name, values)

    def decision(self) -> Form | None:
        """The decision form that has been written, to be tried; a name can wait."""
        self.form.fields["name"].required = False
        return decision_forms.read(*made) if (made := self.read()) else None

    def renew(self, seen: str) -> None:
        """What was typed stays, now as a change of this version."""
        data = QueryDict(mutable=True)
        data.update(self.form.data)
        data["seen"] = seen
        self.form.data = data

    def _values(self) -> dict[str, Any]:
        typed = self.form.cleaned_data
        values = {key: typed[key].replace("\r\n", "\n") for key in ("title", "functions", "callbacks")}
        values |= {key: typed[key] for key in ("raw", "reason_required", "not_by_starter", "one_refusal_ends")}
        values["approvals"] = typed["approvals"]
        for key in ("instructions", "schema"):
            if text := typed[key].replace("\r\n", "\n").strip():
                values[key] = text
        if typed["groups"]:
            values["groups"] = typed["groups"]
        if answers := [_answer(row) for row in _filled(self.answers)]:
            values["answer"] = answers
        if shown := [{key: text for key, text in row.items() if text} for row in _filled(self.shown)]:
            values["show"] = shown
        return values


def _filled(rows: Any) -> list[dict[str, str]]:
    """A row without anything in it is none."""
    return [row for row in rows.cleaned_data if row and any(row.values())]


def _answer(row: dict[str, str]) -> dict[str, str]:
    made = {key: text for key, text in row.items() if text and key != "result"}
    if row["result"].strip():
        made["result"] = row["result"].replace("\r\n", "\n").strip()
    elif "error_message" in made:
        made.setdefault("error_type", "Rejected")
    return made


def with_another_row(data: QueryDict, which: str) -> QueryDict:
    """What was sent, with one more empty row among the `answers` or the `shown`."""
    more, key = data.copy(), f"{which}-TOTAL_FORMS"
    total = str(more.get(key, ""))
    if total.isascii() and total.isdigit():
        more[key] = str(min(MOST_ROWS, int(total[:4]) + 1))
    return more
