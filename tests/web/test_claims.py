"""Claiming a callback, taking it over, giving it back: on the page, in the inbox, on record."""

import uuid
from typing import Any

import pytest
from django.test import Client

from executions.models import ActionRecord, Callback, Claim
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]


@pytest.fixture
def callback() -> Callback:
    return factories.callback(heartbeat_seconds=300)


def logged_in(name: str, role: str = "approver") -> Client:
    made = Client()
    made.force_login(factories.user(role, name))
    return made


def url(callback: Callback, what: str) -> str:
    return f"/executions/{callback.execution_id}/callbacks/{callback.pk}/{what}/"


def form(**values: Any) -> dict[str, Any]:
    return {"token": str(uuid.uuid4()), "reason": "", **values}


def test_who_claims_a_callback_is_seen_by_the_others_and_on_record(callback: Callback) -> None:
    ada, bob = logged_in("ada"), logged_in("bob")
    assert "Claim it" in ada.get(url(callback, "claim")).content.decode()
    assert not Claim.objects.exists()
    ada.post(url(callback, "claim"), form(reason="mine"))
    page = bob.get("/inbox/").content.decode()
    assert 'data-label="Claimed"><bdi>ada</bdi>' in page
    assert "Take over from ada" in bob.get(f"/inbox/?callback={callback.pk}").content.decode()
    record = ActionRecord.objects.get()
    assert (record.username, record.kind, record.reason) == ("ada", "claim", "mine")


def test_taking_over_has_to_be_said(callback: Callback) -> None:
    ada, bob = logged_in("ada"), logged_in("bob")
    ada.post(url(callback, "claim"), form())
    assert "ada has claimed it" in bob.get(url(callback, "claim")).content.decode()
    assert "Say that you take it over" in bob.post(url(callback, "claim"), form()).content.decode()
    assert Claim.objects.get().username == "ada"
    bob.post(url(callback, "claim"), form(over="on"))
    assert Claim.objects.get().username == "bob"


def test_it_is_given_back_by_who_has_it_only(callback: Callback) -> None:
    ada, bob = logged_in("ada"), logged_in("bob")
    ada.post(url(callback, "claim"), form())
    assert "You do not have this callback" in bob.post(url(callback, "release"), form(), follow=True).content.decode()
    assert 'value="release"' in ada.get(f"/inbox/?callback={callback.pk}").content.decode()
    ada.post(url(callback, "release"), form())
    assert not Claim.objects.exists()


def test_it_is_kept_alive_for_whoever_asked_for_that(callback: Callback) -> None:
    ada = logged_in("ada")
    ada.post(url(callback, "claim"), form(alive="on"))
    claim = Claim.objects.get()
    assert claim.alive_since is not None
    assert claim.beat_due_at is not None
    assert "kept alive" in ada.get("/inbox/").content.decode()


def test_a_callback_without_heartbeats_offers_to_keep_nothing_alive() -> None:
    callback = factories.callback(heartbeat_seconds=None)
    assert "Keep it alive" not in logged_in("ada").get(url(callback, "claim")).content.decode()


@pytest.mark.parametrize("what", ["claim", "release"])
def test_who_may_not_answer_may_not_claim(callback: Callback, what: str) -> None:
    assert logged_in("olga", "operator").post(url(callback, what), form()).status_code == 403


def test_an_open_callback_of_a_paused_execution_says_that_nothing_runs() -> None:
    factories.callback(factories.execution(status="PAUSED"))
    assert "nothing runs until resumed" in logged_in("ada").get("/inbox/").content.decode()
