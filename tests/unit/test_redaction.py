import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain.jsontext import Number
from executions.domain.payloads import redact, redact_text
from executions.domain.redaction import HIDDEN
from tests.unit.wires import json_values

SECRET_KEYS = [
    "password", "Password", "userPassword", "user_passwd", "PASSWORD", "password2", "passphrase", "secret",
    "clientSecret", "client-secret", "token", "accessToken", "access_token", "ACCESS-TOKEN", "accesstoken",
    "idToken", "refresh_token", "Authorization", "authorization_header", "auth", "api_key", "apiKey", "APIKey",
    "apikey", "X-Api-Key", "x-amz-security-token", "cookie", "Set-Cookie", "cookies", "session_id", "sessionId",
    "ssn", "card_number", "cardNumber", "creditCardNumber", "cvv", "iban", "private_key", "aws_secret_access_key",
    "credentials", "pin", "otp", "jwt", "bankAccountNumber", "secrets",
]  # fmt: skip
PLAIN_KEYS = [
    "tokens_used", "token_count", "tokenType", "token_type", "passwordPolicy", "password_required", "secretArn",
    "secret_name", "author", "authority", "authenticated", "pinned", "panel", "spinner", "opinion", "compass",
    "passed", "passenger", "key", "keys", "cookiecutter", "number", "card", "session", "account", "tokenizer",
    "assigned", "secretary", "", "t", "v", "auth_method",
]  # fmt: skip


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_secret_keys_are_hidden_however_they_are_spelt(key: str) -> None:
    assert redact({key: "hunter2"}) == ({key: HIDDEN}, 1)
    assert redact({"a": [{key: {"deep": ["hunter2"]}}]}) == ({"a": [{key: HIDDEN}]}, 1)


@pytest.mark.parametrize("key", PLAIN_KEYS)
def test_keys_that_only_sound_secret_are_shown(key: str) -> None:
    assert redact({key: "x"}) == ({key: "x"}, 0)


@pytest.mark.parametrize("key", ["tokens", "max_tokens", "promptTokens", "total_tokens"])
def test_numbers_of_tokens_are_no_secret_but_lists_of_them_are(key: str) -> None:
    assert redact({key: 812}) == ({key: 812}, 0)
    assert redact({key: Number("8.0")})[1] == 0
    assert redact({key: ["abc"]}) == ({key: HIDDEN}, 1)


def test_secrets_inside_json_strings_are_hidden_too() -> None:
    body = json.dumps({"user": "ana", "password": "hunter2", "n": 12345678901234567890})
    cleaned, hidden = redact({"body": body, "other": '{"a": 1}'})
    assert hidden == 1
    assert "hunter2" not in cleaned["body"]
    assert "12345678901234567890" in cleaned["body"]
    assert cleaned["other"] == '{"a": 1}'


def test_headers_given_as_names_and_values_are_hidden() -> None:
    value = [{"name": "Authorization", "value": "Bearer x"}, {"name": "Accept", "value": "*/*"}]
    assert redact(value) == ([{"name": "Authorization", "value": HIDDEN}, {"name": "Accept", "value": "*/*"}], 1)


def test_tagged_values_are_hidden_with_their_tags() -> None:
    text = '{"t":"m","v":{"password":{"t":"s","v":"hunter2"}}}'
    assert redact_text(text) == ('{"t": "m", "v": {"password": "[redacted]"}}', 1)


def test_patterns_can_be_replaced() -> None:
    assert redact({"password": 1, "petName": "x"}, ["pet_name"]) == ({"password": 1, "petName": HIDDEN}, 1)
    assert redact({"password": 1}, []) == ({"password": 1}, 0)


def test_text_without_secrets_is_returned_unchanged() -> None:
    assert redact_text('{"a":   1}') == ('{"a":   1}', 0)
    assert redact_text("password: x") == ("password: x", 0)


@pytest.mark.parametrize(
    "cut",
    [
        '{"user": "ada", "password": "hunter2", "items": [1, 2',
        '{"user": "ada", "password": "hunter2',
        '{"user": "ada", "apiKey":{"v": "hunter2"',
        '{"user": "ada", "token": ["hunter2", "x"], "a": 1',
    ],
)
def test_secrets_are_hidden_also_in_json_that_was_cut_off(cut: str) -> None:
    text, hidden = redact_text(cut)
    assert hidden == 1 and "hunter2" not in text
    assert text.startswith('{"user": "ada", ')


@given(json_values, st.sampled_from(SECRET_KEYS), st.lists(st.sampled_from(["x", 0]), max_size=5))
def test_no_value_of_a_secret_key_ever_leaks(value: Any, key: str, path: list[str | int]) -> None:
    planted: Any = {key: "hunter2-5e7a", "beside": value}
    for part in path:
        planted = {part: planted, "more": value} if isinstance(part, str) else [value, planted]
    before = json.dumps(planted)
    cleaned, hidden = redact(planted)
    assert hidden >= 1
    assert "hunter2-5e7a" not in json.dumps(cleaned)
    assert json.dumps(planted) == before


@given(json_values)
def test_redacting_twice_changes_no_more(value: Any) -> None:
    cleaned, _ = redact(value)
    assert redact(cleaned)[0] == cleaned
