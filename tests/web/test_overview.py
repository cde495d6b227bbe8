"""`/` and its live numbers."""

import datetime as dt
import re
from collections.abc import Callable
from html import unescape

import plotly.graph_objects as go
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard.pages import overview
from executions.queries import QUARTER, ends_by_quarter
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]
NOW = dt.datetime(2026, 11, 23, 5, 21, tzinfo=dt.UTC)


def html(client: Client, url: str = "/") -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def numbers(page: str) -> dict[str, tuple[int, str]]:
    """label -> (number, where it leads)"""
    found = re.findall(r'<a href="([^"]*)"[^>]* data-number="([^"]*)">([\d,]+)</a>', page)
    return {label: (int(value.replace(",", "")), unescape(url)) for url, label, value in found}


@pytest.fixture
def a_day() -> None:
    coffee = factories.function("coffee-order")
    for name in ("a", "b"):
        factories.callback(factories.execution(coffee, name=name))
    factories.callback(factories.execution(coffee, name="c"), name="no hurry", timeout_at=None)
    factories.execution(coffee)
    factories.execution(coffee, "PAUSED")
    factories.execution(coffee, "FAILED", error_type="PaymentError", activity="declined")
    factories.execution(coffee, "TIMED_OUT", started_at=factories.ago(days=3), ended_at=factories.ago(hours=23))
    factories.execution(coffee, "FAILED", started_at=factories.ago(days=3))
    factories.execution(coffee, "SUCCEEDED")


def test_somebody_who_is_not_logged_in_logs_in_first(anonymous: Client) -> None:
    assert anonymous.get("/")["Location"] == "/login/?next=/"


@pytest.mark.parametrize("url", ["/", "/overview/numbers/"])
def test_without_a_role_nothing_is_shown(nobody: User, login: Callable[[User], Client], url: str) -> None:
    assert login(nobody).get(url).status_code == 403


def test_each_number_leads_to_a_list_of_as_many(as_viewer: Client, a_day: None) -> None:
    found = numbers(html(as_viewer))
    assert {label: number for label, (number, _) in found.items()} == {
        "Running": 4,
        "Waiting for a callback": 3,
        "Failed in 24 hours": 2,
    }
    for number, url in found.values():
        assert html(as_viewer, url).count("data-execution-id=") == number


def test_what_is_due_next_comes_first_and_what_never_times_out_last(as_viewer: Client, a_day: None) -> None:
    factories.callback(name="urgent", timeout_at=factories.ago(-60))
    page = html(as_viewer)
    assert page.index("urgent") < page.index("barista accepts") < page.index("no hurry")
    assert "no timeout" in page


def test_failures_say_why(as_viewer: Client, a_day: None) -> None:
    page = html(as_viewer)
    assert "PaymentError: declined" in page
    assert 'data-status="TIMED_OUT"' in page


def test_a_failure_without_words_still_has_one(as_viewer: Client) -> None:
    factories.execution(status="TIMED_OUT")
    assert "<bdi>Timed out</bdi>" in html(as_viewer)


def test_each_function_has_its_counts(as_viewer: Client, a_day: None) -> None:
    assert 'href="/executions/?function=coffee-order&amp;status=FAILED"' in html(as_viewer)


def test_of_very_many_functions_the_busiest_are_shown(as_viewer: Client) -> None:
    for number in range(20):
        factories.function(f"function-{number:02d}")
    factories.execution(factories.function("zebra"))
    page = html(as_viewer)
    assert "zebra" in page
    assert "all 21" in page


def test_an_empty_mirror_shows_noughts_and_no_chart(as_viewer: Client) -> None:
    page = html(as_viewer)
    assert {number for number, _ in numbers(page).values()} == {0}
    assert "Nothing has failed in the last 24 hours." in page
    assert "No callback waits for an answer." in page
    assert "data-plot=" not in page


def test_hostile_words_are_text(as_viewer: Client) -> None:
    evil = "<script>alert(1)</script>\u202e"
    execution = factories.execution(factories.function(evil), name=evil)
    factories.callback(execution, name=evil)
    factories.execution(execution.function, "FAILED", name=evil, error_type=evil, activity=evil)
    assert "<script>alert" not in html(as_viewer)


def test_the_fragment_has_no_shell(as_viewer: Client, a_day: None) -> None:
    page = html(as_viewer, "/overview/numbers/")
    assert numbers(page) == numbers(html(as_viewer))
    for part in ("<html", "<h1", "data-plot=", "hx-get"):
        assert part not in page


def test_the_page_costs_a_fixed_number_of_queries(
    as_viewer: Client, a_day: None, django_assert_num_queries: Callable[..., object]
) -> None:
    login, shell, live, chart = 4, 3, 10, 1
    counted_once = 1  # the open callbacks, which the navigation says as well
    with django_assert_num_queries(login + shell + live + chart - counted_once):
        html(as_viewer)
    with django_assert_num_queries(login + live):
        as_viewer.get("/overview/numbers/", headers={"HX-Request": "true"})


class TestTheChart:
    def test_endings_are_counted_by_quarter_of_an_hour(self, viewer: User) -> None:
        function = factories.function()
        for minute, status in ((0, "SUCCEEDED"), (14, "SUCCEEDED"), (15, "SUCCEEDED"), (16, "FAILED")):
            factories.execution(function, status, ended_at=NOW.replace(minute=minute, second=59))
        factories.execution(function, "SUCCEEDED", ended_at=NOW - dt.timedelta(days=3))
        factories.execution(function)
        start = int(NOW.replace(minute=0).timestamp())
        assert ends_by_quarter(viewer, NOW - dt.timedelta(days=1)) == [
            ("SUCCEEDED", start, 2),
            ("FAILED", start + QUARTER, 1),
            ("SUCCEEDED", start + QUARTER, 1),
        ]

    def test_plotly_takes_the_figure_and_it_is_small(self) -> None:
        last = int(NOW.timestamp()) // QUARTER * QUARTER
        statuses = [status for status, _, _ in overview.BARS]
        ends = [(status, last - QUARTER * n, n + 1) for n in range(97) for status in statuses]
        figure = go.Figure(overview.endings(ends, now=NOW))
        assert sum(len(trace.x) for trace in figure.data) == len(ends) <= 5_000
        assert sum(sum(trace.y) for trace in figure.data) == sum(count for _, _, count in ends)

    def test_a_bar_leads_to_the_executions_that_it_counts(self, as_viewer: Client) -> None:
        function = factories.function()
        ended_at = timezone.now()
        factories.execution(function, "FAILED", ended_at=ended_at)
        factories.execution(function, "TIMED_OUT", ended_at=ended_at - dt.timedelta(hours=2))
        figure = overview.Page.build(User.objects.get(pk=as_viewer.session["_auth_user_id"]), now=ended_at).figure
        assert figure is not None
        (failed,) = [trace for trace in figure["data"] if trace["name"] == "Failed or timed out"]
        assert [html(as_viewer, url).count("data-execution-id=") for url in failed["customdata"]] == [1, 1]
        assert 'data-plot="endings"' in html(as_viewer)
