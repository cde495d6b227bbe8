"""JSON Schema, as the jsonschema library understands it; nothing is ever fetched for a `$ref`.

Numbers are decimals here, never floats: 0.3 is a multiple of 0.1, and what is shown of a number is how it was written.
"""

import datetime as dt
import decimal
import json
import re
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

MOST_PROBLEMS = 20
_MOST_DIGITS = 4000
"""Python refuses to make longer integers of text."""
_ARITHMETIC = decimal.Context(prec=10_000)
_ZONED = re.compile(r"(Z|[+-]\d\d:\d\d)$", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)


class Exact(Decimal):
    """A number that is no integer, said as it was written."""

    text: str

    def __new__(cls, text: str) -> "Exact":
        self = super().__new__(cls, text)
        self.text = text
        return self

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text


class BadSchema(ValueError):
    """A sentence that says what in the schema is wrong, and where."""


class Problem(NamedTuple):
    """`path`: the keys that lead to what does not fit."""

    path: tuple[str, ...]
    words: str

    def __str__(self) -> str:
        return f"{_at(self.path)}: {self.words}"


def compiled(text: str) -> dict[str, Any]:
    """The schema; raises BadSchema."""
    # 3 MB that a process needs only once there is something to check.
    from jsonschema.exceptions import SchemaError
    from referencing.exceptions import Unresolvable

    try:
        schema = _read(text)
    except (ValueError, RecursionError) as error:
        raise BadSchema(f"This is not JSON: {error}.") from error
    if not isinstance(schema, dict):
        raise BadSchema("A schema is a JSON object.")
    try:
        _library()[0].check_schema(schema)
        # A reference is only looked up when something is checked against it.
        list(_validator(schema).iter_errors({}))
    except SchemaError as error:
        raise BadSchema(f"The schema does not compile: at {_at(error.absolute_path)}, {error.message}.") from error
    except (Unresolvable, RecursionError) as error:
        raise BadSchema(f"The schema refers to something that is not in it: {error}.") from error
    except Exception as error:
        raise BadSchema(f"The schema does not compile: {error}.") from error
    return schema


def problems(schema: dict[str, Any], text: str) -> list[Problem]:
    """What keeps a JSON text from fitting, at most MOST_PROBLEMS; empty when it fits."""
    from referencing.exceptions import Unresolvable

    try:
        with decimal.localcontext(_ARITHMETIC):
            found = sorted(_validator(schema).iter_errors(_read(text)), key=lambda error: list(map(str, error.path)))
    except (ValueError, ArithmeticError, Unresolvable, RecursionError) as error:
        return [Problem((), f"the schema cannot be applied: {error or type(error).__name__}")]
    return [_problem(error) for error in found[:MOST_PROBLEMS]]


def _problem(error: "ValidationError") -> Problem:
    path = tuple(str(part) for part in error.absolute_path)
    if error.validator == "required":
        missing = next((key for key in error.validator_value if error.message.startswith(repr(key))), None)
        if missing is not None:
            return Problem((*path, missing), "this is needed")
    return Problem(path, error.message[:300])


def _read(text: str) -> Any:
    return json.loads(text, parse_float=Exact, parse_int=_integer, parse_constant=_no_number)


def _integer(text: str) -> int | Exact:
    return int(text) if len(text) <= _MOST_DIGITS else Exact(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _is_integer(checker: Any, value: object) -> bool:
    if isinstance(value, Exact):
        return value == value.to_integral_value(context=_ARITHMETIC)
    return isinstance(value, int) and not isinstance(value, bool)


def _is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return True
    dt.datetime.fromisoformat(value.upper())
    return bool(_MOMENT.fullmatch(value))


def _is_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    dt.time.fromisoformat(value.upper())
    return bool(_ZONED.search(value))


@cache
def _library() -> tuple[Any, Any, Any]:
    """-> the validator's class, the registry without any schemas, and the formats."""
    from jsonschema import Draft202012Validator, FormatChecker, validators
    from referencing import Registry

    types = Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
    formats = FormatChecker(formats=["date", "email", "ipv4", "ipv6", "uuid"])
    formats.checks("date-time", raises=ValueError)(_is_moment)
    formats.checks("time", raises=ValueError)(_is_time)
    return validators.extend(Draft202012Validator, type_checker=types), Registry(), formats


def _validator(schema: dict[str, Any]) -> Any:
    kind, registry, formats = _library()
    return kind(schema, registry=registry, format_checker=formats)


def _at(path: Any) -> str:
    return "/" + "/".join(str(part) for part in path) if path else "the top"
