"""Forms made from a JSON Schema: what they ask, and that what they make fits and is what was typed."""

import json
from typing import Any

import pytest
from django.utils.datastructures import MultiValueDict
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.forms.schema import SchemaForm, flat
from executions import schemas
from executions.domain.jsontext import parse, to_text

KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=6)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=20)


def leaves() -> st.SearchStrategy[tuple[dict[str, Any], st.SearchStrategy[Any]]]:
    """(a schema, the values that fit it)"""
    choices = st.lists(st.one_of(TEXTS, st.integers(), st.booleans()), min_size=2, max_size=4, unique_by=repr)
    return st.one_of(
        st.just(({"type": "string"}, TEXTS)),
        st.just(({"type": "integer"}, st.integers())),
        st.just(({"type": "number"}, st.decimals(allow_nan=False, allow_infinity=False, places=3).map(_number))),
        st.just(({"type": "boolean"}, st.booleans())),
        choices.map(lambda values: ({"enum": values}, st.sampled_from(values))),
        st.integers().map(lambda value: ({"const": value}, st.just(value))),
    )


def _number(value: Any) -> schemas.Exact:
    return schemas.Exact(f"{value:f}")


def nested(inner: Any) -> Any:
    objects = st.dictionaries(KEYS, inner, min_size=1, max_size=3).map(
        lambda parts: (
            {"type": "object", "required": list(parts), "properties": {key: part[0] for key, part in parts.items()}},
            st.fixed_dictionaries({key: part[1] for key, part in parts.items()}),
        )
    )
    lists = inner.map(lambda part: ({"type": "array", "items": part[0]}, st.lists(part[1], max_size=3)))
    return st.one_of(objects, lists)


FORMS = st.recursive(leaves(), nested, max_leaves=6)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_every_value_that_fits_can_be_typed_and_comes_out_as_it_is(data: st.DataObject) -> None:
    schema, values = data.draw(FORMS)
    value = data.draw(values)
    schema = schemas.compiled(to_text(schema))
    form = SchemaForm(schema, flat(schema, value), is_bound=True)
    assert form.wrong == []
    assert parse(form.text) == parse(to_text(value))  # numbers are compared as they are written


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_whatever_is_sent_either_fits_the_schema_or_is_said_to_be_wrong(data: st.DataObject) -> None:
    schema, values = data.draw(FORMS)
    schema = schemas.compiled(to_text(schema))
    sent = flat(schema, data.draw(values))
    for name in list(sent):
        if data.draw(st.booleans()):
            sent[name] = data.draw(
                st.one_of(st.text(max_size=8), st.sampled_from(["", "1e5", "NaN", "true", "[", "99"]))
            )
    form = SchemaForm(schema, sent, is_bound=True)
    if form.wrong:
        assert not form.is_valid and form.text == ""
    else:
        assert schemas.problems(schema, form.text) == []
        json.loads(form.text)


def made(schema: str, **typed: str) -> SchemaForm:
    names = {f"answer/{name.replace('__', '/')}": value for name, value in typed.items()}
    return SchemaForm(
        schemas.compiled(schema), MultiValueDict({name: [value] for name, value in names.items()}), is_bound=True
    )


OBJECT = '{"type": "object", "required": %s, "properties": {"a": %s}}'


@pytest.mark.parametrize(
    ("schema", "typed", "text"),
    [
        ('{"type": "number"}', "9.80", "9.80"),
        ('{"type": "number"}', "-0", "-0"),
        ('{"type": "number"}', "1e400", "1e400"),
        ('{"type": "integer"}', "12345678901234567890123", "12345678901234567890123"),
        ('{"type": ["integer", "null"]}', "", "null"),
        ('{"type": "boolean"}', "false", "false"),
        ('{"enum": [1.50, "b", null]}', "1.50", "1.50"),
        ('{"oneOf": [{"const": "x", "title": "The X"}, {"const": "y"}]}', '"x"', '"x"'),
        ('{"type": "string", "format": "date"}', "2026-02-28", '"2026-02-28"'),
        ('{"anyOf": [{"type": "string"}, {"type": "object"}]}', '{"z": 1.10}', '{"z": 1.10}'),
        ('{"$ref": "#/properties/b"}', "7", "7"),
    ],
)
def test_a_value_is_sent_as_it_was_typed(schema: str, typed: str, text: str) -> None:
    whole = OBJECT % ('["a"]', schema + ', "b": {"type": "integer"}')
    assert made(whole, a=typed).text == f'{{"a": {text}}}'


@pytest.mark.parametrize(
    ("schema", "typed", "words"),
    [
        ('{"type": "number"}', "1,5", "Write a number"),
        ('{"type": "number"}', "NaN", "Write a number"),
        ('{"type": "integer"}', "1.5", "Write a whole number"),
        ('{"type": "integer"}', "٣", "Write a whole number"),
        ('{"type": "string", "format": "date"}', "2026-02-30", "is not a 'date'"),
        ('{"type": "string", "format": "date-time"}', "2026-02-03", "is not a 'date-time'"),
        ('{"type": "string", "pattern": "^x"}', "y", "does not match"),
        ('{"enum": ["x"]}', "", ""),
        ('{"enum": ["x", "y"]}', '"z"', "not one of the choices"),
        ("{}", "{", "not JSON"),
        ("{}", '{"a": 1, "a": 2}', "a key twice"),
        ('{"type": "string"}', "", "needed"),
    ],
)
def test_what_does_not_fit_is_said(schema: str, typed: str, words: str) -> None:
    form = made(OBJECT % ('["a"]', schema), a=typed)
    assert (any(words in one for one in form.wrong), form.is_valid) == ((True, False) if words else (False, True))


def test_what_is_left_empty_is_left_out() -> None:
    schema = OBJECT % ("[]", '{"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}}}')
    assert made(schema).text == "{}"
    assert made(schema, a__b="x").text == '{"a": {"b": "x"}}'


def test_a_rule_that_needs_another_field_is_said_at_that_field() -> None:
    schema = """{"type": "object", "properties": {"kind": {"enum": ["a", "b"]}, "why": {"type": "string"}},
      "if": {"properties": {"kind": {"const": "b"}}, "required": ["kind"]}, "then": {"required": ["why"]}}"""
    form = made(schema, kind='"b"')
    assert form.wrong == ["Why: This is needed"]
    assert made(schema, kind='"b"', why="so").is_valid


def test_defaults_are_there_to_begin_with_and_numbers_keep_their_zeros() -> None:
    schema = schemas.compiled('{"type": "object", "properties": {"a": {"type": "number", "default": 480.00}}}')
    form = SchemaForm(schema)
    assert 'value="480.00"' in str(form.root.parts[0].bound)  # type: ignore[union-attr]


def test_a_schema_that_refers_to_itself_ends() -> None:
    schema = schemas.compiled('{"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}}')
    assert SchemaForm(schema, MultiValueDict(), is_bound=True).text == "{}"
