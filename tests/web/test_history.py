"""The history of one execution: a table in windows, one event, and AWS's own JSON."""

import re
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dashboard.env import ROOT
from dashboard.pages.history import CHUNK
from executions.histories import history_of
from executions.models import Execution
from executions.sync import on_demand
from tests import factories, histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def big() -> Execution:
    return stored.execution(histories.big_history(150))


def url(execution: Execution, rest: str = "history/") -> str:
    return f"/executions/{execution.pk}/{rest}"


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address, follow=True)
    assert response.status_code == status
    return response.content.decode()


def events_of_rows(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'<tr id="event-(\d+)"', html)]


@pytest.mark.parametrize("scenario", stored.scenarios())
def test_every_event_of_every_recorded_scenario_can_be_opened(as_viewer: Client, scenario: str) -> None:
    execution = stored.execution(stored.wire(scenario))
    html = text(as_viewer, url(execution))
    for event in stored.wire(scenario):
        assert f'id="event-{event["EventId"]}"' in html
        drawer = text(as_viewer, url(execution, f"events/{event['EventId']}/"))
        assert event["EventType"] in drawer


@pytest.mark.parametrize("rest", ["history/", "events/1/", "history.json"])
def test_somebody_without_a_role_sees_nothing(nobody: User, login: Any, big: Execution, rest: str) -> None:
    assert login(nobody).get(url(big, rest)).status_code == 403


@pytest.mark.parametrize("rest", ["history/", "events/1/", "history.json"])
def test_an_unknown_execution_is_not_found(as_viewer: Client, rest: str) -> None:
    assert as_viewer.get(f"/executions/9/{rest}").status_code == 404


def test_an_events_own_address_opens_it_in_the_history(as_viewer: Client, big: Execution) -> None:
    response = as_viewer.get(url(big, "events/7/"))
    assert response.status_code == 302 and response["Location"] == url(big, "history/?event=7")
    fragment = as_viewer.get(url(big, "events/7/"), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and f'data-copy-link="{url(big, "events/7/")}"' in fragment


def test_the_drawers_of_timeline_and_history_are_the_same_but_for_where_their_links_stay(
    as_viewer: Client, big: Execution
) -> None:
    operation = next(iter(history_of(big).operations.values()))
    number = operation.first_event_id
    for path in (f"events/{number}/", f"operations/{operation.id}/"):
        told = []
        for tab, page in (("timeline", url(big, "")), ("history", url(big))):
            html = as_viewer.get(url(big, f"{path}?tab={tab}&q=order"), headers={"HX-Request": "true"}).content.decode()
            assert f'href="{page}?q=order&amp;' in html and f"tab={tab}" in html
            told.append(re.sub(r"<[^>]+>", "", html.replace("In the history", "").replace("In the timeline", "")))
        assert told[0] == told[1]
    assert f'<li class="tl-row d0 is-selected" id="op-{number}"' in text(as_viewer, url(big, f"?event={number}"))
    assert "EventTimestamp" in text(as_viewer, url(big, f"?event={number}"))
    assert 'id="operation"' in text(as_viewer, url(big, f"history/?op={operation.id}"))


def test_a_drawer_shows_fields_that_are_not_known_here(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    script.events[0]["Novel"] = {"Colour": ["teal"]}
    assert "teal" in text(as_viewer, url(stored.execution(script.events), "history/?event=1"))


def test_events_are_grouped_by_operation(as_viewer: Client, big: Execution) -> None:
    html = text(as_viewer, url(big, "history/?group=operation"))
    for address in re.findall(r'class="gap-rows[^>]*data-window="([^"]+)"', html):
        html += text(as_viewer, address.replace("&amp;", "&"))
    assert sorted(events_of_rows(html)) == list(range(1, big.last_event_id + 1))
    under: dict[str, list[int]] = {}
    row = r'<tr id="(group|event)-[^>]*data-operation-id="([^"]*)"(?: data-event-id="(\d+)")?'
    above = ""
    for kind, key, event in re.findall(row, html):
        above = key if kind == "group" else above
        if kind == "event" and key == above:
            under.setdefault(key, []).append(int(event))
    operations = history_of(big).operations
    assert {key: tuple(found) for key, found in under.items() if key in operations} == {
        key: one.event_ids for key, one in operations.items()
    }
    assert "The execution</bdi>" in html and "Invocations</bdi>" in html


def test_a_group_that_is_far_down_opens_with_its_drawer(as_viewer: Client, big: Execution) -> None:
    last = list(history_of(big).operations.values())[-1]
    html = text(as_viewer, url(big, f"history/?group=operation&op={last.id}"))
    assert f'<tr id="group-{last.first_event_id}" class="group is-selected"' in html and 'id="operation"' in html


def test_groups_of_a_filter_hold_only_what_it_found(as_viewer: Client, big: Execution) -> None:
    html = text(as_viewer, url(big, "history/?group=operation&type=StepFailed&part=list"))
    shown = [history_of(big).event(number) for number in events_of_rows(html)]
    assert {event.type for event in shown if event} == {"StepFailed"}
    assert html.count('id="group-') == len({event.operation_id for event in shown if event})


@pytest.mark.parametrize("number", [0, 9999, 2**70])
def test_an_unknown_event_is_not_found(as_viewer: Client, big: Execution, number: int) -> None:
    assert as_viewer.get(url(big, f"events/{number}/")).status_code == 404
    assert as_viewer.get(url(big, f"history/?event={number}")).status_code == 200


def test_a_link_to_an_event_that_is_missing_says_so(as_viewer: Client, big: Execution) -> None:
    assert "No event 9999" in text(as_viewer, url(big, "history/?event=9999"))


def test_the_windows_put_together_are_the_whole(as_viewer: Client, big: Execution) -> None:
    page = text(as_viewer, url(big))
    found = events_of_rows(page)
    assert len(found) == CHUNK
    for address in re.findall(r'class="gap-rows[^>]*data-window="([^"]+)"', page):
        found += events_of_rows(text(as_viewer, address.replace("&amp;", "&")))
    assert found == list(range(1, big.last_event_id + 1))


def test_places_of_events_are_as_high_as_their_events(as_viewer: Client, big: Execution) -> None:
    page = text(as_viewer, url(big))
    whole, short = page.count('class="gap-rows"'), re.findall(r'class="gap-rows is-short".*?height="(\d+)"', page)
    assert len(short) == 1 and CHUNK * (1 + whole) + int(short[0]) // 31 + 1 == big.last_event_id
    stylesheet = (ROOT / "static/css/execution.css").read_text()  # which says how high a whole one is
    assert f".events .gap-rows:not(.is-short) {{ height: {CHUNK * 31}px;" in stylesheet
    assert f".events .gap-rows:not(.is-short) td {{ height: calc({CHUNK} * var(--row)); }}" in stylesheet


def test_a_link_to_an_event_far_down_opens_its_window_and_its_drawer(as_viewer: Client, big: Execution) -> None:
    number = big.last_event_id - 2
    html = text(as_viewer, url(big, f"history/?event={number}"))
    assert f'<tr id="event-{number}" class="is-selected"' in html and f"#{number} <button" in html


def test_type_and_text_narrow_the_list(as_viewer: Client, big: Execution) -> None:
    failed = text(as_viewer, url(big, "history/?type=StepFailed&part=list"))
    assert set(re.findall(r'class="tone-bad">(\w+)<', failed)) == {"StepFailed"}
    found = text(as_viewer, url(big, "history/?q=ORDER-3/settle&part=list"))
    assert len(events_of_rows(found)) == 2
    assert "No event matches" in text(as_viewer, url(big, "history/?type=Nope"))


@pytest.mark.parametrize("query", ["from=x", "from=-3", "from=99999999", "event=x", "type=%00", "q=%F0%9F", "have=x"])
def test_what_cannot_be_read_in_a_url_is_as_if_it_were_not_there(as_viewer: Client, big: Execution, query: str) -> None:
    for part in ("", "&part=rows", "&part=list"):
        assert as_viewer.get(url(big, f"history/?{query}{part}")).status_code == 200


def test_hostile_events_are_escaped(as_viewer: Client) -> None:
    script = histories.Script()
    script.started(payload=HOSTILE)
    script.step_started("a", name=HOSTILE)
    script.step_failed("a", message=HOSTILE)
    script.event(HOSTILE, HOSTILE, name=HOSTILE, subtype=HOSTILE, details={HOSTILE: HOSTILE})
    execution = stored.execution(script.events)
    for rest in ("history/", f"history/?type={HOSTILE}", *(f"events/{n}/" for n in range(1, 5))):
        assert "<script>alert" not in text(as_viewer, url(execution, rest))


def test_secrets_are_hidden_in_the_drawer(as_viewer: Client) -> None:
    script = histories.Script()
    script.started(payload='{"apiKey": "hunter2", "n": 12345678901234567890}')
    html = text(as_viewer, url(stored.execution(script.events), "events/1/"))
    assert "hunter2" not in html and "12345678901234567890" in html


@pytest.mark.parametrize("scenario", stored.scenarios())
def test_the_json_is_what_aws_answered(as_viewer: Client, scenario: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_demand, "complete_history", lambda execution, *, now: execution)
    execution = stored.execution(stored.wire(scenario))
    response = as_viewer.get(url(execution, "history.json"))
    assert response["Content-Type"] == "application/json" and response["Content-Disposition"] == "inline"
    assert orjson.loads(response.content) == {"Events": stored.wire(scenario)}


def test_the_json_holds_long_payloads_whole_and_all_pages(as_viewer: Client) -> None:
    script = histories.Script()
    script.started(payload='{"rows": "' + "é" * 9000 + '"}')
    for index in range(700):
        script.step(f"step-{index}", result="y" * 5000 if index % 300 == 0 else "1")
    script.ended()
    execution = stored.execution(script.events)
    assert execution.history_pages.count() == 2
    assert orjson.loads(as_viewer.get(url(execution, "history.json")).content) == {"Events": script.events}


def test_the_json_of_an_incomplete_history_is_completed_first(
    as_viewer: Client, big: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(on_demand, "complete_history", lambda execution, *, now: asked.append(execution) or execution)
    as_viewer.get(url(big, "history.json"))
    assert asked == [big]


def test_when_aws_does_not_answer_the_json_says_so_and_when_to_come_back(
    as_viewer: Client, big: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(execution: Execution, *, now: Any) -> Execution:
        raise on_demand.GatewayError("AWS needs longer than you should have to wait.", "Try again.")

    monkeypatch.setattr(on_demand, "complete_history", fail)
    response = as_viewer.get(url(big, "history.json"))
    assert response.status_code == 503 and response["Retry-After"] == "10"
    assert "longer" in orjson.loads(response.content)["error"]


def test_what_aws_no_longer_has_is_answered_from_here(
    as_viewer: Client, big: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(execution: Execution, *, now: Any) -> Execution:
        raise on_demand.NotFound("AWS no longer has it.")

    monkeypatch.setattr(on_demand, "complete_history", gone)
    assert len(orjson.loads(as_viewer.get(url(big, "history.json")).content)["Events"]) == big.last_event_id


def test_a_history_that_was_not_read_yet_says_so(as_viewer: Client) -> None:
    assert "Not read yet" in text(as_viewer, url(factories.execution()))


def test_the_page_costs_few_queries(
    as_viewer: Client, big: Execution, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    as_viewer.get(url(big))
    with django_assert_num_queries(10):
        as_viewer.get(url(big))
    with django_assert_num_queries(5):
        as_viewer.get(url(big, "history/?part=rows&from=100"), headers={"HX-Request": "true"})
    with django_assert_num_queries(5):
        as_viewer.get(url(big, "events/3/"), headers={"HX-Request": "true"})


def test_a_history_that_will_never_be_whole_says_so_as_a_file(as_admin: Client) -> None:
    events = histories.big_history(20)
    execution = stored.execution([one for one in events if not 4 <= one["EventId"] <= 9], gone_at=factories.ago(60))
    answer = as_admin.get(f"/executions/{execution.pk}/history.json").json()
    assert answer["Incomplete"] == "The history is not complete: events 4-9 are missing."
    begun = stored.execution(events[:12], status="RUNNING", history_complete=False, gone_at=factories.ago(60))
    answer = as_admin.get(f"/executions/{begun.pk}/history.json").json()
    assert "what came after event 12 is missing" in answer["Incomplete"]
    whole = stored.execution(events, gone_at=factories.ago(60))
    assert list(as_admin.get(f"/executions/{whole.pk}/history.json").json()) == ["Events"]
