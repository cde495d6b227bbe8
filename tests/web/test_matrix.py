"""Every URL by every method for everybody, generated from the URLconf: who gets in, who is turned away and how.

What a URL needs is its row in dashboard/access.py; that it takes POST is said here. A URL that is in neither fails.
"""

import re
import uuid
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dashboard.access import ANYBODY, BEARER, LINK, MATRIX, PUBLIC
from executions.actions import bulk
from executions.actions.permissions import ROLES
from executions.actions.records import Actor
from executions.models import Callback, DecisionForm, Delivery, Execution, Scope
from executions.notices import sending
from executions.notices.sending import End, Outcome
from tests import factories
from tests.web.test_access import NAMES, ROUTES, address
from tests.web.test_audit import whole

pytestmark = [pytest.mark.web, pytest.mark.django_db]

ROLE_NAMES = ("viewer", "operator", "approver", "admin")
METHODS = ("get", "head", "put", "patch", "delete", "options", "post")
"""POST comes last: it may log somebody out."""
FORMS = {
    *("login", "account_login", "mfa_authenticate"),
    *("password", "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"),
    *("mfa_activate_totp", "mfa_deactivate_totp", "mfa_add_webauthn", "mfa_remove_webauthn"),
    *("mfa_generate_recovery_codes", "tokens", "share", "sso-connect", "forget"),
    *("start", "stop", "pause", "resume", "delete", "bulk-new", "execution-reveal", "audit-exact"),
    *("callback-answer", "callback-claim", "callback-release", "callback-heartbeat"),
    *(
        "inbox-together",
        "decision-new",
        "decision",
        "notice-new",
        "notice-rule",
        "notice-remove",
        "import",
        "import-remove",
    ),
}
"""Pages with a form that is sent to their own address: GET and POST."""
BUTTONS = {
    *("logout", "token-revoke", "session-end", "sessions-end", "share-revoke", "prepare"),
    *("decision-remove", "describe", "execution-read"),
    *("notice-again", "notice-test", "notice-secret"),
    *("callback-preview", "person-sessions-end", "person-factors-remove", "person-switch", "bulk-stop", "bulk-again"),
}
"""What is only sent: POST. Whatever is in neither only reads."""
SECRET = "their secret order"


def takes(name: str, method: str) -> bool:
    if name in BUTTONS:
        return method == "post"
    return method in ("get", "head") or (method == "post" and name in FORMS)


@dataclass(frozen=True)
class World:
    """An execution with an open callback, and everybody's browser by role: also "anonymous", "nobody" without a role,
    and "other team": with every permission, but for functions of another name.
    """

    callback: Callback
    browsers: dict[str, Client]
    other: Any

    def url(self, name: str) -> str:
        execution = self.callback.execution
        made = address(name, execution.pk, self.callback.pk)
        return made.replace("/functions/1/", f"/functions/{execution.function_id}/")


@pytest.fixture(autouse=True)
def _streams_leave_the_test_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.views.live.connections", SimpleNamespace(close_all=lambda: None))


@pytest.fixture
def world(db: Any, settings: Any) -> World:
    settings.AXES_ENABLED = False  # its count of wrong passwords and share links is another test's subject
    callback = factories.callback(factories.execution(factories.function("roast-beans"), name=SECRET))
    browsers = {role: Client() for role in ("anonymous", "nobody", *ROLE_NAMES, "other team")}
    for role in ROLE_NAMES:
        browsers[role].force_login(factories.user(role))
    browsers["nobody"].force_login(factories.user(""))
    browsers["other team"].force_login(other := other_team())
    return World(callback, browsers, other)


def other_team() -> Any:
    person = factories.user("approver")
    group = Group.objects.create(name="checkout")
    Scope.objects.create(group=group, functions="checkout-*")
    person.groups.add(group, factories.group("admin"))
    return person


def may(role: str, needed: str) -> bool:
    """A superuser, as our admins are, may do everything."""
    return needed in (PUBLIC, ANYBODY, LINK) or role == "admin" or needed in ROLES.get(role, ())


@pytest.mark.parametrize("name", NAMES)
def test_who_gets_in(world: World, name: str) -> None:
    for method in METHODS:
        for role in ("anonymous", "nobody", *ROLE_NAMES):
            check(world, name, method, role)


def check(world: World, name: str, method: str, role: str) -> None:
    needed = MATRIX[name]
    answer = getattr(world.browsers[role], method)(world.url(name))
    asked_to_log_in = answer.status_code == 302 and answer["Location"].startswith("/login/?next=")
    where = f"{method} {name} as {role}: {answer.status_code}"
    if needed == BEARER:
        assert answer.status_code == 404, where
    elif role == "anonymous" and needed != PUBLIC:
        assert asked_to_log_in, where
    elif not may(role, needed):
        assert answer.status_code == 403, where
    elif not takes(name, method):
        assert answer.status_code in (404, 405) or (method == "options" and answer.status_code == 200), where
    else:
        assert answer.status_code not in (401, 405) and not asked_to_log_in, where
        assert answer.status_code < 500 or (answer.status_code == 503 and name == "history-json"), where  # AWS is away


OF_THEIRS = [name for name in NAMES if "execution_id" in ROUTES[name] or "function_id" in ROUTES[name]]
OF_THEIRS += ["inbox-callback", "share-revoke"]
BY_ID = [name for name in NAMES if any(part in ROUTES[name] for part in ("bulk_id", "rule_id", "delivery_id"))]
LISTS = [name for name in NAMES if "<" not in ROUTES[name] and name not in BUTTONS]


@pytest.mark.parametrize("name", OF_THEIRS)
def test_what_is_another_teams_is_not_there(world: World, name: str) -> None:
    link = factories.share_link(world.callback.execution)
    url = world.url(name).replace("share-links/1/", f"share-links/{link.pk}/")
    for method in METHODS:
        answer = getattr(world.browsers["other team"], method)(url)
        assert answer.status_code == 404 or (answer.status_code == 405 and not takes(name, method)), method
        assert SECRET not in answer.content.decode()
    link.refresh_from_db()
    assert link.revoked_at is None


@pytest.mark.parametrize("name", BY_ID)
def test_what_another_team_made_is_there_for_its_own_alone(
    world: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "send", lambda *_: Outcome(End.SENT, "taken"))
    rule, now = factories.notice_rule(name=SECRET, group=factories.team("roasters", "roast-*")), timezone.now()
    message = Delivery.objects.create(rule=rule, key=uuid.uuid4(), state="failed", due_at=now, created_at=now)
    maker = factories.user("admin", "ada")
    actor = Actor(user=maker, address=None, token=uuid.uuid4(), reason=SECRET)
    theirs = bulk.able(maker, "stop", Execution.objects.all())
    made = bulk.begin(actor, "stop", theirs, options={}, chosen="", now=now)
    numbers = {"bulk_id": made.pk, "rule_id": rule.pk, "delivery_id": message.pk}
    url = re.sub(r"/1/", f"/{next(pk for key, pk in numbers.items() if key in ROUTES[name])}/", world.url(name))
    for method in METHODS:
        answer = getattr(world.browsers["other team"], method)(url)
        assert answer.status_code == 404 or (answer.status_code == 405 and not takes(name, method)), method
        assert SECRET not in answer.content.decode()
    before = made.stopped_at
    made.refresh_from_db()
    assert made.stopped_at == before
    of_the_maker = Client()
    of_the_maker.force_login(maker)
    for method in ("get", "post"):
        if takes(name, method):
            assert getattr(of_the_maker, method)(url).status_code in (200, 302), method


def test_how_often_a_decision_form_is_in_use_counts_only_what_one_sees(world: World) -> None:
    values = {"title": "Roast", "functions": "roast-*"}
    DecisionForm.objects.create(name="roast", values=values, username="admin", changed_at=timezone.now())
    for role, seen in (("admin", 1), ("other team", 0)):
        listed = world.browsers[role].get(reverse("decisions")).context["page"]
        assert [row.open_now for row in listed.rows] == [seen], role
        form = world.browsers[role].get(reverse("decision", args=["roast"])).content.decode()
        tried = world.browsers[role].post(
            reverse("decision", args=["roast"]), {"do": "try", "try_callback": world.callback.pk}
        )
        for page in (form, tried.content.decode()):
            assert (SECRET in page) == bool(seen), role


@pytest.mark.parametrize("name", LISTS)
def test_lists_streams_and_exports_leave_another_teams_out(world: World, name: str) -> None:
    factories.action(world.callback.execution)
    factories.share_link(world.callback.execution, note=SECRET)
    answer = world.browsers["other team"].get(world.url(name), {"name": "", "q": ""})
    if name in ("live", "live-inbox"):  # tells that something has changed, never what
        return
    told = async_to_sync(whole)(answer) if answer.streaming else answer.content
    assert SECRET.encode() not in told and b"roast-beans" not in told


def test_nothing_is_taken_from_a_browser_without_a_csrf_token() -> None:
    callback = factories.callback()
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.user("admin"))
    for name in NAMES:
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(client, method)(address(name, callback.execution_id, callback.pk), {"token": "x"})
            assert answer.status_code == 403, f"{method} {name}"
            assert "This form is out of date" in answer.content.decode(), f"{method} {name}"
