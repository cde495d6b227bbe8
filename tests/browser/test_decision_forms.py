"""Decision forms in a browser: of several callbacks at once, by keyboard; and rows of a form that come and go."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Demo, Visitor
from tests.browser.test_approval import tab_to
from tests.browser.test_everybody import violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Make = Callable[..., Visitor]


def with_rows_of(person: Visitor, names: list[str]) -> Page:
    """The inbox, once the callbacks of all these executions are in it."""
    page = person.open("/inbox/?function=coffee-order")
    for name in names:
        page.locator("tr[data-callback-id]", has_text=name).wait_for(timeout=90_000)
    return page


def test_two_like_callbacks_are_chosen_and_decided_together_by_keyboard(visitor: Make, demo: Demo) -> None:
    names = [demo.start("coffee-order") for _ in range(2)]
    person = visitor()
    person.log_in("approver")
    page = with_rows_of(person, names)
    for name in names:
        row = page.locator("tr[data-callback-id]", has_text=name)
        row.locator("[data-row-link]").focus()
        page.keyboard.press("x")
        expect(row.get_by_role("checkbox")).to_be_checked()
    tab_to(page, page.get_by_role("button", name="the chosen…"))
    page.keyboard.press("Enter")
    group = page.locator("[data-group]")
    expect(group.locator("[data-total]")).to_have_text("2")
    expect(group.locator(".prose strong")).to_have_text("within ten minutes")
    assert violations(page) == []
    tab_to(page, page.get_by_role("button", name="Answer 2 callbacks"))
    page.keyboard.press("Enter")
    expect(group.locator("[aria-invalid=true]")).to_be_focused()
    page.keyboard.type("Ana")
    expect(group.locator("[data-outgoing]")).to_contain_text('"barista": "Ana"')
    tab_to(page, page.get_by_role("button", name="Answer 2 callbacks"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/bulk/**")
    rows = page.locator("#bulk tbody tr")
    for name in names:
        expect(rows.filter(has_text=name)).to_contain_text("accepted by AWS", timeout=30_000)
    expect(rows).to_have_count(2)
    assert violations(page) == []


def test_what_is_typed_while_a_row_is_removed_is_kept(visitor: Make, demo: Demo) -> None:
    name = demo.start("coffee-order")
    person = visitor()
    person.log_in("approver")
    page = with_rows_of(person, [name])
    page.locator("tr[data-callback-id]", has_text=name).locator("[data-row-link]").click()
    pane, add = page.locator("#pane"), page.get_by_role("button", name="Add to Substitutes")
    rows = pane.locator(".group-row")
    for number in range(3):
        add.click()
        expect(rows).to_have_count(number + 1)
        rows.nth(number).get_by_label("Instead of").fill(f"milk {number}")
    on_its_way: list[Route] = []
    page.route(re.compile(r"/answer/\?"), lambda route: on_its_way.append(route))
    pane.get_by_role("button", name="Remove Substitutes 1").click()
    pane.get_by_label("Barista").press_sequentially("Ana")
    rows.nth(0).get_by_label("Take").press_sequentially("into the row that goes")
    rows.nth(2).get_by_label("Take").press_sequentially("oat drink")
    on_its_way[0].continue_()
    expect(rows).to_have_count(2)
    expect(pane.get_by_label("Barista")).to_have_value("Ana")
    for number, (instead_of, take) in enumerate([("milk 1", ""), ("milk 2", "oat drink")]):
        expect(rows.nth(number).get_by_label("Instead of")).to_have_value(instead_of)
        expect(rows.nth(number).get_by_label("Take")).to_have_value(take)
    expect(rows.nth(1).get_by_label("Take")).to_be_focused()
    rows.nth(0).get_by_label("Take").fill("soy drink")
    expect(pane.locator("[data-outgoing]")).to_contain_text('{"instead_of": "milk 2", "take": "oat drink"}')
