"""`/shared/…`: one execution through a share link, and nothing else."""

import re
from collections import deque
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
from axes.models import AccessAttempt, AccessAttemptExpiration
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from dashboard.access import LINK, MATRIX
from executions import sharing
from executions.histories import history_of
from executions.models import Execution, ShareLink
from tests import factories, histories
from tests.web import stored
from tests.web.test_access import address as address_of

pytestmark = [pytest.mark.web, pytest.mark.django_db]
TOKEN = "abcdefghijklmnopqrstuv"
BASE = f"/shared/{TOKEN}/"
PAGES = ["view/", "history/", "checkpoints/", "payloads/", "diff/?a=1&b=3"]
ADDRESSES = re.compile(
    r'\b(?:href|src|action|hx-get|hx-post|hx-push-url|data-operations|data-events|hx-sse:connect)="(?!data:image/)([^"]*)"'
)
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
SECRET = "hunter2"
MOST_PAGES = 40


@pytest.fixture
def public(settings: Any, anonymous: Client) -> Client:
    """Somebody who is not logged in, where links open to them."""
    settings.SHARE_LINKS = "public"
    return anonymous


def shared(execution: Execution, **values: Any) -> ShareLink:
    return factories.share_link(execution, token=TOKEN, **values)


def text(client: Client, address: str) -> str:
    response = client.get(address, follow=True)
    assert response.status_code == 200, address
    return response.content.decode()


def secretive() -> Execution:
    """Secrets wherever a history has text: in JSON in strings, in errors, in what is too long to keep inline."""
    script = histories.Script()
    script.started(payload=f'{{"password": "{SECRET}", "tea": "green", "body": "{{\\"token\\": \\"{SECRET}\\"}}"}}')
    error = {
        "ErrorType": "PaymentError",
        "ErrorMessage": f'refused {{"api_key": "{SECRET}"}}',
        "ErrorData": f'{{"pin": "{SECRET}"}}',
    }
    for number in range(3):
        script.step_started(f"s{number}", name="charge")
        script.event("StepFailed", f"s{number}", name="charge", details={"Error": {"Payload": error}})
    script.step_started("long")
    script.step_succeeded("long", result=f'{{"password": "{SECRET}", "rest": "{"x" * 9000}"}}')
    script.event("CallbackStarted", "cb", name="approve", details={"CallbackId": "handle-4711"})
    child = "arn:aws:lambda:eu-west-1:123456789012:function:child:1/durable-execution/c/1"
    details = {"FunctionName": "child", "DurableExecutionArn": child}
    script.event("ChainedInvokeStarted", "inv", name="call", details=details)
    script.ended("Failed", **error)
    return stored.execution(script.events)


def crawl(client: Client, start: str = BASE) -> dict[str, str]:
    """The pages and fragments that can be reached, the nearest first, whatever a browser would ask for."""
    found: dict[str, str] = {}
    waiting, seen = deque([start, *(BASE + page for page in PAGES)]), set()
    while waiting and len(found) < MOST_PAGES:
        address = waiting.popleft()
        if address in seen:
            continue
        seen.add(address)
        response = client.get(address, follow=False)
        if response.status_code == 302:
            waiting.append(urljoin(address, response["Location"]))
            continue
        assert response.status_code == 200, address
        assert {name: response[name] for name in HEADERS} == HEADERS, address
        html = found[address] = response.content.decode()
        for link in ADDRESSES.findall(html):
            where = urljoin(address, unescape(link).partition("#")[0])
            assert link and where.startswith((BASE, "/static/")), f"{address} leads to {link}"
            if where.startswith(BASE) and not where.endswith(("operations/", "events/")):
                waiting.append(where)
    return found


def test_it_is_told_when_the_link_ends(public: Client) -> None:
    shared(factories.execution(), expires_at=factories.ago(days=-3, minutes=-5))
    page = text(public, BASE)
    assert re.search(r"This link ends <time [^>]*>in 3 d</time>\.", page)


@pytest.mark.parametrize("scenario", ["chain_parent", "coffee_pending", "doomed", "fanout"])
def test_nothing_that_a_link_shows_leads_anywhere_else(public: Client, scenario: str) -> None:
    execution = stored.execution(stored.wire(scenario))
    shared(execution)
    found = crawl(public)
    assert all(any(BASE + page in address for address in found) for page in PAGES)
    arn_of_it = re.escape(execution.arn)
    assert not any(re.search(rf"{arn_of_it}|/login/|<form[^>]+post", html) for html in found.values())


def test_a_link_tells_no_secret_anywhere(public: Client) -> None:
    execution = secretive()
    shared(execution)
    found = crawl(public)
    for operation in map(histories.operation_id, ("s0", "long", "cb", "inv")):
        for address in (f"operations/{operation}/", f"view/?op={operation}", f"checkpoints/?a=0&b=99&op={operation}"):
            found[address] = text(public, BASE + address)
    for number in range(1, 13):
        found[f"event {number}"] = text(public, f"{BASE}events/{number}/")
    for address, html in found.items():
        for secret in (SECRET, "handle-4711", "durable-execution"):
            assert secret not in html, address
    assert "green" in found[BASE + "payloads/"] and "PaymentError" in found[BASE + "view/"]


def test_a_search_through_a_link_finds_no_secret(public: Client) -> None:
    shared(secretive())
    assert "No event matches" in text(public, f"{BASE}history/?q={SECRET}")
    assert "No event matches" not in text(public, f"{BASE}history/?q=green")


def test_who_is_logged_in_and_who_has_a_link_never_get_each_others_pages(public: Client, as_admin: Client) -> None:
    execution = secretive()
    shared(execution)
    own = f"/executions/{execution.pk}/"
    op = histories.operation_id("s0")
    for address in ("", "history/?event=3", f"checkpoints/?a=0&b=99&op={op}"):
        text(as_admin, own + address)
    for address in ("view/", "history/?event=3", f"checkpoints/?a=0&b=99&op={op}"):
        assert SECRET not in text(public, BASE + address)
    assert SECRET in text(as_admin, own) and SECRET not in text(public, BASE + "view/")


def test_exact_payloads_are_there_only_where_the_maker_said_so(public: Client) -> None:
    execution = secretive()
    link = shared(execution)
    assert public.get(BASE + "events/1/payload/").status_code == 404
    ShareLink.objects.filter(pk=link.pk).update(redacted=False, made_by=factories.user("admin"))
    answer = public.get(BASE + "events/1/payload/")
    assert SECRET in answer.content.decode() and answer["Content-Disposition"].startswith("attachment")
    crawl(public)


@pytest.mark.parametrize("exact_first", [True, False])
def test_one_link_with_secrets_and_one_without_never_show_each_others_pages(
    public: Client, admin: User, exact_first: bool
) -> None:
    execution = secretive()
    for token, redacted in (("e" * 22, False), ("r" * 22, True)):
        factories.share_link(execution, token=token, redacted=redacted, made_by=admin)
    links = ["e" * 22, "r" * 22]
    said = {token: text(public, f"/shared/{token}/view/") for token in (links if exact_first else reversed(links))}
    assert SECRET in said["e" * 22] and SECRET not in said["r" * 22]


def test_a_link_pins_what_changed_between_two_checkpoints_or_two_events_without_secrets(public: Client) -> None:
    link = shared(secretive(), tab="checkpoints", query="a=3&b=7&view=side")
    assert public.get(BASE)["Location"] == f"{BASE}checkpoints/?a=3&b=7&view=side"
    page = text(public, BASE)
    assert "From event 3 to event 7" in page and "charge" in page and SECRET not in page
    ShareLink.objects.filter(pk=link.pk).update(tab="diff", query="a=3&b=5")
    page = text(public, BASE)
    assert 'class="mark-a"' in page and "refused" in page and SECRET not in page
    assert f"{BASE}diff/?a=3&amp;b=5&amp;view=side" in page and "/executions/" not in page
    drawer = text(public, f"{BASE}operations/{histories.operation_id('s0')}/")
    assert SECRET not in drawer


def test_a_link_opens_at_the_view_that_was_pinned_and_counts(public: Client) -> None:
    link = shared(secretive(), tab="history", query="event=3")
    assert public.get(BASE)["Location"] == f"{BASE}history/?event=3"
    public.head(BASE)
    text(public, BASE + "history/")
    link.refresh_from_db()
    assert link.opened_count == 1 and link.opened_at is not None


def test_every_link_that_does_not_open_gets_the_same_answer(public: Client, operator: User) -> None:
    execution = secretive()
    now = timezone.now()
    answers = set()
    cases: dict[str, dict[str, Any]] = {
        "unknown": {"token": "z" * 22},
        "expired": {"expires_at": now},
        "revoked": {"revoked_at": now},
        "too old": {"created_at": factories.ago(days=31)},
        "its maker is gone": {"made_by": None},
        "its maker may not see secrets": {"redacted": False},
        "its maker may not share": {"made_by": factories.user("viewer")},
        "its maker is locked out": {"made_by": factories.user("operator", is_active=False)},
    }
    for values in cases.values():
        factories.share_link(execution, **{"token": TOKEN, "made_by": operator, **values})
        answer = public.get(BASE)
        answers.add((answer.status_code, answer.content, tuple(sorted(answer.headers.items()))))
        assert all(public.get(BASE + page).content == answer.content for page in ("view/", "events/1/payload/"))
        ShareLink.objects.all().delete()
        AccessAttempt.objects.all().delete()
    assert len(answers) == 1 and next(iter(answers))[0] == 404
    assert b"order" not in next(iter(answers))[1] and b'href="/' not in re.sub(
        rb'/static/[^"]*"', b"", next(iter(answers))[1]
    )


def test_an_execution_that_is_removed_takes_its_links_with_it(public: Client) -> None:
    execution = secretive()
    shared(execution)
    execution.delete()
    assert public.get(BASE).status_code == 404


def test_links_are_for_who_is_logged_in_unless_settings_say_more(
    settings: Any, anonymous: Client, nobody: User, login: Any
) -> None:
    shared(secretive())
    assert settings.SHARE_LINKS == "login"
    for token in (TOKEN, "z" * 22):
        answer = anonymous.get(f"/shared/{token}/")
        assert (
            answer.status_code == 302
            and answer["Location"].startswith("/login/")
            and answer["Referrer-Policy"] == "no-referrer"
        )
    assert "Secrets are hidden" in text(login(nobody), BASE + "view/")
    settings.SHARE_LINKS = "off"
    assert login(nobody).get(BASE).status_code == 404 == anonymous.get(BASE).status_code


def test_who_opens_a_link_has_no_rights_there_whoever_they_are(as_admin: Client) -> None:
    execution = stored.execution(stored.wire("coffee_pending"))
    shared(execution)
    html = text(as_admin, BASE + "view/?op=" + next(iter(execution.callbacks.all())).operation_id)
    assert "<form" not in html.replace('<form class="find"', "") and "/answer/" not in html and "/stop/" not in html
    assert "Log out" not in html and "Share…" not in html and 'aria-label="Main"' not in html


def test_it_does_not_tell_who_did_what(public: Client) -> None:
    execution = stored.execution(stored.wire("coffee_accept"))
    callback = execution.callbacks.first()
    assert callback is not None
    factories.action(execution, factories.user("approver", "grace"), "succeed", callback=callback, reason="because")
    shared(execution)
    for address, html in {**crawl(public), "op": text(public, f"{BASE}operations/{callback.operation_id}/")}.items():
        assert "grace" not in html and "because" not in html, address


@pytest.mark.parametrize(
    "rest",
    [
        "operations/none/",
        "events/999/",
        "view/?op=none",
        "history/?event=999",
        "nonsense/",
        "live/",
        "history.json",
        "stop/",
    ],
)
def test_what_is_not_there_says_so_and_leads_nowhere(public: Client, rest: str) -> None:
    shared(secretive())
    answer = public.get(BASE + rest)
    assert answer.status_code in (200, 404) and {name: answer[name] for name in HEADERS} == HEADERS
    for link in ADDRESSES.findall(answer.content.decode()):
        assert urljoin(BASE, unescape(link)).startswith((BASE, "/static/"))


@pytest.mark.parametrize("name", [name for name, needed in MATRIX.items() if needed == LINK])
def test_a_link_can_only_be_read(public: Client, name: str) -> None:
    shared(secretive(), redacted=False, made_by=factories.user("admin"))
    assert public.post(address_of(name).replace("no-such-token", TOKEN)).status_code == 405


def test_guessing_is_slowed_down_for_one_address_and_keeps_nobody_from_a_link_that_opens(public: Client) -> None:
    shared(secretive())
    for number in range(10):
        assert public.get(f"/shared/{number:022d}/").status_code == 404
    wrong = public.get(f"/shared/{11:022d}/view/", headers={"User-Agent": "another"})
    assert wrong.status_code == 429 and int(wrong["Retry-After"]) == 15 * 60
    assert public.get(f"/shared/{11:022d}/view/", REMOTE_ADDR="10.1.2.3").status_code == 404
    assert public.get(BASE + "view/").status_code == 200


def test_wrong_links_keep_nobody_from_logging_in_and_are_forgotten_after_a_pause(public: Client) -> None:
    factories.user("viewer", "vera")
    for number in range(11):
        last = public.get(f"/shared/{number:022d}/")
    assert last.status_code == 429
    assert public.post("/login/", {"username": "vera", "password": "a password"}).status_code == 302
    AccessAttemptExpiration.objects.update(expires_at=timezone.now())
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert public.get(f"/shared/{11:022d}/").status_code == 404


def test_what_is_counted_of_wrong_links_holds_no_token(public: Client) -> None:
    link = shared(secretive())
    ShareLink.objects.filter(pk=link.pk).update(expires_at=timezone.now())
    assert public.get(BASE + "view/?q=secret").status_code == 404
    (counted,) = AccessAttempt.objects.values()
    assert TOKEN not in repr(counted) and "secret" not in repr(counted)


def test_a_token_is_kept_only_as_a_hash() -> None:
    link = shared(factories.execution())
    assert TOKEN not in repr({field.name: getattr(link, field.attname) for field in link._meta.concrete_fields})
    assert link.token_hash == sharing.hash_of(TOKEN)


def test_hostile_notes_and_names_are_escaped(public: Client) -> None:
    shared(factories.execution(name='"><script>alert(1)</script>'), note='"><script>alert(2)</script>')
    assert "<script>alert" not in text(public, BASE + "view/")


def test_a_running_execution_is_shown_as_it_was_when_the_link_was_opened(public: Client) -> None:
    shared(stored.execution(stored.wire("coffee_pending")))
    html = text(public, BASE + "view/")
    assert "hx-sse" not in html and "changed from:#live" not in html and "reload it" in html


def test_what_a_link_does_not_show_is_not_offered(public: Client) -> None:
    execution = stored.execution(stored.wire("flaky"))
    shared(execution)
    failed = next(one for one in history_of(execution).operations.values() if len(one.attempts) > 1)
    drawer = text(public, f"{BASE}operations/{failed.id}/")
    assert "Its logs" not in drawer and 'href=""' not in drawer and "Checkpoints:" in drawer
