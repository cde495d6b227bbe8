"""Another team's executions do not exist: pages, fragments, JSON, streams, lists, counts and actions."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client

from dashboard.access import MATRIX
from executions.models import Callback, Scope
from tests import factories
from tests.web.test_access import ROUTES, address

pytestmark = pytest.mark.django_db
OF_ONE = [name for name in MATRIX if "<int:execution_id>" in ROUTES[name] or "<int:function_id>" in ROUTES[name]]


def teammate(functions: str, role: str = "approver", *, acts: bool = True) -> User:
    group, _ = Group.objects.get_or_create(name=f"team {functions}")
    Scope.objects.get_or_create(group=group, functions=functions, defaults={"acts": acts})
    made = factories.user(role)
    made.groups.add(group)
    return made


@pytest.fixture
def theirs() -> Callback:
    """An open callback of an execution of the team that roasts."""
    function = factories.function("roast-beans")
    return factories.callback(factories.execution(function, name="their secret order"))


@pytest.fixture
def ours() -> Callback:
    return factories.callback(factories.execution(factories.function("checkout-pay"), name="our order"))


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_url_of_another_teams_execution_is_a_404(client: Client, theirs: Callback, name: str, method: str) -> None:
    person = teammate("checkout-*")
    person.groups.add(factories.group("admin"))  # whoever has every permission, and no reach
    client.force_login(person)
    url = address(name, theirs.execution_id, theirs.pk)
    if "function_id" in ROUTES[name]:
        url = re.sub(r"/\d+/", f"/{theirs.execution.function_id}/", url)
    answer = getattr(client, method)(url)
    assert answer.status_code in (404, 405)
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize("url", ["/", "/executions/", "/functions/", "/inbox/", "/audit/", "/executions/?name=secret"])
def test_lists_and_counts_leave_other_teams_out(client: Client, theirs: Callback, ours: Callback, url: str) -> None:
    factories.action(theirs.execution)
    client.force_login(teammate("checkout-*"))
    text = client.get(url).content.decode()
    assert "their secret order" not in text
    assert "roast-beans" not in text
    client.force_login(factories.user("approver"))
    assert "their secret order" in (text := client.get(url).content.decode()) or "roast-beans" in text


def test_one_sees_ones_own_team_and_acts_there(client: Client, ours: Callback) -> None:
    client.force_login(teammate("checkout-*"))
    assert "our order" in client.get("/executions/").content.decode()
    assert client.get(address("stop", ours.execution_id)).status_code == 200


def test_a_team_that_only_looks_is_refused_to_act_and_told_why(client: Client, ours: Callback) -> None:
    client.force_login(teammate("checkout-*", acts=False))
    page = client.get(address("execution", ours.execution_id)).content.decode()
    assert address("stop", ours.execution_id) not in page
    answer = client.get(address("stop", ours.execution_id))
    assert answer.status_code == 403
    assert "but not stop executions of it" in answer.content.decode()


def test_an_unknown_execution_of_another_teams_function_is_not_even_asked_for(client: Client) -> None:
    client.force_login(teammate("checkout-*"))
    arn = f"{factories.ACCOUNT}roast-beans:1/durable-execution/x/11111111-2222-3333-4444-555555555555"
    answer = client.get(f"/arn/{arn}")
    assert answer.status_code == 404
    assert "not one of yours" in answer.content.decode()


def test_without_a_scope_one_sees_everything_or_nothing_as_set(client: Client, ours: Callback, settings) -> None:  # type: ignore[no-untyped-def]
    client.force_login(factories.user("viewer"))
    url = address("execution", ours.execution_id)
    assert client.get(url).status_code == 200
    settings.PEOPLE_WITHOUT_SCOPE = "nothing"
    assert client.get(url).status_code == 404
    client.force_login(factories.user("admin"))
    assert client.get(url).status_code == 200


def test_teams_are_made_listed_and_taken_away_in_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("scope", "payments", "--functions", "checkout-*", "--see-only")
    assert capsys.readouterr().out == "payments: checkout-* in * (see only)\n"
    factories.user("viewer", "vera")
    factories.group("operator")
    call_command("user", "vera", "--role", "operator", "--team", "payments")
    assert {group.name for group in User.objects.get(username="vera").groups.all()} == {"operator", "payments"}
    call_command("scope", "payments", "--functions", "checkout-*", "--remove")
    assert not Scope.objects.exists()
    with pytest.raises(CommandError, match="a team needs another name"):
        call_command("scope", "viewer", "--functions", "*")
