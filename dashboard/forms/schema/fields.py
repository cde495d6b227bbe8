"""Django's fields for single values of JSON. Each cleans to the value, or to NOTHING when nothing was said."""

import re
from typing import Any, Final

import orjson
from django import forms

from executions.domain.jsontext import parse, to_text

NOTHING: Final = type("Nothing", (), {"__repr__": lambda _: "NOTHING", "__bool__": lambda _: False})()
LONG = 200
"""A text that may be longer gets several lines."""
MOST_CHARACTERS = 1_000_000
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_DATES = {"date": ("date", ""), "date-time": ("text", "2026-11-24T09:30:00Z"), "time": ("text", "09:30:00Z")}


class Typed(forms.CharField):
    """A text as it was typed; browsers end lines with CR LF, which is undone."""

    def __init__(self, **given: Any):
        super().__init__(**{"strip": False, "max_length": MOST_CHARACTERS, **given})
        self.widget.attrs.pop("maxlength", None)

    def clean(self, value: Any) -> Any:
        text = str(value or "").replace("\r\n", "\n")
        if not text or (self.strip and not text.strip()):
            return NOTHING
        self.run_validators(text)
        return self.read(text)

    def read(self, text: str) -> Any:
        return text


class Number(Typed):
    """Kept digit for digit."""

    def read(self, text: str) -> Any:
        text = text.strip()
        if not _NUMBER.fullmatch(text):
            raise forms.ValidationError("Write a number with digits and a point, such as 480 or 9.80.")
        return parse(text)[1]


class Integer(Typed):
    def read(self, text: str) -> Any:
        text = text.strip()
        if not _INTEGER.fullmatch(text):
            raise forms.ValidationError("Write a whole number, such as 480.")
        return parse(text)[1]


class Json(Typed):
    def read(self, text: str) -> Any:
        try:
            orjson.loads(text.encode(errors="surrogatepass"))
        except ValueError as error:
            raise forms.ValidationError(f"This is not JSON: {error}.") from error
        is_json, value = parse(text)
        if not is_json:
            raise forms.ValidationError("This has a key twice, or is nested too deep.")
        return value


class Choice(forms.ChoiceField):
    """Its values are JSON."""

    def clean(self, value: Any) -> Any:
        if value in (None, ""):
            return NOTHING
        if not self.valid_value(value):
            raise forms.ValidationError("This is not one of the choices.")
        return parse(str(value))[1]


class Several(forms.MultipleChoiceField):
    def clean(self, value: Any) -> Any:
        chosen = list(value or [])
        if not all(self.valid_value(one) for one in chosen):
            raise forms.ValidationError("One of these is not among the choices.")
        return [parse(one)[1] for one in chosen] if chosen else NOTHING


def field_of(kind: str, schema: dict[str, Any], choices: list[tuple[str, str]], required: bool) -> forms.Field:
    """Without label and help."""
    if kind == "several":
        return Several(choices=choices, widget=forms.CheckboxSelectMultiple)
    if kind == "yes_no":
        options = [("true", "Yes"), ("false", "No"), *([] if required else [("", "Not said")])]
        return Choice(choices=options, widget=forms.RadioSelect)
    if kind == "choice":
        nothing = "Choose…" if required else "Nothing"
        return Choice(choices=[("", nothing), *choices], widget=forms.Select(attrs={"class": "form-select"}))
    if kind in ("integer", "number"):
        mode = "numeric" if kind == "integer" else "decimal"
        made = Integer if kind == "integer" else Number
        return made(strip=True, widget=_input("text", inputmode=mode))
    if kind == "json":
        return Json(strip=True, widget=_area(rows=4, mono=True))
    return _text(schema)


def _text(schema: dict[str, Any]) -> forms.Field:
    format_ = str(schema.get("format", ""))
    if format_ in _DATES:
        type_, example = _DATES[format_]
        return Typed(strip=True, widget=_input(type_, **({"placeholder": example} if example else {})))
    most = schema.get("maxLength")
    if format_ in ("email", "uri"):
        return Typed(strip=True, widget=_input("text", inputmode="email" if format_ == "email" else "url"))
    if format_ == "textarea" or (isinstance(most, int) and most > LONG):
        return Typed(widget=_area(rows=3))
    return Typed(widget=_input("text"))


def _input(type_: str, **more: str) -> forms.TextInput:
    widget = forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", **more})
    widget.input_type = type_
    return widget


def _area(*, rows: int, mono: bool = False) -> forms.Textarea:
    look = {"class": "form-control mono", "spellcheck": "false"} if mono else {"class": "form-control"}
    return forms.Textarea(attrs={"rows": rows, **look})


def option(value: Any) -> str:
    """How a choice's value stands in the form."""
    return to_text(value, indent=None)
