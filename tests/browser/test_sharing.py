"""One execution shown to others: made by one person, opened by another and by nobody in particular."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Demo, Visitor
from tests.browser.test_everybody import violations
from tests.browser.test_main_job import first_execution

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Make = Callable[..., Visitor]
LINKS = """[...document.querySelectorAll("a[href], form")].map(
  (one) => new URL(one.getAttribute("href") ?? one.getAttribute("action"), location).href)"""


def share(person: Visitor) -> str:
    """Share the selected operation of some finished execution; -> the link's address."""
    person.log_in("operator")
    page = first_execution(person, "function=batch-roast&status=SUCCEEDED")
    page.locator(".tl-rows [data-operation-id]").first.click()
    page.wait_for_url(re.compile(r"\?op="))
    page.get_by_role("link", name="Share…").click()
    page.get_by_label("Note").fill("Look here")
    page.get_by_role("button", name="Make the link").click()
    return page.locator("#share-address").input_value()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 380)])
def test_a_link_shows_another_person_the_same_view_and_no_way_out(
    visitor: Make, demo: Demo, scheme: str, width: int
) -> None:
    address = share(visitor())
    other = visitor(scheme=scheme, width=width)
    page = other.page
    page.goto(address)
    page.locator("header.side, form [name=username]").first.wait_for()  # links are for who can log in here
    page.locator("[name=username]").fill("viewer")
    page.locator("[name=password]").fill("viewer")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Look here")).to_be_visible()
    expect(page.locator("#operation h2")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for tab in ("Timeline", "History", "Checkpoints", "Input and result"):
        page.get_by_role("link", name=re.compile(f"^{tab}")).click()
        page.wait_for_timeout(400)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        leads = page.evaluate(LINKS)
        assert [url for url in leads if not url.startswith(address) and "#main" not in url] == []
    assert [url for url in asked if not url.startswith((address, demo.base + "/static/"))] == []


def test_a_revoked_link_opens_nothing(visitor: Make) -> None:
    maker = visitor()
    address = share(maker)
    maker.open("/share-links/").get_by_role("button", name=re.compile("^Revoke")).first.click()
    expect(maker.page.locator("#messages")).to_contain_text("revoked")
    maker.page.goto(address)
    expect(maker.page.get_by_role("heading", name="This link opens nothing")).to_be_visible()
    maker.complaints[:] = [said for said in maker.complaints if "404" not in said]
