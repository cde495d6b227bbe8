"""The inbox's filters: which callbacks each lets through, and that they are the URL."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from executions.models import ActionRecord, Callback, Claim
from tests import factories

pytestmark = [pytest.mark.web, pytest.mark.django_db]


def found(client: Client, **filters: str) -> list[int]:
    page = client.get("/inbox/?" + urlencode(filters)).content.decode()
    return [int(pk) for pk in re.findall(r'<tr id="callback-(\d+)"', page)]


def claimed(callback: Callback, by: User, **values: object) -> Callback:
    Claim.objects.create(callback=callback, user=by, username=by.get_username(), since=timezone.now(), **values)
    return callback


def test_by_function_connection_and_part_of_the_name(as_viewer: Client) -> None:
    there = factories.function("refund", connection=factories.connection(name="prod"))
    one = factories.callback(factories.execution(there), name="Manager approval")
    two = factories.callback(factories.execution(factories.function("coffee")), name="barista accepts")
    assert found(as_viewer, function="refund") == [one.pk]
    assert found(as_viewer, connection="default") == [two.pk]
    assert found(as_viewer, name="APPROVAL") == [one.pk]
    assert found(as_viewer, connection="prod", name="barista") == []


def test_by_who_has_claimed_it(as_approver: Client, approver: User) -> None:
    mine = claimed(factories.callback(), approver)
    theirs = claimed(factories.callback(), factories.user("approver", "eve"))
    free = factories.callback()
    assert found(as_approver, who="mine") == [mine.pk]
    assert found(as_approver, who="free") == [free.pk]
    assert theirs.pk in found(as_approver)


def test_by_what_is_called_out(as_viewer: Client) -> None:
    soon = factories.callback(timeout_at=factories.ago(-3000))
    over = factories.callback(timeout_at=factories.ago(10))
    endless = factories.callback(timeout_at=None)
    later = factories.callback(factories.execution(status="PAUSING"), timeout_at=factories.ago(-9000))
    assert found(as_viewer, state="soon") == [over.pk, soon.pk]
    assert found(as_viewer, state="endless") == [endless.pk]
    assert found(as_viewer, state="paused") == [later.pk]


def test_a_heartbeat_is_about_to_lapse_in_the_last_quarter_since_the_last_one(as_viewer: Client) -> None:
    by = factories.user("operator")

    def waiting(seconds: int, beats: int | None = 100) -> Callback:
        return factories.callback(heartbeat_seconds=beats, opened_at=factories.ago(seconds))

    fresh, late, unbothered = waiting(70), waiting(80), waiting(80, None)
    from_elsewhere = waiting(500)
    beaten = waiting(80)
    for seconds in (78, 20):
        factories.action(beaten.execution, by, "heartbeat", callback=beaten, created_at=factories.ago(seconds))
    refused = waiting(81)
    factories.action(
        refused.execution,
        by,
        "heartbeat",
        callback=refused,
        created_at=factories.ago(20),
        outcome=ActionRecord.Outcome.REFUSED,
    )
    kept = claimed(waiting(80), by, beat_at=factories.ago(10), alive_since=factories.ago(60))
    beaten_long_ago = waiting(300)
    factories.action(beaten_long_ago.execution, by, "heartbeat", callback=beaten_long_ago, created_at=factories.ago(90))
    assert set(found(as_viewer, state="lapsing")) == {late.pk, refused.pk, beaten_long_ago.pk}
    page = as_viewer.get("/inbox/").content.decode()
    told = dict(re.findall(r'<tr id="callback-(\d+)"(.*?)</tr>', page, re.DOTALL))
    lapsing = {pk for pk, row in told.items() if "About to lapse" in row}
    assert lapsing == {str(one.pk) for one in (late, refused, beaten_long_ago)}, "the rows say what the filter says"
    assert "kept alive from elsewhere" in told[str(from_elsewhere.pk)]
    assert "kept alive<" in told[str(kept.pk)]
    assert "heartbeat" not in told[str(unbothered.pk)] and "heartbeat" in told[str(fresh.pk)]


def test_of_many_that_a_filter_lets_through_no_more_are_counted_than_it_says(
    as_viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.queries.inbox.COUNTED", 3)
    monkeypatch.setattr("executions.queries.inbox.inbox_found.__kwdefaults__", {"most": 2})
    execution = factories.execution()
    for _ in range(3):
        factories.callback(execution, name="sign-off")
    factories.callback(execution, name="other")
    exact = as_viewer.get("/inbox/?name=sign").content.decode()
    assert "3 open callbacks of this kind" in exact and "2 of 3<" in exact
    factories.callback(execution, name="sign-off")
    assert "3+ open callbacks of this kind" in (page := as_viewer.get("/inbox/?name=sign").content.decode())
    assert "2 of 3+<" in page
    assert "5 open callbacks" in as_viewer.get("/inbox/").content.decode(), "without a filter all are counted"


def test_what_is_about_to_lapse_is_read_a_page_at_a_time_the_nearest_deadline_first(
    as_viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.queries.inbox.inbox_found.__kwdefaults__", {"most": 2})
    execution, values = factories.execution(), {"heartbeat_seconds": 100, "opened_at": factories.ago(80)}
    endless = factories.callback(execution, timeout_at=None, **values)
    made = [factories.callback(execution, timeout_at=factories.ago(-400 + n), **values) for n in range(4)]
    factories.callback(execution, heartbeat_seconds=100)
    first = as_viewer.get("/inbox/?state=lapsing").content.decode()
    seen, more = re.findall(r'<tr id="callback-(\d+)"', first), r'<a href="([^"]*)" rel="next">'
    assert "2 of 5<" in first
    page = first
    while link := re.search(more, page):
        page = as_viewer.get(unescape(link[1])).content.decode()
        seen += re.findall(r'<tr id="callback-(\d+)"', page)
    assert [int(pk) for pk in seen] == [*(one.pk for one in reversed(made)), endless.pk]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("function", "nope"),
        ("connection", "nope"),
        ("who", "you"),
        ("state", "new"),
        ("name", "x\x00"),
        ("name", "y" * 301),
    ],
)
def test_a_value_that_cannot_be_used_gets_a_sentence_and_filters_nothing(
    as_viewer: Client, name: str, value: str
) -> None:
    callback = factories.callback()
    page = as_viewer.get("/inbox/?" + urlencode({name: value})).content.decode()
    assert "This filter is not in force" in page and f'id="callback-{callback.pk}"' in page


def test_the_filters_stay_in_every_link(as_approver: Client) -> None:
    callback = factories.callback(name="sign-off")
    page = as_approver.get(f"/inbox/?name=sign&who=free&callback={callback.pk}").content.decode()
    assert f'href="/inbox/?name=sign&amp;who=free&amp;callback={callback.pk}"' in page
    assert f'hx-get="/inbox/{callback.pk}/?name=sign&amp;who=free"' in page
    assert 'hx-get="/inbox/?name=sign&amp;who=free" hx-trigger="changed' in page
    assert '<input type="hidden" name="name" value="sign">' in page
    assert "back=%2Finbox%2F%3Fname%3Dsign%26who%3Dfree%26callback%3D" in page.replace("&amp;", "&")


def test_where_nothing_is_like_that_it_says_so_and_how_to_see_all(as_viewer: Client) -> None:
    factories.callback()
    page = as_viewer.get("/inbox/?state=endless").content.decode()
    assert "No open callback is like that" in page and 'href="/inbox/"' in page
