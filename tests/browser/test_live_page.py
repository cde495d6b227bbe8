"""The execution page while it changes under its reader, and what unfolds in it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, Visitor
from tests.browser.test_main_job import first_execution, own_execution, rows

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Make = Callable[..., Visitor]
REMEMBER = """() => {
  window.before = { focus: document.activeElement, y: scrollY, drawer: document.querySelector("#operation") };
}"""
STILL = """() => ({
  focus: document.activeElement === window.before.focus,
  drawer: document.querySelector("#operation") === window.before.drawer,
  moved: Math.abs(scrollY - window.before.y), selected: document.querySelectorAll(".tl-row.is-selected").length,
  menu: document.querySelector("#outside").open, typed: document.querySelector("#tab input[name=q]").value,
  opened: document.querySelector("#drawer details")?.open ?? null,
})"""


def growing(visitor: Make, demo: Demo, height: int = 900) -> Page:
    """One's own tab, in which there is a new round every second."""
    person = visitor()
    person.log_in("operator")
    page = own_execution(person, demo.start("open-tab", roundSeconds=1, rounds=60))
    page.set_viewport_size({"width": 1400, "height": height})
    page.evaluate("window.sameDocument = true")
    expect(rows(page).nth(5)).to_be_visible(timeout=60_000)
    return page


def test_new_events_come_in_without_moving_anything_that_somebody_uses(visitor: Make, demo: Demo) -> None:
    page = growing(visitor, demo, height=420)
    rows(page).nth(0).locator(".tl-name > a").first.click()
    expect(page.locator("#operation")).to_be_visible()
    folded = page.locator("#drawer details").first
    if folded.count():
        folded.evaluate("(one) => { one.open = true }")
    page.locator("#tab input[name=q]").evaluate("(one) => { one.value = 'half a wor' }")
    page.locator("#outside").evaluate("(one) => { one.open = true }")
    page.mouse.wheel(0, 90)
    page.wait_for_timeout(300)
    rows(page).nth(1).locator(".tl-name > a").first.evaluate("(link) => link.focus({ preventScroll: true })")
    page.evaluate(REMEMBER)
    number = rows(page).count()
    expect(rows(page).nth(number + 4)).to_be_attached(timeout=60_000)
    still = page.evaluate(STILL)
    assert still["focus"] and still["drawer"] and still["selected"] == 1 and still["menu"]
    assert still["moved"] <= 1 and still["typed"] == "half a wor" and still["opened"] in (True, None)
    assert page.evaluate("window.sameDocument")


def test_whoever_follows_live_sees_the_newest_rows_until_they_scroll_away(visitor: Make, demo: Demo) -> None:
    page = growing(visitor, demo, height=420)
    page.get_by_role("link", name="Follow live").click()
    page.wait_for_url(re.compile("follow=1"))
    number = rows(page).count()
    expect(rows(page).nth(number + 4)).to_be_attached(timeout=60_000)
    page.wait_for_timeout(300)
    newest = page.locator(".tl-row[data-operation-id]").last
    expect(newest).to_be_in_viewport()
    assert page.evaluate("scrollY") > 0
    page.wait_for_timeout(500)
    page.mouse.move(500, 200)
    page.mouse.wheel(0, -2000)
    page.wait_for_url(re.compile(r"^(?!.*follow=1)"))
    expect(page.locator("#tab[data-follow]")).to_have_count(0)
    number = rows(page).count()
    expect(rows(page).nth(number + 2)).to_be_attached(timeout=60_000)
    assert page.evaluate("scrollY") < 200 and page.evaluate("window.sameDocument")


def test_a_link_that_follows_live_opens_at_the_newest_row(visitor: Make, demo: Demo) -> None:
    page = growing(visitor, demo, height=420)
    page.route("**/timeline/*", lambda route: None)  # never answered: a refresh would lead there too
    page.goto(page.url + "?follow=1")
    expect(page.locator(".tl-row[data-operation-id]").last).to_be_in_viewport()
    expect(page.locator("[data-chip=follow]")).to_have_attribute("aria-current", "true")


def served_order(person: Visitor) -> Page:
    """The newest order that went all the way to the loyalty points: one that was declined calls nothing."""
    page = first_execution(person, "function=coffee-order&status=SUCCEEDED")
    page.goto(page.url.split("/executions/")[0] + "/executions/?function=coffee-order&status=SUCCEEDED")
    links = [one.get_attribute("href") or "" for one in page.locator("tr[data-execution-id] a[data-row-link]").all()]
    for link in links:
        person.open(link)
        if page.locator(".tl-row", has_text="chained invoke").count():
            return page
    raise AssertionError("no order was served")


def test_the_execution_that_was_called_unfolds_among_the_rows(visitor: Make) -> None:
    person = visitor()
    person.log_in("viewer")
    page = served_order(person)
    page.evaluate("window.sameDocument = true")
    call = page.locator(".tl-row", has_text="chained invoke").first
    call.get_by_role("button", name=re.compile("^Unfold the execution that")).click()
    children = page.locator(".tl-row.is-child")
    expect(children.first).to_be_visible()
    page.wait_for_url(re.compile("inside="))
    own = page.locator("#head h1").inner_text()
    assert page.locator(".tl-row", has_text="chained invoke").first.evaluate(
        "(row) => row.nextElementSibling.matches('.is-child')"
    )
    number = children.count()
    page.reload()
    expect(children).to_have_count(number)
    call.locator(".tl-name > a:not(.tl-fold)").focus()
    page.keyboard.press("ArrowLeft")
    expect(children).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(children).to_have_count(number)
    chosen = children.first.get_attribute("data-operation-id") or ""
    page.evaluate("window.sameDocument = true")
    children.first.click()
    drawer = page.locator("#operation")
    expect(drawer).to_have_attribute("data-operation-id", chosen)
    page.wait_for_url(re.compile(rf"inside=\d+&within=\d+&op={chosen}$"))
    expect(children.first).to_have_class(re.compile("is-selected"))
    drawer.locator(".under a[hx-get*='/events/']").first.click()
    expect(page.locator("#event[data-within]")).to_be_visible()
    expect(children.first).to_have_class(re.compile("is-selected"))
    page.locator("#event .under a").first.click()
    expect(drawer).to_have_attribute("data-operation-id", chosen)
    assert page.locator("#head h1").inner_text() == own and page.evaluate("window.sameDocument")
    page.reload()
    expect(drawer).to_have_attribute("data-operation-id", chosen)
    expect(page.locator(".tl-row.is-selected")).to_have_attribute("data-operation-id", chosen)
    page.keyboard.press("Escape")


def test_one_drawer_goes_from_the_row_to_its_events_and_on_to_the_history(visitor: Make) -> None:
    person = visitor()
    person.log_in("viewer")
    page = first_execution(person, "function=daily-report&status=SUCCEEDED")
    page.evaluate("window.sameDocument = true")
    row = rows(page).nth(1)
    row.locator(".tl-name > a:not(.tl-fold)").first.click()
    page.locator("#operation .under a[hx-get*='/events/']").first.click()
    expect(page.locator("#event")).to_contain_text("EventTimestamp")
    page.wait_for_url(re.compile(r"\?event=\d+$"))
    expect(row).to_have_class(re.compile("is-selected"))
    number = page.locator("#event").get_attribute("data-event-id")
    page.locator("#event .under a").first.click()
    expect(page.locator("#operation")).to_be_visible()
    page.go_back()
    expect(page.locator("#event")).to_have_attribute("data-event-id", number or "")
    page.get_by_role("link", name="In the history").click()
    expect(page.locator(f"#event-{number}.is-selected")).to_be_in_viewport()
    expect(page.locator("#event")).to_have_attribute("data-event-id", number or "")
    page.locator("#event .under").get_by_role("link", name="next", exact=True).click()
    expect(page.locator(f"#event-{int(number or 0) + 1}")).to_have_class(re.compile("is-selected"))
    expect(page.locator(".events tr.is-selected")).to_have_count(1)
    page.get_by_role("link", name="By operation").click()
    expect(page.locator("tr.group").first).to_be_visible()
    page.locator("tr.group[data-operation-id] a.pick").first.click()
    expect(page.locator("#operation")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#operation")).to_have_count(0)


def test_a_part_of_the_overview_that_is_brushed_becomes_the_zoom_without_the_page_being_loaded_again(
    visitor: Make,
) -> None:
    person = visitor()
    person.log_in("viewer")
    page = first_execution(person, "function=batch-roast&status=SUCCEEDED")
    page.evaluate("window.sameDocument = true")
    expect(page.locator(".tl-sketch path")).to_be_visible()
    plot = page.locator(".tl-head .plot")
    plot.hover()
    expect(page.locator(".tl-head .js-plotly-plot .nsewdrag").first).to_be_attached()
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 30, steps=8)
    page.mouse.up()
    page.wait_for_url(re.compile("zoom="))
    expect(page.get_by_role("link", name="Zoomed")).to_be_visible()
    assert page.evaluate("window.sameDocument")
    page.get_by_role("link", name="Zoomed").click()
    page.wait_for_url(re.compile(r"^(?!.*zoom=)"))
