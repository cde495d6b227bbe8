"""One's own API tokens: made, shown once, listed, revoked."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from executions.actions import tokens
from executions.models import ApiToken
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]
ASKED = {"name": "the build", "scopes": ["read"], "days": "30"}


def test_a_token_is_shown_once_and_works(client: Client) -> None:
    client.force_login(factories.user("viewer"))
    page = client.post("/tokens/", ASKED)
    [token] = re.findall(r'id="token">(durascope_[\w-]{43})<', page.content.decode())
    assert "no-store" in page["Cache-Control"]
    assert client.get("/api/v1/executions", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    later = client.get("/tokens/").content.decode()
    assert token not in later
    assert "the build" in later
    assert 'data-label="Scopes">read<' in later


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"days": "9999"}, {"scopes": []}, {"scopes": ["read", "everything"]}, {"name": "x" * 101}],
)
def test_a_bad_value_is_said_next_to_its_field(client: Client, wrong: dict[str, Any]) -> None:
    client.force_login(factories.user("viewer"))
    page = client.post("/tokens/", ASKED | wrong).content.decode()
    assert 'class="wrong"' in page
    assert not ApiToken.objects.exists()


def test_the_scopes_that_are_chosen_are_kept_and_listed(client: Client) -> None:
    client.force_login(factories.user("approver"))
    client.post("/tokens/", ASKED | {"scopes": ["control", "read"]})
    assert ApiToken.objects.get().scopes == ["read", "control"]
    assert 'data-label="Scopes">read, control<' in client.get("/tokens/").content.decode()


def test_nobody_can_give_a_token_what_they_may_not_do_themselves(client: Client) -> None:
    client.force_login(factories.user("viewer"))
    page = client.get("/tokens/").content.decode()
    assert re.findall(r'name="scopes" value="(\w+)"', page) == ["read"]
    answer = client.post("/tokens/", ASKED | {"scopes": ["read", "control"]}).content.decode()
    assert 'class="wrong"' in answer
    assert not ApiToken.objects.exists()


def test_one_sees_and_revokes_only_ones_own(client: Client) -> None:
    theirs, _ = tokens.make(factories.user(), name="their secret job", scopes=[tokens.READ], days=7, now=timezone.now())
    me = factories.user("viewer")
    mine, _ = tokens.make(me, name="mine", scopes=[tokens.READ], days=7, now=timezone.now())
    client.force_login(me)
    assert "their secret job" not in client.get("/tokens/").content.decode()
    client.post(f"/tokens/{theirs.pk}/revoke/")
    client.post(f"/tokens/{mine.pk}/revoke/")
    theirs.refresh_from_db()
    mine.refresh_from_db()
    assert theirs.revoked_at is None
    assert mine.revoked_at is not None
    assert "revoked" in client.get("/tokens/").content.decode()


def test_there_is_a_limit_to_how_many_work(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 1)
    client.force_login(factories.user("viewer"))
    client.post("/tokens/", ASKED)
    assert "revoke one first" in client.post("/tokens/", ASKED).content.decode()
    assert ApiToken.objects.count() == 1


def test_no_token_lives_longer_than_the_longest_that_is_offered() -> None:
    now = timezone.now()
    made, _ = tokens.make(factories.user("viewer"), name="x", scopes=[tokens.READ], days=10_000, now=now)
    assert (made.expires_at - now).days == tokens.MAX_DAYS
