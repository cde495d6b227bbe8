"""A JSON Schema as the fields of a form, and what was typed into them as JSON again.

Objects, strings, numbers, integers, booleans, enums and lists of scalars get fields; whatever else is typed as JSON.
Numbers keep the digits that were typed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from executions.domain.jsontext import Number, parse, to_text

MOST_FIELDS = 60
SEPARATOR = "."
SCALARS = ("string", "number", "integer", "boolean")


class NotFitting(ValueError):
    """What was typed is no such value; `field` names where."""

    def __init__(self, field: str, sentence: str):
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True)
class SchemaField:
    """`kind`: string, text, number, integer, boolean, enum, list or json. `path`: the keys that lead to it.

    `options`: of an enum, as JSON. `item`: what a list holds. `default` is the text to begin with.
    """

    name: str
    path: tuple[str, ...]
    kind: str
    label: str
    hint: str
    required: bool
    default: str
    options: tuple[str, ...] = ()
    item: str = "string"


def fields_of(schema: dict[str, Any]) -> tuple[SchemaField, ...]:
    """The fields that a value of this schema is typed into."""
    return tuple(_fields(schema, (), required=True))[:MOST_FIELDS]


def _fields(schema: Any, path: tuple[str, ...], *, required: bool) -> Iterator[SchemaField]:
    own = schema if isinstance(schema, dict) else {}
    properties = own.get("properties")
    if own.get("type") == "object" and isinstance(properties, dict) and properties and len(path) < 4:
        wanted = own.get("required", [])
        for key, inner in properties.items():
            yield from _fields(inner, (*path, str(key)), required=required and key in wanted)
        return
    kind, item = _kind(own)
    options = tuple(to_text(value, indent=None) for value in own["enum"]) if kind == "enum" else ()
    yield SchemaField(
        name=SEPARATOR.join(("value", *path)),
        path=path,
        kind=kind,
        label=str(own.get("title") or (path[-1] if path else "Result")),
        hint=str(own.get("description") or ""),
        required=required,
        default=_default(own, kind),
        options=options,
        item=item,
    )


def _kind(own: dict[str, Any]) -> tuple[str, str]:
    if isinstance(own.get("enum"), list) and own["enum"]:
        return "enum", ""
    items = own.get("items")
    if own.get("type") == "array" and isinstance(items, dict) and items.get("type") in SCALARS:
        return "list", str(items["type"])
    if own.get("type") == "string" and isinstance(own.get("maxLength"), int) and own["maxLength"] > 200:
        return "text", ""
    return (str(own["type"]) if own.get("type") in SCALARS else "json"), ""


def _default(own: dict[str, Any], kind: str) -> str:
    if "default" not in own:
        return ""
    value = own["default"]
    if kind in ("string", "text"):
        return str(value)
    if kind == "list" and isinstance(value, list):
        return "\n".join(one if isinstance(one, str) else to_text(one, indent=None) for one in value)
    return to_text(value, indent=None)


def typed(fields: tuple[SchemaField, ...], get: Callable[[str], str]) -> str:
    """The JSON text of what was typed; `get` gives a field's text, "" for none. Raises NotFitting."""
    made: dict[str, Any] = {}
    for field in fields:
        there, value = _value(field, get(field.name))
        if not field.path:
            return to_text(value, indent=None) if there else "null"
        if there:
            _put(made, field.path, value)
    return to_text(made, indent=None)


def _put(made: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        made = made.setdefault(key, {})
    made[path[-1]] = value


def _value(field: SchemaField, text: str) -> tuple[bool, Any]:
    """(whether it is there at all, the value)."""
    if field.kind == "boolean":
        return True, text in ("on", "true")
    if field.kind in ("string", "text"):
        return bool(text) or field.required, text.replace("\r\n", "\n")
    if not text.strip():
        if field.kind == "list":
            return field.required, []
        if field.required:
            raise NotFitting(field.name, "This is needed.")
        return False, None
    if field.kind == "list":
        lines = [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]
        return True, [_scalar(field.name, field.item, line.strip()) for line in lines]
    if field.kind == "enum" and text not in field.options:
        raise NotFitting(field.name, "This is none of the choices.")
    return True, _scalar(field.name, field.kind, text.strip())


def _scalar(name: str, kind: str, text: str) -> Any:
    if kind == "string":
        return text
    is_json, value = parse(text)
    if not is_json or (isinstance(value, Number) and value.text.lstrip("-") in ("NaN", "Infinity")):
        raise NotFitting(name, "This is not a number." if kind in ("number", "integer") else "This is not JSON.")
    numeric = isinstance(value, Number) or (isinstance(value, int) and not isinstance(value, bool))
    if kind in ("number", "integer") and not numeric:
        raise NotFitting(name, "This is not a number.")
    if kind == "integer" and not isinstance(value, int):
        raise NotFitting(name, "This is not a whole number.")
    if kind == "boolean" and not isinstance(value, bool):
        raise NotFitting(name, "This is neither true nor false.")
    return value
