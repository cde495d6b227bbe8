"""The input of an execution that is about to be started: fields of the function's schema, or JSON as it is written."""

from typing import Any

from django.http import QueryDict

from dashboard.forms.actions import StartForm
from dashboard.forms.answering import FIELDS, RAW, Draft, version_of
from dashboard.forms.schema import SchemaForm, flat
from executions.domain.decisions import Form
from executions.domain.jsontext import parse


class Start:
    """`form`: what every start asks; `fields`: those of the schema, None while JSON is written."""

    def __init__(self, schema: dict[str, Any] | None, data: QueryDict | None, *, payload: str, is_bound: bool = True):
        """`data`: what was sent; without it a new form with this payload. `is_bound`: it is to be checked."""
        self._draft = self._drafted(schema, data, payload, is_bound) if schema is not None else None
        self.fields = self._draft.fields if self._draft else None
        self.mode = self._draft.mode if self._draft else RAW
        given = {name: data[name] for name in StartForm.base_fields if data is not None and name in data}
        given["payload"] = self.written or given.get("payload", payload)
        bound = data if data is not None and is_bound else None
        self.form = StartForm(bound, initial=given, by_fields=self.fields is not None)

    def _drafted(self, schema: dict[str, Any], data: QueryDict | None, payload: str, is_bound: bool) -> Draft:
        shape = Form("input", "input", schema=schema)
        asked = (data or QueryDict()).copy()
        asked["result"] = asked.get("payload", payload)
        asked["version"] = version_of(shape)
        if data is None and not _fits(schema, payload):
            asked["mode"] = RAW
        elif data is None:
            for name, texts in flat(schema, parse(payload)[1]).lists():
                asked.setlist(name, texts)
        do, _, what = asked.get("do", "").partition(" ")
        draft = Draft(shape, asked, is_bound=is_bound and data is not None)
        if do in ("add", "remove", "mode"):
            draft.change(do, what)
        return draft

    @property
    def other_mode(self) -> str:
        return "" if self._draft is None else RAW if self.mode == FIELDS else FIELDS

    @property
    def written(self) -> str:
        """The JSON, as it was made of the fields or as it was written."""
        typed = self._draft.data.get("result", "") if self._draft and self._draft.data is not None else ""
        return str(typed)

    @property
    def payload(self) -> str:
        """What is sent; the form must be valid."""
        return self.fields.text if self.fields is not None else str(self.form.cleaned_data["payload"])

    @property
    def is_valid(self) -> bool:
        return self.form.is_valid() and (self.fields is None or self.fields.is_valid)


def _fits(schema: dict[str, Any], payload: str) -> bool:
    """Whether the fields can hold all of it: what they have no place for must not get lost."""
    is_json, value = parse(payload)
    if is_json and value == {}:
        return True
    return is_json and parse(SchemaForm(schema, flat(schema, value), is_bound=True).text) == (True, value)
