"""Guessing passwords is slowed down, and an installation can be read-only."""

import re
from typing import Any

import pytest
from django.test import Client

from dashboard.access import ANYBODY, LINK, MATRIX, PUBLIC
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


POSTS = [name for name, needed in MATRIX.items() if needed not in (PUBLIC, ANYBODY, LINK)]


@pytest.mark.parametrize("name", POSTS)
def test_where_it_is_read_only_nobody_can_send_anything(client: Client, settings: Any, name: str) -> None:
    settings.READ_ONLY = True
    client.force_login(factories.user("admin"))
    callback = factories.callback()
    answer = client.post(address(name, callback.execution_id, callback.pk), {})
    assert answer.status_code in (401, 403, 404, 405)
    if answer.status_code == 403:
        assert "read-only" in answer.content.decode()


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
