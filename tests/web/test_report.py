"""`/executions/<id>/report.html` and `history.json`: one execution as files."""

import re

import orjson
import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.models import Execution
from tests import factories, histories
from tests.web import stored
from tests.web.test_shared import SECRET, secretive

pytestmark = [pytest.mark.web, pytest.mark.django_db]


def report(client: Client, execution: Execution) -> str:
    response = client.get(f"/executions/{execution.pk}/report.html")
    assert response.status_code == 200
    assert (
        response["Content-Disposition"].startswith("attachment;") and "sandbox" in response["Content-Security-Policy"]
    )
    return response.content.decode()


@pytest.mark.parametrize("scenario", stored.scenarios())
def test_every_recorded_scenario_is_a_file_that_needs_nothing_else(as_viewer: Client, scenario: str) -> None:
    execution = stored.execution(stored.wire(scenario))
    html = report(as_viewer, execution)
    assert execution.name in html and execution.arn in html
    assert not re.search(r"<script|<link|<img|<iframe|<form|\ssrc=|\shref=|\son\w+=|\sstyle=|url\(|@import", html)
    shown = stored.wire(scenario)
    assert len(re.findall(r'<td class="n">\d+</td><td class="n">20', html)) == len(shown)


def test_a_report_holds_no_secret(as_viewer: Client) -> None:
    html = report(as_viewer, secretive())
    assert SECRET not in html and "green" in html and "PaymentError" in html and "handle-4711" not in html


def test_a_long_history_is_cut_and_says_what_is_left_out(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    for number in range(3_000):
        script.step(f"s{number}", result='"' + "x" * 900 + '"')
    script.ended()
    html = report(as_viewer, stored.execution(script.events))
    assert "2,400 operations after the first 600" in html and "4,002 events after the first 2,000" in html
    assert re.search(r"[\d,]+ payloads, to keep this file small", html)
    assert len(html) < 2_000_000


def test_a_long_payload_is_cut_and_its_size_is_said(as_viewer: Client) -> None:
    script = histories.Script()
    script.started(payload='"' + "y" * 50_000 + '"')
    script.ended()
    html = report(as_viewer, stored.execution(script.events))
    assert "the first 8.0 KB of" in html or "the first 8 KB of" in html
    assert 8_000 < html.count("y") < 9_500


def test_hostile_text_is_escaped(as_viewer: Client) -> None:
    hostile = "</pre><script>alert(1)</script>"
    script = histories.Script()
    script.started(payload=hostile, name=hostile)
    script.step_started("s", name=hostile)
    script.step_failed("s", message=hostile)
    script.ended("Failed", ErrorType=hostile, ErrorMessage=hostile)
    assert "<script" not in report(as_viewer, stored.execution(script.events, name=hostile))


def test_an_unread_or_missing_execution_says_so(as_viewer: Client) -> None:
    assert "There are none" in report(as_viewer, factories.execution())
    assert as_viewer.get("/executions/999999/report.html").status_code == 404


def test_a_report_says_what_is_missing_of_its_history(as_viewer: Client) -> None:
    events = histories.big_history(20)
    assert "not complete" not in report(as_viewer, stored.execution(events))
    ends = stored.execution([one for one in events if not 4 <= one["EventId"] <= 9])
    assert "The history is not complete: events 4-9 are missing." in report(as_viewer, ends)


def test_somebody_without_a_role_gets_no_report(nobody: User, login: object) -> None:
    client = login(nobody)  # type: ignore[operator]
    assert client.get(f"/executions/{factories.execution().pk}/report.html").status_code == 403


@pytest.mark.parametrize("scenario", stored.scenarios())
def test_the_history_as_json_is_what_aws_said(as_viewer: Client, scenario: str) -> None:
    execution = stored.execution(stored.wire(scenario), history_complete=True)
    answer = as_viewer.get(f"/executions/{execution.pk}/history.json")
    assert orjson.loads(answer.content) == {"Events": stored.wire(scenario)}
