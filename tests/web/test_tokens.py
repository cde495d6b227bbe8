"""One's own API tokens: made, shown once, listed, revoked."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from executions.actions import tokens
from executions.models import ApiToken
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]
ASKED = {"name": "the build", "may": "act", "days": "30"}


def test_a_token_is_shown_once_and_works(client: Client) -> None:
    client.force_login(factories.user("viewer"))
    page = client.post("/tokens/", ASKED)
    [token] = re.findall(r'id="token">(durascope_[\w-]{43})<', page.content.decode())
    assert "no-store" in page["Cache-Control"]
    assert client.get("/api/v1/executions", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    later = client.get("/tokens/").content.decode()
    assert token not in later
    assert "the build" in later
    assert "read and act" in later


@pytest.mark.parametrize("wrong", [{"name": ""}, {"days": "9999"}, {"may": "everything"}, {"name": "x" * 101}])
def test_a_bad_value_is_said_next_to_its_field(client: Client, wrong: dict[str, str]) -> None:
    client.force_login(factories.user("viewer"))
    page = client.post("/tokens/", ASKED | wrong).content.decode()
    assert 'class="wrong"' in page
    assert not ApiToken.objects.exists()


def test_one_sees_and_revokes_only_ones_own(client: Client) -> None:
    theirs, _ = tokens.make(factories.user(), name="their secret job", acts=False, days=7, now=timezone.now())
    me = factories.user("viewer")
    mine, _ = tokens.make(me, name="mine", acts=False, days=7, now=timezone.now())
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
