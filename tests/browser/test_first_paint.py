"""What an execution's page asks for before anything of it can be read."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.test_main_job import first_execution

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
BEFORE = """() => {
  const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  const before = performance.getEntriesByType("resource").filter((one) => one.startTime < painted);
  return before.map((one) => new URL(one.name).pathname);
}"""


@pytest.mark.parametrize("tab", ["", "history/"])
def test_a_page_is_painted_with_one_stylesheet_and_one_script(visitor: Callable[..., Visitor], tab: str) -> None:
    person = visitor()
    person.log_in("viewer")
    address = first_execution(person, "function=daily-report&status=SUCCEEDED").url
    newcomer = visitor()  # whose cache is empty
    newcomer.page.context.add_cookies(person.page.context.cookies())  # type: ignore[arg-type]
    page = newcomer.open(address.removeprefix(newcomer.base) + tab)
    assert sorted(page.evaluate(BEFORE)) == ["/static/app.css", "/static/js/first.js"]
    expect(page.locator("html[data-typefaces]")).to_have_count(1)
    assert page.evaluate("document.fonts.check('1em Inter')")


ASKED = """
const load = FontFaceSet.prototype.load;
window.asked = [];
FontFaceSet.prototype.load = function (face) {
  window.asked.push([face, document.body === null]);
  return load.call(this, face);
};
"""


def test_typefaces_that_are_in_the_cache_are_asked_for_before_anything_is_laid_out(
    visitor: Callable[..., Visitor],
) -> None:
    person = visitor()
    person.page.add_init_script(ASKED)
    person.log_in("viewer")
    expect(person.page.locator("html[data-typefaces]")).to_have_count(1)
    page = person.open("/functions/")
    assert page.evaluate("window.asked") == [["1em Inter", True], ["1em JetBrains Mono", True]]
