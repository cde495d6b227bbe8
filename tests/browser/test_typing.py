"""What somebody is typing, reading or copying is not taken from them."""

import json
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from executions.models import ApiToken, Execution, HistoryPage, ShareLink
from tests import factories, histories
from tests.browser.conftest import SCRIPTED, Place
from tests.web import stored

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]


def opened(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.goto(path)
    page.evaluate(SCRIPTED)
    return page


def poll(page: Page) -> None:
    """The age line asks now, not in ten seconds."""
    page.evaluate("document.getElementById('age').dispatchEvent(new CustomEvent('asked'))")


def log_in_again(page: Page, admin: User) -> None:
    """On the login page that is shown there."""
    admin.password = PBKDF2PasswordHasher().encode("a password", "salt", 1)  # tests hash as no installation does
    admin.save()
    page.locator("[name=username]").fill(admin.username)
    page.locator("[name=password]").fill("a password")
    page.keyboard.press("Enter")
    page.locator("header.side").wait_for()


def sharing(page: Page) -> Any:
    """The dialog that makes a share link."""
    page.locator("a[hx-get*='/share/']").first.click()
    page.locator("#dialog form").wait_for()
    return page.locator("#dialog")


def test_who_is_logged_out_keeps_what_they_typed_and_sends_it_after_a_login_in_another_tab(
    context: BrowserContext, installation: Place
) -> None:
    page = opened(context, "/tokens/")
    page.locator("#id_name").fill("nightly report")
    Session.objects.all().delete()
    poll(page)
    told = page.get_by_role("alert").filter(has_text="You are logged out")
    expect(told).to_contain_text("What you typed is still here")
    expect(page.locator("#id_name")).to_have_value("nightly report")
    with context.expect_page() as another:
        told.get_by_role("link").click()
    log_in_again(another.value, installation[1])
    poll(page)
    expect(told).to_have_count(0)
    page.get_by_role("button", name="Make a token").click()
    page.locator("#token").wait_for()
    assert ApiToken.objects.get().name == "nightly report"


def test_what_was_typed_by_one_person_is_not_sent_by_another_who_has_logged_in_since(
    context: BrowserContext, installation: Place
) -> None:
    page = opened(context, "/tokens/")
    page.locator("#id_name").fill("nightly report")
    Session.objects.all().delete()
    poll(page)
    told = page.get_by_role("alert").filter(has_text="You are logged out")
    with context.expect_page() as another:
        told.get_by_role("link").click()
    log_in_again(another.value, factories.user("operator", "olga"))
    poll(page)
    whose = f"this page is {installation[1].username}'s."
    expect(page.get_by_role("alert")).to_contain_text(f"You are logged in as olga now, and {whose}")
    page.get_by_role("button", name="Make a token").click()
    page.wait_for_load_state()
    assert not ApiToken.objects.exists()


def test_a_page_says_so_when_somebody_else_has_logged_in_beside_it(
    context: BrowserContext, installation: Place
) -> None:
    page = opened(context, "/functions/")
    client = Client()
    client.force_login(factories.user("operator", "olga"))
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": installation[0]}])
    poll(page)
    told = page.get_by_role("alert").filter(has_text="You are logged in as olga now")
    told.get_by_role("link").click()
    expect(page.locator(".who")).to_have_text("olga")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_dialog_that_is_open_tells_of_the_logout_and_works_again_after_the_login(
    context: BrowserContext, installation: Place
) -> None:
    page = opened(context, f"/executions/{factories.execution().pk}/")
    dialog = sharing(page)
    dialog.locator("[name=note]").fill("see the retries")
    Session.objects.all().delete()
    dialog.get_by_role("button", name="Make the link").click()
    expect(dialog.get_by_role("alert")).to_contain_text("You are logged out")
    log_in_again(opened(context, "/login/"), installation[1])
    poll(page)
    expect(dialog.get_by_role("alert")).to_have_count(0)
    dialog.get_by_role("button", name="Make the link").click()
    dialog.locator("#share-address").wait_for()
    assert ShareLink.objects.get().note == "see the retries"


def test_without_a_clipboard_interface_a_button_in_a_dialog_copies_all_the_same(context: BrowserContext) -> None:
    context.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page = opened(context, f"/executions/{factories.execution().pk}/")
    dialog = sharing(page)
    dialog.get_by_role("button", name="Make the link").click()
    address = dialog.locator("#share-address").input_value()
    page.evaluate("document.addEventListener('copy', () => { window.copied = document.activeElement.value; })")
    button = dialog.locator("button[data-copy]")
    button.click()
    expect(button).to_have_attribute("aria-label", "Copied")
    assert page.evaluate("window.copied") == address
    expect(button).to_be_focused()
    expect(dialog.get_by_role("status")).to_have_text("Copied")


def test_a_button_pressed_twice_gets_its_own_words_back(context: BrowserContext) -> None:
    page = opened(context, f"/executions/{factories.execution().pk}/")
    button = page.locator("#head button[data-copy]").first
    words = button.get_attribute("aria-label")
    button.click()
    button.click()
    expect(button).to_have_attribute("aria-label", "Copied")
    expect(button).to_have_attribute("aria-label", str(words))


def test_a_dialog_stays_when_its_padding_is_clicked_or_a_selection_ends_beside_it(context: BrowserContext) -> None:
    page = opened(context, f"/executions/{factories.execution().pk}/")
    dialog = sharing(page)
    note = dialog.locator("[name=note]")
    note.fill("see the retries")
    asked: list[str] = []
    page.on("dialog", lambda one: (asked.append(one.message), one.dismiss()))
    box, field = dialog.bounding_box(), note.bounding_box()
    page.mouse.click(box["x"] + 4, box["y"] + box["height"] / 2)
    page.mouse.move(field["x"] + 40, field["y"] + 10)
    page.mouse.down()
    page.mouse.move(5, 5)
    page.mouse.up()
    expect(note).to_have_value("see the retries")
    assert not asked
    page.mouse.click(5, 5)
    page.keyboard.press("Escape")
    expect(note).to_have_value("see the retries")
    assert len(asked) == 2 and "typed" in asked[0]


def test_beside_a_dialog_in_which_nothing_was_typed_a_click_closes_it(context: BrowserContext) -> None:
    page = opened(context, f"/executions/{factories.execution().pk}/")
    dialog = sharing(page)
    page.mouse.click(5, 5)
    expect(dialog).to_be_hidden()


def going_on() -> Execution:
    script = histories.Script()
    script.started(payload=json.dumps({"items": [{"name": "espresso", "more": {"sugar": 1}}] * 60}))
    script.step("one")
    return stored.execution(script.events, status="RUNNING")


def test_a_refresh_leaves_a_payload_as_it_was_unfolded(context: BrowserContext) -> None:
    execution = going_on()
    assert HistoryPage.objects.filter(execution=execution).exists()
    page = opened(context, f"/executions/{execution.pk}/payloads/")
    page.locator(".tree details").first.evaluate("one => { one.open = true; }")
    page.locator(".tree details details").first.wait_for()
    for _ in range(2):
        with page.expect_response(lambda answer: "part=content" in answer.url):
            page.evaluate("document.getElementById('live').dispatchEvent(new CustomEvent('changed', {bubbles: true}))")
        expect(page.locator(".htmx-request")).to_have_count(0)
    expect(page.locator(".tree details[open]").first).to_be_visible()
    page.locator("[data-as-text]").first.click()
    expect(page.locator("pre.code").first).to_be_visible()
    expect(page.locator(".tree").first).to_be_hidden()


def test_an_answer_begun_in_the_inbox_is_not_replaced_without_a_question(context: BrowserContext) -> None:
    first, second = factories.callback(name="first"), factories.callback(name="second")
    page = opened(context, f"/inbox/?callback={first.pk}")
    field = page.locator("#pane form textarea:visible").first
    field.fill("half an answer")
    asked: list[str] = []
    page.once("dialog", lambda one: (asked.append(one.message), one.dismiss()))
    page.get_by_role("link", name="second").click()
    page.wait_for_timeout(300)
    expect(field).to_have_value("half an answer")
    assert len(asked) == 1
    page.once("dialog", lambda one: one.accept())
    page.get_by_role("link", name="second").click()
    expect(page.locator(f"#pane article[data-callback-id='{second.pk}']")).to_be_visible()


def test_keys_of_one_character_can_be_switched_off_and_on_again(context: BrowserContext) -> None:
    page = opened(context, "/functions/")
    page.keyboard.press("?")
    page.get_by_label("Keys of one character").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.evaluate(SCRIPTED)
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.locator("#shortcuts")).to_be_hidden()
    expect(page.locator("#search")).not_to_be_focused()
    page.locator(".top details.drop summary").last.click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_label("Keys of one character")).not_to_be_checked()
    page.get_by_label("Keys of one character").check()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()


def test_forward_leads_to_the_page_without_the_drawer_that_was_closed(context: BrowserContext) -> None:
    execution = going_on()
    page = opened(context, f"/executions/{execution.pk}/")
    page.locator(".tl-row[data-operation-id] .tl-name > a").first.click()
    page.locator("#operation").wait_for()
    page.locator("#drawer .close").click()
    expect(page.locator("#operation")).to_have_count(0)
    page.go_back()
    page.locator("#operation").wait_for()
    page.go_forward()
    expect(page.locator("#operation")).to_have_count(0)


def test_a_form_that_comes_back_with_something_wrong_is_gone_on_with_there(context: BrowserContext) -> None:
    page = opened(context, "/tokens/")
    expect(page.locator("body")).to_be_focused()
    page.locator("#id_name").fill(" ")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("#id_name[aria-invalid=true]")).to_be_focused()
