"""What somebody is about to answer a callback with: the one place where what was typed becomes what AWS will get, for
the preview as for the sending.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from dashboard.forms.actions import ErrorForm
from dashboard.forms.schema import SchemaForm, flat
from executions.actions.results import BadValue, check_result
from executions.domain.decisions import Form, Prepared
from executions.domain.jsontext import parse
from executions.models import ActionRecord, Callback

RAW, FIELDS, READY = "raw", "fields", "ready"
STALE = (
    "The decision form has changed since you opened it: this is the new one. Nothing was sent; what you typed is kept."
)


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


@dataclass(frozen=True)
class Answer:
    """One that can be sent: `kind` is SUCCEED or FAIL, `options` as executions/actions/decisions.py takes them."""

    kind: str
    options: dict[str, Any]


class Draft:
    """`data` is what was sent; `is_bound`: and is to be checked. Without it: a new form.

    `form_class`: asks more than an answer, as when many are answered at once; `auto_id` names the controls of one form
    among several on a page.
    """

    def __init__(
        self,
        decision: Form | None,
        data: QueryDict | None = None,
        *,
        is_bound: bool = False,
        form_class: Callable[..., AnswerForm] = AnswerForm,
        auto_id: str = "id_%s",
    ):
        self.decision, self._form_class, self._auto_id = decision, form_class, auto_id
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
        typed = dict(data.items()) if data is not None else {}
        self.form = self._form_class(
            data if is_bound else None,
            initial={**typed, "mode": self.mode, "version": version_of(self.decision)},
            auto_id=self._auto_id,
            use_required_attribute=False,
        )
        self._typed = self.fields = self._schema_form(is_bound)

    def _schema_form(self, is_bound: bool) -> SchemaForm | None:
        if self.mode != FIELDS or self.decision is None or self.decision.schema is None:
            return None
        return SchemaForm(self.decision.schema, self.data, is_bound=is_bound, auto_id=self._auto_id)

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

    @property
    def may_type(self) -> bool:
        """Else only what is prepared can be sent."""
        return self.mode != READY

    @property
    def ready(self) -> tuple[Prepared, ...]:
        return self.decision.answers if self.decision else ()

    @property
    def reason_needed(self) -> bool:
        return self.decision is not None and self.decision.reason_required

    def can_be_sent(self, do: str) -> bool:
        """Whether everything is in order for the button `do`; what is not is said in the form, at its place. The draft
        must be bound.
        """
        if self.is_stale:
            self.form.add_error(None, STALE)
            return False
        if do != "approve":  # the fields are not sent: they are shown as they were typed, and nothing is wrong in them
            self.fields = self._schema_form(is_bound=False)
        outgoing = self.outgoing() if do == "approve" and self.may_type else None
        if outgoing and outgoing.refused:
            self.blame(outgoing.refused)
        return self.form.is_valid() and not (outgoing and outgoing.wrong)

    def answer(self, do: str, what: str) -> Answer:
        """What the button sends, of a draft that can be sent. Raises BadValue."""
        if do == "approve" and self.may_type:
            sent, twice = self.outgoing(), self.form.cleaned_data["twice"]
            return Answer(ActionRecord.Kind.SUCCEED, {"result": sent.text, "is_json": sent.is_json, "twice": twice})
        if do == "ready" and (ready := self.prepared(what)):
            if ready.result is not None:
                return Answer(ActionRecord.Kind.SUCCEED, {"result": ready.result, "is_json": True, "twice": True})
            return _failure(ready.error_type, ready.error_message)
        if do == "fail":
            return _failure(self.form.cleaned_data["error_type"], self.form.cleaned_data["error_message"])
        raise BadValue("token", "This is not one of the answers that can be given here.")

    def outgoing(self) -> Outgoing:
        """What "approve" sends. The draft must be bound."""
        if self._typed is not None:
            text, is_json, wrong = self._typed.text, True, self._typed.wrong
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
        return next((one for one in self.ready if one.label == label), None)

    def blame(self, error: BadValue) -> None:
        """Say it at the field, if that is shown."""
        shown = ("reason", "error_type", "error_message", *(("result", "twice") if self.mode == RAW else ()))
        self.form.add_error(error.field if error.field in shown else None, str(error))


def _failure(error_type: str, error_message: str) -> Answer:
    return Answer(ActionRecord.Kind.FAIL, {"error_type": error_type, "error_message": error_message})


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
