"""JSON Schema, as the jsonschema library understands it; nothing is ever fetched for a `$ref`."""

import json
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

MOST_PROBLEMS = 5


class BadSchema(ValueError):
    """A sentence that says what in the schema is wrong, and where."""


def compiled(text: str) -> dict[str, Any]:
    """The schema; raises BadSchema."""
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadSchema(f"This is not JSON: {error}.") from error
    if not isinstance(schema, dict):
        raise BadSchema("A schema is a JSON object.")
    try:
        Draft202012Validator.check_schema(schema)
        # A reference is only looked up when something is checked against it.
        list(_validator(schema).iter_errors({}))
    except SchemaError as error:
        raise BadSchema(f"The schema does not compile: at {_at(error.absolute_path)}, {error.message}.") from error
    except (Unresolvable, RecursionError) as error:
        raise BadSchema(f"The schema refers to something that is not in it: {error}.") from error
    except Exception as error:
        raise BadSchema(f"The schema does not compile: {error}.") from error
    return schema


def problems(schema: dict[str, Any], text: str) -> list[tuple[tuple[str, ...], str]]:
    """What keeps a JSON text from fitting: (the keys that lead there, a sentence); empty when it fits."""
    try:
        found = sorted(_validator(schema).iter_errors(json.loads(text)), key=lambda error: list(map(str, error.path)))
    except (Unresolvable, RecursionError, OverflowError) as error:
        return [((), f"The schema cannot be applied: {error}.")]
    return [
        (tuple(str(part) for part in error.absolute_path), f"{_at(error.absolute_path)}: {error.message[:300]}")
        for error in found[:MOST_PROBLEMS]
    ]


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema, registry=Registry())


def _at(path: Any) -> str:
    return "/" + "/".join(str(part) for part in path) if path else "the top"
