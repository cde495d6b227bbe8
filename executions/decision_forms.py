"""The decision forms: those of the files in DECISIONS_DIR, and those that admins have written in the web.

A file is read at the start, and a mistake in one stops it: no policy is ever dropped because of a typing error. Its
name without `.toml` is the form's name, and it wins over one of that name from the web.
"""

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import tomli_w
from django.conf import settings

from executions import schemas
from executions.domain.decisions import Form, Prepared, Shown, choose
from executions.domain.jsontext import parse, to_text
from executions.models import Callback, DecisionForm

MOST_APPROVALS = 20
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
TEXTS = {"title": 200, "functions": 140, "callbacks": 300, "instructions": 20_000}
SWITCHES = ("raw", "reason_required", "not_by_starter", "one_refusal_ends")
KEYS = (*TEXTS, *SWITCHES, "schema", "approvals", "groups", "answer", "show")


class BadForm(ValueError):
    """A sentence; `key` names what it is about."""

    def __init__(self, key: str, sentence: str):
        super().__init__(sentence)
        self.key = key

    @property
    def words(self) -> str:
        """With what it is about in front, unless it is a sentence of its own; no full stop."""
        said = str(self).removesuffix(".")
        return said if said[:1].isupper() else f"{self.key} {said}"


def read(name: str, values: dict[str, Any], **where: Any) -> Form:
    """A form from plain values, as a file's tables give them; raises BadForm. `where`: is_file or pk."""
    if not _NAME.fullmatch(name) or name == "new":
        raise BadForm("name", 'must be small letters, digits and dashes, at most 80, and not "new"')
    for key in values:
        if key not in KEYS:
            raise BadForm(key, f"is not known here: {', '.join(KEYS)} are")
    plain: dict[str, Any] = {key: _text(values, key, most) for key, most in TEXTS.items() if key in values}
    if not plain.get("title", "").strip():
        raise BadForm("title", "is missing")
    plain |= {key: _switch(values, key) for key in SWITCHES if key in values}
    schema = _schema(values.get("schema"))
    form = Form(
        name=name,
        **plain,
        schema=schema,
        answers=_answers(values.get("answer", []), schema),
        show=_shown(values.get("show", [])),
        groups=_groups(values.get("groups", [])),
        approvals=_approvals(values.get("approvals", 1)),
        **where,
    )
    if not form.raw and form.schema is None and not any(answer.is_success for answer in form.answers):
        raise BadForm("raw", "cannot be off without a schema or a prepared success: nobody could ever approve")
    return form


def mistakes(name: str, values: dict[str, Any]) -> dict[str, str]:
    """All that is wrong, by key; empty when nothing is."""
    found: dict[str, str] = {}
    left = dict(values)
    while True:
        try:
            read("x" if "name" in found else name, left)
        except BadForm as error:
            if error.key in found:
                return found
            found[error.key] = str(error)
            left.pop(error.key, None)
            left |= {"title": "x"} if error.key == "title" else {}
        else:
            return found


def values_of(form: Form) -> dict[str, Any]:
    """What `read` makes the form of, without what goes without saying."""
    values: dict[str, Any] = {"title": form.title}
    plain = Form(form.name, form.title)
    for key in (*TEXTS, *SWITCHES, "approvals"):
        if getattr(form, key) != getattr(plain, key):
            values[key] = getattr(form, key)
    if form.groups:
        values["groups"] = list(form.groups)
    if form.schema is not None:
        values["schema"] = to_text(form.schema)
    if form.show:
        values["show"] = [{"label": one.label, "of": one.of, "pointer": one.pointer} for one in form.show]
    if form.answers:
        values["answer"] = [_table_of(answer) for answer in form.answers]
    return values


def _table_of(answer: Prepared) -> dict[str, str]:
    if answer.result is not None:
        return {"label": answer.label, "result": answer.result}
    return {"label": answer.label, "error_type": answer.error_type, "error_message": answer.error_message}


_LONE_QUOTE = re.compile(r'(?<![\\"])\\"(?![\\"]|\Z)')


def as_file(values: dict[str, Any]) -> str:
    """The same as a file for DECISIONS_DIR, to be read and reviewed: in texts of several lines a quotation mark stands
    as it is, unless others are beside it, where TOML might take them for the end.
    """
    parts = tomli_w.dumps(values, multiline_strings=True).split('"""')
    parts[1::2] = [_LONE_QUOTE.sub('"', part) for part in parts[1::2]]
    return '"""'.join(parts)


def _text(values: dict[str, Any], key: str, most: int) -> str:
    value = values[key]
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        raise BadForm(key, f"must be a text of at most {most:,} characters")
    if key in ("functions", "callbacks") and not value.strip():
        raise BadForm(key, 'must be a pattern such as "*" or "refund-*"')
    return value


def _switch(values: dict[str, Any], key: str) -> bool:
    if not isinstance(values[key], bool):
        raise BadForm(key, "must be true or false")
    return bool(values[key])


def _approvals(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_APPROVALS:
        raise BadForm("approvals", f"must be a whole number from 1 to {MOST_APPROVALS}")
    return value


def _schema(value: object) -> dict[str, Any] | None:
    """A JSON text, or a table of a file."""
    if value is None or value == "":
        return None
    if not isinstance(value, str | dict):
        raise BadForm("schema", "must be a JSON Schema: a text, or a table")
    try:
        return schemas.compiled(value if isinstance(value, str) else to_text(value))
    except schemas.BadSchema as error:
        raise BadForm("schema", str(error)) from error


def _groups(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise BadForm("groups", "must be a list of names of groups")
    return tuple(value)


def _shown(value: object) -> tuple[Shown, ...]:
    made = []
    for table in _tables("show", value):
        if set(table) - {"label", "of", "pointer"} or not all(isinstance(one, str) for one in table.values()):
            raise BadForm("show", "takes the texts label, of and pointer")
        pointer = table.get("pointer", "")
        if pointer and not pointer.startswith("/"):
            raise BadForm("show", f'needs a JSON pointer, which begins with a slash, not "{pointer}"')
        made.append(Shown(table.get("label") or pointer.rpartition("/")[2] or "input", table.get("of", ""), pointer))
    return tuple(made)


def _answers(value: object, schema: dict[str, Any] | None) -> tuple[Prepared, ...]:
    made: list[Prepared] = []
    for table in _tables("answer", value):
        if set(table) - {"label", "result", "error_type", "error_message"} or not all(
            isinstance(one, str) for one in table.values()
        ):
            raise BadForm("answer", "takes the texts label, and result (JSON) or error_type and error_message")
        if not table.get("label") or table["label"] in [one.label for one in made]:
            raise BadForm("answer", "needs a label of its own")
        if ("result" in table) == ("error_type" in table):
            raise BadForm("answer", f'"{table["label"]}" needs either a result or an error_type')
        if "result" in table:
            _check_result(table["label"], table["result"], schema)
        made.append(Prepared(**table))
    return tuple(made)


def _check_result(label: str, result: str, schema: dict[str, Any] | None) -> None:
    try:
        orjson.loads(result.encode(errors="surrogatepass"))
    except (orjson.JSONDecodeError, UnicodeError) as error:
        raise BadForm("answer", f'"{label}" has a result that is not JSON: {error}') from error
    is_json, value = parse(result)
    if is_json and isinstance(value, str) and isinstance(parse(value)[1], dict | list):
        raise BadForm("answer", f'"{label}" is a text that itself holds JSON: quoted twice')
    if schema is not None and (found := schemas.problems(schema, result)):
        raise BadForm("answer", f'"{label}" does not fit the schema: {found[0]}')


def _tables(key: str, value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise BadForm(key, f"must be [[{key}]] tables")
    return value


class BadFile(ValueError):
    """A sentence with the file, the line and the key."""


@lru_cache(maxsize=1)
def from_files(folder: str | None = None) -> tuple[Form, ...]:
    """The forms of DECISIONS_DIR; raises BadFile. Read once: a change takes a new start."""
    where = settings.DECISIONS_DIR if folder is None else folder
    return tuple(load(path) for path in sorted(Path(where).glob("*.toml"))) if where else ()


def load(path: Path) -> Form:
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{path} cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"{path}: {error}.") from error
    try:
        return read(path.stem, values, is_file=True)
    except BadForm as error:
        raise BadFile(f"{path}, line {_line(text, error.key)}: {error.words}.") from error


def _line(text: str, key: str) -> int:
    """The line that names the key, else 1."""
    pattern = re.compile(rf'\s*(?:\[\[?\s*)?"?{re.escape(key)}"?\s*[]=.]')
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 1)


def from_web() -> list[Form]:
    """Those of the database. One that can no longer be read, since a rule has changed, stays in force as far as it
    says who decides: then nobody does until an admin has mended it.
    """
    return [of_row(row) for row in DecisionForm.objects.order_by("name")]


def of_row(row: DecisionForm) -> Form:
    try:
        return read(row.name, row.values, pk=row.pk)
    except BadForm as error:
        words = f"This form cannot be used: {error.words}. An admin has to mend it."
        return Form(
            row.name,
            row.name,
            str(row.values.get("functions", "*")),
            str(row.values.get("callbacks", "*")),
            words,
            groups=("",),
            pk=row.pk,
        )


def everything() -> list[Form]:
    """All forms in force."""
    files = from_files()
    names = {form.name for form in files}
    return [*files, *(form for form in from_web() if form.name not in names)]


def form_of(callback: Callback, forms: list[Form] | None = None) -> Form | None:
    """The form of a callback; `forms` when they have been read already."""
    known = everything() if forms is None else forms
    return choose(known, callback.execution.function.name, callback.name)
