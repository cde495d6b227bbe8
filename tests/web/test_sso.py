"""Single sign-on against a real provider over HTTP: who is let in, as what, and what is said otherwise."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client

from dashboard.accounts.oidc import Endpoints
from dashboard.accounts.sso import claims_of
from executions.models import Scope
from tests import factories, provider
from tests.provider import Provider

pytestmark = [pytest.mark.web, pytest.mark.django_db]


@pytest.fixture(scope="module")
def idp() -> Iterator[Provider]:
    with provider.running() as running:
        yield running


@pytest.fixture
def sso(idp: Provider, settings: Any, db: Any) -> Provider:
    """Configured, with the roles and a team there."""
    provider.configure(settings, idp.issuer)
    for role in ("viewer", "operator", "approver", "admin"):
        factories.group(role)
    Scope.objects.create(group=Group.objects.create(name="payments"), functions="checkout-*")
    return idp


def begin(client: Client, following: str = "") -> str:
    """-> the address at the provider to which the browser is sent."""
    answer = client.get("/login/sso/", {"next": following} if following else {})
    assert answer.status_code == 302
    return str(answer["Location"])


def log_in(client: Client, idp: Provider, subject: str, following: str = "") -> Any:
    back = urlsplit(idp.log_in(begin(client, following), subject))
    assert back.path == "/login/sso/callback/"
    return client.get(f"{back.path}?{back.query}")


def groups(name: str) -> set[str]:
    return {group.name for group in User.objects.get(username=name).groups.all()}


def said(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode()).replace("&#x27;", "'")


def test_who_is_sent_by_the_provider_is_let_in_as_what_their_groups_say(client: Client, sso: Provider) -> None:
    sso.knows("s-1", preferred_username="ada", name="Ada Lovelace", email="ada@example.com", groups=["on-call", "pay"])
    answer = log_in(client, sso, "s-1")
    assert answer.status_code == 302
    assert client.get("/").status_code == 200
    ada = User.objects.get(username="ada")
    assert groups("ada") == {"operator", "payments"}
    assert (ada.get_full_name(), ada.email, ada.is_superuser) == ("Ada Lovelace", "ada@example.com", False)
    assert not ada.has_usable_password()


def test_the_request_to_the_provider_has_a_state_and_a_code_challenge_and_our_address(
    client: Client, sso: Provider
) -> None:
    asked = parse_qs(urlsplit(begin(client)).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["code_challenge"] and asked["state"]
    assert asked["redirect_uri"] == ["http://testserver/login/sso/callback/"]
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}


def test_a_deep_link_with_its_query_opens_after_single_sign_on(client: Client, sso: Provider) -> None:
    sso.knows("s-1", preferred_username="ada", groups=["on-call"])
    asked = "/executions/?status=FAILED&name=a%26b"
    login_page = client.get(asked, follow=True)
    [start] = re.findall(r'href="(/login/sso/\?next=[^"]+)"', login_page.content.decode())
    back = urlsplit(sso.log_in(client.get(start.replace("&amp;", "&"))["Location"], "s-1"))
    answer = client.get(f"{back.path}?{back.query}", follow=True)
    assert answer.redirect_chain == [(asked, 302)]
    assert answer.status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)"])
def test_single_sign_on_never_leads_to_another_host(client: Client, sso: Provider, elsewhere: str) -> None:
    sso.knows("s-1", preferred_username="ada", groups=["on-call"])
    assert log_in(client, sso, "s-1", elsewhere)["Location"] == "/"


def test_groups_are_brought_up_to_date_at_each_login_and_taken_away_with_the_claim(
    client: Client, sso: Provider
) -> None:
    sso.knows("s-1", preferred_username="ada", groups=["root", "pay"])
    log_in(client, sso, "s-1")
    assert groups("ada") == {"admin", "payments"}
    assert User.objects.get(username="ada").is_superuser
    sso.knows("s-1", preferred_username="ada", groups=["board"])
    log_in(Client(), sso, "s-1")
    assert groups("ada") == {"approver"}
    assert not User.objects.get(username="ada").is_superuser


def test_a_team_that_the_provider_does_not_give_stays(client: Client, sso: Provider) -> None:
    sso.knows("s-1", preferred_username="ada", groups=["on-call"])
    log_in(client, sso, "s-1")
    User.objects.get(username="ada").groups.add(Group.objects.create(name="decides on refunds"))
    log_in(Client(), sso, "s-1")
    assert groups("ada") == {"operator", "decides on refunds"}


def test_a_role_that_was_given_here_goes_at_the_next_login(client: Client, sso: Provider) -> None:
    sso.knows("s-1", preferred_username="ada", groups=["on-call"])
    log_in(client, sso, "s-1")
    User.objects.get(username="ada").groups.add(factories.group("viewer"))
    log_in(Client(), sso, "s-1")
    assert groups("ada") == {"operator"}


@pytest.mark.parametrize("claims", [{}, {"groups": []}, {"groups": ["pay"]}, {"groups": 7}, {"groups": {"on-call": 1}}])
def test_without_a_group_that_has_a_role_nobody_is_made_or_let_in(
    client: Client, sso: Provider, claims: dict[str, Any]
) -> None:
    sso.knows("s-2", preferred_username="eve", **claims)
    answer = log_in(client, sso, "s-2")
    assert answer.status_code == 403
    assert "no group of yours there has a role here" in said(answer)
    assert not User.objects.filter(username="eve").exists()
    assert client.get("/").status_code == 302


def test_who_has_lost_every_group_loses_their_roles_here_and_their_open_sessions_show_nothing(
    client: Client, sso: Provider
) -> None:
    sso.knows("s-1", preferred_username="ada", groups=["root"])
    log_in(client, sso, "s-1")
    sso.knows("s-1", preferred_username="ada", groups=[])
    assert log_in(Client(), sso, "s-1").status_code == 403
    assert groups("ada") == set()
    assert not User.objects.get(username="ada").is_superuser
    assert client.get("/").status_code == 403


def test_a_team_that_does_not_exist_here_lets_nobody_in_who_would_see_everything(client: Client, sso: Provider) -> None:
    Group.objects.filter(name="payments").delete()
    sso.knows("s-1", preferred_username="ada", groups=["on-call", "pay"])
    answer = log_in(client, sso, "s-1")
    assert answer.status_code == 403
    assert "the team payments" in said(answer)
    assert not User.objects.filter(username="ada").exists()


def test_a_star_stands_for_whoever_the_provider_lets_in(client: Client, sso: Provider, settings: Any) -> None:
    provider.configure(settings, sso.issuer, OIDC_GROUPS="*=viewer; cn=ops,ou=it=operator")
    sso.knows("s-1", preferred_username="ada")
    log_in(client, sso, "s-1")
    assert groups("ada") == {"viewer"}
    sso.knows("s-1", preferred_username="ada", groups="cn=ops,ou=it")
    log_in(Client(), sso, "s-1")
    assert groups("ada") == {"viewer", "operator"}


def test_a_claim_may_lie_deeper(client: Client, sso: Provider, settings: Any) -> None:
    provider.configure(settings, sso.issuer, OIDC_GROUPS_CLAIM="realm_access.roles")
    sso.knows("s-1", preferred_username="ada", realm_access={"roles": ["board"]})
    log_in(client, sso, "s-1")
    assert groups("ada") == {"approver"}


@pytest.mark.parametrize("name", ["root-admin", "Root-Admin"])
def test_a_name_never_leads_to_an_account_that_exists(client: Client, sso: Provider, name: str) -> None:
    factories.user("admin", "root-admin")
    sso.knows("s-3", preferred_username=name, groups=["on-call"])
    answer = log_in(client, sso, "s-3")
    assert answer.status_code == 403
    assert "There is an account" in said(answer) and "connect it" in said(answer)
    assert client.get("/").status_code == 302
    assert not SocialAccount.objects.exists()


def test_a_renamed_person_stays_the_same_account(client: Client, sso: Provider) -> None:
    sso.knows("s-1", preferred_username="ada", groups=["on-call"])
    log_in(client, sso, "s-1")
    sso.knows("s-1", preferred_username="ada.king", groups=["on-call"])
    log_in(Client(), sso, "s-1")
    assert [user.username for user in User.objects.all()] == ["ada"]


def test_the_same_subject_of_another_issuer_is_somebody_else(client: Client, sso: Provider, settings: Any) -> None:
    sso.knows("s-1", preferred_username="ada", groups=["root"])
    log_in(client, sso, "s-1")
    with provider.running() as other:
        provider.configure(settings, other.issuer)
        other.knows("s-1", preferred_username="mallory", groups=["on-call"])
        log_in(Client(), other, "s-1")
    assert groups("mallory") == {"operator"}
    assert groups("ada") == {"admin"}


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"email": "ada@example.com"}, "ada@example.com"),
        ({"preferred_username": "a b<script>", "email": "ada@example.com"}, "ada@example.com"),
        ({"preferred_username": "x" * 200}, "s-4"),
        ({"preferred_username": 7}, "s-4"),
    ],
)
def test_a_name_that_cannot_be_used_is_replaced(
    client: Client, sso: Provider, claims: dict[str, Any], name: str
) -> None:
    sso.knows("s-4", groups=["on-call"], **claims)
    log_in(client, sso, "s-4")
    assert User.objects.get().username == name


def test_an_account_that_is_switched_off_stays_out(client: Client, sso: Provider) -> None:
    sso.knows("s-1", preferred_username="ada", groups=["on-call"])
    log_in(client, sso, "s-1")
    User.objects.update(is_active=False)
    other = Client()
    answer = log_in(other, sso, "s-1")
    assert answer.status_code == 403 and "switched off" in said(answer)
    assert other.get("/").status_code == 302


def connected(client: Client) -> str:
    """Who is logged in connects single sign-on to their account; -> where they are led at the provider."""
    asked = client.post("/account/connect/")
    assert asked["Location"].startswith("/account/confirm/?next=")
    assert client.post(asked["Location"], {"password": "a password"})["Location"] == "/account/connect/"
    assert "/login/sso/?connect" in client.get("/account/connect/").content.decode()
    return client.get("/login/sso/?connect")["Location"]


def test_connecting_takes_a_button_a_confirmation_each_time_and_works_once(client: Client, sso: Provider) -> None:
    factories.user("viewer", "ada")
    client.post("/login/", {"username": "ada", "password": "a password"})
    assert client.get("/login/sso/?connect")["Location"] == "/", "a link from elsewhere connects nothing"
    client.post("/account/connect/")
    assert client.get("/account/connect/")["Location"] == "/account/", "the login a moment ago is not enough"
    assert client.get("/login/sso/?connect")["Location"] == "/"
    assert connected(client).startswith(sso.issuer)
    assert client.get("/login/sso/?connect")["Location"] == "/"


def test_somebody_with_a_password_connects_single_sign_on_to_their_account(client: Client, sso: Provider) -> None:
    factories.user("viewer", "ada")
    client.post("/login/", {"username": "ada", "password": "a password"})
    assert "Connect Example Login" in client.get("/account/").content.decode()
    sso.knows("s-9", preferred_username="ada", groups=["board"])
    back = urlsplit(sso.log_in(connected(client), "s-9"))
    assert client.get(f"{back.path}?{back.query}")["Location"] == "/account/"
    log_in(Client(), sso, "s-9")
    assert groups("ada") == {"approver"}
    assert "or Example Login" in said(client.get("/account/"))


def test_who_stays_long_at_the_provider_connects_nothing(
    client: Client, sso: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.user("viewer", "ada")
    client.post("/login/", {"username": "ada", "password": "a password"})
    sso.knows("s-9", preferred_username="ada", groups=["board"])
    back = urlsplit(sso.log_in(connected(client), "s-9"))
    monkeypatch.setattr("dashboard.accounts.sso.RECENT", 0.0)
    answer = client.get(f"{back.path}?{back.query}")
    assert answer.status_code == 403 and "Connect again" in said(answer)
    assert not SocialAccount.objects.exists()


def test_an_identity_that_belongs_to_somebody_cannot_be_connected_to_another(client: Client, sso: Provider) -> None:
    sso.knows("s-1", preferred_username="ada", groups=["root"])
    log_in(Client(), sso, "s-1")
    factories.user("viewer", "eve")
    client.post("/login/", {"username": "eve", "password": "a password"})
    back = urlsplit(sso.log_in(connected(client), "s-1"))
    page = client.get(f"{back.path}?{back.query}", follow=True)
    assert "belongs to another account" in said(page)
    assert SocialAccount.objects.get().user.username == "ada"


def test_an_admin_ties_an_account_to_a_subject_in_a_terminal(client: Client, sso: Provider) -> None:
    factories.user("viewer", "ada")
    call_command("user", "ada", "--role", "viewer", "--sso", "s-8")
    call_command("user", "grace", "--role", "viewer", "--sso", "s-7")
    with pytest.raises(CommandError, match="belongs to ada"):
        call_command("user", "grace", "--role", "viewer", "--sso", "s-8")
    sso.knows("s-8", preferred_username="somebody", groups=["board"])
    log_in(client, sso, "s-8")
    assert groups("ada") == {"approver"}
    assert not User.objects.get(username="grace").has_usable_password()


def test_a_second_factor_is_asked_of_who_came_by_password_and_left_to_the_provider_of_others(
    client: Client, sso: Provider, settings: Any
) -> None:
    settings.MFA_REQUIRED = frozenset({"local"})
    factories.user("viewer", "ada")
    call_command("user", "ada", "--role", "viewer", "--sso", "s-8")
    sso.knows("s-8", preferred_username="ada", groups=["on-call"])
    log_in(client, sso, "s-8")
    assert client.get("/").status_code == 200
    other = Client()
    other.post("/login/", {"username": "ada", "password": "a password"})
    assert other.get("/")["Location"] == "/account/app/"


# --- what the provider gets wrong ---


def test_what_the_provider_refuses_is_said_with_a_way_back_to_the_deep_link(client: Client, sso: Provider) -> None:
    back = urlsplit(sso.deny(begin(client, "/functions/?x=1")))
    answer = client.get(f"{back.path}?{back.query}")
    assert answer.status_code == 403
    assert "Example Login did not let you in" in said(answer)
    assert 'href="/login/?next=%2Ffunctions%2F%3Fx%3D1"' in said(answer)


@pytest.mark.parametrize("query", ["", "code=x", "code=x&state=never-given", "error=server_error", "state=%00", "x=1"])
def test_an_address_that_no_login_leads_to_is_explained(client: Client, sso: Provider, query: str) -> None:
    answer = client.get(f"/login/sso/callback/?{query}")
    assert answer.status_code in (400, 403)
    assert "You are not logged in" in said(answer) and "Try again" in said(answer)


def test_words_in_the_address_are_not_shown(client: Client, sso: Provider) -> None:
    answer = client.get("/login/sso/callback/?error=call-this-number&error_description=call-this-number")
    assert "call-this-number" not in said(answer)


def test_a_code_works_once_and_only_in_the_browser_that_began(client: Client, sso: Provider) -> None:
    sso.knows("s-1", preferred_username="ada", groups=["on-call"])
    back = urlsplit(sso.log_in(begin(client), "s-1"))
    stolen = Client().get(f"{back.path}?{back.query}")
    assert stolen.status_code == 400 and "begun in another browser" in said(stolen)
    assert client.get(f"{back.path}?{back.query}").status_code == 302
    client.post("/logout/")
    assert client.get(f"{back.path}?{back.query}").status_code == 400


def test_a_wrong_code_is_refused_by_the_provider_and_said(client: Client, sso: Provider) -> None:
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    answer = client.get("/login/sso/callback/", {"code": "wrong", "state": state})
    assert answer.status_code == 502
    assert "gave an answer that cannot be used" in said(answer)


def test_a_provider_that_is_away_is_said(client: Client, sso: Provider, settings: Any) -> None:
    provider.configure(settings, "http://127.0.0.1:9")
    answer = client.get("/login/sso/?next=/functions/")
    assert answer.status_code == 502
    assert "Example Login could not be reached" in said(answer)
    assert "next=%2Ffunctions%2F" in said(answer)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"issuer": "https://another.example", "authorization_endpoint": "https://another.example/authorize"},
        {},
        "issuer",
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
)
def test_a_discovery_document_that_cannot_be_right_is_not_followed(
    client: Client, sso: Provider, monkeypatch: pytest.MonkeyPatch, document: Any
) -> None:
    if isinstance(document, dict) and "authorization_endpoint" in document:
        document = {"issuer": sso.issuer, "token_endpoint": sso.issuer, "userinfo_endpoint": sso.issuer, **document}

    class Answer:
        def raise_for_status(self) -> None: ...

        def json(self) -> Any:
            return document

    monkeypatch.setattr("requests.Session.get", lambda *_, **__: Answer())
    answer = client.get("/login/sso/")
    assert answer.status_code == 502
    assert "cannot be used" in said(answer)


WRONG_TOKENS: dict[str, dict[str, Any]] = {
    "as it came": {},
    "expired": {"exp": 1_700_000_000},
    "for another client": {"aud": "another-client"},
    "of another issuer": {"iss": "https://another.example"},
    "of another person than the claims": {"sub": "s-2"},
}


@pytest.mark.parametrize("how", WRONG_TOKENS)
def test_an_id_token_that_is_not_for_this_login_lets_nobody_in(
    client: Client, sso: Provider, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    asked = Endpoints.get_access_token_data

    def tampered(self: Any, *args: Any, **kwargs: Any) -> Any:
        data = asked(self, *args, **kwargs)
        claims = jwt.decode(data["id_token"], options={"verify_signature": False}) | WRONG_TOKENS[how]
        return {**data, "id_token": jwt.encode(claims, "x" * 32, algorithm="HS256")}

    sso.knows("s-1", preferred_username="ada", groups=["on-call"])
    monkeypatch.setattr(Endpoints, "get_access_token_data", tampered)
    answer = log_in(client, sso, "s-1")
    let_in = how == "as it came"
    assert answer.status_code == (302 if let_in else 403 if "person" in how else 502)
    assert User.objects.filter(username="ada").exists() == let_in


# --- without passwords, and without single sign-on ---


def test_where_local_accounts_are_off_no_password_is_asked_or_taken(
    client: Client, sso: Provider, settings: Any
) -> None:
    vera = factories.user("viewer", "vera")
    client.post("/login/", {"username": "vera", "password": "a password"})
    assert client.get("/").status_code == 200
    provider.configure(settings, sso.issuer, local=False)
    assert client.get("/").status_code == 302, "a session that began with a password has ended"
    page = said(client.get("/login/"))
    assert "password" not in page.lower() and "Log in with Example Login" in page
    answer = client.post("/login/", {"username": "vera", "password": "a password"})
    assert answer.status_code == 403 and "switched off" in said(answer)
    assert client.get("/").status_code == 302
    sso.knows("s-1", preferred_username="ada", groups=["on-call"])
    log_in(client, sso, "s-1")
    assert client.get("/").status_code == 200
    assert client.get("/account/password/").status_code == 404
    assert vera.is_active


def test_without_a_provider_there_is_no_single_sign_on(client: Client) -> None:
    assert client.get("/login/sso/").status_code == 404
    assert client.get("/login/sso/callback/?code=x&state=y").status_code == 404
    assert "/login/sso/" not in client.get("/login/").content.decode()


def test_starting_again_and_again_is_slowed_down(client: Client, sso: Provider) -> None:
    codes = {client.get("/login/sso/").status_code for _ in range(61)}
    assert codes == {302, 429}


@pytest.mark.parametrize("teller", ["id_token", "userinfo"])
def test_a_claim_counts_wherever_the_provider_tells_it(teller: str) -> None:
    told: dict[str, dict[str, Any]] = {"id_token": {"sub": "s-1"}, "userinfo": {"sub": "s-1"}}
    told[teller]["groups"] = ["on-call"]
    assert claims_of(told) == {"sub": "s-1", "groups": ["on-call"]}
