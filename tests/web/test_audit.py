"""`/audit/`: what people did."""

import csv
import datetime as dt
import io
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from executions.models import ActionRecord
from tests import factories
from tests.web.test_scopes import teammate

pytestmark = [pytest.mark.web, pytest.mark.django_db]


def html(client: Client, url: str = "/audit/") -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def ids(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'data-action-id="(\d+)"', page)]


def test_somebody_who_is_not_logged_in_logs_in_first(anonymous: Client) -> None:
    assert anonymous.get("/audit/?older=1-1")["Location"] == "/login/?next=/audit/%3Folder%3D1-1"


def test_a_viewer_may_not_read_what_others_did(as_viewer: Client) -> None:
    assert as_viewer.get("/audit/").status_code == 403
    assert 'href="/audit/"' not in as_viewer.get("/inbox/").content.decode()


def test_an_action_is_shown_with_who_what_why_and_how_it_went(as_operator: Client, operator: User) -> None:
    callback = factories.callback(name="manager approval")
    record = factories.action(
        callback.execution, operator, "fail", callback=callback, reason="see ticket 4711", outcome="refused",
        answer="The callback had been answered.",
    )  # fmt: skip
    page = html(as_operator)
    for words in (
        operator.username,
        "answered the callback with failure",
        "manager approval",
        callback.execution.name,
        f"/executions/{callback.execution_id}/",
        "see ticket 4711",
        "refused",
        "The callback had been answered.",
        f'data-copy="{record.aws_request_id}"',
    ):
        assert words in page


def test_an_action_outlives_its_user_and_its_execution(as_operator: Client) -> None:
    record = factories.action(factories.execution(name="order-77"), factories.user("approver", "somebody"))
    assert record.user is not None
    assert record.execution is not None
    record.user.delete()
    record.execution.delete()
    page = html(as_operator)
    assert "somebody" in page
    assert "order-77" in page


def test_pages_show_every_action_once_the_newest_first(as_operator: Client, operator: User) -> None:
    execution, at = factories.execution(), factories.ago(60)
    for number in range(130):
        # Half of them at one moment, across the edge of a page.
        when = at if 30 < number < 95 else factories.ago(number)
        factories.action(execution, operator, "heartbeat", created_at=when)
    expected = list(ActionRecord.objects.order_by("-created_at", "-pk").values_list("pk", flat=True))
    seen, url = [], "/audit/"
    while url:
        page = html(as_operator, url)
        seen += ids(page)
        found = re.search(r'<a href="(/audit/\?older=[^"]*)" rel="next">', page)
        url = found[1] if found else ""
    assert seen == expected


@pytest.mark.parametrize("place", ["x", "1", "-1", "1-", "9" * 40 + "-1", "1-" + "9" * 40, "\x00", "٣-٣"])
def test_a_place_that_is_none_gets_a_sentence(as_operator: Client, place: str) -> None:
    record = factories.action()
    response = as_operator.get("/audit/", {"older": place})
    assert response.status_code == 200
    page = response.content.decode()
    assert "names no place" in page
    assert ids(page) == [record.pk]


def test_an_empty_trail_says_so(as_operator: Client) -> None:
    assert "Nobody has done anything yet" in html(as_operator)


def test_filters_that_find_nothing_say_so_and_can_be_cleared(as_operator: Client) -> None:
    factories.action()
    page = html(as_operator, "/audit/?who=nobody")
    assert "Nothing like that is on record" in page and "Clear the filters" in page and "Nobody has done" not in page


def test_hostile_words_are_text(as_operator: Client) -> None:
    evil = "<script>alert(1)</script>\u202e"
    execution = factories.execution(name=evil)
    callback = factories.callback(execution, name=evil)
    factories.action(
        execution, kind="heartbeat", callback=callback, username=evil, reason=evil, answer=evil, aws_request_id=evil
    )
    assert "<script>alert" not in html(as_operator)


def test_what_is_kept_for_a_function_says_for_which(as_operator: Client) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:refund"
    factories.action(kind="describe", request={"FunctionName": arn, "Schema": "{}"})
    factories.action(kind="prepare", request={"FunctionName": arn, "Event": "of 300"})
    page = html(as_operator)
    assert '<bdi class="sub">refund</bdi>' in page and '<bdi class="sub">refund, of 300</bdi>' in page


@pytest.mark.parametrize("count", [1, 50])
def test_the_page_costs_a_fixed_number_of_queries(
    as_operator: Client, operator: User, django_assert_num_queries: Callable[..., object], count: int
) -> None:
    for _ in range(count):
        callback = factories.callback()
        factories.action(callback.execution, operator, "heartbeat", callback=callback)
    login, shell, actions = 4, 3, 1
    with django_assert_num_queries(login + shell + actions):
        assert len(ids(html(as_operator))) == count


def exported(client: Client, url: str) -> str:
    answer = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "identity", (
        "browsers take the first of several compressed chunks for the whole"
    )
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
    return async_to_sync(whole)(answer).decode()


async def whole(answer: Any) -> bytes:
    return b"".join([chunk async for chunk in answer.streaming_content])


def test_filters_are_in_the_address_and_in_force_together_also_on_older_pages(
    as_operator: Client, operator: User
) -> None:
    other = factories.user("approver", "ada")
    execution = factories.execution(name="order-77")
    for number in range(60):
        factories.action(execution, operator, "heartbeat", created_at=factories.ago(number))
    kept = factories.action(execution, other, "heartbeat", outcome="refused")
    old = factories.action(execution, other, "heartbeat", outcome="refused", created_at=factories.ago(days=40))
    page = html(as_operator, "/audit/?who=ada&outcome=refused&since=30d")
    assert ids(page) == [kept.pk] and 'value="ada"' in page and "audit.csv?who=ada" in page
    assert ids(html(as_operator, "/audit/?who=ada&execution=order-77")) == [kept.pk, old.pk]
    assert ids(html(as_operator, "/audit/?who=nobody%00&what=x&since=soon")) == []
    first = html(as_operator, f"/audit/?who={operator.username}")
    found = re.search(r'<a href="(/audit/\?older=[^"]*)" rel="next">', first)
    assert found and len(ids(html(as_operator, found[1].replace("&amp;", "&")))) == 10


@pytest.mark.parametrize("count", [0, 1, 1_001])
def test_the_exports_have_every_action_once(as_operator: Client, operator: User, count: int) -> None:
    execution = factories.execution()
    made = [factories.action(execution, operator, "heartbeat", reason=f"number {n}") for n in range(count)]
    rows = json.loads(exported(as_operator, "/audit.json"))
    assert [row["why"] for row in rows] == [record.reason for record in reversed(made)]
    table = list(csv.DictReader(io.StringIO(exported(as_operator, "/audit.csv"))))
    assert [row["why"] for row in table] == [row["why"] for row in rows]


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", '=HYPERLINK("http://x")', "a\r\n=1"])
def test_no_cell_of_the_csv_is_a_formula(as_operator: Client, evil: str) -> None:
    factories.action(reason=evil, answer=evil, username=evil, user_agent=evil)
    rows = list(csv.reader(io.StringIO(exported(as_operator, "/audit.csv"), newline="")))
    assert len(rows) == 2
    assert not [cell for cell in rows[1] if cell.strip()[:1] in tuple("=+-@")]
    assert json.loads(exported(as_operator, "/audit.json"))[0]["why"] == evil


def test_an_export_takes_the_filters_and_the_right(as_operator: Client, as_viewer: Client) -> None:
    factories.action(reason="a", kind="stop")
    factories.action(reason="b", kind="heartbeat")
    assert [row["why"] for row in json.loads(exported(as_operator, "/audit.json?what=stop"))] == ["a"]
    assert as_viewer.get("/audit.csv").status_code == as_viewer.get("/audit.json").status_code == 403


def test_each_row_has_the_exact_request_without_its_secrets(as_operator: Client, operator: User) -> None:
    request = {"CallbackId": "cb-1", "Result": '{"ok": true, "password": "hunter2"}'}
    factories.action(factories.execution(), operator, "succeed", request=request)
    page = as_operator.get("/audit/").content.decode()
    assert "exact request" in page and "&quot;CallbackId&quot;: &quot;cb-1&quot;" in page
    assert "hunter2" not in page and "[redacted]" in page
    for export in ("/audit.json", "/audit.csv"):
        text = exported(as_operator, export)
        assert "cb-1" in text and "hunter2" not in text and "[redacted]" in text


def asked_for(client: Client, url: str, **values: str) -> Any:
    return client.post(url, {"token": str(uuid.uuid4()), "written_as": "json", "reason": "the auditors ask", **values})


@pytest.mark.parametrize("written_as", ["json", "csv"])
def test_who_sees_secrets_exports_requests_as_they_were_and_that_is_on_record(
    as_admin: Client, admin: User, written_as: str
) -> None:
    factories.action(kind="stop", request={"Error": {"ErrorData": "other-1"}})
    factories.action(kind="succeed", request={"Result": '{"password": "hunter2"}'})
    assert "/audit/exact/?what=succeed" in html(as_admin, "/audit/?what=succeed")
    assert "what=succeed" in html(as_admin, "/audit/exact/?what=succeed&older=1")
    answer = asked_for(as_admin, "/audit/exact/?what=succeed", written_as=written_as)
    assert answer["Content-Disposition"] == f'attachment; filename="audit.{written_as}"'
    assert "no-store" in answer["Cache-Control"]
    told = async_to_sync(whole)(answer).decode()
    assert "hunter2" in told and "other-1" not in told
    record = ActionRecord.objects.get(kind="export")
    assert (record.user, record.reason, record.outcome) == (admin, "the auditors ask", "done")
    assert record.request == {"Filter": "what=succeed", "Format": written_as}
    assert "exported the audit trail with its secrets" in html(as_admin)


def test_a_form_exports_with_secrets_for_a_quarter_of_an_hour_and_leaves_one_record(
    as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = str(uuid.uuid4())
    for _ in range(2):
        assert asked_for(as_admin, "/audit/exact/", token=token).streaming
    assert ActionRecord.objects.count() == 1
    assert "sent for something else" in asked_for(as_admin, "/audit/exact/?who=x", token=token).content.decode()
    monkeypatch.setattr("executions.actions.reveal.LASTS", dt.timedelta(0))
    assert "Open it again" in asked_for(as_admin, "/audit/exact/", token=token).content.decode()


def test_who_may_not_see_secrets_or_not_read_the_trail_exports_none(
    as_operator: Client, client: Client, settings: Any, as_admin: Client
) -> None:
    assert "/audit/exact/" not in html(as_operator)
    assert asked_for(as_operator, "/audit/exact/").status_code == 403
    reader = factories.user("")
    reader.groups.add(group := Group.objects.create(name="secrets alone"))
    group.permissions.add(Permission.objects.get(codename="reveal_secrets"))
    client.force_login(reader)
    assert asked_for(client, "/audit/exact/").status_code == 403
    settings.READ_ONLY = True
    assert "/audit/exact/" not in html(as_admin)
    assert asked_for(as_admin, "/audit/exact/").status_code == 403
    assert not ActionRecord.objects.exists()


def test_who_is_limited_to_a_team_exports_no_secrets_of_others(client: Client) -> None:
    mine, other = factories.execution(factories.function("checkout-x")), factories.execution()
    factories.action(mine, kind="succeed", request={"Result": '{"password": "hunter2"}'})
    factories.action(other, kind="succeed", request={"Result": '{"password": "theirs"}'})
    person = teammate("checkout-*")
    person.groups.add(factories.group("admin"))
    client.force_login(person)
    told = async_to_sync(whole)(asked_for(client, "/audit/exact/")).decode()
    assert "hunter2" in told and "theirs" not in told
