"""Two executions compared by keyboard, light and dark, and on a small screen."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SCRIPTED, Visitor
from tests.browser.test_everybody import violations
from tests.browser.test_main_job import first_execution

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Make = Callable[..., Visitor]


def compared(person: Visitor) -> Page:
    """An execution beside one of the others that are offered."""
    person.log_in("viewer")
    page = first_execution(person, "function=coffee-order&status=SUCCEEDED")
    page.get_by_role("link", name=re.compile("^Compare")).first.click()
    page.locator("tr[data-execution-id] a").first.click()
    page.wait_for_url(re.compile(r"/executions/\d+/compare/\d+/$"))
    page.evaluate(SCRIPTED)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_comparison_is_read_by_keyboard(visitor: Make, scheme: str) -> None:
    page = compared(visitor(scheme=scheme))
    page.locator(".compare-rows a.pick").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".compare-rows a.pick").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#drawer h2")).to_have_text(page.locator(".compare-rows a.pick").nth(1).inner_text())
    expect(page).to_have_url(re.compile(r"pick=[ab]\d+"))
    told = page.locator("#drawer").inner_text()
    page.reload()
    assert page.locator("#drawer").inner_text() == told
    page.wait_for_timeout(500)
    assert violations(page) == []


def test_a_comparison_fits_a_small_screen(visitor: Make) -> None:
    page = compared(visitor(width=380))
    assert page.evaluate("document.documentElement.scrollWidth") == 380
    page.locator(".compare-rows a.pick").first.click()
    expect(page.locator("#drawer h2")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 380


def test_the_slider_of_checkpoints_is_moved_by_keyboard(visitor: Make) -> None:
    person = visitor()
    person.log_in("viewer")
    page = first_execution(person, "function=coffee-order&status=SUCCEEDED")
    page.get_by_role("link", name=re.compile("^Checkpoints")).click()
    slider = page.get_by_role("slider", name="Checkpoint")
    slider.wait_for()
    page.evaluate(SCRIPTED)
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_url(re.compile("at=0"))
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("at=1"))
    expect(slider).to_be_focused()
    expect(page.locator("#tab .summary")).to_contain_text("From event 0 to event")
    assert violations(page) == []
