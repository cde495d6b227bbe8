"""`/inbox/`: the open callbacks."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dashboard.pages import inbox
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]


def html(client: Client, **headers: str) -> str:
    response = client.get("/inbox/", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def ids(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'data-callback-id="(\d+)"', page)]


def test_somebody_who_is_not_logged_in_logs_in_first(anonymous: Client) -> None:
    assert anonymous.get("/inbox/")["Location"] == "/login/?next=/inbox/"


def test_without_a_role_nothing_is_shown(nobody: User, login: Callable[[User], Client]) -> None:
    assert login(nobody).get("/inbox/").status_code == 403


def test_the_nearest_deadline_comes_first_and_none_last(as_viewer: Client) -> None:
    endless = factories.callback(timeout_at=None)
    late = factories.callback(timeout_at=factories.ago(days=-2))
    overdue = factories.callback(timeout_at=factories.ago(200))
    soon = factories.callback(timeout_at=factories.ago(-100))
    factories.callback(status="SUCCEEDED")
    page = html(as_viewer)
    assert ids(page) == [overdue.pk, soon.pk, late.pk, endless.pk]
    assert "4 open callbacks in 4 functions, 1 without a timeout" in page
    assert "overdue by 3 m" in page
    assert "no timeout" in page


def test_a_row_says_what_is_asked_and_for_which_execution(as_viewer: Client) -> None:
    execution = factories.execution(factories.function("kyc-review"), name="kyc-7")
    factories.callback(execution, name="compliance sign-off", heartbeat_seconds=300)
    page = html(as_viewer)
    for words in ("kyc-review", "kyc-7", "compliance sign-off", f"/executions/{execution.pk}/", "heartbeat every"):
        assert words in page


def test_a_callback_without_a_name_is_known_by_its_operation(as_viewer: Client) -> None:
    callback = factories.callback(name="")
    assert callback.operation_id in html(as_viewer)


@pytest.mark.parametrize(("role", "answers", "heartbeats"), [
    ("viewer", False, False), ("operator", False, True), ("approver", True, True), ("admin", True, True),
])  # fmt: skip
def test_only_those_who_may_are_offered_to_act(
    login: Callable[[User], Client], role: str, answers: bool, heartbeats: bool
) -> None:
    callback = factories.callback(heartbeat_seconds=60)
    page = html(login(factories.user(role)))
    base = f"/executions/{callback.execution_id}/callbacks/{callback.pk}/"
    assert (f'hx-get="{base}succeed/"' in page, f'href="{base}fail/"' in page) == (answers, answers)
    assert (f'hx-get="{base}heartbeat/"' in page) == heartbeats


def test_a_callback_without_heartbeats_takes_none(as_approver: Client) -> None:
    factories.callback(heartbeat_seconds=None)
    assert "/heartbeat/" not in html(as_approver)


def test_what_somebody_has_answered_is_said_and_not_offered_again(as_approver: Client, approver: User) -> None:
    callback = factories.callback()
    factories.action(callback.execution, approver, "succeed", callback=callback, outcome="unconfirmed")
    page = html(as_approver)
    assert f"{approver.username} answered the callback with success (sent, but not confirmed)" in page
    assert "/succeed/" not in page


def test_an_answer_that_aws_refused_can_be_given_again(as_approver: Client, approver: User) -> None:
    callback = factories.callback()
    factories.action(callback.execution, approver, "fail", callback=callback, outcome="refused")
    assert "/succeed/" in html(as_approver)


def test_an_empty_inbox_says_so(as_viewer: Client) -> None:
    assert "No callback is open" in html(as_viewer)


def test_htmx_gets_the_list_alone(as_viewer: Client) -> None:
    callback = factories.callback()
    page = html(as_viewer, **{"HX-Request": "true"})
    assert ids(page) == [callback.pk]
    for part in ("<html", "hx-sse:connect", 'hx-trigger="'):
        assert part not in page
    whole = as_viewer.get("/inbox/")
    assert "hx-sse:connect" in whole.content.decode()
    assert "HX-Request" in whole["Vary"]


def test_of_very_many_the_nearest_are_shown(as_viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "SHOWN", 3)
    execution = factories.execution()
    for _ in range(5):
        factories.callback(execution)
    page = html(as_viewer)
    assert len(ids(page)) == 3
    assert "The 3 nearest to their deadline, of 5." in page


def test_hostile_words_are_text(as_approver: Client) -> None:
    evil = "<script>alert(1)</script>\u202e"
    factories.callback(factories.execution(factories.function(evil), name=evil), name=evil)
    assert "<script>alert" not in html(as_approver)


@pytest.mark.parametrize("count", [1, 40])
def test_the_page_costs_a_fixed_number_of_queries(
    as_viewer: Client, django_assert_num_queries: Callable[..., object], count: int
) -> None:
    for _ in range(count):
        factories.callback()
    login, shell, callbacks_and_their_actions = 4, 3, 2
    looked_at = 1
    with django_assert_num_queries(login + shell + callbacks_and_their_actions + looked_at):
        assert len(ids(html(as_viewer))) == count


def test_it_says_how_much_of_what_runs_was_looked_at_and_how_long_ago(as_viewer: Client) -> None:
    factories.execution(history_read_at=factories.ago(90))
    factories.execution(history_read_at=factories.ago(5))
    factories.execution(history_read_at=None)
    factories.execution(status="SUCCEEDED", history_read_at=None)
    said = re.sub(r"<[^>]*>", "", html(as_viewer))
    assert "2 of 3 running executions looked at, the oldest look" in said


def test_where_nothing_runs_it_says_nothing_of_that(as_viewer: Client) -> None:
    assert "data-looked-at" not in html(as_viewer)


@pytest.mark.parametrize("count", [1, 40])
def test_the_decision_forms_are_read_once_for_all_rows(
    as_approver: Client, django_assert_max_num_queries: Callable[..., object], count: int
) -> None:
    for _ in range(count):
        factories.callback()
    with django_assert_max_num_queries(12):
        assert len(ids(html(as_approver))) == count
