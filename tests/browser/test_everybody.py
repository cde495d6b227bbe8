"""Every page for everybody: axe in light and dark, at 380 px, without JavaScript, by keyboard."""

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from dashboard.pages.timeline_rows import NARROWEST_AXIS
from tests.browser.conftest import SCRIPTED, Demo, Visitor
from tests.browser.test_main_job import first_execution, waiting_order

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Make = Callable[..., Visitor]
PLAIN = [
    *("/", "/executions/", "/functions/", "/connections/", "/inbox/", "/audit/", "/decisions/", "/decisions/new/"),
    *("/executions/?status=FAILED&name=order", "/executions/?name=nothing-is-called-so", "/inbox/?name=nothing-such"),
    *("/decisions/large-refund/", "/styleguide/", "/no/such/page/"),
]
SETTINGS = [
    *("/notifications/", "/notifications/messages/", "/notifications/new/email/", "/notifications/new/webhook/"),
    *("/notifications/new/slack/", "/imports/", "/share-links/", "/bulk/", "/tokens/", "/account/", "/people/"),
    *("/account/password/", "/account/app/", "/account/keys/new/", "/account/confirm/", "/people/?name=nobody"),
]
TOUCHING = """() => {
  const shown = [...document.querySelectorAll(".tl-ticks text")].filter((label) => label.getClientRects().length);
  const boxes = shown.map((label) => label.getBoundingClientRect()).sort((a, b) => a.x - b.x);
  return boxes.slice(1).filter((box, before) => box.left < boxes[before].right + 3).map((box) => box.left);
}"""
TABS = ["", "?event=3", "?follow=1", "history/", "history/?event=3", "history/?group=operation"]
TABS += [
    "checkpoints/",
    "checkpoints/?a=1&b=5",
    "payloads/",
    "stop/",
    "pause/",
    "share/",
    "compare/",
    "history/?event=9999",
]
TABS += ["events/1/explore/"]


def pages_of_one(person: Visitor, demo: Demo) -> list[str]:
    page = waiting_order(person, demo)
    one = re.sub(r"^https?://[^/]+", "", page.url.split("?")[0])
    answer = page.locator("a[href*='/answer/']").first.get_attribute("href")
    function = page.locator(".crumbs a[href^='/functions/']").first.get_attribute("href")
    name = page.locator("#head h1").inner_text()
    return [
        *(one + tab for tab in TABS),
        *(answer or "", f"{answer}?reject=1", one + "?op=" + operation(page), function or "", f"{function}start/"),
        *(f"/inbox/together/?which=filter&name={name}", f"/bulk/new/?kind=stop&which=filter&name={name}"),
        *made_pages(page, name),
    ]


def made_pages(page: Page, name: str) -> list[str]:
    """What is there only once somebody has made it: a bulk action, an imported history, somebody's own page."""
    history = page.request.get(re.sub(r"\?.*", "", page.url) + "history.json").body()
    site = re.sub(r"(//[^/]+)/.*", r"\1", page.url)
    page.goto(site + "/imports/")
    page.locator("[name=history]").set_input_files({"name": "one.json", "mimeType": "text/json", "buffer": history})
    page.get_by_role("button", name="Import").click()
    page.locator("#head").wait_for()
    imported = page.url.removeprefix(site)
    page.goto(f"{site}/bulk/new/?kind=pause&which=filter&name={name}")
    page.locator("form.confirm button[type=submit]").click()
    page.wait_for_url(re.compile(r"/bulk/\d+/"))
    bulk = page.url.removeprefix(site)
    page.goto(site + "/people/")
    person = page.locator("tr[data-user-id] a").last.get_attribute("href")
    return [imported, imported + "history/", bulk, person or ""]


def operation(page: Page) -> str:
    return page.locator(".tl-rows [data-operation-id]").nth(1).get_attribute("data-operation-id") or ""


def settled(person: Visitor, path: str) -> Page:
    page = person.open(path)
    page.wait_for_timeout(500)
    return page


def listed(which: str, person: Visitor, demo: Demo) -> list[str]:
    return {"plain": lambda: PLAIN, "settings": lambda: SETTINGS, "one": lambda: pages_of_one(person, demo)}[which]()


@pytest.mark.parametrize("which", ["plain", "settings", "one"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(visitor: Make, demo: Demo, scheme: str, which: str) -> None:
    person = visitor(scheme=scheme)
    person.open("/login/")
    assert violations(person.page) == []
    person.log_in("admin")
    found = {path: violations(settled(person, path)) for path in listed(which, person, demo)}
    person.complaints[:] = [said for said in person.complaints if "404" not in said]  # one page is meant to be missing
    assert {path: problems for path, problems in found.items() if problems} == {}


def violations(page: Page) -> list[str]:
    answer = Axe().run(page)
    return [f"{found['id']}: {found['nodes'][0]['html'][:150]}" for found in answer.response["violations"]]


@pytest.mark.parametrize("which", ["plain", "settings", "one"])
def test_no_page_is_wider_than_a_small_screen(visitor: Make, demo: Demo, which: str) -> None:
    person = visitor(width=380)
    person.log_in("admin")
    wide = []
    for path in listed(which, person, demo):
        page = settled(person, path)
        if page.evaluate("document.documentElement.scrollWidth") > 380:
            wide.append(path)
    person.complaints[:] = [said for said in person.complaints if "404" not in said]
    assert wide == []


def test_what_folds_out_stays_inside_a_small_screen(visitor: Make) -> None:
    person = visitor(width=380)
    page = person.log_in("viewer")
    page.goto(page.url.rstrip("/") + "/executions/")
    for summary in page.locator(".chip-bar summary").all():
        summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") == 380
    page = first_execution(person, "function=refund&status=FAILED")  # so short that the menu is beside its name
    for text in ("Elsewhere", "All types"):
        page.locator("summary", has_text=text).click()
        assert page.evaluate("document.documentElement.scrollWidth") == 380
        page.keyboard.press("Escape")


def test_what_is_chosen_on_a_small_screen_is_seen_at_once(visitor: Make) -> None:
    person = visitor(width=380)
    person.log_in("viewer")
    page = first_execution(person, "function=batch-roast&status=SUCCEEDED")
    page.locator(".tl-rows [data-operation-id]").first.click()
    expect(page.locator("#operation h2")).to_be_in_viewport()


def test_a_very_long_operation_name_stays_inside_its_panel(visitor: Make, demo: Demo) -> None:
    person = visitor(width=380)
    person.log_in("viewer")
    page = waiting_order(person, demo)
    page.get_by_role("link", name=re.compile("^Checkpoints")).click()
    page.locator(".steps").get_by_role("link", name="first").click()
    page.locator(".change-list a").first.click()
    page.locator(".changes h2").wait_for()
    page.evaluate(
        "for (const one of document.querySelectorAll('.change-list a, .changes h2')) one.textContent = 'W'.repeat(200)"
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 380


@pytest.mark.parametrize("width", [380, 1280, 1900])
def test_labels_under_the_axis_do_not_touch(visitor: Make, width: int) -> None:
    person = visitor(width=width)
    person.log_in("viewer")
    for query in ("function=open-tab&status=RUNNING", "function=coffee-order&status=SUCCEEDED", "function=slow-brew"):
        page = first_execution(person, query)
        page.locator(".tl-ticks text").first.wait_for()
        assert page.evaluate(TOUCHING) == []


def test_the_axis_has_the_room_that_its_labels_were_chosen_for_at_every_width(visitor: Make) -> None:
    person = visitor(width=1400)
    person.log_in("viewer")
    page = first_execution(person, "function=coffee-order&status=SUCCEEDED")
    page.locator(".tl-ticks text").first.wait_for()
    for width in (320, 640, 641, 760, 761, 900, 901, 1100, 1101, 1240, 1241, 1280, 1439, 1440, 1900):
        page.set_viewport_size({"width": width, "height": 900})
        axis = page.evaluate("document.querySelector('.tl-ticks svg').getBoundingClientRect().width")
        assert axis >= NARROWEST_AXIS, width


def test_pages_read_well_without_javascript(visitor: Make, demo: Demo) -> None:
    person = visitor(scripts=False)
    person.open("/login/")
    person.page.locator("[name=username]").fill("approver")
    person.page.locator("[name=password]").fill("approver")
    person.page.get_by_role("button", name="Log in").click()
    name = demo.start("coffee-order")
    page = person.page
    for _ in range(60):  # nothing refreshes itself without scripts: a person presses reload
        person.open(f"/executions/?name={name}&status=WAITING")
        if page.locator("tr[data-execution-id]").count():
            break
        page.wait_for_timeout(500)
    page.locator("tr[data-execution-id] a").first.click()
    one = page.url
    expect(page.locator(".tl-rows [data-operation-id]").first).to_be_visible()
    for tab in ("History", "Checkpoints", "Input and result"):
        page.get_by_role("link", name=re.compile(f"^{tab}")).click()
        expect(page.locator("main")).to_be_visible()
    page.goto(one)
    page.locator("a[href*='/answer/']").first.click()
    page.locator("[name='answer/barista']").fill("Ana")
    page.get_by_role("button", name="Add to Substitutes").click()
    page.get_by_role("button", name="Show what AWS will receive").click()
    expect(page.locator("main")).to_contain_text("Instead of: This is needed")
    page.get_by_role("button", name="Remove Substitutes 1").click()
    page.get_by_role("button", name="Show what AWS will receive").click()
    expect(page.locator("[data-outgoing]")).to_have_text('{"accepted": true, "barista": "Ana", "minutes": 5}')
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#messages")).to_contain_text("AWS accepted it")


def test_the_keyboard_reaches_search_and_help(visitor: Make) -> None:
    page = visitor().log_in("viewer")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name=re.compile("Search executions"))).to_be_focused()
    page.keyboard.type("order-0001")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("name=order-0001"))
    page.evaluate(SCRIPTED)
    page.locator("body").press("?")
    expect(page.get_by_role("dialog", name=re.compile("Keyboard"))).to_be_visible()
