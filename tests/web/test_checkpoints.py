"""Two checkpoints of one execution compared."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from executions.models import Execution
from tests import factories, histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
HOSTILE = '"><script>alert(1)</script>'


def url(execution: Execution, query: str = "") -> str:
    return f"/executions/{execution.pk}/checkpoints/{query}"


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def tagged() -> Execution:
    """Two steps whose results carry the SDK's type tags."""
    script = histories.Script()
    script.started(payload='{"order": 1}')
    script.step("check", result='{"t":"m","v":{"ok":{"t":"b","v":true},"big":{"t":"i","v":12345678901234567890}}}')
    script.sleep(1)
    script.step("pay", result='{"password": "hunter2", "paid": true}')
    script.ended()
    return stored.execution(script.events)


@pytest.mark.parametrize("scenario", stored.scenarios())
def test_every_recorded_scenario_renders_at_every_checkpoint(as_viewer: Client, scenario: str) -> None:
    events = stored.wire(scenario)
    execution = stored.execution(events)
    assert "From event" in text(as_viewer, url(execution))
    for b in range(0, len(events) + 1, 7):
        text(as_viewer, url(execution, f"?a={b // 2}&b={b}&view=side&all=1&part=content"))


def test_somebody_without_a_role_sees_nothing(nobody: User, login: Any, tagged: Execution) -> None:
    assert login(nobody).get(url(tagged)).status_code == 403


def test_an_unknown_execution_is_not_found(as_viewer: Client) -> None:
    assert as_viewer.get("/executions/9/checkpoints/").status_code == 404


def test_without_numbers_the_last_two_batches_are_compared(as_viewer: Client, tagged: Execution) -> None:
    html = text(as_viewer, url(tagged))
    assert "From event 4 to event 6:" in html


def test_what_appeared_is_listed_and_the_rest_is_folded(as_viewer: Client, tagged: Execution) -> None:
    html = text(as_viewer, url(tagged, "?a=3&b=5"))
    assert 'data-status="appeared"' in html and "1 unchanged" in html and 'data-status="unchanged"' not in html
    assert 'data-status="unchanged"' in text(as_viewer, url(tagged, "?a=3&b=5&all=1"))


def test_type_tags_are_decoded_unless_asked_otherwise(as_viewer: Client, tagged: Execution) -> None:
    query = f"?a=1&b=3&op={histories.operation_id('check')}"
    decoded, raw = text(as_viewer, url(tagged, query)), text(as_viewer, url(tagged, query + "&tags=raw"))
    assert "&quot;ok&quot;: true" in decoded and "12345678901234567890" in decoded
    assert "&quot;t&quot;: &quot;b&quot;" in raw and "12345678901234567890" in raw


@pytest.mark.parametrize("view", ["", "&view=side"])
def test_secrets_are_hidden_in_the_difference(as_viewer: Client, tagged: Execution, view: str) -> None:
    html = text(as_viewer, url(tagged, f"?a=3&b=5&op={histories.operation_id('pay')}{view}"))
    assert "[redacted]" in html and "hunter2" not in html


def test_secrets_in_a_payload_that_aws_cut_are_hidden_too(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    script.step("pay", result='{"paid": true, "password": "hunter2", "note": "cut he')
    execution = stored.execution(script.events)
    assert "hunter2" not in text(as_viewer, url(execution, f"?a=0&b=3&op={histories.operation_id('pay')}"))


def test_long_payloads_are_compared_whole(as_viewer: Client) -> None:
    script = histories.Script()
    script.started(payload='{"rows": "' + "x" * 9000 + '", "end": 1}')
    script.ended()
    html = text(as_viewer, url(stored.execution(script.events), "?a=0&b=1&op="))
    assert "&quot;end&quot;: 1" in html


@pytest.mark.parametrize(
    ("query", "said", "used"),
    [
        ("?a=x&b=5", "This is not a number; 4 is used.", "From event 4 to event 5"),
        ("?a=-4&b=5", "There are events 1 to 6; 0 is used.", "From event 0 to event 5"),
        ("?a=1&b=99999999999999999999999", "There are events 1 to 6; 6 is used.", "From event 1 to event 6"),
        ("?a=5&b=2", "A comes before B: they are exchanged.", "From event 2 to event 5"),
        ("?a=5&b=-2", 'id="problem-A">There are events 1 to 6; 0 is used.', "From event 0 to event 5"),
    ],
)
def test_bad_numbers_get_a_message_and_the_nearest_valid_one(
    as_viewer: Client, tagged: Execution, query: str, said: str, used: str
) -> None:
    html = text(as_viewer, url(tagged, query))
    assert said in html and used in html and 'aria-invalid="true"' in html


@pytest.mark.parametrize("query", ["?a=", "?a=&b=", "?op=nope", "?a=1e3&b=٣", "?view=x&tags=y&all=z", "?a=%00"])
def test_other_nonsense_is_no_error(as_viewer: Client, tagged: Execution, query: str) -> None:
    text(as_viewer, url(tagged, query))


def test_hostile_names_and_payloads_are_escaped(as_viewer: Client) -> None:
    script = histories.Script()
    script.started(payload=HOSTILE)
    script.step_started("a", name=HOSTILE)
    script.step_failed("a", message=HOSTILE)
    execution = stored.execution(script.events)
    for query in ("", "?a=0&b=3", f"?a=0&b=3&op={histories.operation_id('a')}&view=side", f"?a={HOSTILE}"):
        assert "<script>alert" not in text(as_viewer, url(execution, query))


def test_stepping_leads_through_the_batches_and_to_the_next_change(as_viewer: Client, tagged: Execution) -> None:
    html = text(as_viewer, url(tagged, f"?a=0&b=1&op={histories.operation_id('pay')}"))
    assert 'rel="next"' in html and "next change of this operation" in html
    assert "It does not exist yet at B." in html
    assert 'rel="next"' not in text(as_viewer, url(tagged, "?a=4&b=6"))


def test_with_many_batches_only_those_around_b_have_a_stop(as_viewer: Client) -> None:
    execution = stored.execution(histories.big_history(200))
    html = text(as_viewer, url(execution))
    assert html.count('class="hit"') == 80 and "those around B" in html


def test_a_history_that_was_not_read_yet_renders(as_viewer: Client) -> None:
    assert "Nothing changed" in text(as_viewer, url(factories.execution()))


def test_the_page_costs_few_queries(
    as_viewer: Client, tagged: Execution, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    as_viewer.get(url(tagged))
    with django_assert_num_queries(10):
        as_viewer.get(url(tagged))


def test_each_operation_tells_its_state_at_b(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    for attempt in (1, 2):
        script.step_started("charge")
        script.step_failed("charge", attempt=attempt, delay=1, message="declined")
    script.sleep(1)
    script.step("pay", result='{"password": "hunter2", "paid": true}')
    script.step("long", result='{"rows": "' + "x" * 5000 + '"}')
    html = text(as_viewer, url(stored.execution(script.events), "?a=0&b=9"))
    rows = {row.split("</a>")[0].rsplit(">", 1)[-1]: row for row in html.split("<tr ")[2:]}
    assert "attempt 2" in rows["charge"] and "declined" in rows["charge"]
    assert "paid" in rows["pay"] and "[redacted]" in rows["pay"] and "hunter2" not in html
    assert "result of 4.9 KB" in rows["long"]


@pytest.mark.parametrize(
    ("at", "said"),
    [("0", "From event 0 to event 0"), ("1", "From event 0 to event 2"), ("3", "From event 3 to event 4"),
     ("999", "From event 4 to event 6"), ("x", "From event 4 to event 6"), ("-1", "From event 4 to event 6")],
)  # fmt: skip
def test_the_slider_leads_to_a_batch_and_compares_it_with_the_one_before(
    as_viewer: Client, tagged: Execution, at: str, said: str
) -> None:
    html = text(as_viewer, url(tagged, f"?at={at}"))
    assert said in html and 'type="range" name="at" min="0" max="4"' in html


def test_one_steps_from_change_to_change_of_an_operation_in_both_directions(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    for attempt in (1, 2, 3):
        script.sleep(1)
        script.step_started("charge")
        script.sleep(1)
        script.step_failed("charge", attempt=attempt, delay=1)
    execution = stored.execution(script.events)
    query = f"op={histories.operation_id('charge')}"
    first, middle, last = (text(as_viewer, url(execution, f"?a={b - 1}&b={b}&{query}")) for b in (2, 4, 7))
    assert f'href="?a=2&amp;b=3&amp;{query}">previous change' in middle
    assert f'href="?a=4&amp;b=5&amp;{query}">next change' in middle
    assert "previous change of" not in first and "next change of" in first
    assert "previous change of" in last and "next change of" not in last
