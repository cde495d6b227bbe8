"""What somebody who is limited to a team's scopes reads of the audit record: their team's, on the page, in the exports
and in the API, also when what it was about is gone.
"""

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from executions.actions import decision_writing, imports, links, notice_rules, reveal, tokens
from executions.actions.perform import Actor
from executions.models import ActionRecord, Execution
from tests import factories
from tests.web.test_audit import exported, html, ids
from tests.web.test_imports import history
from tests.web.test_scopes import teammate

pytestmark = [pytest.mark.web, pytest.mark.django_db]


def actor(user: User | None = None) -> Actor:
    return Actor(user or factories.user("admin"), None, uuid.uuid4(), "because")


@pytest.fixture
def reader() -> User:
    """Of the team that takes the money: functions called checkout-…, of which there is one."""
    factories.function("checkout-pay")
    factories.function("roast-beans")
    return teammate("checkout-*")


def told(client: Client, reader: User) -> list[int]:
    """The records that this person reads: the same on the page, in the exports and in the API."""
    client.force_login(reader)
    page = ids(html(client))
    _, token = tokens.make(reader, name="x", scopes=["audit"], days=7, now=timezone.now())
    listed = client.get("/api/v1/actions", headers={"Authorization": f"Bearer {token}"}).json()["actions"]
    assert [one["id"] for one in listed] == page
    at = [record.created_at.isoformat() for record in ActionRecord.objects.filter(pk__in=page).order_by("-pk")]
    assert sorted(row["at"] for row in json.loads(exported(client, "/audit.json"))) == sorted(at)
    assert exported(client, "/audit.csv").count("\r\n") == 1 + len(page)
    return page


def form(functions: str, **values: str) -> dict[str, Any]:
    return {"title": "Really?", "functions": functions, **values}


@pytest.mark.parametrize(
    ("functions", "seen"),
    [("checkout-*", True), ("*", True), ("checkout-pay", True), ("roast-*", False), ("c?", False)],
)
def test_a_decision_form_is_told_to_whose_functions_it_covers(
    client: Client, reader: User, functions: str, seen: bool
) -> None:
    now = timezone.now()
    decision_writing.save(actor(), "a-form", form(functions), seen="", now=now)
    decision_writing.remove(actor(), "a-form", now=now)
    assert len(told(client, reader)) == (2 if seen else 0)


def test_a_form_that_went_from_one_teams_functions_to_anothers_is_told_to_neither(client: Client, reader: User) -> None:
    now = timezone.now()
    decision_writing.save(actor(), "a-form", form("roast-*"), seen="", now=now)
    seen = now.isoformat()
    decision_writing.save(actor(), "a-form", form("checkout-*"), seen=seen, now=now)
    assert told(client, reader) == []
    assert told(client, teammate("roast-*"))[1:] == []
    both = teammate("*-*")
    assert len(told(client, both)) == 2


def test_a_notification_rule_is_told_to_its_team(client: Client, reader: User) -> None:
    mine = factories.notice_rule(group=reader.groups.get(name="team checkout-*"))
    theirs = factories.notice_rule(group=factories.team("roasters", "roast-*"))
    for rule in (theirs, mine):
        notice_rules.remove(actor(), rule, now=timezone.now())
    [record] = ActionRecord.objects.filter(group__name="team checkout-*")
    assert told(client, reader) == [record.pk]


def test_what_was_done_to_an_execution_is_told_also_when_that_is_removed(client: Client, reader: User) -> None:
    for name in ("roast-beans", "checkout-pay"):
        execution = factories.execution(factories.function(name + "-2"), "SUCCEEDED")
        factories.action(execution, kind="delete", purge=True)
        execution.delete()
    [record] = ActionRecord.objects.filter(covers="default/checkout-pay-2")
    assert record.execution is None
    assert told(client, reader) == [record.pk]


def test_an_import_is_told_also_when_it_and_its_function_are_removed(client: Client, reader: User) -> None:
    for name in ("roast-beans", "checkout-pay"):
        brought = imports.bring_in(actor(), [("history.json", history())], name, now=timezone.now())
        imports.remove(actor(), brought.execution, now=timezone.now())
    kept = list(ActionRecord.objects.filter(covers="imported/checkout-pay").order_by("-pk"))
    assert [record.kind for record in kept] == ["forget", "import"]
    assert {record.function for record in kept} == {None}
    assert told(client, reader) == [record.pk for record in kept]


def test_every_record_about_an_execution_keeps_its_function(reader: User) -> None:
    execution, now = factories.execution(factories.function("checkout-3")), timezone.now()
    wanted = links.Wanted("timeline", "", "", dt.timedelta(hours=1), True)
    links.make(actor(), execution, wanted, now=now)
    reveal.reveal(actor(), execution, 1, now=now)
    assert Execution.objects.filter(pk=execution.pk).delete()
    assert set(ActionRecord.objects.values_list("function__name", "covers")) == {("checkout-3", "default/checkout-3")}


def test_somebody_with_no_scope_that_covers_anything_reads_nothing_of_others(client: Client, settings: Any) -> None:
    settings.PEOPLE_WITHOUT_SCOPE = "nothing"
    factories.action()
    decision_writing.save(actor(), "a-form", form("*"), seen="", now=timezone.now())
    assert told(client, factories.user("operator")) == []
