"""The form itself. Its fields are named by the path of what they make: "answer/items/0/name".

Two layers: Django's form reads each control; putting the values together and holding the whole against the schema is
done here. What is typed is kept as text until then, so that a row can be added without anything being right yet.
"""

from typing import Any
from urllib.parse import quote

from django import forms
from django.utils.datastructures import MultiValueDict

from dashboard.forms.schema.fields import NOTHING, field_of, option
from dashboard.forms.schema.keywords import Asked, Schema, asked
from dashboard.forms.schema.parts import Group, Leaf, Part, Rows
from executions import schemas
from executions.domain.jsontext import to_text

ROOT = "answer"
MOST_ROWS, MOST_DEPTH, MOST_PARTS = 50, 8, 400
NEEDED = "This is needed."


class SchemaForm:
    """`given`: what was typed, by name; None for a new form, which begins with the schema's defaults.

    `is_bound`: whether it was sent to be checked; else what was typed is only shown again.
    """

    def __init__(
        self,
        schema: Schema,
        given: MultiValueDict[str, str] | None = None,
        *,
        is_bound: bool = False,
        auto_id: str = "id_%s",
    ):
        self.schema = schema
        self.given = flat(schema) if given is None else given
        self.form = forms.Form(self.given if is_bound else None, auto_id=auto_id, use_required_attribute=False)
        self._parts: dict[str, Part] = {}
        self.root = self._part(schema, ROOT, required=True, depth=0)
        self._value: Any = self._checked() if is_bound else NOTHING

    @property
    def is_valid(self) -> bool:
        return self._value is not NOTHING

    @property
    def text(self) -> str:
        """The JSON text that is sent: one line, numbers as they were typed. "" while something is wrong."""
        return to_text(self._value, indent=None) if self.is_valid else ""

    @property
    def wrong(self) -> list[str]:
        """What is wrong, each with what it is about."""
        found = []
        for name, part in self._parts.items():
            if isinstance(part, Leaf):
                label = part.bound.label if part.bound else name.rpartition("/")[2]
                found += [f"{label}: {words}" for words in self.form.errors.get(name, [])]
            else:
                found += [f"{part.legend}: {words}" if part.legend else words for words in part.errors]
        return found

    def _part(self, schema: object, name: str, *, required: bool, depth: int, label: str = "") -> Part:
        one = asked(schema, self.schema)
        title, about = str(one.schema.get("title") or label), str(one.schema.get("description") or "")
        deep = depth >= MOST_DEPTH or len(self._parts) >= MOST_PARTS
        if one.kind == "object" and not deep:
            return self._group(one, name, required, depth, title if depth else "", about)
        if one.kind == "list" and not deep:
            return self._rows(one, name, required, depth, title or "List", about)
        made = Leaf(name, required, one.nullable)
        self._parts[name] = made
        if one.kind == "fixed":
            made.fixed = (one.choices[0][0] if one.choices else None,)
        else:
            self._control(one, "json" if one.kind in ("object", "list") else one.kind, made, title, about)
        return made

    def _control(self, one: Asked, kind: str, leaf: Leaf, title: str, about: str) -> None:
        choices = [(option(value), label or _label(value)) for value, label in one.choices]
        field = field_of(kind, one.schema, choices, leaf.required and not one.nullable)
        field.label, field.help_text, field.required = title or "Answer", about, leaf.required and not one.nullable
        self.form.fields[leaf.name] = field
        typed = self.given.getlist(leaf.name)
        self.form.initial[leaf.name] = typed if kind == "several" else (typed or [""])[-1]
        leaf.bound = self.form[leaf.name]

    def _group(self, one: Asked, name: str, required: bool, depth: int, legend: str, about: str) -> Group:
        made = Group(name, required, one.nullable, legend, about)
        self._parts[name] = made
        needed = one.schema.get("required") or []
        for key, schema in one.schema["properties"].items():
            child = f"{name}/{_escaped(key)}"
            label = key.replace("_", " ").capitalize()
            made.children.append((key, self._part(schema, child, required=key in needed, depth=depth + 1, label=label)))
        return made

    def _rows(self, one: Asked, name: str, required: bool, depth: int, legend: str, about: str) -> Rows:
        made = Rows(name, required, one.nullable, legend, about, count_name=f"{name}#")
        self._parts[name] = made
        least, most = _whole(one.schema.get("minItems"), 0), _whole(one.schema.get("maxItems"), MOST_ROWS)
        count = max(_whole(self.given.get(made.count_name), 0), least if required else 0)
        made.may_add, made.may_remove = count < min(most, MOST_ROWS), count > (least if required else 0)
        for index in range(min(count, MOST_ROWS)):
            row = self._part(
                one.schema["items"], f"{name}/{index}", required=True, depth=depth + 1, label=f"{legend} {index + 1}"
            )
            made.items.append(row)
        return made

    def _checked(self) -> Any:
        self.form.full_clean()
        value = self._made(self.root)
        if value is NOTHING:
            self._say(ROOT, NEEDED)
        if self.wrong:
            return NOTHING
        for problem in schemas.problems(self.schema, to_text(value)):
            self._say("/".join([ROOT, *map(_escaped, problem.path)]), problem.words[:1].upper() + problem.words[1:])
        return NOTHING if self.wrong else value

    def _made(self, part: Part) -> Any:
        """The value of a part, NOTHING when it is left out."""
        if isinstance(part, Leaf):
            value = part.fixed[0] if part.fixed else self.form.cleaned_data.get(part.name, NOTHING)
            if value is NOTHING and part.required and part.name not in self.form.errors:
                if part.nullable:
                    return None
                self._say(part.name, NEEDED)
            return value
        if isinstance(part, Rows):
            items = [self._made(item) for item in part.items]
            return [item for item in items if item is not NOTHING] if items or part.required else NOTHING
        there = part.required or _is_filled(part, self.given)
        if not there:
            return None if part.nullable and part.required else NOTHING
        made = {key: self._made(child) for key, child in part.children}
        return {key: value for key, value in made.items() if value is not NOTHING}

    def _say(self, name: str, words: str) -> None:
        """At the control, or at the nearest thing around it that there is."""
        while name not in self._parts and "/" in name:
            name = name.rpartition("/")[0]
        part = self._parts.get(name, self.root)
        if isinstance(part, Leaf):
            if part.bound is not None:
                self.form.add_error(part.name, words)
            elif name != ROOT:
                self._say(name.rpartition("/")[0], words)
        else:
            part.errors.append(words)


def _is_filled(part: Part, given: MultiValueDict[str, str]) -> bool:
    """Whether anything was said in it: what is fixed says nothing by itself."""
    if isinstance(part, Leaf):
        return any(given.getlist(part.name))
    if isinstance(part, Rows):
        return bool(part.items)
    return any(_is_filled(child, given) for child in part.parts)


def flat(schema: Schema, value: Any = NOTHING) -> MultiValueDict[str, str]:
    """A value as the texts of its form; the schema's defaults where nothing is said."""
    made: MultiValueDict[str, str] = MultiValueDict()
    _flatten(schema, schema, ROOT, value, made, 0)
    return made


def _flatten(schema: object, root: Schema, name: str, value: Any, made: MultiValueDict[str, str], depth: int) -> None:
    one = asked(schema, root)
    if value is NOTHING:
        value = one.schema.get("default", NOTHING)
    if one.kind == "object" and depth < MOST_DEPTH and len(made) < MOST_PARTS:
        inner = value if isinstance(value, dict) else {}
        for key, child in one.schema["properties"].items():
            _flatten(child, root, f"{name}/{_escaped(key)}", inner.get(key, NOTHING), made, depth + 1)
    elif one.kind == "list" and depth < MOST_DEPTH:
        items = value[:MOST_ROWS] if isinstance(value, list) else []
        made[f"{name}#"] = str(len(items))
        for index, item in enumerate(items):
            _flatten(one.schema["items"], root, f"{name}/{index}", item, made, depth + 1)
    elif value is not NOTHING and value is not None and one.kind != "fixed":
        made.setlist(name, _texts(one.kind, value))


def _texts(kind: str, value: Any) -> list[str]:
    if kind == "several":
        return [option(one) for one in value] if isinstance(value, list) else []
    if kind == "text":
        return [value if isinstance(value, str) else to_text(value, indent=None)]
    return [to_text(value) if kind == "json" else option(value)]


def _label(value: Any) -> str:
    return value if isinstance(value, str) and value.strip() else to_text(value, indent=None)


def _escaped(key: str) -> str:
    """Without what would end a name or an id in HTML."""
    return quote(key, safe="")


def _whole(value: object, otherwise: int) -> int:
    if isinstance(value, str):
        return min(int(value), MOST_ROWS) if value.isascii() and value.isdigit() and len(value) < 6 else otherwise
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else otherwise
