"""What a migration makes of rows that were there before it."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from tests import factories

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def to() -> Iterator[Callable[[str], Any]]:
    """Migrates to the migration of a name; -> the models as they are there. Afterwards everything is migrated again."""

    def go(name: str) -> Any:
        executor = MigrationExecutor(connection)
        return executor.migrate([("executions", name)]).apps

    yield go
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("executions"))


@pytest.mark.parametrize(
    ("acts", "scopes"), [(False, ["read", "audit"]), (True, ["read", "audit", "answer", "control"])]
)
def test_a_token_from_before_there_were_scopes_may_do_what_it_could(to: Any, acts: bool, scopes: list[str]) -> None:
    person = factories.user()
    before = to("0008_imports").get_model("executions", "ApiToken")
    times = {"created_at": factories.ago(1), "expires_at": factories.ago(-60)}
    old = before.objects.create(user_id=person.pk, name="old", digest="x", acts=acts, **times)
    after = to("0009_token_scopes").get_model("executions", "ApiToken")
    assert after.objects.get(pk=old.pk).scopes == scopes
    assert to("0008_imports").get_model("executions", "ApiToken").objects.get(pk=old.pk).acts == acts


@pytest.mark.parametrize("scopes", [["read", "control"], ["read", "answer"]])
def test_a_token_that_started_and_deleted_by_the_scope_control_goes_on_doing_so(to: Any, scopes: list[str]) -> None:
    person = factories.user()
    before = to("0017_heartbeat_index").get_model("executions", "ApiToken")
    times = {"created_at": factories.ago(1), "expires_at": factories.ago(-60)}
    old = before.objects.create(user_id=person.pk, name="old", digest="x", scopes=scopes, **times)
    after = to("0018_start_and_delete_scopes").get_model("executions", "ApiToken").objects.get(pk=old.pk)
    assert after.scopes == scopes + (["start", "delete"] if "control" in scopes else [])
    assert to("0017_heartbeat_index").get_model("executions", "ApiToken").objects.get(pk=old.pk).scopes == scopes


def test_an_older_record_is_filled_in_with_whom_it_concerns_and_stays_closed_to_changes(to: Any) -> None:
    here, gone = (factories.execution(factories.function(name)) for name in ("here", "gone"))
    rule, person, team = factories.notice_rule(), factories.user(), factories.team()
    form = {"Form": "a-form", "Before": {"title": "x"}, "Values": {"title": "x", "functions": "pay-*"}}
    old = {
        "stop": {"execution_id": here.pk, "execution_arn": here.arn},
        "delete": {"execution_arn": gone.arn},
        "start": {"function_id": here.function_id},
        "write_form": {"request": form},
        "unnotify": {"request": {"rule": 99_999, "group": rule.group.name}},
        "notify": {"request": {"rule": rule.pk, "group": "another name"}},
        "import": {"execution_arn": "imported:1", "request": {"Function": "theirs"}},
        "forget": {"execution_arn": "imported:1"},
        "heartbeat": {"execution_arn": "arn:of:nothing"},
    }
    before = to("0014_kept_events").get_model("executions", "ActionRecord").objects
    for kind, values in old.items():
        done = {"outcome": "done", "username": "ada", "created_at": factories.ago(1)}
        before.create(token=uuid.uuid4(), kind=kind, **{"request": {}, **done, **values})
    after = to("0015_records_of_people").get_model("executions", "ActionRecord").objects
    found = {one.kind: one for one in after.all()}
    assert {kind: one.covers for kind, one in found.items()} == {
        "stop": "default/here",
        "delete": "default/gone",
        "start": "default/here",
        "write_form": "*/*\n*/pay-*",
        "unnotify": "",
        "notify": "",
        "import": "imported/theirs",
        "forget": "imported/theirs",
        "heartbeat": "",
    }
    assert {found[kind].function_id for kind in ("stop", "start")} == {here.function_id}
    assert found["delete"].function_id == gone.function_id
    assert {found[kind].group_id for kind in ("notify", "unnotify")} == {rule.group_id}
    for column, value in (("covers", "*/*"), ("person", person.pk), ("group", team.pk)):
        with pytest.raises(DatabaseError), transaction.atomic():
            after.filter(kind="stop").update(**{column: value})


def test_what_was_gone_before_is_counted_apart_and_waits_for_nobody(to: Any) -> None:
    gone, running = factories.execution(gone_at=factories.ago(60)), factories.execution()
    callbacks = [factories.callback(one) for one in (gone, running)]
    to("0009_token_scopes")
    after = to("0010_places")
    counts = after.get_model("executions", "StatusCount").objects.exclude(executions=0)
    told = {(row.function_id, row.status): row.executions for row in counts}
    assert told == {(gone.function_id, "GONE"): 1, (running.function_id, "RUNNING"): 1}
    rows = after.get_model("executions", "Callback").objects
    assert [rows.get(pk=one.pk).status for one in callbacks] == ["NEVER_FINISHED", "STARTED"]
