"""What a newcomer does with the demo, clicked in Chromium."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SCRIPTED, Demo, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Make = Callable[..., Visitor]


def first_execution(person: Visitor, query: str) -> Page:
    """Open the newest execution that matches, as soon as there is one."""
    page = person.open(f"/executions/?{query}")
    row = page.locator("tr[data-execution-id]").first
    row.wait_for(timeout=60_000)
    row.get_by_role("link").first.click()
    page.locator("#head").wait_for()
    if person.scripts:
        page.evaluate(SCRIPTED)
    return page


def own_execution(person: Visitor, name: str) -> Page:
    """Open one's own execution as soon as it is mirrored."""
    return first_execution(person, f"name={name}")


def waiting_order(person: Visitor, demo: Demo) -> Page:
    page = own_execution(person, demo.start("coffee-order"))
    expect(page.locator("#head")).to_contain_text("Waiting for barista accepts", timeout=60_000)
    return page


def rows(page: Page) -> Locator:
    return page.locator(".tl-rows [data-operation-id]")


def test_within_a_minute_of_login_real_executions_appear_by_themselves(visitor: Make) -> None:
    page = visitor().log_in("viewer")
    page.get_by_role("link", name="Executions", exact=True).first.click()
    expect(page.locator("tr[data-execution-id]").first).to_be_visible(timeout=60_000)
    before = page.locator("tr[data-execution-id]").first.get_attribute("data-execution-id")
    page.evaluate("window.sameDocument = true")
    newest = page.locator("tr[data-execution-id]").first
    expect(newest).not_to_have_attribute("data-execution-id", before or "", timeout=60_000)
    assert page.evaluate("window.sameDocument"), "the list grew without the page being loaded again"


def test_a_timeline_grows_while_one_watches(visitor: Make) -> None:
    person = visitor()
    person.log_in("viewer")
    page = first_execution(person, "function=open-tab&status=RUNNING")
    page.evaluate("window.sameDocument = true")
    before = rows(page).count()
    expect(rows(page).nth(before)).to_be_visible(timeout=60_000)
    assert page.evaluate("window.sameDocument")


def test_an_approver_answers_a_callback_and_sees_the_execution_finish(visitor: Make, demo: Demo) -> None:
    person = visitor(scheme="dark")
    person.log_in("approver")
    page = waiting_order(person, demo)
    page.get_by_role("link", name=re.compile("success|approve|answer", re.I)).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Write it as JSON instead").click()
    dialog.locator("textarea[name=result]").fill('{"accepted": tru')
    dialog.get_by_role("button", name="Approve").click()
    expect(dialog.locator("textarea[name=result][aria-invalid=true]")).to_be_focused()
    expect(dialog).to_contain_text("not JSON")
    dialog.locator("textarea[name=result]").fill('{"accepted": true, "barista": "Ana"}')
    dialog.get_by_label("Reason").fill("smells right")
    dialog.get_by_role("button", name="Approve").dblclick(no_wait_after=True)
    expect(page.locator("#messages")).to_contain_text("AWS accepted it")
    expect(page.locator("#head")).to_have_attribute("data-status", "SUCCEEDED", timeout=60_000)
    expect(page.locator("body")).to_contain_text("smells right")
    page.get_by_role("link", name="Audit").first.click()
    expect(page.locator("main")).to_contain_text("smells right")
    assert page.get_by_text("smells right").count() == 1


def test_an_operator_stops_an_execution_and_cannot_answer(visitor: Make, demo: Demo) -> None:
    person = visitor()
    person.log_in("operator")
    page = waiting_order(person, demo)
    assert page.get_by_role("link", name=re.compile("success|approve", re.I)).count() == 0
    page = own_execution(person, demo.start("open-tab"))
    page.get_by_role("link", name=re.compile("^Stop")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Error type").fill("TableLeft")
    dialog.get_by_label("Error message").fill("<script>alert(1)</script>")
    dialog.get_by_role("button", name="Stop the execution").click()
    expect(page.locator("#messages")).to_contain_text("AWS accepted it")
    expect(page.locator("#head")).to_have_attribute("data-status", "STOPPED", timeout=60_000)
    expect(page.locator("#head")).to_contain_text("<script>alert(1)</script>")


def test_two_checkpoints_are_compared_and_the_link_shows_a_colleague_the_same_after_login(visitor: Make) -> None:
    person = visitor()
    person.log_in("approver")
    page = first_execution(person, "function=coffee-order&status=SUCCEEDED")
    page.get_by_role("link", name=re.compile("^Checkpoints")).click()
    page.locator("input[name=a]").fill("1")
    page.locator("input[name=b]").fill("12")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url(re.compile(r"a=1&b=12|b=12&a=1"))
    expect(page.locator("main")).to_contain_text("appeared")
    page.locator("#tab tr[data-operation-id]").nth(1).get_by_role("link").first.click()
    page.wait_for_url(re.compile("op="))
    told = page.locator("#tab").inner_text()
    colleague = visitor()
    colleague.page.goto(page.url)
    colleague.page.wait_for_url(re.compile("/login/"))
    colleague.enter("viewer")
    assert colleague.page.url == page.url
    assert colleague.page.locator("#tab").inner_text() == told


def test_an_event_has_a_permanent_link_that_shows_it(visitor: Make) -> None:
    person = visitor()
    person.log_in("viewer")
    page = first_execution(person, "function=daily-report&status=SUCCEEDED")
    page.get_by_role("link", name=re.compile("^History")).click()
    page.locator("[data-event-id='4'] a").first.click()
    page.wait_for_url(re.compile("event=4"))
    colleague = visitor()
    colleague.page.goto(page.url)
    colleague.enter("viewer")
    expect(colleague.page.locator("[data-event-id='4']").first).to_be_in_viewport()
    answer = page.request.get(re.sub(r"history/.*", "history.json", page.url))
    assert [event["EventId"] for event in answer.json()["Events"]][:4] == [1, 2, 3, 4]


def test_a_finished_execution_holds_no_stream(visitor: Make) -> None:
    person = visitor()
    person.log_in("viewer")
    page = first_execution(person, "function=loyalty-points&status=SUCCEEDED")
    expect(page.locator("#head")).to_contain_text("complete", timeout=60_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_timeout(1500)
    assert not [url for url in asked if url.endswith("/live/")]
