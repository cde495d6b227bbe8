"""What every test may use: people by role, their browsers, and templates that fail on a variable that is not there."""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

# Read by pytest-django when its session begins: `{{ misspelt }}` fails the test instead of printing nothing.
os.environ.setdefault("FAIL_INVALID_TEMPLATE_VARS", "true")

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client, TransactionTestCase

from executions import histories
from executions.models import ActionRecord
from tests import factories

Login = Callable[[User], Client]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    tmp_path_factory: pytest.TempPathFactory, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """SQLite in a file, as in an installation: in memory, threads would share one connection's locks."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("db") / "test.sqlite3")


@pytest.fixture(autouse=True, scope="session")
def _apart_from_any_installation() -> None:
    """No test signs with an installation's key, or hashes a password slowly. Its database is never opened by tests."""
    settings.SECRET_KEY = "tests " * 8
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True, scope="session")
def _tests_may_empty_what_is_append_only() -> None:
    """After a test with real transactions everything is removed, which the database refuses for action records."""
    triggers = import_module("executions.migrations.0003_append_only")
    empty = TransactionTestCase._fixture_teardown

    def emptied(self: TransactionTestCase) -> None:
        # PostgreSQL refuses to truncate the table also when it is empty.
        full = connection.vendor == "postgresql" or ActionRecord.objects.exists()
        if full:
            triggers.remove(connection)
        empty(self)
        if full:
            triggers.install(connection, [field.column for field in ActionRecord._meta.concrete_fields])

    TransactionTestCase._fixture_teardown = emptied  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _forget_the_cache() -> None:
    """Of the histories, too: the database of the next test may give its executions the same numbers."""
    cache.clear()
    histories._histories.clear()


@pytest.fixture
def viewer(db: Any) -> User:
    return factories.user("viewer")


@pytest.fixture
def operator(db: Any) -> User:
    return factories.user("operator")


@pytest.fixture
def approver(db: Any) -> User:
    return factories.user("approver")


@pytest.fixture
def admin(db: Any) -> User:
    return factories.user("admin")


@pytest.fixture
def nobody(db: Any) -> User:
    """Somebody who can log in, but has no role."""
    return factories.user("")


@pytest.fixture
def login() -> Login:
    """A client of its own for each person."""

    def in_as(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return in_as


@pytest.fixture
def anonymous(db: Any) -> Client:
    return Client()


@pytest.fixture
def as_viewer(viewer: User, login: Login) -> Client:
    return login(viewer)


@pytest.fixture
def as_operator(operator: User, login: Login) -> Client:
    return login(operator)


@pytest.fixture
def as_approver(approver: User, login: Login) -> Client:
    return login(approver)


@pytest.fixture
def as_admin(admin: User, login: Login) -> Client:
    return login(admin)
