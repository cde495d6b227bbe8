"""Whole journeys without a mouse: from the list to an event's link, and from the inbox to an answer."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SCRIPTED, Demo, Visitor
from tests.browser.test_approval import press, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Make = Callable[..., Visitor]


def go_to(page: Page, key: str, path: str) -> None:
    page.locator("body").press("g")
    page.keyboard.press(key)
    page.wait_for_url(re.compile(path))
    page.evaluate(SCRIPTED)


def test_a_failure_is_found_opened_and_its_event_linked_by_keyboard(visitor: Make) -> None:
    person = visitor()
    page = person.log_in("viewer")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=person.base)
    go_to(page, "e", "/executions/")
    failed = page.locator("[data-status-count=FAILED]")
    failed.wait_for(timeout=60_000)
    tab_to(page, failed)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("status=FAILED"))
    page.evaluate(SCRIPTED)
    row = page.locator("tr[data-execution-id][data-status=FAILED] [data-row-link]").first
    row.wait_for()
    page.keyboard.press("j")
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#head").wait_for()
    page.evaluate(SCRIPTED)
    tab_to(page, page.locator(".verdict a[href*='op=']").first)  # what failed is named in the first sentence
    page.keyboard.press("Enter")
    expect(page.locator("#operation[data-status=FAILED]")).to_be_visible()
    tab_to(page, page.locator("#operation .under a").last)
    page.keyboard.press("Enter")
    expect(page.locator("#event h2")).to_contain_text("Failed")
    tab_to(page, page.locator("#event").get_by_role("button", name=re.compile("link to this event")))
    page.keyboard.press("Enter")
    link = page.evaluate("navigator.clipboard.readText()")
    colleague = visitor()
    colleague.page.goto(link)
    colleague.enter("viewer")
    expect(colleague.page.locator("#event h2")).to_contain_text("Failed")


def test_the_timeline_is_zoomed_by_keyboard(visitor: Make) -> None:
    person = visitor()
    person.log_in("viewer")
    page = person.open("/executions/?function=batch-roast&status=SUCCEEDED")
    row = page.locator("tr[data-execution-id] [data-row-link]").first
    row.wait_for(timeout=90_000)
    row.click()
    page.locator("#head").wait_for()
    page.evaluate(SCRIPTED)
    page.evaluate("window.sameDocument = true")
    left = page.get_by_role("slider", name="From")
    tab_to(page, left)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("zoom="))
    expect(left).to_have_value("1.5")
    expect(left).to_be_focused()
    expect(left).to_have_attribute("aria-valuetext", re.compile(r"^\+[1-9]"))
    expect(page.get_by_role("status").filter(has_text="operations, with what they are in")).to_be_visible()
    page.keyboard.press("PageUp")
    expect(page.locator(".tl-sketch .frame")).to_have_attribute("x", re.compile(r"^1[01]\."))
    expect(left).to_be_focused()
    page.keyboard.press("Home")
    page.wait_for_url(re.compile(r"^(?!.*zoom=)"))
    expect(left).to_be_focused()
    assert page.evaluate("window.sameDocument")


def test_a_callback_is_answered_from_the_inbox_by_keyboard(visitor: Make, demo: Demo) -> None:
    name = demo.start("coffee-order")
    page = visitor().log_in("approver")
    go_to(page, "i", "/inbox/")
    row = page.locator("tr[data-callback-id]", has_text=name).locator("[data-row-link]")
    row.wait_for(timeout=60_000)
    tab_to(page, row)
    page.keyboard.press("Enter")
    page.locator("#pane [data-answer]").wait_for()
    page.keyboard.press("a")  # into the form
    expect(page.locator("[name='answer/barista']")).to_be_focused()
    page.keyboard.type("Ana")
    press(page, "Approve")
    expect(page.locator("#pane")).to_contain_text("AWS accepted it")
