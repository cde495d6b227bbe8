"""The commands for accounts."""

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from executions.actions.permissions import ROLES
from tests import factories

pytestmark = [pytest.mark.core, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def roles(db: None) -> None:
    """A test with real transactions may have emptied the database since the migrations made them."""
    for role in ROLES:
        factories.group(role)


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_an_account_is_made_with_its_role_and_the_piped_password(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "correct horse battery\n")
    call_command("user", "ada", "--role", "approver")
    user = User.objects.get(username="ada")
    assert (
        user.check_password("correct horse battery")
        and user.has_perm("executions.answer_callbacks")
        and not user.is_superuser
    )


def test_another_role_replaces_the_old_one_and_keeps_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "correct horse battery\n")
    call_command("user", "ada", "--role", "admin")
    call_command("user", "ada", "--role", "viewer")
    user = User.objects.get(username="ada")
    assert [group.name for group in user.groups.all()] == ["viewer"]
    assert not user.is_superuser and user.check_password("correct horse battery")


def test_a_weak_password_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, "short\n")
    with pytest.raises(CommandError, match="at least 12 characters"):
        call_command("user", "ada", "--role", "viewer")
    assert not User.objects.exists()


def test_demo_accounts_are_refused_for_anything_but_the_demo(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    for endpoint in ("", "https://lambda.eu-west-1.amazonaws.com", "http://127.0.0.1.example.com"):
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", endpoint)
        with pytest.raises(CommandError, match="demo"):
            call_command("demo_users")
    assert not User.objects.exists()


def test_the_demo_makes_one_account_a_role_with_its_name_for_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:8001")
    call_command("demo_users", stdout=io.StringIO())
    call_command("demo_users", stdout=io.StringIO())
    assert set(User.objects.values_list("username", flat=True)) == {"viewer", "operator", "approver", "admin"}
    assert User.objects.get(username="approver").check_password("approver")
