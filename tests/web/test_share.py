"""Making, listing and revoking share links."""

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from executions.models import ActionRecord, Execution, ShareLink
from tests import factories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]


def form_of(client: Client, execution: Execution, **headers: str) -> dict[str, str]:
    """What the form would send as it is drawn."""
    page = client.get(f"/executions/{execution.pk}/share/", headers=headers).content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(token|view)" value="([^"]*)"', page))
    return {"lasts": "168", "redacted": "on", **{name: html.unescape(value) for name, value in hidden.items()}}


def make(client: Client, execution: Execution, **values: str) -> str:
    """Send the form; -> the page that answers it."""
    answer = client.post(f"/executions/{execution.pk}/share/", {**form_of(client, execution), **values})
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"
    return answer.content.decode()


def address_in(page: str) -> str:
    found = re.search(r'value="http://testserver(/shared/[\w-]{22}/)"', page)
    assert found, "no address is told"
    return found[1]


def test_a_link_is_made_told_once_and_opens(as_operator: Client, operator: User) -> None:
    execution = stored.execution(stored.wire("coffee_accept"))
    address = address_in(make(as_operator, execution, note="see the retries"))
    link = ShareLink.objects.get()
    assert (link.made_by, link.redacted, link.note, link.tab) == (operator, True, "see the retries", "timeline")
    assert 6.9 < (link.expires_at - timezone.now()).total_seconds() / 86_400 < 7.1
    page = as_operator.get(address, follow=True)
    assert b"see the retries" in page.content and b"barista" in page.content
    assert address.encode() not in as_operator.get(f"/executions/{execution.pk}/").content


def test_sending_the_form_twice_makes_one_link_and_tells_no_address_again(as_operator: Client) -> None:
    execution = factories.execution()
    values = form_of(as_operator, execution)
    address_in(make(as_operator, execution, **values))
    again = make(as_operator, execution, **values)
    assert "/shared/" not in again and "made its link already" in again
    assert ShareLink.objects.count() == 1 == ActionRecord.objects.count()


def test_its_address_begins_where_people_reach_the_dashboard(as_operator: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "https://durascope.example.com"
    page = make(as_operator, factories.execution())
    assert re.search(r'value="https://durascope\.example\.com/shared/[\w-]{22}/"', page)


@pytest.mark.parametrize(
    ("looked_at", "tab", "query"),
    [
        ("/executions/{0}/history/?event=3&type=StepStarted", "history", "event=3&type=StepStarted"),
        ("/executions/{0}/?op=abc&zoom=1~2", "timeline", "op=abc&zoom=1~2"),
        ("/executions/{0}/checkpoints/", "checkpoints", ""),
        ("/executions/{0}/checkpoints/?a=2&b=7&op=abc&view=side", "checkpoints", "a=2&b=7&op=abc&view=side"),
        ("/executions/{0}/diff/?a=2&b=7&view=side", "diff", "a=2&b=7&view=side"),
        # An execution that it called is not shown: what is chosen there cannot be pinned.
        ("/executions/{0}/?q=card&inside=37&shut=37-4&within=37&op=abc", "timeline", "q=card"),
        ("/executions/{0}/?inside=37&op=abc", "timeline", "op=abc"),
        ("/executions/{0}/compare/{0}/", "timeline", ""),
        ("/executions/99999/history/?event=3", "timeline", ""),
        ("/inbox/", "timeline", ""),
        ("/executions/{0}/?q=" + "x" * 3000, "timeline", ""),
        ("//evil.example/", "timeline", ""),
    ],
)
@pytest.mark.parametrize("header", ["HX-Current-URL", "Referer"])
def test_the_view_that_was_looked_at_is_pinned(
    as_operator: Client, looked_at: str, tab: str, query: str, header: str
) -> None:
    execution = factories.execution()
    values = form_of(as_operator, execution, **{header: "http://testserver" + looked_at.format(execution.pk)})
    address = address_in(make(as_operator, execution, **values))
    link = ShareLink.objects.get()
    assert (link.tab, link.query) == (tab, query)
    assert as_operator.get(address)["Location"].startswith(address)


@pytest.mark.parametrize(
    "view", ["https://evil.example/", "../../inbox/", "stop?x=1", "history\r\nSet-Cookie: a=b", "x" * 2101]
)
def test_a_view_that_was_tampered_with_leads_nowhere_else(as_operator: Client, view: str) -> None:
    execution = factories.execution()
    make(as_operator, execution, view=view)
    link = ShareLink.objects.first()
    assert link is None or (link.tab, link.query) == ("timeline", "")


@pytest.mark.parametrize(("days", "offered"), [(30, "720"), (0.5, "12"), (365, "2160")])
def test_no_link_may_live_longer_than_settings_allow(
    as_operator: Client, settings: Any, days: float, offered: str
) -> None:
    settings.SHARE_DAYS = days
    execution = factories.execution()
    page = as_operator.get(f"/executions/{execution.pk}/share/").content.decode()
    hours = [float(value) for value in re.findall(r'<option value="([\d.]+)"', page)]
    assert offered in page and hours and max(hours) <= days * 24
    assert "Select a valid choice" in make(as_operator, execution, lasts="99999") and not ShareLink.objects.exists()


def test_what_is_wrong_is_said_next_to_the_field(as_operator: Client) -> None:
    page = make(as_operator, factories.execution(), note="x" * 301)
    assert 'class="wrong"' in page and "300" in page and not ShareLink.objects.exists()


def test_making_and_revoking_are_on_record(as_operator: Client, operator: User) -> None:
    execution = factories.execution()
    make(as_operator, execution, note="for the vendor")
    link = ShareLink.objects.get()
    back = f"/executions/{execution.pk}/"
    for _ in range(2):
        assert as_operator.post(f"/share-links/{link.pk}/revoke/", {"back": back})["Location"] == back
    kinds = ActionRecord.objects.order_by("pk").values_list("kind", "outcome", "username", "reason")
    who = operator.get_username()
    assert list(kinds) == [("share", "done", who, "for the vendor"), ("unshare", "done", who, "for the vendor")]
    audit = as_operator.get("/audit/").content.decode()
    assert "made a share link" in audit and "revoked a share link" in audit
    link.refresh_from_db()
    assert link.revoked_by_name == who


def test_revoking_leads_to_no_other_host(as_operator: Client) -> None:
    link = factories.share_link()
    answer = as_operator.post(f"/share-links/{link.pk}/revoke/", {"back": "https://evil.example/"})
    assert answer["Location"] == "/share-links/"


def test_everybody_who_may_share_sees_and_revokes_all_links(as_operator: Client, as_approver: Client) -> None:
    execution = factories.execution(name="order-77")
    link = factories.share_link(execution, note="by somebody else", opened_count=3, opened_at=factories.ago(60))
    for page in ("/share-links/", f"/executions/{execution.pk}/"):
        text = as_approver.get(page).content.decode()
        assert "by somebody else" in text and "3 times" in text and f"/share-links/{link.pk}/revoke/" in text
    as_approver.post(f"/share-links/{link.pk}/revoke/")
    text = as_operator.get("/share-links/").content.decode()
    assert "revoked by approver" in text and "/revoke/" not in text


def test_an_expired_link_says_so(as_operator: Client) -> None:
    factories.share_link(expires_at=factories.ago(1))
    page = as_operator.get("/share-links/").content.decode()
    assert 'data-status="expired"' in page and "/revoke/" not in page


def test_a_viewer_may_look_but_neither_make_nor_see_links(as_viewer: Client) -> None:
    link = factories.share_link(note="not for viewers")
    page = as_viewer.get(f"/executions/{link.execution_id}/").content.decode()
    assert "not for viewers" not in page and "Share" not in page
    assert as_viewer.post(f"/executions/{link.execution_id}/share/").status_code == 403


def test_while_links_are_off_nobody_can_make_one(as_admin: Client, settings: Any) -> None:
    settings.SHARE_LINKS = "off"
    execution = factories.execution()
    assert "Share" not in as_admin.get(f"/executions/{execution.pk}/").content.decode()
    assert as_admin.get(f"/executions/{execution.pk}/share/").status_code == 403


def test_a_get_makes_nothing_and_revokes_nothing(as_operator: Client) -> None:
    link = factories.share_link()
    assert as_operator.get(f"/executions/{link.execution_id}/share/?lasts=1").status_code == 200
    assert as_operator.get(f"/share-links/{link.pk}/revoke/").status_code == 405
    assert ShareLink.objects.filter(revoked_at=None).count() == 1


@pytest.mark.parametrize("number", [99_999, 2**70])
def test_a_link_that_does_not_exist_cannot_be_revoked(as_operator: Client, number: int) -> None:
    assert as_operator.post(f"/share-links/{number}/revoke/").status_code == 404


def test_hostile_notes_are_escaped(as_operator: Client) -> None:
    link = factories.share_link(note='"><script>alert(1)</script>')
    for page in ("/share-links/", f"/executions/{link.execution_id}/"):
        assert b"<script>alert" not in as_operator.get(page).content


def test_secrets_are_shared_only_by_who_may_see_them(as_operator: Client, as_admin: Client) -> None:
    execution = factories.execution()
    for client in (as_operator, as_admin):
        values = {name: value for name, value in form_of(client, execution).items() if name != "redacted"}
        page = client.post(f"/executions/{execution.pk}/share/", values).content.decode()
        assert ("does not let you see the secrets" in page) == (client is as_operator)
    assert [link.redacted for link in ShareLink.objects.all()] == [False]
