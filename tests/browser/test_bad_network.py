"""What a slow or failing network may not do: show one thing while the address says another, or hide that nothing was
sent.
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import SCRIPTED, Demo, Visitor
from tests.browser.test_main_job import first_execution, rows, waiting_order

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Make = Callable[..., Visitor]
REFRESH = "document.getElementById('live').dispatchEvent(new CustomEvent('changed', {bubbles: true}))"


def hold(page: Page, pattern: str) -> list[Route]:
    """Keep requests waiting until the test lets them go on. (Playwright wants a function, not a method.)"""
    held: list[Route] = []
    page.route(re.compile(pattern), lambda route: held.append(route))
    return held


def wait_for(page: Page, held: list[Route], count: int) -> None:
    for _ in range(200):
        if len(held) >= count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{len(held)} requests were made, not {count}")


def test_the_operation_chosen_last_is_shown_when_answers_are_slow(visitor: Make) -> None:
    person = visitor()
    person.log_in("viewer")
    page = first_execution(person, "function=batch-roast&status=SUCCEEDED")
    expect(page.locator("#head")).to_contain_text("complete", timeout=60_000)  # no refresh marks the row instead
    held = hold(page, "/operations/")
    for number in range(3):
        rows(page).nth(number).click()
        wait_for(page, held, number + 1)
        expect(rows(page).nth(number)).to_have_class(re.compile("is-selected"))
    last = rows(page).nth(2).get_attribute("data-operation-id") or ""
    held[-1].continue_()
    expect(page.locator("#operation")).to_have_attribute("data-operation-id", last)
    for route in held[:-1]:  # the older answers come last, if their requests have not been given up
        route.continue_()
    page.wait_for_timeout(1000)
    expect(page.locator("#operation")).to_have_attribute("data-operation-id", last)
    expect(page.locator(".tl-row.is-selected")).to_have_attribute("data-operation-id", last)
    assert parse_qs(urlsplit(page.url).query)["op"] == [last]


def test_a_refresh_that_comes_late_does_not_bring_back_other_checkpoints(visitor: Make, demo: Demo) -> None:
    person = visitor()
    person.log_in("viewer")
    page = waiting_order(person, demo)
    page.get_by_role("link", name=re.compile("^Checkpoints")).click()
    expect(page.locator("#tab")).to_have_attribute("hx-get", re.compile("part=content"))
    page.evaluate(SCRIPTED)
    held = hold(page, "part=content")
    page.evaluate(REFRESH)
    wait_for(page, held, 1)
    late = held[0].fetch()
    page.locator(".steps").get_by_role("link", name="first").click()
    page.wait_for_url(re.compile(r"[?&]a=0"))
    chosen = page.locator(".scrub-line p").inner_text()
    held[0].fulfill(response=late)
    wait_for(page, held, 2)  # it is asked for again, in the state that is shown
    assert "a=0" in held[1].request.url
    assert page.locator(".scrub-line p").inner_text() == chosen


def test_a_dialog_says_itself_that_nothing_could_be_sent(visitor: Make, demo: Demo) -> None:
    person = visitor()
    person.log_in("approver")
    page = waiting_order(person, demo)
    page.locator("a[href*='/answer/']").first.click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[name='answer/barista']").fill("Ana")
    page.route(re.compile("/answer/"), lambda route: route.abort())
    dialog.get_by_role("button", name="Approve").click()
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be reached")
    with page.expect_response(re.compile("/timeline/")):
        page.evaluate(REFRESH)
    page.wait_for_timeout(500)  # another request has succeeded, and says nothing about this one
    expect(dialog.get_by_role("alert")).to_be_visible()
    page.unroute(re.compile("/answer/"))
    page.context.clear_cookies(name="csrftoken")
    dialog.get_by_role("button", name="Approve").click()
    expect(dialog.get_by_role("alert")).to_contain_text("reload the page")
    expect(dialog.get_by_role("alert")).to_have_count(1)
    person.complaints[:] = [said for said in person.complaints if not re.search("Failed to (load|fetch)", said)]


def test_the_field_that_is_wrong_gets_the_focus(visitor: Make, demo: Demo) -> None:
    person = visitor()
    person.log_in("approver")
    page = waiting_order(person, demo)
    page.locator("a[href*='/answer/']").first.click()
    answer = page.get_by_role("dialog").locator("[name='answer/minutes']")
    answer.fill("a while")
    page.get_by_role("dialog").locator("[name='answer/barista']").fill("Ana")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("dialog")).to_contain_text("Write a whole number")
    expect(answer).to_be_focused()
