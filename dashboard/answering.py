"""What somebody is about to answer a callback with: the one place where what was typed becomes what AWS will get, for
the preview as for the sending.
"""

import hashlib
from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from dashboard.forms import ErrorForm
from dashboard.schema_form import SchemaForm, flat
from executions.actions.results import BadValue, check_result
from executions.domain.decisions import Form, Prepared
from executions.domain.jsontext import parse
from executions.models import ActionRecord, Callback

RAW, FIELDS, READY = "raw", "fields", "ready"


class AnswerForm(ErrorForm):
    """All but the fields of the schema. `mode`: RAW, FIELDS or READY (only what is prepared); `version` of the decision
    form that was shown.
    """

    mode = forms.CharField(required=False, max_length=10, widget=forms.HiddenInput)
    version = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    format = forms.ChoiceField(
        required=False,
        choices=[("json", "JSON, checked before it is sent"), ("text", "plain text")],
        initial="json",
        label="The answer is",
        widget=forms.RadioSelect,
    )
    result = forms.CharField(
        required=False,
        strip=False,
        label="Answer",
        widget=forms.Textarea(attrs={"rows": 6, "class": "form-control mono", "spellcheck": "false"}),
    )
    twice = forms.BooleanField(required=False, label="It is meant to be a text that holds JSON")
    field_order = ["token", "mode", "version", "format", "result", "twice", "error_type", "error_message", "reason"]

    def clean_result(self) -> str:
        return str(self.cleaned_data["result"]).replace("\r\n", "\n")

    def clean_format(self) -> str:
        return self.cleaned_data["format"] or "json"


@dataclass(frozen=True)
class Outgoing:
    """`text` is byte for byte what AWS gets; `wrong` are sentences when it cannot be sent as it is. `refused`: what the
    rules say of the whole; what is wrong with a field says the field.
    """

    text: str
    is_json: bool
    wrong: tuple[str, ...] = ()
    refused: BadValue | None = None

    @property
    def size(self) -> int:
        return len(self.text.encode(errors="surrogatepass"))


class Draft:
    """`data` is what was sent; `is_bound`: and is to be checked. Without it: a new form."""

    def __init__(self, decision: Form | None, data: QueryDict | None = None, *, is_bound: bool = False):
        self.decision = decision
        self.mode = self._mode(data.get("mode", "") if data else "")
        self.is_stale = data is not None and data.get("version", "") != version_of(decision)
        """Whether another decision form was shown than is in force."""
        self.data: MultiValueDict[str, str] | None = None
        if data is not None:
            self.data = data.copy()
            self.data["version"] = version_of(decision)
        self._start(is_bound)

    def _start(self, is_bound: bool) -> None:
        data = self.data
        kept = {name: data[name] for name in AnswerForm.base_fields if name in data} if data is not None else {}
        self.form = AnswerForm(
            data if is_bound else None,
            initial={**kept, "mode": self.mode, "version": version_of(self.decision)},
            use_required_attribute=False,
        )
        self.fields = None
        if self.mode == FIELDS and self.decision and self.decision.schema is not None:
            self.fields = SchemaForm(self.decision.schema, data, is_bound=is_bound)

    def _mode(self, wanted: str) -> str:
        """As far as the decision form allows."""
        if self.decision is None:
            return RAW
        possible = [FIELDS] if self.decision.schema is not None else []
        possible += [RAW] if self.decision.raw else []
        return wanted if wanted in possible else (possible or [READY])[0]

    @property
    def other_mode(self) -> str:
        """RAW or FIELDS when one may change to it, else ""."""
        if self.decision is None or self.decision.schema is None or not self.decision.raw:
            return ""
        return RAW if self.mode == FIELDS else FIELDS

    def outgoing(self) -> Outgoing:
        """What "approve" sends. The draft must be bound."""
        if self.fields is not None:
            text, is_json, wrong = self.fields.text, True, self.fields.wrong
        else:
            self.form.is_valid()
            text, is_json = self.form.cleaned_data.get("result", ""), self.form.cleaned_data.get("format") != "text"
            wrong = [*self.form.errors.get("result", [])]
        if wrong:
            return Outgoing(text, is_json, tuple(wrong))
        refused = _refused(text, self.decision, is_json=is_json, twice=bool(self.form["twice"].value()))
        return Outgoing(text, is_json, (str(refused),) if refused else (), refused)

    def change(self, what: str, where: str) -> None:
        """Add or remove a row, or type JSON instead of filling in the fields; nothing is checked or lost."""
        data = self.data.copy() if self.data is not None else MultiValueDict()
        if what == "mode" and where == self.other_mode:
            self._change_mode(data)
        elif what == "add":
            data[f"{where}#"] = str(_number(data.get(f"{where}#", "0")) + 1)
        elif what == "remove":
            _remove_row(data, where)
        self.data = data
        self._start(is_bound=False)

    def _change_mode(self, data: MultiValueDict[str, str]) -> None:
        schema = self.decision.schema if self.decision else None
        if schema is None:
            return
        if self.mode == FIELDS:
            data["result"] = SchemaForm(schema, data, is_bound=True).text or data.get("result", "")
            data["format"] = "json"
        else:
            is_json, value = parse(data.get("result", ""))
            if is_json:
                for name in [name for name in data if name.startswith(("answer/", "answer#")) or name == "answer"]:
                    del data[name]
                for name, texts in flat(schema, value).lists():
                    data.setlist(name, texts)
        self.mode = self.other_mode

    def prepared(self, label: str) -> Prepared | None:
        found = self.decision.answers if self.decision else ()
        return next((one for one in found if one.label == label), None)

    def blame(self, error: BadValue) -> None:
        """Say it at the field, if that is shown."""
        shown = ("reason", "error_type", "error_message", *(("result", "twice") if self.mode == RAW else ()))
        self.form.add_error(error.field if error.field in shown else None, str(error))


def _refused(text: str, decision: Form | None, *, is_json: bool, twice: bool) -> BadValue | None:
    try:
        check_result(text, decision, is_json=is_json, twice=twice)
    except BadValue as error:
        return error
    return None


def vote_to_repeat(callback: Callback, number: str) -> str | None:
    """The exact text that somebody has approved: of their vote's record, which never changes."""
    record = callback.actions.filter(kind=ActionRecord.Kind.APPROVE, pk=_number(number)).first()
    return str(record.request["Result"]) if record else None


def version_of(decision: Form | None) -> str:
    return hashlib.sha256(repr(decision).encode(errors="backslashreplace")).hexdigest()[:16] if decision else ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def _remove_row(data: MultiValueDict[str, str], where: str) -> None:
    """`where` is the row's name; those after it move up."""
    rows, _, gone = where.rpartition("/")
    prefix, index = f"{rows}/", _number(gone)
    moved: dict[str, list[str]] = {}
    for name in [name for name in data if name.startswith(prefix)]:
        number, rest = _split_row(name[len(prefix) :])
        values = data.getlist(name)
        del data[name]
        if number != index:
            moved[f"{prefix}{number - 1 if number > index else number}{rest}"] = values
    for name, values in moved.items():
        data.setlist(name, values)
    data[f"{rows}#"] = str(max(0, _number(data.get(f"{rows}#", "0")) - 1))


def _split_row(tail: str) -> tuple[int, str]:
    """ "3/name" -> (3, "/name"); "3#" -> (3, "#")"""
    digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
    return _number(digits), tail[len(digits) :]
