"""The audit trail as files, as a browser stores them."""

import csv
import json
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from tests import factories
from tests.browser.conftest import SCRIPTED

pytestmark = pytest.mark.browser


@pytest.fixture
def page(context: BrowserContext) -> Page:
    for number in range(30):
        factories.action(reason=f"reason {number}")
    made = context.new_page()
    made.goto("/audit/")
    return made


def stored(page: Page, button: str) -> str:
    with page.expect_download() as download:
        page.get_by_text(button, exact=True).click()
    return Path(download.value.path()).read_text()


def test_all_of_the_trail_arrives(page: Page) -> None:
    assert len(json.loads(stored(page, "JSON"))) == 30
    assert len(list(csv.DictReader(stored(page, "CSV").splitlines()))) == 30


def test_the_form_for_secrets_can_be_sent_again_while_it_is_on_the_screen(page: Page) -> None:
    page.get_by_role("link", name="With secrets…").click()
    page.evaluate(SCRIPTED)
    first = json.loads(stored(page, "Export it"))
    assert len(first) >= 30
    assert len(json.loads(stored(page, "Export it"))) >= 30
