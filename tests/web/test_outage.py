"""Pages while Redis or the database is away."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from dashboard.views.health import _newest_migration
from executions import live
from executions.gateway import budget
from executions.sync import push_health
from tests import factories
from tests.conftest import Login
from tests.web.test_access import NAMES, address

pytestmark = pytest.mark.web
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def without_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    settings.CACHES = {"default": {"BACKEND": "dashboard.cache.Cache", "LOCATION": NOBODY}}
    settings.REDIS_URL = NOBODY
    budget._script.cache_clear()
    monkeypatch.setattr(budget, "_buckets", {})
    monkeypatch.setattr(budget, "_away_until", 0.0)
    live._redis.cache_clear()
    yield settings
    budget._script.cache_clear()
    live._redis.cache_clear()


def test_without_redis_every_page_serves(without_redis: Any, as_admin: Client) -> None:
    execution = factories.execution(status="RUNNING")
    callback = factories.callback(execution)
    without_redis.METRICS_TOKEN = "a-token-for-tests"
    paths = ["/", "/functions/", "/executions/", "/inbox/", "/audit/", "/connections/", "/share-links/", "/readyz"]
    paths += [f"/executions/{execution.pk}/{part}" for part in ("", "history/", "checkpoints/", "payloads/", "stop/")]
    paths += [f"/executions/{execution.pk}/callbacks/{callback.pk}/answer/", f"/functions/{execution.function_id}/"]
    assert {path: as_admin.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
    assert as_admin.get("/metrics", headers={"Authorization": "Bearer a-token-for-tests"}).status_code == 200
    assert as_admin.get("/shared/no-such-link/").status_code == 404


def test_without_redis_nobody_is_watched_and_push_is_not_trusted(without_redis: Any, db: None) -> None:
    now = timezone.now()
    without_redis.PUSH_QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/1/q"
    row = factories.connection(pushed_at=now)
    live.watch(1)
    assert live.watched() == set() and not live.is_watched(1)
    push_health.listens(row, now=now)
    push_health.found_by_polling(row, [now], now=now)
    assert not push_health.healthy(row, now=now)


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_while_the_database_is_away_a_page_says_so_and_asks_to_come_back(
    kind: type[Exception], viewer: User, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = login(viewer)
    client.raise_request_exception = False

    def away(*_: Any, **__: Any) -> None:
        raise kind("the connection is closed")

    monkeypatch.setattr("dashboard.views.executions.pages.Page.build", away)
    answer = client.get("/executions/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The database does not answer" in answer.content.decode()
    again = client.get("/executions/?status=FAILED&name=a").content.decode()
    assert 'href="/executions/?status=FAILED&amp;name=a">Try again' in again


@pytest.mark.parametrize(("kind", "status"), [(OperationalError, 503), (ValueError, 500)])
def test_a_shared_page_that_fails_leads_to_itself_and_nowhere_else(
    kind: type[Exception], status: int, client: Client, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SHARE_LINKS = "public"
    factories.share_link(factories.execution(), token="abcdefghijklmnopqrstuv")
    client.raise_request_exception = False

    def broken(*_: Any, **__: Any) -> None:
        raise kind("broken")

    monkeypatch.setattr("dashboard.pages.execution.Head.of", broken)
    answer = client.get("/shared/abcdefghijklmnopqrstuv/view/?op=1")
    page = answer.content.decode()
    assert answer.status_code == status and "opens nothing" not in page and "no-referrer" in page
    assert set(re.findall('<a [^>]*href="(.*?)"', page)) == {"/shared/abcdefghijklmnopqrstuv/view/?op=1"}


def test_a_form_that_fails_is_not_sent_again_by_a_link(
    admin: User, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = login(admin)
    client.raise_request_exception = False

    def broken(*_: Any, **__: Any) -> None:
        raise ValueError

    monkeypatch.setattr("dashboard.views.tokens.Page.build", broken)
    assert "Try again" not in client.post("/tokens/", {}).content.decode()


def test_what_is_our_own_fault_is_still_a_server_error(
    viewer: User, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = login(viewer)
    client.raise_request_exception = False
    monkeypatch.setattr("dashboard.views.executions.pages.Page.build", lambda *_, **__: 1 / 0)
    assert client.get("/executions/").status_code == 500


def test_a_database_that_is_not_migrated_to_the_end_is_not_ready(client: Client, db: None) -> None:
    assert client.get("/readyz").content == b"ready\n"
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE name = %s", [_newest_migration()])
    assert client.get("/readyz").status_code == 503


class Dies:
    """A database that answers so many questions and then no more."""

    def __init__(self, after: int) -> None:
        self.left, self.refused = after, 0

    def __call__(self, execute: Any, *given: Any) -> Any:
        self.left -= 1
        if self.left >= 0:
            return execute(*given)
        self.refused += 1
        raise OperationalError("the connection is closed")


@pytest.mark.parametrize("after", [0, 1, 5, 8])
def test_wherever_the_database_dies_no_page_takes_it_for_a_fault_of_ours(
    after: int, admin: User, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.views.live.connections", SimpleNamespace(close_all=lambda: None))
    callback = factories.callback(factories.execution(factories.function("roast-beans")))
    client = login(admin)
    client.raise_request_exception = False
    found, asked = {}, 0
    for name in NAMES:
        url = address(name, callback.execution_id, callback.pk)
        url = url.replace("/functions/1/", f"/functions/{callback.execution.function_id}/")
        dies = Dies(after)
        with transaction.atomic(), connection.execute_wrapper(dies):
            status = client.get(url).status_code
            transaction.set_rollback(True)
        asked += 1
        if dies.refused and status != 503:
            found[name] = status
    assert not found and asked > 80
