"""`/inbox/`: the open callbacks."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from executions.models import Callback
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
    for words in ("kyc-review", "kyc-7", "compliance sign-off", f"/executions/{execution.pk}/"):
        assert words in page


def test_a_callback_without_a_name_is_known_by_its_operation(as_viewer: Client) -> None:
    callback = factories.callback(name="")
    assert callback.operation_id in html(as_viewer)


def pane(client: Client, callback: Callback) -> str:
    """The callback beside the rows, as htmx gets it."""
    answer = client.get(f"/inbox/{callback.pk}/", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(("role", "answers", "heartbeats"), [
    ("viewer", False, False), ("operator", False, True), ("approver", True, True), ("admin", True, True),
])  # fmt: skip
def test_only_those_who_may_are_offered_to_act(
    login: Callable[[User], Client], role: str, answers: bool, heartbeats: bool
) -> None:
    callback = factories.callback(heartbeat_seconds=60)
    client = login(factories.user(role))
    page = pane(client, callback)
    base = f"/executions/{callback.execution_id}/callbacks/{callback.pk}/"
    assert (f'hx-post="{base}answer/?in=pane' in page and 'value="approve"' in page) == answers
    assert ('value="claim"' in page) == answers
    assert ('value="beat"' in page) == heartbeats
    assert ('name="which" value="filter"' in html(client)) == answers


def test_what_is_opened_stands_beside_the_rows_also_without_scripts(as_approver: Client) -> None:
    callback = factories.callback(name="sign-off", about="amount 480")
    row = html(as_approver)
    assert f'href="/inbox/?callback={callback.pk}"' in row and f'hx-get="/inbox/{callback.pk}/"' in row
    page = as_approver.get(f"/inbox/?callback={callback.pk}").content.decode()
    assert f'<article class="drawer" data-callback-id="{callback.pk}"' in page and "amount 480" in page
    assert as_approver.get(f"/inbox/{callback.pk}/?state=soon")["Location"] == (
        f"/inbox/?state=soon&callback={callback.pk}"
    )


@pytest.mark.parametrize("asked", ["999", "x", str(2**70), "-1"])
def test_a_callback_that_there_is_not_is_said_beside_the_rows(as_viewer: Client, asked: str) -> None:
    assert "There is no such callback" in as_viewer.get(f"/inbox/?callback={asked}").content.decode()


def test_another_teams_callback_is_nowhere(client: Client) -> None:
    theirs = factories.callback(factories.execution(factories.function("coffee")), name="secret matter")
    person = factories.user("approver")
    person.groups.get().scopes.create(functions="tea-*")
    client.force_login(person)
    assert client.get(f"/inbox/{theirs.pk}/").status_code == 404
    for url in ("/inbox/", f"/inbox/?callback={theirs.pk}", "/inbox/?name=secret", "/shell/"):
        page = client.get(url).content.decode()
        assert "secret matter" not in page.replace('value="secret"', "") and ids(page) == []
    assert re.search(r'data-count="inbox"[^>]*>0<', client.get("/shell/").content.decode())


def test_a_callback_without_heartbeats_takes_none(as_approver: Client) -> None:
    callback = factories.callback(heartbeat_seconds=None)
    assert 'value="beat"' not in pane(as_approver, callback)


def test_what_somebody_has_answered_is_said_and_not_offered_again(as_approver: Client, approver: User) -> None:
    callback = factories.callback()
    factories.action(callback.execution, approver, "succeed", callback=callback, outcome="unconfirmed")
    page = html(as_approver)
    said = f"{approver.username} answered the callback with success (sent, but not confirmed)"
    assert said in page and "answered the callback with success" in pane(as_approver, callback)
    assert 'value="approve"' not in pane(as_approver, callback)


def test_an_answer_that_aws_refused_can_be_given_again(as_approver: Client, approver: User) -> None:
    callback = factories.callback()
    factories.action(callback.execution, approver, "fail", callback=callback, outcome="refused")
    assert 'value="approve"' in pane(as_approver, callback)


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


def test_it_is_read_a_page_at_a_time_and_nothing_is_left_out_or_twice(
    as_viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.queries.inbox.inbox_found.__kwdefaults__", {"most": 3})
    execution, same = factories.execution(), factories.ago(-500)
    made = [factories.callback(execution, timeout_at=same, opened_at=factories.ago(60 - n)) for n in range(4)]
    made += [factories.callback(execution, timeout_at=None, opened_at=factories.ago(50 - n)) for n in range(4)]
    seen, url = [], "/inbox/"
    while url:
        page = as_viewer.get(url).content.decode()
        assert "of 8<" in page
        seen += ids(page)
        link = re.search(r'<a href="([^"]*)" rel="next">', page)
        url = unescape(link[1]) if link else ""
    assert seen == [one.pk for one in made]
    assert "the nearest" in page


@pytest.mark.parametrize("place", ["x", "never-1", "1-2-3-4", "99999999999999999-1-1"])
def test_a_place_that_there_is_not_is_the_beginning(as_viewer: Client, place: str) -> None:
    callback = factories.callback()
    page = as_viewer.get(f"/inbox/?after={place}").content.decode()
    assert "The address names no place" in page and ids(page) == [callback.pk]


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
    login, shell, filters, callbacks_and_their_actions, endless, looked_at = 4, 2, 2, 2, 1, 1
    with django_assert_num_queries(login + shell + filters + callbacks_and_their_actions + endless + looked_at):
        assert len(ids(html(as_viewer))) == count


def test_it_says_how_much_of_what_runs_was_looked_at_and_how_long_ago(as_viewer: Client) -> None:
    factories.execution(history_read_at=factories.ago(90))
    factories.execution(history_read_at=factories.ago(5))
    factories.execution(history_read_at=None)
    factories.execution(status="SUCCEEDED", history_read_at=None)
    said = re.sub(r"<[^>]*>", "", html(as_viewer))
    assert "2 of 3 running executions looked at, the oldest look" in said


def test_that_is_counted_once_for_some_seconds_for_all_who_see_the_same(
    as_viewer: Client, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.execution(factories.function("coffee"), history_read_at=factories.ago(5))
    factories.execution(factories.function("tea"), history_read_at=None)
    assert "1 of 2 running executions looked at" in html(as_viewer)
    factories.execution(history_read_at=None)
    again = html(as_viewer)
    assert "1 of 2 running executions looked at" in again and "; counted <time" in again
    person = factories.user("viewer", "ada")
    person.groups.get().scopes.create(functions="coffee")
    client.force_login(person)
    assert "the one running execution looked at" in html(client)
    cache.clear()  # as some seconds do
    client.force_login(factories.user("admin"))
    assert "1 of 3 running executions looked at" in html(client)


def test_where_nothing_runs_it_says_nothing_of_that(as_viewer: Client) -> None:
    assert "data-looked-at" not in html(as_viewer)
