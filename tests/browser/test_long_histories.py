"""Rows that come while somebody scrolls."""

import re

import pytest
from playwright.sync_api import BrowserContext

from tests import histories
from tests.browser.conftest import SCRIPTED
from tests.web import stored

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]
WINDOW = 50
SCROLL = """async (y) => {
  scrollTo({ top: y, behavior: "instant" });
  for (let i = 0; i < 4; i += 1) await new Promise(requestAnimationFrame);
}"""
IN_SIGHT = """() => {
  const row = document.elementFromPoint(500, innerHeight / 2).closest("tr[data-event-id]");
  return row && Number(row.dataset.eventId);
}"""


def test_after_a_fast_scroll_the_rows_come_where_it_ended_and_not_where_it_passed(
    context: BrowserContext,
) -> None:
    page = context.new_page()
    execution = stored.execution(histories.big_history(operations=1000))
    page.goto(f"/executions/{execution.pk}/history/")
    page.evaluate(SCRIPTED)
    asked: list[int] = []
    page.on("request", lambda one: asked.extend(int(first) for first in re.findall(r"part=rows&from=(\d+)", one.url)))
    page.route(re.compile("part=rows"), lambda _: None)  # held, until nobody looks after it any more
    for y in range(5_000, 60_001, 5_000):
        page.evaluate(SCROLL, y)
    before = len(asked)
    page.unroute_all()
    page.wait_for_function(IN_SIGHT)
    seen = page.evaluate(IN_SIGHT)
    page.wait_for_timeout(500)
    assert 0 < before <= 2
    assert len(asked) > before
    assert all(abs(first + WINDOW / 2 - seen) <= 2 * WINDOW for first in asked[before:]), (seen, asked)
