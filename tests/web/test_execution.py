"""One execution: its head, its timeline in windows, and the drawer of one operation."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dashboard.env import ROOT
from dashboard.pages.timeline_rows import CHUNK
from executions.histories import history_of
from executions.models import Execution
from tests import factories, histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def big() -> Execution:
    return stored.execution(histories.big_history(200))


@pytest.fixture
def waiting() -> Execution:
    return stored.execution(stored.wire("coffee_pending"))


def url(execution: Execution, rest: str = "") -> str:
    return f"/executions/{execution.pk}/{rest}"


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def events_of_rows(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'<li class="tl-row[^>]*data-event-id="(\d+)"', html)]


@pytest.mark.parametrize("scenario", stored.scenarios())
def test_every_recorded_scenario_renders(as_viewer: Client, scenario: str) -> None:
    execution = stored.execution(stored.wire(scenario))
    html = text(as_viewer, url(execution))
    history = history_of(execution)
    for operation in list(history.operations.values())[:60]:
        assert f'data-operation-id="{operation.id}"' in html
        drawer = text(as_viewer, url(execution, f"operations/{operation.id}/"))
        assert f'data-status="{operation.status}"' in drawer


@pytest.mark.parametrize("rest", ["", "head/", "timeline/", "rows/", "operations/x/"])
def test_somebody_without_a_role_sees_nothing(nobody: User, login: Any, waiting: Execution, rest: str) -> None:
    assert login(nobody).get(url(waiting, rest)).status_code == 403


@pytest.mark.parametrize("address", ["9", "9/head/", "9/timeline/", "9/rows/", "9/operations/x/", f"{2**70}"])
def test_an_unknown_execution_is_not_found(as_viewer: Client, address: str) -> None:
    assert as_viewer.get(f"/executions/{address}".rstrip("/") + "/").status_code == 404


def test_an_unknown_operation_is_not_found(as_viewer: Client, waiting: Execution) -> None:
    assert as_viewer.get(url(waiting, "operations/nope/")).status_code == 404
    assert "Choose a row" in text(as_viewer, url(waiting, "?op=nope"))


def test_the_badge_says_that_it_waits_for_a_callback(as_viewer: Client, waiting: Execution) -> None:
    html = text(as_viewer, url(waiting))
    assert "Waiting for a callback" in html and waiting.arn in html
    assert "/ 3,000" in html and "/ 100 MB" in html


def test_buttons_are_shown_to_whom_they_obey(as_viewer: Client, as_operator: Client, as_approver: Client) -> None:
    execution = stored.execution(stored.wire("coffee_pending"))
    callback = execution.callbacks.get(status="STARTED")
    callback.heartbeat_seconds = 60
    callback.save()
    shown = {}
    for name, client in (("viewer", as_viewer), ("operator", as_operator), ("approver", as_approver)):
        html = text(client, url(execution, "head/"))
        shown[name] = [verb for verb in ("stop", "answer", "heartbeat") if f'/{verb}/" hx-target' in html]
    assert shown["viewer"] == []
    assert shown["operator"] == ["stop", "heartbeat"]
    assert shown["approver"] == ["stop", "answer", "heartbeat"]


def test_an_answer_that_was_sent_takes_the_place_of_the_buttons(as_approver: Client, waiting: Execution) -> None:
    callback = waiting.callbacks.get(status="STARTED")
    factories.action(waiting, factories.user("approver", "ada"), "succeed", callback=callback, reason="guest is here")
    html = text(as_approver, url(waiting))
    assert "ada answered the callback with success" in html and "/answer/" not in html
    assert "What people did" in html and "guest is here" in html


def test_a_closed_callback_says_by_whom_it_was_answered(as_viewer: Client) -> None:
    execution = stored.execution(stored.wire("coffee_accept"))
    callback = execution.callbacks.get()
    address = url(execution, f"operations/{callback.operation_id}/")
    assert "not from here" in text(as_viewer, address)
    factories.action(execution, factories.user("approver", "ada"), "succeed", callback=callback)
    assert "ada answered the callback with success" in text(as_viewer, address)


def test_gaps_are_named(as_viewer: Client) -> None:
    events = [event for event in histories.big_history(60) if not 4 <= event["EventId"] <= 9]
    html = text(as_viewer, url(stored.execution(events)))
    assert "History incomplete: events 4-9 missing." in html


def test_what_aws_has_deleted_says_so(as_viewer: Client) -> None:
    execution = stored.execution(stored.wire("flaky"), gone_at=factories.ago(60))
    html = text(as_viewer, url(execution))
    assert "AWS no longer has this execution." in html and "hx-sse:connect" not in html


def test_an_execution_that_was_not_read_yet_says_so_and_listens(as_viewer: Client) -> None:
    html = text(as_viewer, url(factories.execution()))
    assert "Its history has not been read yet." in html and "hx-sse:connect" in html


def test_a_finished_execution_opens_no_stream(as_viewer: Client, big: Execution) -> None:
    html = text(as_viewer, url(big))
    assert "hx-sse:connect" not in html and "#live" not in html


def test_the_windows_put_together_are_the_whole(as_viewer: Client, big: Execution) -> None:
    page = text(as_viewer, url(big))
    assert len(events_of_rows(page)) == CHUNK
    found = events_of_rows(page)
    for address in re.findall(r'class="tl-gap[^>]*data-window="([^"]+)"', page):
        found += events_of_rows(text(as_viewer, address.replace("&amp;", "&")))
    operations = history_of(big).operations
    assert len(found) == len(set(found)) == 200
    assert set(found) == {operation.first_event_id for operation in operations.values()}


def test_places_of_rows_are_as_high_as_their_rows(as_viewer: Client) -> None:
    page = text(as_viewer, url(stored.execution(histories.big_history(190))))
    whole, short = page.count('class="tl-gap"'), re.findall(r'class="tl-gap is-short".*?height="(\d+)"', page)
    assert CHUNK * (1 + whole) + int(short[0]) // 26 == 190 and int(short[0]) % 26 == 0
    stylesheet = (ROOT / "static/css/execution.css").read_text()  # which says how high a whole one is
    assert f".tl-gap:not(.is-short) {{ height: calc({CHUNK} * var(--row));" in stylesheet


def test_a_link_to_an_operation_far_down_opens_its_window(as_viewer: Client, big: Execution) -> None:
    last = list(history_of(big).operations.values())[-1]
    html = text(as_viewer, url(big, f"?op={last.id}"))
    row = re.search(rf'<li class="tl-row d\d+ is-selected"[^>]*data-operation-id="{last.id}"', html)
    assert row and 'aria-current="true"' in html


def test_the_windows_that_are_open_stay_open_in_a_refresh(as_viewer: Client, big: Execution) -> None:
    assert len(events_of_rows(text(as_viewer, url(big, "timeline/?have=0&have=120")))) == 2 * CHUNK


def test_folding_hides_what_is_inside_and_is_in_the_url(as_viewer: Client, big: Execution) -> None:
    context = next(one for one in history_of(big).operations.values() if one.children)
    html = text(as_viewer, url(big, f"?fold={context.first_event_id}"))
    assert f'data-operation-id="{context.children[0]}"' not in html
    assert 'aria-expanded="false"' in html
    everything = text(as_viewer, url(big, "?fold=all"))
    assert 'aria-expanded="true"' not in everything


def test_filters_narrow_the_rows_and_keep_what_they_are_in(as_viewer: Client, big: Execution) -> None:
    operations = history_of(big).operations.values()
    charges = {one.first_event_id for one in operations if "charge" in one.label}
    assert set(events_of_rows(text(as_viewer, url(big, "timeline/?failed=1")))) == charges
    assert len(events_of_rows(text(as_viewer, url(big, "timeline/?q=order-3/settle")))) == 1
    waits = {one.first_event_id for one in operations if one.kind == "Wait"}
    assert set(events_of_rows(text(as_viewer, url(big, "timeline/?type=Wait")))) == waits
    inside = next(one for one in operations if one.depth == 2)
    assert len(events_of_rows(text(as_viewer, url(big, f"timeline/?q={inside.id}")))) == 3
    assert "No operation matches" in text(as_viewer, url(big, "?q=nothing-is-called-so"))


NONSENSE = (
    "from=x from=-1 from=99999999999 fold=a.b.. type=Nope zoom=5~1 zoom=nan~inf zoom=1e400~2 op=%00 q=%F0%9F "
    "have=x&at=inf at=-5"
)


@pytest.mark.parametrize("query", NONSENSE.split())
def test_what_cannot_be_read_in_a_url_is_as_if_it_were_not_there(as_viewer: Client, big: Execution, query: str) -> None:
    for rest in ("", "timeline/", "rows/"):
        assert as_viewer.get(url(big, f"{rest}?{query}")).status_code == 200


def test_hostile_names_and_statuses_are_escaped(as_viewer: Client) -> None:
    script = histories.Script()
    script.started(name=HOSTILE, payload=HOSTILE)
    script.step_started(HOSTILE, name=HOSTILE)
    script.step_failed(HOSTILE, message=HOSTILE)
    script.event("NovelThingHappened", HOSTILE, name=HOSTILE, subtype=HOSTILE)
    script.chained_started("child", HOSTILE, HOSTILE)
    execution = stored.execution(script.events, status=HOSTILE[:40], name=HOSTILE)
    operations = history_of(execution).operations
    for rest in ("", *(f"?op={key}" for key in operations), f"?q={HOSTILE}"):
        assert "<script>alert" not in text(as_viewer, url(execution, rest))


def test_secrets_are_hidden_in_the_drawer_also_when_aws_cut_the_payload(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    script.step_started("charge")
    script.step_succeeded("charge", result='{"cardNumber": "4111", "apiKey": "hunter2", "rest": "cut her')
    script.step("pay", result='{"password": "hunter3", "big": 12345678901234567890}')
    execution = stored.execution(script.events)
    for path in ("charge", "pay"):
        html = text(as_viewer, url(execution, f"operations/{histories.operation_id(path)}/"))
        assert "[redacted]" in html and "hunter" not in html and "4111" not in html
    assert "12345678901234567890" in html


def test_a_chained_invoke_links_to_its_child(as_viewer: Client) -> None:
    execution = stored.execution(stored.wire("chain_parent"))
    child = next(one.invoke for one in history_of(execution).operations.values() if one.invoke)
    assert child.child_arn and f'href="/arn/{quote(child.child_arn)}"' in text(as_viewer, url(execution))


def test_a_long_payload_is_fetched_for_the_drawer(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    script.step("report", result='{"rows": "' + "x" * 9000 + '", "secret": "hunter2", "end": true}')
    execution = stored.execution(script.events)
    html = text(as_viewer, url(execution, f"operations/{histories.operation_id('report')}/"))
    assert "&quot;end&quot;: true" in html and "hunter2" not in html


def test_the_page_costs_few_queries(
    as_viewer: Client, waiting: Execution, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    as_viewer.get(url(waiting))
    with django_assert_num_queries(10):
        as_viewer.get(url(waiting))
    with django_assert_num_queries(6):
        as_viewer.get(url(waiting, "timeline/"), headers={"HX-Request": "true"})
    with django_assert_num_queries(5):
        as_viewer.get(url(waiting, "rows/?from=0"), headers={"HX-Request": "true"})


def test_a_fragment_is_no_page(as_viewer: Client, waiting: Execution) -> None:
    for rest in ("head/", "timeline/", "rows/"):
        assert "<html" not in text(as_viewer, url(waiting, rest))
    assert 'hx-swap-oob="outerMorph"' in text(as_viewer, url(waiting, "head/"))


def test_a_long_timeline_has_an_overview_that_zooms_by_its_url(as_viewer: Client, big: Execution) -> None:
    html = text(as_viewer, url(big))
    assert 'data-plot="overview"' in html
    assert '<svg class="tl-sketch"' in html
    response = as_viewer.get(url(big, "?brush=10~20&q=order"))
    assert response.status_code == 302 and "zoom=" in response["Location"] and "q=order" in response["Location"]
    zoomed = text(as_viewer, response["Location"])
    assert "Zoomed" in zoomed and zoomed.count("<rect") < html.count("<rect")


@pytest.mark.parametrize("brush", ["", "x", "5~5", "-50~400", "nan~nan", "1e999~2"])
def test_a_brush_that_says_nothing_zooms_nowhere(as_viewer: Client, big: Execution, brush: str) -> None:
    assert "zoom=" not in as_viewer.get(url(big, f"?brush={brush}"))["Location"]


def sliders(html: str) -> dict[str, str]:
    return dict(re.findall(r'type="range" name="(left|right)" min="0" max="100" step="0.5" value="([^"]+)"', html))


def test_two_sliders_zoom_as_the_brush_does(as_viewer: Client, big: Execution) -> None:
    html = text(as_viewer, url(big, "?q=order"))
    assert sliders(html) == {"left": "0", "right": "100"}
    assert 'aria-valuetext="+0 ms, ' in html and '<input type="hidden" name="q" value="order">' in html
    moved = as_viewer.get(url(big, "?left=10&right=20&q=order"))["Location"]
    assert moved == as_viewer.get(url(big, "?brush=10~20&q=order"))["Location"] and "zoom=" in moved
    zoomed = text(as_viewer, moved)
    assert sliders(zoomed) == {"left": "10", "right": "20"}
    assert re.search(r'id="tl-said" role="status">From \+\S+ \S.* to \+\S+ \S.*: \d+ of \d+ operations', zoomed)
    pushed = as_viewer.get(url(big, f"timeline/?{moved.partition('?')[2]}&left=0&right=100"))
    assert pushed["HX-Push-Url"] == url(big, "?q=order")


def test_an_end_of_the_zoom_that_is_not_moved_stays_exactly_where_it_is(as_viewer: Client, big: Execution) -> None:
    start = histories.START + 7.123
    state = f"zoom={start:.3f}~{start + 60:.3f}"
    at = sliders(text(as_viewer, url(big, f"?{state}")))
    moved = as_viewer.get(url(big, f"?{state}&left={at['left']}&right={float(at['right']) + 5}"))["Location"]
    assert f"zoom={start:.3f}~" in moved and f"~{start + 60:.3f}" not in moved
    past = as_viewer.get(url(big, f"?{state}&left={at['left']}&right=0"))["Location"]
    assert f"zoom={start:.3f}~" in past and float(past.rpartition("~")[2]) > start


@pytest.mark.parametrize("query", ["left=x&right=20", "left=-1&right=5", "left=nan&right=nan", "right=1e999", "left=0"])
def test_sliders_that_say_nothing_zoom_nowhere(as_viewer: Client, big: Execution, query: str) -> None:
    assert "zoom=" not in as_viewer.get(url(big, f"?{query}"))["Location"]


def test_a_zoom_to_where_nothing_happens_keeps_the_sliders(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    script.step("one", seconds=1)
    script.sleep(1)
    script.step("two", seconds=1)
    execution = stored.execution(script.events)
    html = text(as_viewer, url(execution, f"?zoom={script.at - 1.9}~{script.at - 1.1}"))
    assert "No operation matches" in html and len(sliders(html)) == 2


def test_the_overview_is_there_from_two_operations_on_that_took_time(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    script.step("one", seconds=1)
    for number in range(9):
        script.step(f"at once {number}", seconds=0)
    assert not sliders(text(as_viewer, url(stored.execution(script.events))))
    script.step("two", seconds=1)
    assert 'data-plot="overview"' in text(as_viewer, url(stored.execution(script.events)))


def test_a_drawer_zooms_to_its_operation(as_viewer: Client, waiting: Execution) -> None:
    callback = waiting.callbacks.get()
    html = text(as_viewer, url(waiting, f"?op={callback.operation_id}"))
    found = re.search(r'href="(/executions/\d+/\?zoom=[^"]+)"', html)
    assert found and 'data-operation-id="' in text(as_viewer, found.group(1).replace("&amp;", "&"))


def test_a_history_that_a_key_keeps_closed_says_so(as_viewer: Client) -> None:
    execution = factories.execution(history_failures=1)
    words = "AWS denies the customer-managed KMS key of this function."
    scope = f"read histories of {execution.function.name}"
    factories.trouble(kind="kms", scope=scope, function=execution.function, words=words, remedy="Check the key.")
    page = as_viewer.get(f"/executions/{execution.pk}/").content.decode()
    assert f"Its history cannot be read: {words}" in page and "Check the key." in page


def test_brushing_zooms_without_the_page_around_it(as_viewer: Client, big: Execution) -> None:
    response = as_viewer.get(url(big, "timeline/?brush=10~20&q=order&follow=1"))
    pushed = response["HX-Push-Url"]
    assert pushed.startswith(url(big, "?")) and "zoom=" in pushed and "q=order" in pushed and "follow" not in pushed
    assert "<html" not in response.content.decode() and 'class="frame"' in response.content.decode()


def test_the_overview_is_there_before_any_script_and_for_running_executions_too(as_viewer: Client) -> None:
    running = stored.execution(histories.big_history(60)[:-2])
    html = text(as_viewer, url(running))
    assert re.search(r'<svg class="tl-sketch"[^>]*><path d="M0 100H0.00V[^"]+Z"/>', html)
    assert 'data-plot="overview"' in html and 'data-plot-when="pointer"' in html


def test_following_live_is_in_the_url_and_shows_the_newest_rows(as_viewer: Client) -> None:
    running = stored.execution(histories.big_history(200)[:-2])
    last = list(history_of(running).operations.values())[-1].first_event_id
    plain, followed = text(as_viewer, url(running)), text(as_viewer, url(running, "?follow=1"))
    assert "data-follow" not in plain and f'data-event-id="{last}"' not in plain
    assert "data-follow" in followed and f'data-event-id="{last}"' in followed
    assert 'data-chip="follow"' in plain and "follow=1" in plain


def test_a_finished_execution_cannot_be_followed(as_viewer: Client, big: Execution) -> None:
    html = text(as_viewer, url(big, "?follow=1"))
    assert "data-follow" not in html and 'data-chip="follow"' not in html


def test_a_zoom_that_is_followed_ends_now(as_viewer: Client) -> None:
    running = stored.execution(histories.big_history(60)[:-2])
    started = running.started_at.timestamp()
    html = text(as_viewer, url(running, f"?follow=1&zoom={started:.3f}~{started + 30:.3f}"))
    zoom = re.search(r"zoom=(\d+\.\d+)~(\d+\.\d+)", html)
    assert zoom and round(float(zoom[2]) - float(zoom[1])) == 30
    assert abs(float(zoom[2]) - factories.ago(0).timestamp()) < 60


def test_an_idle_stretch_is_a_link_that_opens_it(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    script.step("one", seconds=1)
    script.sleep(7200)
    script.step("two", seconds=1)
    script.ended()
    execution = stored.execution(script.events)
    html = text(as_viewer, url(execution))
    link = re.search(r'<a href="([^"]+idle=\d+[^"]*)"[^>]* aria-label="Open [^"]+ of idle time">', html)
    assert link
    opened = text(as_viewer, link[1].replace("&amp;", "&"))
    assert opened.count("of idle time") < html.count("of idle time")
    assert 'aria-current="true">' not in re.search(r"<a class=\"chip[^>]*>Collapse idle", opened)[0]  # type: ignore[index]


def test_what_began_and_ended_in_one_checkpoint_is_not_said_to_have_taken_no_time(as_viewer: Client) -> None:
    script = histories.Script()
    script.started()
    script.step("at once", seconds=0)
    script.step("later", seconds=0.2)
    execution = stored.execution(script.events)
    html = text(as_viewer, url(execution))
    assert re.findall(r'class="tl-dur"[^>]*>([^<]*)<', html)[1:] == ["?", "200 ms"] and "one checkpoint" in html
    drawer = text(as_viewer, url(execution, f"operations/{histories.operation_id('at once')}/"))
    assert "not known: its start and end came in one checkpoint" in drawer
