"""The lane of what people did, on an execution's timeline."""

import datetime as dt
import re

import pytest
from django.test import Client

from executions.models import Execution
from tests import factories, histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]


@pytest.fixture
def ended() -> Execution:
    script = histories.Script()
    script.started()
    script.step("first", seconds=10)
    script.step("second", seconds=10)
    script.ended()
    return stored.execution(script.events)


def marks(client: Client, execution: Execution) -> dict[int, float]:
    """Where each action stands, in percent of the axis."""
    page = client.get(f"/executions/{execution.pk}/").content.decode()
    found = re.findall(r'<circle class="deed deed-\w+" cx="([\d.]+)%" cy="13" r="4.5" data-action-id="(\d+)"', page)
    return {int(pk): float(x) for x, pk in found}


def at(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(histories.START + seconds, tz=dt.UTC)


def test_each_action_stands_where_it_happened_and_leads_to_what_is_said_of_it(
    as_operator: Client, ended: Execution
) -> None:
    by = factories.user("operator", "ada<b>")
    begun = factories.action(ended, by, "start", created_at=at(-1))
    beat = factories.action(ended, by, "heartbeat", created_at=at(10))
    after = factories.action(ended, by, "delete", created_at=at(500), outcome="refused")
    found = marks(as_operator, ended)
    assert found[begun.pk] == 0.0 and 0 < found[beat.pk] < found[after.pk] <= 100.0
    page = as_operator.get(f"/executions/{ended.pk}/").content.decode()
    assert f'href="#deed-{beat.pk}"' in page and f'id="deed-{beat.pk}"' in page
    assert "last: ada&lt;b&gt;" in page and 'title="3 actions">3<' in page and "ada<b>" not in page
    assert f'deed-bad" cx="{found[after.pk]:.2f}%"' in page


def test_where_nobody_did_anything_there_is_no_lane(as_operator: Client, ended: Execution) -> None:
    assert "tl-people" not in as_operator.get(f"/executions/{ended.pk}/").content.decode()


def test_a_share_link_tells_of_nobody(client: Client, as_viewer: Client, ended: Execution) -> None:
    factories.action(ended, factories.user("operator", "ada"), "stop", created_at=at(5))
    factories.share_link(ended, token="a-token")
    assert marks(as_viewer, ended)
    page = as_viewer.get("/shared/a-token/view/").content.decode()
    assert "tl-rows" in page and "tl-people" not in page and "ada" not in page
