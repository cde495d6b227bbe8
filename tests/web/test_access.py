"""Who may open what: the permission matrix against the URLs, and login."""

import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, reverse

from dashboard import urls
from dashboard.access import ANYBODY, BEARER, LINK, MATRIX, PUBLIC
from executions.actions.permissions import ROLES
from tests import factories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]

NAMES = [pattern.name for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)]
ROUTES = {pattern.name: str(pattern.pattern) for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)}


def address(name: str, execution_id: int = 1, callback_id: int = 1) -> str:
    values: dict[str, Any] = {
        "execution_id": execution_id,
        "callback_id": callback_id,
        "other_id": 1,
        "function_id": 1,
        "event_id": 1,
        "bulk_id": 1,
        "operation_id": "op",
        "text": "arn:x",
        "token_id": 1,
        "token": "no-such-token",
        "link_id": 1,
        "session_id": 1,
        "user_id": 1,
        "pk": 1,
        "name": "some-form",
        "rule_id": 1,
        "delivery_id": 1,
        "channel": "slack",
    }
    return reverse(name, kwargs={key: values[key] for key in re.findall(r":(\w+)>", ROUTES[name])})


def test_every_url_has_a_row_in_the_matrix_and_every_row_a_url() -> None:
    assert set(NAMES) == set(MATRIX)


def test_the_groups_that_the_migration_makes_have_what_their_roles_say() -> None:
    import_module("executions.migrations.0002_roles").make_roles(apps, None)
    import_module("executions.migrations.0007_notices").grant(apps, None)
    for role, permissions in ROLES.items():
        group = Group.objects.get(name=role)
        assert {f"executions.{permission.codename}" for permission in group.permissions.all()} == set(permissions)


@pytest.mark.parametrize("name", [name for name in NAMES if MATRIX[name] not in (PUBLIC, BEARER)])
def test_nothing_but_public_urls_opens_before_login(client: Client, name: str) -> None:
    answer = client.get(address(name))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=")


@pytest.mark.parametrize("name", [name for name in NAMES if MATRIX[name] not in (PUBLIC, ANYBODY, BEARER, LINK)])
def test_somebody_without_a_role_is_refused_everywhere(client: Client, name: str) -> None:
    client.force_login(factories.user(""))
    assert client.get(address(name)).status_code == 403


ACTIONS = [
    *("stop", "pause", "resume", "delete", "callback-preview", "callback-heartbeat"),
    *("share", "share-revoke"),
]


@pytest.mark.parametrize("name", [*ACTIONS, "audit", "shares"])
def test_a_viewer_can_neither_act_nor_read_the_audit(client: Client, name: str) -> None:
    callback = factories.callback()
    client.force_login(factories.user("viewer"))
    url = address(name, callback.execution_id, callback.pk)
    assert client.get(url).status_code == 403
    assert client.post(url).status_code == 403


def test_a_page_that_was_asked_for_before_login_is_shown_after_it(client: Client) -> None:
    factories.user("viewer", "vera")
    asked = "/executions/?status=FAILED&name=a%26b"
    login_page = client.get(asked, follow=True)
    where = login_page.redirect_chain[-1][0]
    answer = client.post(where, {"username": "vera", "password": "a password"}, follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain == [(asked, 302)]


def test_login_never_leads_to_another_host(client: Client) -> None:
    factories.user("viewer", "vera")
    answer = client.post("/login/?next=https://evil.example/", {"username": "vera", "password": "a password"})
    assert answer["Location"] == "/"


def test_a_wrong_password_says_so_and_keeps_where_to_go(client: Client) -> None:
    answer = client.post("/login/?next=/functions/", {"username": "nobody", "password": "x"})
    assert answer.status_code == 200
    assert "/functions/" in answer.content.decode()
    assert b'role="alert"' in answer.content or b"error" in answer.content


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {"Accept": "text/event-stream"}])
def test_a_fragment_asked_for_after_the_session_ended_is_refused_in_words_and_leaves_its_page_alone(
    client: Client, headers: dict[str, str]
) -> None:
    answer = client.get("/executions/table/", headers=headers)
    assert answer.status_code == 401
    assert not [name for name in answer.headers if name.startswith("HX-")]
    assert answer["Content-Type"] == "text/plain" and answer.content == b"You are logged out."


def test_no_cache_shows_a_page_to_somebody_else_and_none_keeps_what_is_taken_away(as_admin: Client) -> None:
    execution = stored.execution(stored.wire("coffee_accept"))
    one = f"/executions/{execution.pk}/"
    for path in ("/", one, f"{one}payloads/", f"{one}stop/", f"{one}share/", f"{one}events/1/", "/inbox/", "/healthz"):
        answer = as_admin.get(path)
        assert answer["Cache-Control"] == ("no-store" if "share" in path else "private, no-cache"), path
        assert "HX-Request" in answer["Vary"], path
    for path in (f"{one}events/1/payload/", f"{one}events/1/explore/", f"{one}history.json", f"{one}report.html"):
        assert "no-store" in as_admin.get(path)["Cache-Control"], path
    for path in ("/audit.csv", "/audit.json", f"{one}events/1/reveal/"):
        assert "no-store" in as_admin.get(path)["Cache-Control"], path


def test_logging_out_takes_a_post(client: Client) -> None:
    client.force_login(factories.user("viewer"))
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").status_code == 302
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "name",
    [
        *ACTIONS,
        "callback-answer",
        "bulk-new",
        "bulk-stop",
        "bulk-again",
        "start",
        "prepare",
        "forget",
        "login",
        "logout",
    ],
)
def test_every_post_needs_a_csrf_token(name: str) -> None:
    callback = factories.callback()
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.user("admin"))
    assert client.post(address(name, callback.execution_id, callback.pk), {"token": "x"}).status_code == 403


def test_the_shell_keeps_its_age_and_counts_fresh(client: Client) -> None:
    factories.callback(factories.execution())
    client.force_login(factories.user("viewer"))
    fragment = client.get("/shell/", headers={"HX-Request": "true"}).content.decode()
    assert 'id="age"' in fragment and "mirrored" in fragment and "<html" not in fragment
    assert re.search(r'data-count="inbox"[^>]*>1<', fragment)


def test_a_page_that_back_restores_has_its_navigation(client: Client) -> None:
    client.force_login(factories.user("viewer"))
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert b'aria-label="Main"' in client.get("/executions/", headers=headers).content


def test_health_is_public_and_says_ok(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").status_code == 200


def test_an_unknown_address_is_a_404_page_with_a_way_back(client: Client) -> None:
    client.force_login(factories.user("viewer"))
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert b'href="/' in answer.content


def test_pages_carry_a_strict_policy_and_load_nothing_from_elsewhere(client: Client) -> None:
    client.force_login(factories.user("viewer"))
    answer = client.get("/")
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";" and "unsafe" not in policy
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    page = answer.content.decode()
    assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1)[^"]*\.(?:js|css|woff2|svg|png)', page)
    assert not re.findall(r"<[^>]+\s(?:style|on\w+)=", page)
