"""What the keywords of a JSON Schema ask for: which kind of control, what may be chosen."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import jsonpointer

Schema = dict[str, Any]
MOST_REFERENCES = 20


@dataclass(frozen=True)
class Asked:
    """One value that is asked for. `kind`: object, list, several, choice, fixed, yes_no, text, integer, number or json
    (whatever no control can make is typed as JSON). `choices`: (value, label) of choice, several and fixed.
    """

    kind: str
    schema: Schema
    nullable: bool = False
    choices: tuple[tuple[Any, str], ...] = ()


def asked(schema: object, root: Schema) -> Asked:
    """`root` is where a local `$ref` is looked up."""
    schema = followed(schema, root)
    kinds = schema.get("type")
    nullable = isinstance(kinds, list) and "null" in kinds
    if isinstance(kinds, list):
        rest = [kind for kind in kinds if kind != "null"]
        kinds = rest[0] if len(rest) == 1 else None if rest else "null"
    if choices := _choices(schema):
        offered = tuple(choice for choice in choices if choice[0] is not None)
        nullable = nullable or len(offered) < len(choices)
        fixed = "const" in schema or (len(choices) == 1 and not nullable)
        return Asked("fixed", schema, False, choices) if fixed else Asked("choice", schema, nullable, offered)
    return Asked(_kind(kinds, schema, root), schema, nullable, _several(schema, root))


def followed(schema: object, root: Schema) -> Schema:
    """The schema that a local `$ref` leads to; what is said beside the reference wins. {} where nothing is asked."""
    for _ in range(MOST_REFERENCES):
        if not isinstance(schema, dict):
            return {}
        pointer = schema.get("$ref")
        if not isinstance(pointer, str) or not pointer.startswith("#"):
            return schema
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        found = _at(root, unquote(pointer[1:]))
        schema = {**found, **beside} if isinstance(found, dict) else beside
    return {}


def _at(value: Any, pointer: str) -> Any:
    try:
        return jsonpointer.resolve_pointer(value, pointer, None)
    except jsonpointer.JsonPointerException:
        return None


def _kind(kind: object, schema: Schema, root: Schema) -> str:
    if kind == "object" or (kind is None and "properties" in schema):
        return "object" if isinstance(schema.get("properties"), dict) and schema["properties"] else "json"
    if kind == "array":
        items = schema.get("items")
        if not isinstance(items, dict) or "prefixItems" in schema:
            return "json"
        return "several" if _several(schema, root) else "list"
    known = {"boolean": "yes_no", "string": "text", "integer": "integer", "number": "number", "null": "fixed"}
    return known.get(str(kind), "json")


def _choices(schema: Schema) -> tuple[tuple[Any, str], ...]:
    """Of const, enum, or oneOf and anyOf that name constants with titles."""
    if "const" in schema:
        return ((schema["const"], ""),)
    if isinstance(schema.get("enum"), list):
        return tuple((value, "") for value in schema["enum"])
    for keyword in ("oneOf", "anyOf"):
        options = schema.get(keyword)
        if isinstance(options, list) and options and all(isinstance(one, dict) and "const" in one for one in options):
            return tuple((one["const"], str(one.get("title", ""))) for one in options)
    return ()


def _several(schema: Schema, root: Schema) -> tuple[tuple[Any, str], ...]:
    """The choices of a list of which each may be named once: ticked, not typed."""
    if schema.get("type") != "array" or not schema.get("uniqueItems"):
        return ()
    return _choices(followed(schema.get("items"), root))
