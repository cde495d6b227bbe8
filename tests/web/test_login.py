"""Guessing passwords is slowed down, and an installation can be read-only."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.access import ANYBODY, BEARER, LINK, MATRIX, PUBLIC, STILL_POSTS
from executions.actions import tokens
from tests import factories
from tests.web.test_access import address

pytestmark = pytest.mark.django_db
WRONG = {"username": "vera", "password": "wrong"}
RIGHT = {"username": "vera", "password": "a password"}


def test_after_ten_wrong_passwords_even_the_right_one_has_to_wait(client: Client) -> None:
    factories.user("viewer", "vera")
    for _ in range(9):
        assert client.post("/login/", WRONG).status_code == 200
    refused = client.post("/login/", WRONG)
    assert refused.status_code == 429
    assert "After 15 minutes" in refused.content.decode()
    assert client.post("/login/", RIGHT).status_code == 429


def test_others_log_in_meanwhile(client: Client) -> None:
    factories.user("viewer", "vera")
    factories.user("viewer", "otto")
    for _ in range(12):
        client.post("/login/", WRONG)
    assert client.post("/login/", {"username": "otto", "password": "a password"}).status_code == 302
    assert client.post("/login/", RIGHT, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_a_right_password_forgets_the_wrong_ones_before_it(client: Client) -> None:
    factories.user("viewer", "vera")
    for _ in range(3):
        for _ in range(9):
            client.post("/login/", WRONG)
        assert client.post("/login/", RIGHT).status_code == 302
        client.post("/logout/")


def test_where_it_is_read_only_nobody_can_send_anything_but_for_their_own_account_and_to_have_a_history_read(
    client: Client, settings: Any
) -> None:
    settings.READ_ONLY = True
    client.force_login(factories.user("admin"))
    callback = factories.callback()
    for name, needed in MATRIX.items():
        if needed in (PUBLIC, BEARER, LINK) or name in STILL_POSTS:
            continue
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(client, method)(address(name, callback.execution_id, callback.pk), {})
            assert answer.status_code == 403, f"{method} {name}"
            assert "read-only" in answer.content.decode(), f"{method} {name}"
    assert {MATRIX[name] for name in STILL_POSTS - {"execution-read"}} == {ANYBODY}
    assert "tokens" not in STILL_POSTS and "token-revoke" in STILL_POSTS


def test_where_it_is_read_only_no_token_acts(client: Client, settings: Any) -> None:
    settings.READ_ONLY = True
    _, token = tokens.make(factories.user("admin"), name="x", scopes=tokens.SCOPES, days=7, now=timezone.now())
    for path in ("executions/1/stop", "callbacks/1/succeed", "executions/1/delete", "anything/else"):
        answer = client.post(f"/api/v1/{path}", {}, "application/json", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code in (403, 404), path
        assert answer.status_code == 404 or "read-only" in answer.json()["detail"]
    assert client.get("/api/v1/executions", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_where_it_is_read_only_pages_say_so_and_offer_nothing(client: Client, settings: Any) -> None:
    client.force_login(factories.user("admin"))
    callback = factories.callback()
    url = address("execution", callback.execution_id)
    assert 'href="/executions/' in client.get(url).content.decode()
    offered = re.compile(rf"/executions/{callback.execution_id}/(stop|pause|delete|callbacks)/")
    assert offered.search(client.get(url).content.decode())
    settings.READ_ONLY = True
    page = client.get(url).content.decode()
    assert "This installation is read-only" in page
    assert not offered.search(page)


def test_one_still_logs_in_and_out_where_it_is_read_only(client: Client, settings: Any) -> None:
    settings.READ_ONLY = True
    factories.user("viewer", "vera")
    assert client.post("/login/", RIGHT).status_code == 302
    assert client.post("/logout/").status_code == 302
