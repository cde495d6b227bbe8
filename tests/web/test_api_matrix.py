"""Every operation of the API by every method, with a token of each scope and for each role, generated from its URLs.

What an operation needs is its row in dashboard/access.py. A token takes the place of a session, hence no CSRF.
"""

from collections.abc import Collection
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.access import ANYBODY, API
from dashboard.api import acting, api, reading
from executions.actions import tokens
from executions.actions.permissions import ROLES
from executions.models import Callback
from tests import factories
from tests.web.test_matrix import ROLE_NAMES, may, other_team

pytestmark = [pytest.mark.web, pytest.mark.django_db]

PATHS = {f"api:{pattern.name}": str(pattern.pattern) for pattern in api.urls[0]}
DESCRIPTIONS = ("api:openapi-json", "api:api-root")
VERBS = ("get", "post", "put", "patch", "delete")
TRIED = [(name, method) for name in API for method in VERBS if method == "get" or name not in DESCRIPTIONS]


@pytest.fixture
def callback() -> Callback:
    return factories.callback(factories.execution(factories.function("roast-beans")))


def bearer(user: Any, scopes: Collection[str]) -> dict[str, str]:
    _, token = tokens.make(user, name="a program", scopes=scopes, days=7, now=timezone.now())
    return {"Authorization": f"Bearer {token}"}


def send(client: Client, method: str, name: str, callback: Callback, **more: Any) -> Any:
    path = PATHS.get(name, "")
    values = {"<execution_id>": callback.execution_id, "<callback_id>": callback.pk, "<int:execution_id>": 0}
    for part, value in values.items():
        path = path.replace(part, str(value))
    body = {} if method == "get" else {"content_type": "application/json", "data": more.pop("data", {})}
    return getattr(client, method)(f"/api/v1/{path}", **body, **more)


def test_every_operation_has_a_row_with_a_scope_that_there_is_and_every_scope_an_operation() -> None:
    assert set(PATHS) == set(API)
    needed = {name: API[name].scope for name in PATHS if name not in DESCRIPTIONS}
    assert set(needed.values()) == set(tokens.SCOPES)
    assert {API[name].scope for name in DESCRIPTIONS} == {ANYBODY}


def test_who_has_the_permission_of_an_operation_may_make_a_token_with_its_scope() -> None:
    for name, needs in API.items():
        if name not in DESCRIPTIONS:
            assert needs.permission in tokens.SCOPES[needs.scope].permissions, name
    given = {permission for scope in tokens.SCOPES.values() for permission in scope.permissions}
    assert given == {needs.permission for needs in API.values()} - {ANYBODY}


def test_a_scope_that_reads_opens_nothing_that_acts() -> None:
    operations = [one for router in (reading.router, acting.router) for one in router.path_operations.values()]
    for path in operations:
        for one in path.operations:
            reads = API[f"api:{one.url_name}"].scope in (tokens.READ, tokens.AUDIT)
            assert (set(one.methods) == {"GET"}) == reads, one.url_name


def test_a_session_opens_nothing(callback: Callback) -> None:
    for person in (None, factories.user("admin"), other_team()):
        client = Client()
        if person:
            client.force_login(person)
        for name, method in TRIED:
            assert send(client, method, name, callback).status_code == 401, f"{method} {name} as {person}"


@pytest.mark.parametrize("scope", [*tokens.SCOPES, "none"])
def test_a_token_opens_what_its_scope_says_and_names_the_one_that_it_lacks(callback: Callback, scope: str) -> None:
    headers, client = bearer(factories.user("admin"), [scope]), Client(enforce_csrf_checks=True)
    for name, method in TRIED:
        needed, answer = API[name].scope, send(client, method, name, callback, headers=headers)
        where = f"{method} {name}: {answer.status_code}"
        if needed in (scope, ANYBODY):
            assert answer.status_code not in (401, 403), where
        else:
            assert answer.status_code == 403, where
            assert f"“{needed}”" in answer.json()["detail"], where


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_a_token_opens_nothing_that_its_persons_role_does_not(callback: Callback, role: str) -> None:
    headers, client = bearer(factories.user(role), tokens.SCOPES), Client(enforce_csrf_checks=True)
    for name, method in TRIED:
        answer = send(client, method, name, callback, headers=headers)
        where = f"{method} {name} as {role}: {answer.status_code}"
        if may(role, API[name].permission):
            assert answer.status_code in (200, 404, 405, 409, 422, 503), where
        else:
            assert answer.status_code == 403, where
            assert "role" in answer.json()["detail"], where


def test_what_is_another_teams_is_not_there(callback: Callback) -> None:
    headers = bearer(other_team(), tokens.SCOPES)
    sent = {"token": "6f1b7c1c-0d7b-4f0f-9b0c-2f6a5a0f3c11", "result": ""}
    for name in (name for name in API if "_id" in PATHS[name]):
        for method in ("get", "post"):
            answer = send(Client(), method, name, callback, headers=headers, data=dict(sent))
            assert answer.status_code in (404, 405), f"{method} {name}: {answer.status_code}"


def test_everybody_is_offered_the_scopes_of_which_they_may_use_anything() -> None:
    assert {role: tokens.offered(factories.user(role)) for role in ROLES} == {
        "viewer": ["read"],
        "operator": ["read", "audit", "answer", "control"],
        "approver": ["read", "audit", "answer", "control"],
        "admin": ["read", "audit", "answer", "control", "start", "delete"],
    }
