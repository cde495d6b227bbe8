"""What a callback's result must be like before it is sent; the same for the preview as for the sending."""

import orjson
from django.conf import settings

from executions import schemas
from executions.domain.decisions import Form
from executions.domain.jsontext import parse

MOST_SAID = 5


class BadValue(ValueError):
    """What was typed cannot be sent; `field` names the form's field."""

    def __init__(self, field: str, sentence: str):
        super().__init__(sentence)
        self.field = field


def check_result(result: str, form: Form | None, *, is_json: bool, twice: bool = False) -> bytes:
    """The bytes of a callback's result; raises BadValue with a sentence for the form."""
    try:
        body = result.encode()
    except UnicodeEncodeError as error:
        raise BadValue("result", "This holds half of a surrogate pair, which cannot be sent.") from error
    if len(body) > settings.CALLBACK_RESULT_LIMIT:
        raise BadValue("result", f"This is {len(body):,} bytes; AWS takes at most {settings.CALLBACK_RESULT_LIMIT:,}.")
    if is_json:
        _check_json(body, twice=twice)
    if form is not None:
        _check_form(result, form, is_json=is_json)
    return body


def _check_json(body: bytes, *, twice: bool) -> None:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadValue("result", f"This is not JSON: {error}. Correct it, or send it as plain text.") from error
    if isinstance(value, str) and not twice:
        is_json, inner = parse(value)
        if is_json and isinstance(inner, dict | list):
            words = "This is a text that itself holds JSON: quoted twice. Send what is inside, or say that it is meant."
            raise BadValue("twice", words)


def _check_form(result: str, form: Form, *, is_json: bool) -> None:
    if any(answer.result == result for answer in form.answers):
        return  # it was held against the schema when the form was read
    if form.schema is not None:
        if not is_json:
            raise BadValue("result", "This decision takes JSON that fits its schema, no plain text.")
        if found := schemas.problems(form.schema, result):
            raise BadValue("result", "This does not fit the schema. " + "; ".join(map(str, found[:MOST_SAID])) + ".")
    elif not form.raw:
        raise BadValue("result", "Only the prepared answers can be sent here.")
