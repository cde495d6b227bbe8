"""`/executions/` and its live table."""

import datetime as dt
import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from executions.models import Connection, Execution
from executions.queries import lists
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]
LIST, TABLE = "/executions/", "/executions/table/"
QUERIES_OF_THE_LOGIN = 4  # session, user, the permissions of the user and of its groups
QUERIES_OF_THE_SHELL = 2  # open callbacks, troubles
QUERIES_OF_THE_TABLE = 6  # functions, connections, counts by status, count of the waiting, rows, their open callbacks


def ids(html: str) -> list[int]:
    return [int(found) for found in re.findall(r'data-execution-id="(\d+)"', html)]


def body(client: Client, url: str = LIST, **params: str) -> str:
    response = client.get(url + (f"?{urlencode(params)}" if params else ""))
    assert response.status_code == 200
    return response.content.decode()


def link(html: str, words: str) -> str:
    """Where the pager's link with these words leads; "" when there is none."""
    found = re.search(rf'<a href="([^"]*)"[^>]*>(?:<svg.*?</svg>)?{words}', html)
    return found[1].replace("&amp;", "&") if found else ""


def test_somebody_who_is_not_logged_in_comes_back_to_the_same_filters(anonymous: Client, viewer: User) -> None:
    wanted = "/executions/?status=FAILED&name=a%26b"
    asked = anonymous.get(wanted)
    assert asked.status_code == 302
    back = anonymous.post(asked["Location"], {"username": viewer.username, "password": "a password"})
    assert back["Location"] == wanted


@pytest.mark.parametrize("url", [LIST, TABLE])
def test_without_a_role_nothing_is_shown(nobody: User, login: Callable[[User], Client], url: str) -> None:
    assert login(nobody).get(url).status_code == 403


@pytest.mark.parametrize("url", [LIST, TABLE])
def test_the_list_is_only_read(as_viewer: Client, url: str) -> None:
    assert as_viewer.post(url).status_code == 405


def test_a_row_says_what_it_is_about(as_viewer: Client) -> None:
    function = factories.function("coffee-order")
    failed = factories.execution(function, "FAILED", name="order-7", error_type="PaymentError", activity="charge card")
    html = body(as_viewer)
    assert f'data-execution-id="{failed.pk}" data-status="FAILED"' in html
    for words in ("order-7", f"/executions/{failed.pk}/", "coffee-order", "PaymentError: charge card", "30 s"):
        assert words in html


def test_an_error_type_that_the_words_name_already_is_not_repeated(as_viewer: Client) -> None:
    factories.execution(status="FAILED", error_type="PaymentError", activity="charge card: PaymentError: no")
    assert "PaymentError: charge card" not in body(as_viewer)


def test_an_execution_with_an_open_callback_is_shown_as_waiting_for_it(as_viewer: Client) -> None:
    execution = factories.execution()
    factories.callback(execution, name="later", timeout_at=factories.ago(hours=-5))
    factories.callback(execution, name="manager approval", timeout_at=factories.ago(minutes=-20, seconds=-30))
    html = body(as_viewer, TABLE)
    assert f'data-execution-id="{execution.pk}" data-status="WAITING"' in html
    assert "manager approval" in html
    assert "20 m left" in html
    assert "+1 more" in html


def test_a_callback_without_a_timeout_is_called_out(as_viewer: Client) -> None:
    factories.callback(timeout_at=None)
    assert "no timeout" in body(as_viewer, TABLE)


def test_an_ended_execution_is_never_shown_as_waiting(as_viewer: Client) -> None:
    factories.callback(factories.execution(status="STOPPED"))
    assert 'data-status="STOPPED"' in body(as_viewer, TABLE)


@pytest.mark.parametrize("chosen", ["", "CONNECTION_REMOVED"])
def test_what_ran_when_its_connection_was_removed_is_not_said_to_run(as_viewer: Client, chosen: str) -> None:
    function = factories.function("coffee-order")
    running, ended = factories.execution(function), factories.execution(function, "FAILED")
    Connection.objects.update(gone_at=timezone.now())
    html = body(as_viewer, **({"status": chosen} if chosen else {}))
    assert ids(html) == ([running.pk] if chosen else [ended.pk, running.pk])
    assert 'data-status="CONNECTION_REMOVED"' in html and 'data-status="RUNNING"' not in html
    assert 'data-status-count="CONNECTION_REMOVED"' in html and "Connection removed" in html
    assert not ids(body(as_viewer, status="RUNNING"))
    page = body(as_viewer, f"/executions/{running.pk}/")
    assert "Connection removed" in page and "is not configured any more." in page
    for url in ("/", "/functions/"):
        assert "connection removed" in body(as_viewer, url)


def test_what_is_gone_at_aws_is_marked(as_viewer: Client) -> None:
    factories.execution(status="SUCCEEDED", gone_at=timezone.now())
    assert "gone at AWS" in body(as_viewer, TABLE)


def test_a_status_that_aws_invents_is_shown_and_can_be_chosen(as_viewer: Client) -> None:
    execution = factories.execution(status="HIBERNATING")
    factories.execution()
    assert "HIBERNATING" in body(as_viewer)
    assert ids(body(as_viewer, status="HIBERNATING")) == [execution.pk]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "\u202egnp.exe", "x" * 256]
)
def test_hostile_names_are_text(as_viewer: Client, name: str) -> None:
    function = factories.function(f"f{name[:100]}")
    execution = factories.execution(function, name=name, activity=name)
    factories.callback(execution, name=name)
    factories.execution(function, "FAILED", error_type=name, activity=name, name=name)
    for url in (LIST, TABLE):
        for params in ({}, {"name": name}, {"function": function.name}):
            html = body(as_viewer, url, **params)
            assert "<script>alert" not in html
            assert "<img" not in html
            assert len(ids(html)) == 2
    assert "<bdi>" in html


def test_a_very_long_name_is_shortened_and_whole_in_its_title(as_viewer: Client) -> None:
    name = "a" * 128 + "b" * 128
    factories.execution(name=name)
    html = body(as_viewer, TABLE)
    assert f'title="{name}"' in html
    assert f">{name}<" not in html


class TestPages:
    def test_going_older_shows_every_execution_once(self, as_viewer: Client) -> None:
        function = factories.function()
        # Many share a start, across the edges of pages.
        for count, seconds in ((70, 100), (1, 90), (60, 80), (29, 70)):
            for _ in range(count):
                factories.unsaved_execution(function, "SUCCEEDED", started_at=self.at(seconds)).save()
        expected = list(Execution.objects.order_by("-started_at", "-pk").values_list("pk", flat=True))
        pages, url = [], LIST
        while url:
            html = body(as_viewer, url)
            pages.append(ids(html))
            url = link(html, "older")
        assert [pk for page in pages for pk in page] == expected
        assert [len(page) for page in pages] == [50, 50, 50, 10]

    def test_going_newer_again_shows_the_same_pages(self, as_viewer: Client) -> None:
        factories.executions(factories.function(), 160)
        forth, url = [], LIST
        while url:
            html = body(as_viewer, url)
            forth.append(ids(html))
            url = link(html, "older")
        back = [ids(html)]
        while url := link(html, "newer"):
            html = body(as_viewer, url)
            back.append(ids(html))
        assert back[0] == forth[-1]
        assert sorted({pk for page in back for pk in page}) == sorted({pk for page in forth for pk in page})
        assert back[-1] == forth[0]

    def test_executions_that_come_meanwhile_move_nothing(self, as_viewer: Client) -> None:
        function = factories.function()
        rows = factories.executions(function, 120, started_at=factories.ago(600))
        second = link(body(as_viewer), "older")
        factories.executions(function, 30, started_at=factories.ago(1))
        assert ids(body(as_viewer, second)) == [row.pk for row in rows[50:100]]

    def test_the_filters_stay_from_page_to_page(self, as_viewer: Client) -> None:
        function = factories.function("coffee-order")
        factories.executions(function, 60)
        factories.executions(factories.function(), 60)
        first = body(as_viewer, function="coffee-order", status="SUCCEEDED")
        older = link(first, "older")
        assert older.startswith("/executions/?function=coffee-order&status=SUCCEEDED&older=")
        assert len(ids(body(as_viewer, older))) == 10
        assert "50 of 60" in first

    def test_only_the_newest_page_is_live(self, as_viewer: Client) -> None:
        factories.executions(factories.function(), 60)
        first = body(as_viewer)
        assert "hx-sse:connect" in first
        second = body(as_viewer, link(first, "older"))
        assert "hx-sse:connect" not in second
        assert "from:#live" not in second
        assert link(second, "newest") == "/executions/"

    def test_a_place_after_the_last_execution_says_so(self, as_viewer: Client) -> None:
        factories.execution()
        assert "The list ends here." in body(as_viewer, older="1-1")

    def at(self, seconds: int) -> dt.datetime:
        return timezone.now().replace(microsecond=123456) - dt.timedelta(hours=1, seconds=seconds)


class TestNothingToShow:
    def test_before_anything_was_mirrored_it_says_what_is_happening(self, as_viewer: Client) -> None:
        assert "Nothing is mirrored yet" in body(as_viewer)

    def test_an_account_without_durable_functions_says_when_it_was_looked_at(self, as_viewer: Client) -> None:
        factories.connection()
        html = body(as_viewer)
        assert "There are no durable functions" in html
        assert "Last looked <time" in html

    def test_functions_without_executions_are_counted(self, as_viewer: Client) -> None:
        factories.function()
        factories.function(listed_at=None)
        html = body(as_viewer)
        assert "Durable functions found: 2." in html
        assert "for the first time: 1 of them" in html

    def test_filters_that_match_nothing_can_be_cleared(self, as_viewer: Client) -> None:
        factories.execution()
        html = body(as_viewer, name="nothing like it")
        assert "No execution matches these filters" in html
        assert '<a class="btn btn-primary" href="/executions/">Clear the filters</a>' in html


def test_the_age_of_the_oldest_listing_is_shown(as_viewer: Client) -> None:
    factories.execution(factories.function(listed_at=factories.ago(hours=2)))
    factories.function(listed_at=factories.ago(5))
    factories.function(listed_at=factories.ago(days=9), gone_at=timezone.now())
    assert "2 h ago" in body(as_viewer, TABLE).split("mirrored")[1]


def test_a_count_that_was_cut_off_says_so(as_viewer: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "COUNT_CAP", 5)
    factories.executions(factories.function(), 9)
    html = body(as_viewer, started="24h")
    assert "<strong>5+</strong>" in html
    assert "9 of 5+" in html


def test_the_fragment_has_no_shell(as_viewer: Client) -> None:
    factories.execution()
    html = body(as_viewer, TABLE)
    for part in ("<html", "<nav class", 'id="live"', "<h1"):
        assert part not in html.replace('<nav class="pager"', "")


@pytest.mark.parametrize("count", [1, 50])
def test_the_page_costs_the_same_few_queries_whatever_it_shows(
    as_viewer: Client, django_assert_num_queries: Callable[..., object], count: int
) -> None:
    for row in factories.executions(factories.function(), count, "RUNNING"):
        factories.callback(row)
    for url, expected in (
        (LIST, QUERIES_OF_THE_LOGIN + QUERIES_OF_THE_SHELL + QUERIES_OF_THE_TABLE),
        (TABLE, QUERIES_OF_THE_LOGIN + QUERIES_OF_THE_TABLE),
    ):
        headers = {"HX-Request": "true"} if url == TABLE else {}
        with django_assert_num_queries(expected):
            assert len(ids(as_viewer.get(url, headers=headers).content.decode())) == count


def test_many_functions_are_typed_rather_than_picked(as_viewer: Client) -> None:
    for number in range(45):
        factories.function(f"function-{number:03d}")
    html = body(as_viewer)
    assert 'list="known-function"' in html
    assert '<option value="function-044">' in html
