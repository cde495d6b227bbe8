"""The filters of `/executions/`: what they keep, and what happens to values that cannot be used."""

import datetime as dt

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executions.domain.arns import ExecutionArn
from executions.models import Execution
from tests import factories
from tests.web.test_executions import LIST, TABLE, body, ids

pytestmark = [pytest.mark.web, pytest.mark.django_db]


class TestFilters:
    @pytest.fixture
    def some(self, db: None) -> dict[str, Execution]:
        coffee, refund = factories.function("coffee-order"), factories.function("refund")
        waiting = factories.execution(coffee, name="Order-1 waits", started_at=factories.ago(minutes=50))
        factories.callback(waiting)
        return {
            "waiting": waiting,
            "running": factories.execution(coffee, name="order-2", started_at=factories.ago(hours=3)),
            "failed": factories.execution(refund, "FAILED", name="refund-1", started_at=factories.ago(days=2)),
            "late": factories.execution(
                refund, "TIMED_OUT", name="refund-2", started_at=factories.ago(days=20), ended_at=factories.ago(60)
            ),
        }

    @pytest.mark.parametrize(
        ("params", "expected"),
        [
            ({}, "waiting running failed late"),
            ({"function": "refund"}, "failed late"),
            ({"status": "RUNNING"}, "waiting running"),
            ({"status": "WAITING"}, "waiting"),
            ({"status": "FAILED_OR_TIMED_OUT"}, "failed late"),
            ({"status": "FAILED_OR_TIMED_OUT", "ended": "24h"}, "late"),
            ({"name": "ORDER-1"}, "waiting"),
            ({"name": " refund "}, "failed late"),
            ({"started": "1h"}, "waiting"),
            ({"started": "24h"}, "waiting running"),
            ({"started": "7d"}, "waiting running failed"),
            ({"started": "30d"}, "waiting running failed late"),
            ({"function": "refund", "status": "FAILED", "started": "7d", "name": "fund"}, "failed"),
            ({"function": "refund", "status": "RUNNING"}, ""),
        ],
    )
    def test_a_filter_keeps_what_matches(
        self, as_viewer: Client, some: dict[str, Execution], params: dict[str, str], expected: str
    ) -> None:
        wanted = [some[name].pk for name in expected.split()]
        assert ids(body(as_viewer, **params)) == wanted
        assert ids(body(as_viewer, TABLE, **params)) == wanted

    def test_times_may_be_given_to_the_minute_in_any_zone(self, as_viewer: Client, some: dict[str, Execution]) -> None:
        at = some["failed"].started_at
        plain = {"started_from": f"{at:%Y-%m-%dT%H:%M}", "started_to": f"{at + dt.timedelta(minutes=1):%Y-%m-%dT%H:%M}"}
        tokyo = at.astimezone(dt.timezone(dt.timedelta(hours=9)))
        zoned = {"started_from": tokyo.isoformat(), "started_to": f"{at + dt.timedelta(minutes=1):%Y-%m-%dT%H:%M}Z"}
        for params in (plain, zoned):
            assert ids(body(as_viewer, **params)) == [some["failed"].pk]

    def test_counts_lead_to_their_status_and_back(self, as_viewer: Client, some: dict[str, Execution]) -> None:
        html = body(as_viewer, function="coffee-order")
        assert 'href="/executions/?function=coffee-order&amp;status=WAITING" data-status-count="WAITING"' in html
        assert "1 waiting for a callback" in html
        chosen = body(as_viewer, function="coffee-order", status="WAITING")
        assert 'href="/executions/?function=coffee-order" data-status-count="WAITING" aria-current="true"' in chosen
        assert "1 of 1" in chosen

    def test_the_forms_keep_the_other_filters(self, as_viewer: Client, some: dict[str, Execution]) -> None:
        html = body(as_viewer, function="refund", name="fund")
        form = html[html.index('id="filter-name"') - 400 : html.index('id="filter-name"')]
        assert '<input type="hidden" name="function" value="refund">' in form
        assert 'name="name" value="fund"' in html

    def test_the_live_table_asks_for_the_same_filters(self, as_viewer: Client, some: dict[str, Execution]) -> None:
        html = body(as_viewer, function="refund", status="FAILED")
        assert 'hx-get="/executions/table/?function=refund&amp;status=FAILED"' in html


BAD_VALUES = [
    ("function", "nobody-knows"),
    ("function", "a\x00b"),
    ("status", "BOGUS"),
    ("status", "x" * 5000),
    ("status", "RUN\x00NING"),
    ("name", "x" * 301),
    ("name", "a\x00b"),
    ("name", "arn:aws:lambda:us-east-1:1:function:f/durable-execution/" + "x" * 400),
    ("started", "yesterday"),
    ("started_from", "yesterday"),
    ("started_from", "0001-01-01T00:00+14:00"),
    ("started_from", "9999-12-31T23:59-14:00"),
    ("started_to", "2026-13-01"),
    ("ended", "2h"),
    ("ended_from", "NaN"),
    ("ended_to", "2026-01-01T00:00:00+99:00"),
    ("older", "x"),
    ("newer", "9" * 30 + "-1"),
    ("older", "1-" + "9" * 19),
]


@pytest.mark.parametrize(("name", "value"), BAD_VALUES)
def test_a_value_that_cannot_be_used_gets_a_sentence_and_the_other_filters_stay(
    as_viewer: Client, name: str, value: str
) -> None:
    kept = factories.execution(factories.function("coffee-order"), "STOPPED", name="kept")
    factories.execution(kept.function, "FAILED")
    factories.execution(factories.function("refund"), "STOPPED", name="kept too")
    others = {"function": "coffee-order", "status": "STOPPED"}
    params = {**others, name: value}
    expected = body(as_viewer, TABLE, **{key: text for key, text in others.items() if key != name})
    html = body(as_viewer, **params)
    assert ids(html) == ids(expected)
    assert kept.pk in ids(html)
    assert 'role="alert"' in html
    if name in ("name", "function") or "_" in name:
        assert f'aria-describedby="wrong-{name}"' in html
    assert ids(body(as_viewer, TABLE, **params)) == ids(expected)


def test_an_end_before_the_beginning_is_said_to_be_one(as_viewer: Client) -> None:
    html = body(as_viewer, started_from="2026-11-23T10:00", started_to="2026-11-23T09:00")
    assert "This is not after the beginning." in html


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(sorted({name for name, _ in BAD_VALUES})), st.text(max_size=40)))
def test_no_query_string_at_all_is_an_error(as_viewer: Client, params: dict[str, str]) -> None:
    response = as_viewer.get(LIST, {name: text.encode("utf-8", "replace") for name, text in params.items()})
    assert response.status_code in (200, 302)


def test_the_arn_of_an_execution_in_the_search_leads_to_it(as_viewer: Client) -> None:
    execution = factories.execution()
    response = as_viewer.get(LIST, {"name": f" {execution.arn} "})
    assert response.status_code == 302
    assert response["Location"].startswith("/arn/arn:aws:lambda:")
    assert as_viewer.get(response["Location"])["Location"] == f"/executions/{execution.pk}/"
    assert str(ExecutionArn.parse(execution.arn)) == execution.arn


def test_the_arn_of_a_function_in_the_search_leads_to_its_executions(as_viewer: Client) -> None:
    function = factories.function("coffee-order")
    response = as_viewer.get(LIST, {"name": function.arn + ":7"})
    assert response["Location"] == "/executions/?function=coffee-order"
