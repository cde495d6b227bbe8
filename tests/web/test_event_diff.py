"""The payloads of two events of one execution compared."""

import html as html_library
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.models import Execution
from tests import factories, histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
HOSTILE = '"><script>alert(1)</script>'


def url(execution: Execution, query: str = "") -> str:
    return f"/executions/{execution.pk}/diff/{query}"


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def compared(client: Client, execution: Execution, name: str) -> dict[str, str]:
    """What the drawer of an operation offers to compare: words and links."""
    drawer = text(client, f"/executions/{execution.pk}/operations/{histories.operation_id(name)}/")
    (line,) = re.findall(r"<p>Compare: (.*?)</p>", drawer) or [""]
    found = re.findall(r'href="([^"]+)"><bdi>([^<]+)</bdi>', line)
    return {html_library.unescape(words): html_library.unescape(link) for link, words in found}


@pytest.fixture
def retried() -> Execution:
    """A step that fails twice, a poll, and a chained invoke that is given a result."""
    script = histories.Script()
    script.started(payload='{"order": 7}')
    for attempt in (1, 2):
        script.step_started("charge")
        script.step_failed("charge", attempt=attempt, delay=1, message=f"declined {attempt}")
    script.step("charge", result='{"n": 2, "password": "hunter2"}')
    for attempt, state in ((1, '{"done": false}'), (2, '{"done": true}')):
        script.event("StepStarted", "poll", name="poll", subtype="WaitForCondition", details={})
        retry = {"CurrentAttempt": attempt, "NextAttemptDelaySeconds": 1 if attempt == 1 else 0}
        details = {"Result": {"Payload": state, "Truncated": False}, "RetryDetails": retry}
        script.event("StepSucceeded", "poll", name="poll", subtype="WaitForCondition", details=details)
    script.chained_started("points", "loyalty")
    script.ended()
    return stored.execution(script.events)


def test_the_drawer_leads_from_one_attempt_to_the_next(as_viewer: Client, retried: Execution) -> None:
    links = compared(as_viewer, retried, "charge")
    assert list(links) == ["attempt 1 → 2", "attempt 2 → 3", "its result → input of points"]
    html = text(as_viewer, links["attempt 1 → 2"])
    assert "declined 1" in html and "declined 2" in html and "1 change: 1 changed" in html
    assert "error → result" in text(as_viewer, links["attempt 2 → 3"])


def test_the_states_of_two_polls_are_compared(as_viewer: Client, retried: Execution) -> None:
    html = text(as_viewer, compared(as_viewer, retried, "poll")["poll 1 → 2"])
    assert "&quot;done&quot;: false" in html and "&quot;done&quot;: true" in html


def test_polls_without_data_offer_no_comparison(as_viewer: Client) -> None:
    execution = stored.execution(stored.wire("waiter"))
    key = next(event["Id"] for event in stored.wire("waiter") if event.get("Name") == "poll-job")
    assert "Compare:" not in text(as_viewer, f"/executions/{execution.pk}/operations/{key}/")
    html = text(as_viewer, url(execution, "?a=6&b=12"))
    assert "AWS gives no payload for event 6." in html and "&quot;polls&quot;: 3" in html


def test_a_result_is_compared_with_the_input_that_follows(as_viewer: Client, retried: Execution) -> None:
    links = compared(as_viewer, retried, "points")
    assert list(links) == ["result of poll → its input"]
    html = text(as_viewer, links["result of poll → its input"])
    assert "result → input" in html and "&quot;n&quot;: 3" in html


def test_the_first_input_is_compared_with_the_executions_own(as_viewer: Client) -> None:
    script = histories.Script()
    script.started(payload='{"n": 3}')
    script.chained_started("points", "loyalty")
    execution = stored.execution(script.events)
    links = compared(as_viewer, execution, "points")
    assert list(links) == ["the execution's input → its input"]
    assert "no difference" in text(as_viewer, links["the execution's input → its input"])


@pytest.mark.parametrize("query", ["", "&view=side", "&tags=raw"])
def test_secrets_are_hidden(as_viewer: Client, retried: Execution, query: str) -> None:
    html = text(as_viewer, url(retried, f"?a=5&b=7{query}"))
    assert "hunter2" not in html and "[redacted]" in html


def test_the_sides_can_be_swapped(as_viewer: Client, retried: Execution) -> None:
    assert "?a=5&amp;b=3" in text(as_viewer, url(retried, "?a=3&b=5"))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Which event?"),
        ("?a=3&b=99", "There is no event 99 in this history."),
        ("?a=x&b=%00", "Which event?"),
        ("?a=2&b=3", "AWS gives no payload for event 2."),
        ("?a=2&b=4", "There is nothing to compare."),
        ("?a=99999999999999999999&b=-1", "Which event?"),
    ],
)
def test_what_cannot_be_compared_is_said(as_viewer: Client, retried: Execution, query: str, said: str) -> None:
    assert said in text(as_viewer, url(retried, query))


@pytest.mark.parametrize("scenario", stored.scenarios())
def test_every_pair_of_recorded_events_renders(as_viewer: Client, scenario: str) -> None:
    execution = stored.execution(stored.wire(scenario))
    for number in range(1, len(stored.wire(scenario)), 3):
        text(as_viewer, url(execution, f"?a={number}&b={number + 2}&view=side"))


def test_hostile_names_and_payloads_are_escaped(as_viewer: Client) -> None:
    script = histories.Script()
    script.started(payload=HOSTILE)
    script.step_started("a", name=HOSTILE)
    script.step_failed("a", message=HOSTILE, delay=1)
    script.step_started("a", name=HOSTILE)
    script.step_succeeded("a", name=HOSTILE, result=HOSTILE)
    execution = stored.execution(script.events)
    assert "<script>alert" not in text(as_viewer, url(execution, "?a=3&b=5"))
    assert "<script>alert" not in text(as_viewer, url(execution, f"?a={HOSTILE}"))


def test_somebody_without_a_role_sees_nothing(nobody: User, login: Any, retried: Execution) -> None:
    assert login(nobody).get(url(retried, "?a=3&b=5")).status_code == 403


def test_an_unread_history_has_nothing_to_compare(as_viewer: Client) -> None:
    assert "nothing to compare" in text(as_viewer, url(factories.execution(), "?a=1&b=2"))


def test_what_is_being_compared_is_marked_among_what_can_be(as_viewer: Client, retried: Execution) -> None:
    html = text(as_viewer, compared(as_viewer, retried, "charge")["attempt 2 → 3"] + "&view=side")
    assert html.count('<strong aria-current="true">') == 1
    assert '<strong aria-current="true"><bdi>charge: attempt 2 → 3</bdi></strong>' in html
    assert ">charge: attempt 1 → 2</bdi></a>" in html
