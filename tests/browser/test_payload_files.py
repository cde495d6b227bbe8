"""A history from a file with an input of megabytes: imported, looked around in, searched, removed; by everybody."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests import histories
from tests.browser.conftest import SCRIPTED, Visitor
from tests.browser.test_everybody import violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Make = Callable[..., Visitor]
BIG = 12345678901234567890


def history() -> bytes:
    """Six megabytes: a wide list, big integers, JSON in a string, a secret."""
    rows = [{"id": n, "big": BIG + n, "sku": f"bean-{n}", "note": "x" * 60} for n in range(45_000)]
    body = json.dumps({"n": BIG})
    script = histories.Script()
    script.started(payload=json.dumps({"order": {"password": "hunter2", "body": body}, "rows": rows}))
    script.ended()
    return json.dumps({"Events": script.events}).encode()


def imported(person: Visitor) -> Page:
    person.log_in("operator")
    page = person.open("/imports/")
    file = {"name": "history.json", "mimeType": "application/json", "buffer": history()}
    page.get_by_label("Files").set_input_files([file])
    page.get_by_role("button", name="Import").click()
    page.wait_for_url(re.compile(r"/executions/\d+/$"))
    return page


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 380)])
def test_six_megabytes_from_a_file_are_looked_around_in(visitor: Make, scheme: str, width: int) -> None:
    page = imported(visitor(scheme=scheme, width=width))
    expect(page.locator(".origin")).to_contain_text("Imported from a file")
    assert violations(page) == []
    page.get_by_role("link", name="Input and result").click()
    rows = page.locator('.branch > li:has(> details > summary:has-text("rows"))')
    rows.locator("> details > summary").click()
    expect(rows.locator(".branch > li")).to_have_count(5)
    page.get_by_role("link", name="Search and look around in Input").click()
    page.get_by_label("Search in this payload").fill("bean-44999")
    page.keyboard.press("Enter")
    expect(page.locator("#hit")).to_be_in_viewport()
    expect(page.locator("#hit")).to_contain_text("bean-44999")
    expect(page.locator(".explore")).to_contain_text(str(BIG + 44_999))
    assert "hunter2" not in page.content()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert violations(page) == []


def test_json_in_a_string_is_opened_by_keyboard_and_the_import_is_removed(visitor: Make) -> None:
    page = imported(visitor())
    page.get_by_role("link", name="Input and result").click()
    page.get_by_role("link", name="Search and look around in Input").click()
    page.get_by_role("link", name="Open /order by itself").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("path=%2Forder"))
    body = page.locator('summary:has-text("body")')
    body.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".branch .branch")).to_contain_text(str(BIG))
    page.get_by_role("link", name="Remove it…").click()
    page.get_by_role("button", name="Remove it").click()
    page.wait_for_url(re.compile("/imports/$"))


def test_a_payload_is_read_without_javascript(visitor: Make) -> None:
    page = imported(visitor(scripts=False))
    page.get_by_role("link", name="Input and result").click()
    page.get_by_role("link", name="Open Input").click()
    page.locator(".branch > li").last.hover()
    page.get_by_role("link", name="Open /rows by itself").click()
    expect(page.locator(".branch > li")).to_have_count(5)


def test_a_branch_that_was_opened_before_the_scripts_came_is_filled_when_they_do(visitor: Make) -> None:
    page = imported(visitor())
    page.get_by_role("link", name="Input and result").click()
    page.get_by_role("link", name="Search and look around in Input").click()
    page.wait_for_url(re.compile("/explore/"))
    page.evaluate(SCRIPTED)
    held: list[Route] = []
    page.route("**/app.js*", lambda route: held.append(route))
    page.get_by_role("link", name="Open /order by itself").focus()
    with page.expect_request("**/app.js*"):
        page.keyboard.press("Enter")
    page.wait_for_url(re.compile("path=%2Forder"), wait_until="commit")
    page.locator('summary:has-text("body")').click(no_wait_after=True)
    assert page.evaluate("window.htmx === undefined") and held
    held[0].continue_()
    expect(page.locator(".branch .branch")).to_contain_text(str(BIG))
