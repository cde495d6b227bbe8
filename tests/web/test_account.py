"""One's own account: password, second factors and sessions; and those of others, for admins."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from dashboard.accounts import sessions
from executions.actions import tokens
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]
PASSWORD = "a password"


def log_in(client: Client, name: str = "vera", **extra: Any) -> Any:
    return client.post("/login/", {"username": name, "password": PASSWORD}, **extra)


def code_for(secret: str, step: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def set_up(client: Client) -> tuple[str, list[str]]:
    """-> (the secret, the recovery codes)"""
    [secret] = re.findall(r'id="secret">([A-Z2-7]{32})<', client.get("/account/app/").content.decode())
    answer = client.post("/account/app/", {"code": code_for(secret)}, follow=True)
    assert answer.redirect_chain[-1][0] == "/account/recovery-codes/"
    codes = re.search(r'id="codes">([\d\n]+)</pre>', answer.content.decode())
    assert codes
    return secret, codes[1].split()


@pytest.fixture
def vera(client: Client) -> User:
    """Logged in."""
    made = factories.user("viewer", "vera")
    log_in(client)
    return made


def test_the_second_factor_is_asked_for_after_the_password_and_the_deep_link_survives(
    client: Client, vera: User
) -> None:
    secret, _ = set_up(client)
    other = Client()
    asked = "/executions/?status=FAILED&name=a%26b"
    where = other.get(asked)["Location"]
    answer = other.post(where, {"username": "vera", "password": PASSWORD})
    assert answer["Location"] == "/login/code/"
    assert "Use a security key" not in other.get("/login/code/").content.decode(), "there is none"
    assert other.get(asked).status_code == 302, "the password alone opens nothing"
    wrong = other.post("/login/code/", {"code": "000000"})
    assert "This code is wrong" in wrong.content.decode()
    assert other.post("/login/code/", {"code": code_for(secret)})["Location"] == asked
    assert other.get(asked).status_code == 200


def test_a_recovery_code_works_once(client: Client, vera: User) -> None:
    _, codes = set_up(client)
    assert len(codes) == 10
    for expected in (302, 200):
        other = Client()
        log_in(other)
        assert other.post("/login/code/", {"code": codes[0]}).status_code == expected


def test_a_code_works_once(client: Client, vera: User) -> None:
    secret, _ = set_up(client)
    code = code_for(secret)
    for expected in (302, 200):
        other = Client()
        log_in(other)
        assert other.post("/login/code/", {"code": code}).status_code == expected


def test_guessing_codes_is_slowed_down(client: Client, vera: User) -> None:
    secret, _ = set_up(client)
    other = Client()
    log_in(other)
    for _ in range(5):
        other.post("/login/code/", {"code": "000000"})
    refused = other.post("/login/code/", {"code": code_for(secret)})
    assert "Too many wrong codes" in refused.content.decode()
    cache.clear()
    assert other.post("/login/code/", {"code": code_for(secret)}).status_code == 302


def test_guessing_the_password_when_it_is_to_be_confirmed_is_slowed_down(
    client: Client, vera: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.accounts.sso.RECENT", 0.0)
    said = [client.post("/account/confirm/", {"password": "wrong"}).content.decode() for _ in range(6)]
    assert "This is not your password" in said[0]
    assert "Too many" in said[-1]


def test_the_secret_is_not_in_the_database_as_it_is(client: Client, vera: User) -> None:
    secret, codes = set_up(client)
    for row in Authenticator.objects.all():
        assert secret not in str(row.data) and codes[0] not in str(row.data)


def test_changing_how_one_logs_in_needs_the_password_again_after_a_while(
    client: Client, vera: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.accounts.sso.RECENT", 0.0)
    answer = client.get("/account/app/")
    assert answer["Location"] == "/account/confirm/?next=%2Faccount%2Fapp%2F"
    assert "Confirm that it is you" in client.get(answer["Location"]).content.decode()
    monkeypatch.setattr("dashboard.accounts.sso.RECENT", 300.0)
    assert client.post(answer["Location"], {"password": PASSWORD})["Location"] == "/account/app/"


def test_the_app_is_removed_and_the_recovery_codes_with_it(client: Client, vera: User) -> None:
    set_up(client)
    page = client.get("/account/").content.decode()
    assert "10 codes left" in page and "/account/app/remove/" in page
    assert client.post("/account/app/remove/")["Location"] == "/account/"
    assert not Authenticator.objects.exists()
    assert log_in(Client())["Location"] == "/"


def test_new_recovery_codes_end_the_old_ones(client: Client, vera: User) -> None:
    _, old = set_up(client)
    client.post("/account/recovery-codes/new/")
    page = client.get("/account/recovery-codes/").content.decode()
    assert old[0] not in page and len(re.findall(r"^\d{8}$", page, re.MULTILINE)) >= 9


# --- required second factors ---


@pytest.mark.parametrize(("required", "asked"), [({"local"}, True), ({"viewer"}, True), ({"admin"}, False)])
def test_who_must_have_a_second_factor_can_do_nothing_before(
    client: Client, settings: Any, required: set[str], asked: bool
) -> None:
    settings.MFA_REQUIRED = frozenset(required)
    factories.user("viewer", "vera")
    log_in(client)
    assert client.get("/").status_code == (302 if asked else 200)
    if not asked:
        return
    assert client.get("/")["Location"] == "/account/app/"
    assert client.get("/", headers={"HX-Request": "true"}).status_code == 401
    assert client.get("/live/", headers={"Accept": "text/event-stream"}).status_code == 401
    assert client.post("/tokens/", {"name": "x", "may": "read", "days": "7"}).status_code == 302
    set_up(client)
    assert client.get("/").status_code == 200
    assert client.post("/logout/").status_code == 302


def test_it_is_required_of_a_session_that_began_before(client: Client, vera: User, settings: Any) -> None:
    assert client.get("/").status_code == 200
    settings.MFA_REQUIRED = frozenset({"local"})
    assert client.get("/")["Location"] == "/account/app/"


# --- passwords and sessions ---


def test_a_changed_password_ends_every_other_session(client: Client, vera: User) -> None:
    other = Client()
    log_in(other)
    theirs = other.session.session_key
    new = "correct horse battery"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert (
        "at least 12"
        in client.post("/account/password/", form | {"new_password1": "x", "new_password2": "x"}).content.decode()
    )
    assert client.post("/account/password/", form)["Location"] == "/account/"
    kept = UserSession.objects.values_list("session_key", flat=True)
    assert theirs not in kept, "it is not in the list any more either"
    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302
    assert log_in(Client()).status_code == 200


def test_one_sees_where_one_is_logged_in(client: Client, vera: User) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    log_in(Client(), REMOTE_ADDR="192.0.2.7", headers={"User-Agent": firefox})
    page = client.get("/account/").content.decode()
    assert "Firefox on Linux" in page and "192.0.2.7" in page and page.count("(this one)") == 1


def test_one_ends_one_session_or_all_others_but_never_somebody_elses(client: Client, vera: User) -> None:
    second, third, theirs = Client(), Client(), Client()
    log_in(second)
    log_in(third)
    factories.user("viewer", "otto")
    log_in(theirs, "otto")
    rows = {row.session_key: row.pk for row in UserSession.objects.all()}
    client.post(f"/account/sessions/{rows[theirs.session.session_key]}/end/")
    client.post(f"/account/sessions/{rows[second.session.session_key]}/end/")
    client.post(f"/account/sessions/{2**70}/end/")
    assert (second.get("/").status_code, third.get("/").status_code) == (302, 200)
    client.post("/account/sessions/end-others/")
    assert third.get("/").status_code == 302
    assert (client.get("/").status_code, theirs.get("/").status_code) == (200, 200)


def test_a_session_in_use_is_noted_now_and_then_and_costs_no_query_between(
    client: Client, vera: User, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    def seen() -> Any:
        return UserSession.objects.get().last_seen_at

    UserSession.objects.update(last_seen_at=factories.ago(hours=1))
    client.get("/healthz")
    client.get("/account/")
    before = seen()
    monkeypatch.setattr(sessions, "NOTE_SECONDS", 0.0)
    client.get("/tokens/")
    assert seen() > before
    monkeypatch.setattr(sessions, "NOTE_SECONDS", 120.0)
    with django_assert_num_queries(4):  # the session, the person, what they may, the tokens
        client.get("/tokens/", headers={"HX-Request": "true"})


# --- looking after others ---


def test_an_admin_sees_everybody_and_ends_their_sessions(client: Client, vera: User, as_admin: Client) -> None:
    page = as_admin.get("/people/?name=VER").content.decode()
    assert "vera" in page and "1 account" in page
    assert "End all sessions" in as_admin.get(f"/people/{vera.pk}/").content.decode()
    as_admin.post(f"/people/{vera.pk}/sessions/end/")
    assert client.get("/").status_code == 302


def test_an_account_is_switched_off_with_its_sessions_and_tokens_and_on_again(
    client: Client, vera: User, as_admin: Client
) -> None:
    _, token = tokens.make(vera, name="x", scopes=[tokens.READ], days=7, now=timezone.now())
    bearer = {"Authorization": f"Bearer {token}"}
    as_admin.post(f"/people/{vera.pk}/switch/")
    vera.refresh_from_db()
    assert vera.is_active
    as_admin.post(f"/people/{vera.pk}/switch/", {"to": "off"})
    assert client.get("/").status_code == 302
    assert log_in(Client()).status_code == 200
    assert client.get("/api/v1/executions", headers=bearer).status_code == 401
    as_admin.post(f"/people/{vera.pk}/switch/", {"to": "on"})
    assert client.get("/").status_code == 302, "its sessions have ended, and do not come back with it"
    assert log_in(Client()).status_code == 302
    assert client.get("/api/v1/executions", headers=bearer).status_code == 200


def test_lost_factors_are_removed_by_an_admin(client: Client, vera: User, as_admin: Client) -> None:
    set_up(client)
    assert "Remove them all" in as_admin.get(f"/people/{vera.pk}/").content.decode()
    as_admin.post(f"/people/{vera.pk}/factors/remove/")
    assert log_in(Client())["Location"] == "/"
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("what", ["sessions/end", "factors/remove", "switch"])
def test_nobody_does_this_to_themselves_or_to_who_is_above_them(
    as_admin: Client, admin: User, login: Any, what: str
) -> None:
    assert as_admin.post(f"/people/{admin.pk}/{what}/").status_code == 403
    helper = factories.user("admin")
    helper.is_superuser = False
    helper.save()
    factories.group("admin").permissions.add(Permission.objects.get(codename="change_user"))
    as_helper = login(helper)
    assert as_helper.post(f"/people/{factories.user('viewer').pk}/{what}/").status_code == 302
    assert as_helper.post(f"/people/{admin.pk}/{what}/").status_code == 403
    assert as_admin.post(f"/people/999999/{what}/").status_code == 404
    admin.refresh_from_db()
    assert admin.is_active
