"""Approvals: two people, two browsers, one answer; by keyboard, and on a small screen."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Demo, Visitor
from tests.browser.test_everybody import violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Make = Callable[..., Visitor]
REFUND = {"orderId": "order-7", "amount": 240.5, "customer": 7731, "reason": "arrived cold", "callbackTimeout": 3600}
GETS = '{"approved": true, "amount": 240.50, "method": "card"}'


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus, as somebody without a mouse does."""
    wanted.wait_for()
    for _ in range(200):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not get there")


def opened(person: Visitor, name: str) -> Page:
    """The inbox with the callback of that execution beside the rows; by keyboard."""
    page = person.open("/inbox/?function=refund")
    row = page.locator("tr[data-callback-id]", has_text=name).locator("[data-row-link]")
    for _ in range(60):
        if row.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    tab_to(page, row.first)
    page.keyboard.press("Enter")
    page.locator("#pane [data-answer]").wait_for()
    return page


def press(page: Page, name: str | re.Pattern[str]) -> None:
    tab_to(page, page.locator("#pane").get_by_role("button", name=name))
    page.keyboard.press("Enter")


def test_two_people_approve_by_keyboard_and_it_is_sent_once(visitor: Make, demo: Demo) -> None:
    name = demo.start("refund", **REFUND)
    first, second = visitor(), visitor(scheme="dark", width=380)
    first.log_in("approver")
    page = opened(first, name)
    assert violations(page) == []
    expect(page.locator("#pane")).to_contain_text("arrived cold")
    tab_to(page, page.get_by_label("Amount to refund"))
    page.keyboard.type("240.50")
    expect(page.locator("#pane [data-outgoing]")).to_have_text(GETS)
    press(page, "Approve as first")
    expect(page.locator("#pane")).to_contain_text("A reason is needed")
    expect(page.get_by_label(re.compile("^Reason"))).to_be_focused()
    page.keyboard.type("the photo shows it")
    press(page, "Approve as first")
    expect(page.locator("#pane")).to_contain_text("Nothing was sent yet")
    expect(page.locator("#pane")).to_contain_text("Approvals 1 of 2")
    page.get_by_label("Amount to refund").fill("240.50")
    page.get_by_label(re.compile("^Reason")).fill("again")
    press(page, "Approve as first")  # nobody counts twice
    expect(page.locator("#pane [data-votes]")).to_contain_text("again")
    expect(page.locator("#pane")).to_contain_text("Approvals 1 of 2")

    second.log_in("admin")
    small = opened(second, name)
    assert violations(small) == []
    assert small.evaluate("document.documentElement.scrollWidth") == 380
    expect(small.locator("#pane [data-vote=approver]")).to_contain_text(GETS)
    tab_to(small, small.get_by_label(re.compile("^Reason")))
    small.keyboard.type("I agree")
    press(small, "Approve as second, the same as approver")
    expect(small.locator("#pane")).to_contain_text("AWS accepted it")
    expect(small.locator("#pane [data-record]")).to_contain_text(GETS)
    assert violations(small) == []
    small.goto(small.locator("#pane a[href^='/executions/']").first.evaluate("(link) => link.href"))
    expect(small.locator("#head")).to_have_attribute("data-status", "SUCCEEDED", timeout=60_000)
    for words in ("the photo shows it", "I agree"):
        expect(small.locator("main")).to_contain_text(words)
    page.reload()
    expect(page.locator("#pane")).to_contain_text("admin answered the callback with success")


def test_a_decision_form_is_written_tried_and_removed(visitor: Make, demo: Demo) -> None:
    person = visitor()
    page = person.log_in("admin")
    person.open("/decisions/")
    page.get_by_role("link", name="Accept an order").click()
    page.get_by_role("link", name="Write one like it").click()
    page.get_by_label("Name", exact=True).fill("tea")
    page.get_by_label("Title").fill("Accept a tea")
    page.get_by_label("Callbacks").fill("tea*")
    page.get_by_role("button", name="Try").click()
    page.locator("[name='answer/barista']").fill("Ana")
    page.get_by_role("button", name="Try").click()
    expect(page.locator("[data-outgoing]")).to_have_text('{"accepted": true, "barista": "Ana", "minutes": 5}')
    assert violations(page) == []
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("is in force")
    assert violations(page) == []
    page.get_by_text("Remove it…").click()
    page.get_by_role("button", name="Remove tea").click()
    expect(page.locator("#messages")).to_contain_text("Removed")


def test_what_is_typed_while_a_send_is_on_its_way_is_kept(visitor: Make, demo: Demo) -> None:
    name = demo.start("refund", **REFUND)
    person = visitor()
    person.log_in("approver")
    page = opened(person, name)
    page.get_by_label("Amount to refund").fill("240.50")
    on_its_way: list[Route] = []
    page.route(re.compile(r"/answer/\?"), lambda route: on_its_way.append(route))
    page.locator("#pane").get_by_role("button", name=re.compile("^Approve as")).click()
    page.get_by_label(re.compile("^Reason")).press_sequentially("seen the photo")
    assert not page.get_by_text("A reason is needed").count()
    on_its_way[0].continue_()
    expect(page.locator("#pane")).to_contain_text("A reason is needed")
    expect(page.get_by_label(re.compile("^Reason"))).to_have_value("seen the photo")
    expect(page.get_by_label(re.compile("^Reason"))).to_be_focused()


def test_whoever_started_it_cannot_approve_it_and_somebody_else_can(visitor: Make, demo: Demo) -> None:
    starter, other = visitor(), visitor()
    page = starter.log_in("admin")
    starter.open("/functions/")
    page.locator("main").get_by_role("link", name="refund", exact=True).click()
    page.goto(page.url.partition("?")[0] + "start/")
    page.get_by_label(re.compile("^Name")).fill("refund-of-my-own")
    page.locator("[name=payload]").fill(json.dumps(REFUND))
    page.get_by_role("button", name="Start an execution").click()
    page.wait_for_url("**/executions/**")
    page = opened(starter, "refund-of-my-own")
    expect(page.locator("#pane")).to_contain_text("You have started this execution")
    assert not page.locator("#pane button[value=approve]").count()

    other.log_in("approver")
    page = opened(other, "refund-of-my-own")
    page.get_by_label("Amount to refund").fill("240.50")
    page.get_by_label(re.compile("^Reason")).fill("the photo shows it")
    press(page, "Approve as first")
    expect(page.locator("#pane")).to_contain_text("Approvals 1 of 2")
    starter.page.reload()
    expect(starter.page.locator("#pane [data-vote=approver]")).to_contain_text(GETS)
    assert not starter.page.locator("#pane button[value^=repeat]").count()
