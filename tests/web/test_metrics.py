"""`/metrics`: closed without its token, and what it tells."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from executions import metrics
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]
TOKEN = "a token of some length".replace(" ", "-")
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def open_to_token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


def scrape(client: Client) -> dict[str, float]:
    """Samples by name and labels, as they are written."""
    answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    lines = [line for line in answer.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(number) for name, _, number in (line.rpartition(" ") for line in lines)}


def test_without_a_token_set_there_is_no_such_page_even_for_an_admin(as_admin: Client, client: Client) -> None:
    assert as_admin.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ä€"])
def test_another_token_opens_nothing_and_neither_does_a_login(open_to_token: None, as_admin: Client, sent: str) -> None:
    answer = as_admin.get("/metrics", headers={"Authorization": sent})
    assert answer.status_code == 401 and answer["WWW-Authenticate"] == "Bearer"
    assert b"durascope" not in answer.content


def test_it_tells_ages_counts_queues_and_troubles(open_to_token: None, client: Client) -> None:
    here, there = factories.connection(), factories.connection(name="other", swept_at=None)
    function = factories.function(connection=here, listed_at=factories.ago(100))
    factories.function(connection=here, listed_at=factories.ago(5))
    factories.function(connection=here, listed_at=factories.ago(9000), gone_at=factories.ago(8000))
    factories.function(connection=there, listed_at=None)
    factories.executions(function, 3, "FAILED")
    running = factories.execution(function, history_due_at=factories.ago(40))
    factories.execution(function, history_due_at=factories.ago(-40))
    factories.callback(running)
    factories.trouble(connection=here, kind="denied")
    found = scrape(client)
    assert 100 <= found['durascope_data_age_seconds{connection="default"}'] < 160
    assert 'durascope_data_age_seconds{connection="other"}' not in found, "what is not known has no sample"
    assert found['durascope_functions_never_listed{connection="other"}'] == 1
    assert found['durascope_functions{connection="default"}'] == 2
    assert found['durascope_executions{connection="default",status="FAILED"}'] == 3
    assert found['durascope_executions{connection="default",status="RUNNING"}'] == 2
    assert found['durascope_histories_waiting{connection="default"}'] == 2
    assert found['durascope_histories_overdue{connection="default"}'] == 1
    assert 40 <= found['durascope_sync_lag_seconds{connection="default"}'] < 100
    assert found['durascope_troubles{connection="default",kind="denied"}'] == 1
    assert found["durascope_open_callbacks"] == 1
    assert found['durascope_budget_calls_per_second{api="list",connection="default"}'] == 7


def test_calls_are_counted_by_api_and_outcome(open_to_token: None, client: Client) -> None:
    name = "counted-here"
    for outcome in (metrics.OK, metrics.OK, "throttled"):
        metrics.called(name, "list", outcome, 0.2)
    found = scrape(client)
    assert found[f'durascope_aws_calls_total{{api="list",connection="{name}",outcome="ok"}}'] == 2
    assert found[f'durascope_aws_calls_total{{api="list",connection="{name}",outcome="throttled"}}'] == 1
    assert found[f'durascope_aws_call_seconds_bucket{{api="list",connection="{name}",le="0.25"}}'] == 3


def test_the_text_is_prometheus_s(open_to_token: None, client: Client) -> None:
    factories.connection(name='odd "name"\\')
    answer = client.get("/metrics", headers=BEARER)
    assert answer["Content-Type"].startswith("text/plain")
    text = answer.content.decode()
    for kind in ("durascope_streams gauge", "durascope_fold_seconds histogram", "durascope_store_seconds histogram"):
        assert f"# TYPE {kind}" in text
    sample = re.compile(r'[a-z_]+(\{([a-z]+="([^"\\\n]|\\.)*",?)*\})? [-+0-9.e]+(Inf|NaN)?')
    assert [line for line in text.splitlines() if not line.startswith("#") and not sample.fullmatch(line)] == []


@pytest.mark.parametrize("count", [1, 30])
def test_a_scrape_costs_a_fixed_number_of_queries(
    open_to_token: None, client: Client, django_assert_num_queries: Callable[..., Any], count: int
) -> None:
    for number in range(count):
        function = factories.function(connection=factories.connection(name=f"c-{number}"))
        factories.callback(factories.execution(function, history_due_at=factories.ago(1)))
    with django_assert_num_queries(7):
        scrape(client)
