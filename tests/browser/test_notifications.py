"""Notifications: a rule written and tested in the browser, and told by a real receiver what happens in the demo."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo, Visitor
from tests.browser.test_everybody import violations

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
Make = Callable[..., Visitor]


class Receiver:
    """Takes what is sent to it, and says when something has come."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.something = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                if receiver.got[-1]["data"]["events"]:
                    receiver.something.set()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook/not-to-be-shown"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def write(page: Page, name: str, url: str) -> None:
    """A signed webhook that is told at once of every callback of coffee-order; with the keyboard alone."""
    page.get_by_role("link", name="signed webhook").press("Enter")
    page.locator("#id_name").fill(name)
    page.get_by_label("Team").select_option("operator")
    page.get_by_label("Address").fill(url)
    page.get_by_label("a callback was opened").press("Space")
    page.get_by_label("Functions").fill("coffee-*")
    page.get_by_label("Gather for").select_option("at once")
    page.get_by_role("button", name="Write the rule").press("Enter")


def test_a_rule_is_written_tested_and_told_what_happens(visitor: Make, demo: Demo, receiver: Receiver) -> None:
    person = visitor()
    person.log_in("admin")
    page = person.open("/notifications/")
    write(page, "Coffee on call", receiver.url)
    expect(page.locator("#secret")).to_contain_text("whsec_")
    assert violations(page) == []
    page.get_by_role("button", name="Send a test").press("Enter")
    expect(page.locator("#messages")).to_contain_text("The test message was sent. The receiver took it (200).")
    expect(page.locator("[data-delivery-id][data-status=sent]")).to_contain_text("a test")
    assert [one["type"] for one in receiver.got] == ["durascope.test"]
    assert "not-to-be-shown" not in page.content() and page.locator("#secret").count() == 0
    demo.start("coffee-order")
    assert receiver.something.wait(90)
    [told, *_] = receiver.got[1]["data"]["events"]
    assert (told["event"], told["function"]) == ("opened", "coffee-order")
    page.goto(told["url"])
    expect(page.locator("main form").first).to_be_visible()
    expect(page.locator("main")).to_contain_text(told["callback"]["name"])
    person.open("/notifications/messages/")
    expect(page.locator("[data-delivery-id]").first).to_contain_text("opened: coffee-order")


def test_what_goes_wrong_is_said_and_a_rule_is_removed(visitor: Make) -> None:
    person = visitor()
    person.log_in("admin")
    page = person.open("/notifications/")
    write(page, "To nowhere", "https://169.254.169.254/latest/meta-data")
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#messages")).to_contain_text("it is a link-local or metadata address")
    page.get_by_role("link", name="Remove…").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.locator("#messages")).to_contain_text("The rule “To nowhere” is removed.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 380])
def test_the_pages_are_for_everybody(visitor: Make, scheme: str, width: int) -> None:
    person = visitor(scheme=scheme, width=width)
    person.log_in("admin")
    page = person.open("/notifications/new/email/")
    page.locator("#id_name").fill(f"A rule with a long name {scheme} {width}")
    page.get_by_label("Team").select_option("operator")
    page.get_by_label("To", exact=True).fill("somebody.with.a.long.name@department.example.com, ada@example.com")
    page.get_by_label("an execution failed").check()
    page.get_by_role("button", name="Write the rule").click()
    expect(page.get_by_role("button", name="Send a test")).to_be_visible()
    rule = re.sub(r"^https?://[^/]+", "", page.url)
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("#messages")).to_contain_text("EMAIL_URL")
    for path in ("/notifications/", rule, f"{rule}remove/", "/notifications/messages/", "/notifications/new/slack/"):
        person.open(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") == width, path
