"""What an execution is about, in a line under the sentence at the top of its pages."""

import re
from typing import Any

import pytest
from django.test import Client

from executions.models import Execution
from tests import factories, histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
ORDER = '{"orderId": "o-1042", "guest": {"name": "<b>Ada</b>"}, "token": "hunter2", "qty": 2, "paid": true, "note": ""}'
GIST = "orderId o-1042 · guest name &lt;b&gt;Ada&lt;/b&gt; · token [redacted] · qty 2"


def begun(payload: str) -> Execution:
    script = histories.Script()
    script.started(payload=payload)
    return stored.execution(script.events)


def gist(client: Client, address: str) -> str | None:
    response = client.get(address)
    assert response.status_code == 200
    found = re.findall(r'<p class="more about"><bdi[^>]*>(.*?)</bdi></p>', response.content.decode())
    return found[0] if found else None


@pytest.mark.parametrize("page", ["", "history/", "checkpoints/", "payloads/", "head/"])
def test_each_page_says_what_the_execution_is_about_without_secrets_and_escaped(as_viewer: Client, page: str) -> None:
    assert gist(as_viewer, f"/executions/{begun(ORDER).pk}/{page}") == GIST


def test_a_long_input_is_told_by_its_beginning(as_viewer: Client) -> None:
    long = begun('{"orderId": "o-7", "note": "' + "x" * 20_000 + '", "password": "hunter2"}')
    said = gist(as_viewer, f"/executions/{long.pk}/") or ""
    assert said.startswith("orderId o-7") and len(said) <= 200 and "hunter2" not in said


@pytest.mark.parametrize("payload", ["{}", "[]", "null", '{"deep": {"flag": true}}', ""])
def test_nothing_is_said_where_the_input_tells_nothing(as_viewer: Client, payload: str) -> None:
    assert gist(as_viewer, f"/executions/{begun(payload).pk}/") is None


def test_nothing_is_said_before_the_history_has_been_read(as_viewer: Client) -> None:
    assert gist(as_viewer, f"/executions/{factories.execution().pk}/") is None


@pytest.mark.parametrize("redacted", [True, False])
def test_a_share_link_says_it_without_secrets(anonymous: Client, settings: Any, redacted: bool) -> None:
    settings.SHARE_LINKS = "public"
    token = "abcdefghijklmnopqrstuv"
    factories.share_link(begun(ORDER), token=token, redacted=redacted, made_by=factories.user("admin"))
    assert gist(anonymous, f"/shared/{token}/view/") == GIST
