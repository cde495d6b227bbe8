"""What is done to accounts is on record: by admins, by their owners, by single sign-on, in a terminal."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from executions.actions import tokens
from executions.models import ActionRecord, Scope
from tests import factories
from tests.provider import Provider
from tests.web.test_account import PASSWORD, log_in, set_up, vera
from tests.web.test_audit import exported, html, ids
from tests.web.test_scopes import teammate
from tests.web.test_sso import connected, idp, sso
from tests.web.test_sso import log_in as log_in_by_sso

__all__ = ["idp", "sso", "vera"]

pytestmark = [pytest.mark.web, pytest.mark.django_db]
Act = Callable[[Client, User], object]


def last() -> ActionRecord:
    found = ActionRecord.objects.order_by("-pk").first()
    assert found is not None
    return found


BY_ADMIN: dict[str, tuple[Act, str]] = {
    "end_sessions": (lambda client, vera: client.post(f"/people/{vera.pk}/sessions/end/"), "1 session ended."),
    "remove_factor": (lambda client, vera: client.post(f"/people/{vera.pk}/factors/remove/"), "All second factors"),
    "switch_off": (lambda client, vera: client.post(f"/people/{vera.pk}/switch/", {"to": "off"}), "1 session ended."),
    "switch_on": (lambda client, vera: client.post(f"/people/{vera.pk}/switch/", {"to": "on"}), ""),
}


@pytest.mark.parametrize("kind", BY_ADMIN)
def test_what_an_admin_does_to_an_account_is_on_record(
    as_admin: Client, admin: User, vera: User, client: Client, kind: str
) -> None:
    act, words = BY_ADMIN[kind]
    as_admin.defaults |= {"REMOTE_ADDR": "192.0.2.7", "HTTP_USER_AGENT": "a browser"}
    act(as_admin, vera)
    record = ActionRecord.objects.get()
    assert (record.kind, record.outcome) == (kind, "done")
    assert (record.user, record.username, record.person) == (admin, admin.username, vera)
    assert (record.address, record.user_agent) == ("192.0.2.7", "a browser")
    assert record.answer.startswith(f"Account vera. {words}".strip())


def change_password(client: Client, _: User) -> None:
    new = {"old_password": PASSWORD, "new_password1": "sieben-zwerge-1812", "new_password2": "sieben-zwerge-1812"}
    assert client.post("/account/password/", new).status_code == 302


def remove_the_app(client: Client, _: User) -> None:
    set_up(client)
    assert client.post("/account/app/remove/").status_code == 302


def revoke_a_token(client: Client, vera: User) -> None:
    made, _ = tokens.make(vera, name="the build", scopes=["read"], days=7, now=timezone.now())
    client.post(f"/tokens/{made.pk}/revoke/")


def log_in_elsewhere_and_end_that(client: Client, _: User) -> None:
    log_in(Client())
    client.post("/account/sessions/end-others/")


BY_ONESELF: dict[str, tuple[Act, str]] = {
    "end_sessions": (log_in_elsewhere_and_end_that, "1 session of their own ended."),
    "password": (change_password, "Their own; all other sessions ended."),
    "add_factor": (lambda client, _: set_up(client), "An authenticator app."),
    "remove_factor": (remove_the_app, "The authenticator app."),
    "make_token": (
        lambda client, _: client.post("/tokens/", {"name": "the build", "scopes": ["read"], "days": "7"}),
        "For the build, with read, until",
    ),
    "revoke_token": (revoke_a_token, "For the build."),
}


@pytest.mark.parametrize("kind", BY_ONESELF)
def test_what_somebody_does_to_their_own_account_is_on_record(client: Client, vera: User, kind: str) -> None:
    act, words = BY_ONESELF[kind]
    act(client, vera)
    found = ActionRecord.objects.filter(kind=kind, answer__startswith=f"Account vera. {words}").get()
    assert (found.user, found.username, found.person, found.outcome) == (vera, "vera", vera, "done")
    assert found.address == "127.0.0.1"


def test_no_record_holds_a_password_a_code_or_a_token(client: Client, vera: User) -> None:
    secret, codes = set_up(client)
    change_password(client, vera)
    page = client.post("/tokens/", {"name": "x", "scopes": ["read"], "days": "7"}).content.decode()
    token = page.split('id="token">')[1].split("<")[0]
    kept = json.dumps(list(ActionRecord.objects.values()), default=str)
    assert ActionRecord.objects.count() >= 3
    assert not [one for one in (secret, *codes, token, PASSWORD, "sieben-zwerge-1812") if one in kept]


@pytest.mark.parametrize(
    "act", ["/account/sessions/999999/end/", "/account/sessions/end-others/", "/tokens/999999/revoke/"]
)
def test_what_changed_nothing_is_not_on_record(client: Client, vera: User, act: str) -> None:
    client.post(act)
    assert not ActionRecord.objects.exists()


def test_single_sign_on_leaves_a_record_of_what_it_gives_and_takes(client: Client, sso: Provider) -> None:
    sso.knows("s-1", preferred_username="ada", groups=["on-call", "pay"])
    log_in_by_sso(client, sso, "s-1")
    ada = User.objects.get(username="ada")
    made, given = ActionRecord.objects.order_by("pk")
    assert (made.kind, made.person, made.user, made.username) == ("new_account", ada, None, "single sign-on")
    assert (given.kind, given.person, given.user, given.username) == ("groups", ada, None, "single sign-on")
    assert given.answer == "Account ada. Given: operator, payments."
    log_in_by_sso(Client(), sso, "s-1")
    assert ActionRecord.objects.count() == 2, "nothing has changed"
    User.objects.filter(pk=ada.pk).update(is_superuser=True)
    sso.knows("s-1", preferred_username="ada", groups=[])
    log_in_by_sso(Client(), sso, "s-1")
    assert last().answer == "Account ada. Taken: operator, payments. No superuser any more."
    assert last().address == "127.0.0.1"


def test_connecting_single_sign_on_to_an_account_is_on_record(client: Client, vera: User, sso: Provider) -> None:
    sso.knows("s-2", preferred_username="vera.v", groups=["on-call"])
    for _ in range(2):  # the second finds it connected
        client.get(sso.log_in(connected(client), "s-2").partition("testserver")[2])
    record = ActionRecord.objects.get()
    assert (record.kind, record.person, record.user) == ("tie", vera, vera)
    assert record.answer == "Account vera. By themselves, with a password and at Example Login."


def test_single_sign_on_is_connected_with_its_record_or_not_at_all(
    client: Client, vera: User, sso: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    sso.knows("s-2", preferred_username="vera.v", groups=["on-call"])
    back = sso.log_in(connected(client), "s-2").partition("testserver")[2]
    monkeypatch.setattr("dashboard.accounts.records.note", broken)
    with pytest.raises(RuntimeError):
        client.get(back)
    assert not SocialAccount.objects.exists()


def test_a_security_key_is_added_and_removed_on_record(client: Client, vera: User) -> None:
    options = client.get("/account/keys/new/", secure=True).context["js_data"]["creation_options"]
    form = {"name": "the blue one", "credential": json.dumps(new_key(options["publicKey"]))}
    assert client.post("/account/keys/new/", form, secure=True).status_code == 302
    [key] = Authenticator.objects.filter(type="webauthn")
    assert client.post(f"/account/keys/{key.pk}/remove/", secure=True).status_code == 302
    found = ActionRecord.objects.filter(answer="Account vera. A security key.").order_by("pk")
    assert [(one.kind, one.user, one.person) for one in found] == [
        ("add_factor", vera, vera),
        ("remove_factor", vera, vera),
    ]


def new_key(asked: dict[str, Any]) -> dict[str, Any]:
    """What a browser at https://testserver answers once a new key was touched."""
    said = CollectedClientData.create(type="webauthn.create", challenge=asked["challenge"], origin="https://testserver")
    public = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    made = AttestedCredentialData.create(Aaguid.NONE, b"a key", public)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    about = AuthenticatorData.create(hashlib.sha256(b"testserver").digest(), flags, 0, made)
    response = {
        "clientDataJSON": websafe_encode(said),
        "attestationObject": websafe_encode(AttestationObject.create("none", about, {})),
    }
    name = websafe_encode(b"a key")
    return {"id": name, "rawId": name, "type": "public-key", "response": response}


def test_the_terminal_leaves_records_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("viewer", "admin"):
        factories.group(role)
    monkeypatch.setattr("executions.management.commands.user.Command._password", lambda *_: PASSWORD)
    call_command("scope", "payments", "--functions", "checkout-*", "--see-only")
    call_command("user", "ada", "--role", "viewer", "--team", "payments")
    call_command("user", "ada", "--role", "viewer")
    call_command("user", "ada", "--role", "admin")
    call_command("scope", "payments", "--functions", "checkout-*", "--remove")
    assert list(ActionRecord.objects.order_by("pk").values_list("username", "kind", "answer")) == [
        ("manage.py", "scope", "Team payments. checkout-* in *, to see."),
        ("manage.py", "new_account", "Account ada."),
        ("manage.py", "groups", "Account ada. Given: payments, viewer."),
        ("manage.py", "groups", "Account ada. Given: admin. Taken: viewer. A superuser from now on."),
        ("manage.py", "scope", "Team payments. No longer checkout-* in *."),
    ]
    assert not Scope.objects.exists()
    assert ActionRecord.objects.filter(group=Group.objects.get(name="payments")).count() == 2


def test_the_page_the_exports_and_the_api_show_them(
    as_admin: Client, as_operator: Client, operator: User, vera: User
) -> None:
    as_admin.post(f"/people/{vera.pk}/switch/", {"to": "off"})
    factories.action()
    record = ActionRecord.objects.get(kind="switch_off")
    page = html(as_operator, "/audit/?what=switch_off")
    assert ids(page) == [record.pk] and "switched an account off" in page and "Account vera." in page
    assert ids(html(as_operator, "/audit/?account=vera")) == [record.pk]
    assert ids(html(as_operator, "/audit/?account=ver")) == []
    [row] = json.loads(exported(as_operator, "/audit.json?account=vera"))
    assert (row["what"], row["account"], row["request"]) == ("switch_off", "vera", {"Account": "vera"})
    assert "switch_off,,,vera," in exported(as_operator, "/audit.csv?account=vera")
    _, token = tokens.make(operator, name="x", scopes=["audit"], days=7, now=timezone.now())
    listed = as_operator.get("/api/v1/actions", headers={"Authorization": f"Bearer {token}"}).json()["actions"]
    assert "Account vera. 1 session ended." in [one["answer"] for one in listed]


def test_who_is_limited_to_a_team_sees_of_accounts_only_their_own(as_admin: Client, client: Client, vera: User) -> None:
    reader = teammate("checkout-*")
    for person in (vera, reader):
        as_admin.post(f"/people/{person.pk}/sessions/end/")
    client.force_login(reader)
    mine = ActionRecord.objects.get(person=reader)
    assert ids(html(client)) == [mine.pk]
    assert ids(html(client, "/audit/?account=vera")) == []
    assert [row["account"] for row in json.loads(exported(client, "/audit.json"))] == [reader.username]


def test_a_change_that_fails_leaves_no_record_and_a_record_that_fails_no_change(
    as_admin: Client, vera: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("dashboard.accounts.records.note", broken)
    with pytest.raises(RuntimeError):
        as_admin.post(f"/people/{vera.pk}/switch/", {"to": "off"})
    vera.refresh_from_db()
    assert vera.is_active
