"""Histories from files: importing, what is shown of them and where they do not show, removing."""

import datetime as dt
import itertools
import json
import re
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from executions import queries, upkeep
from executions.actions import imports, scopes
from executions.models import ActionRecord, Connection, Execution, Function, HistoryImport, Scope, StatusCount
from executions.queries import ListFilter
from executions.sync import imports as storing
from executions.sync import retention, schedule
from tests import factories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
_revisions = itertools.count(500_000)
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:coffee-order:7/durable-execution/NAME/abc"


def history(scenario: str = "coffee_accept") -> bytes:
    return json.dumps({"Events": stored.wire(scenario)}).encode()


def send(client: Client, *bodies: bytes, **values: Any) -> Any:
    files = [SimpleUploadedFile(f"history-{at}.json", body) for at, body in enumerate(bodies, 1)]
    return client.post("/imports/new/", {"token": str(uuid.uuid4()), "history": files, **values})


def imported(client: Client, *bodies: bytes, **values: Any) -> Execution:
    response = send(client, *(bodies or [history()]), **values)
    assert response.status_code == 302, response.content.decode()[:3000]
    found = Execution.objects.filter(pk=int(response["Location"].strip("/").split("/")[-1]))
    # Folded histories are kept by id and revision, and ids begin anew with each test.
    found.update(revision=next(_revisions))
    return found.get()


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.mark.parametrize("scenario", stored.scenarios())
def test_every_recorded_history_opens_on_the_same_pages_and_is_exported_as_it_came(
    as_operator: Client, scenario: str
) -> None:
    execution = imported(as_operator, history(scenario))
    base = f"/executions/{execution.pk}/"
    for rest in ("", "history/", "checkpoints/", "payloads/", "report.html", "compare/"):
        page = text(as_operator, base + rest)
        assert "mported" in page and "AWS no longer has" not in page and "gone at AWS" not in page
    assert json.loads(text(as_operator, base + "history.json"))["Events"] == stored.wire(scenario)


def test_the_menu_marks_what_the_breadcrumbs_of_an_execution_lead_to(as_operator: Client) -> None:
    execution = imported(as_operator)
    mirrored = factories.execution(factories.function(execution.function.name))
    for rest, marked in (
        (f"{execution.pk}/", "Imported"),
        (f"{execution.pk}/history/", "Imported"),
        (f"{mirrored.pk}/", "Executions"),
        (f"{execution.pk}/compare/{mirrored.pk}/", "Imported"),
        (f"{mirrored.pk}/compare/{execution.pk}/", "Executions"),
    ):
        page = text(as_operator, f"/executions/{rest}")
        menu = page.split('aria-label="Main"')[1].split("</nav>")[0]
        assert re.findall('aria-current="page".*?<span>(.*?)</span>', menu) == [marked], rest


@pytest.mark.parametrize("scenario", stored.scenarios())
def test_the_recorded_details_go_with_the_recorded_history(as_operator: Client, scenario: str) -> None:
    details = (stored.RECORDED / f"{scenario}.get.json").read_bytes()
    told = json.loads(details)
    execution = imported(as_operator, details, history(scenario))
    assert execution.import_record.source_arn == told["DurableExecutionArn"]
    assert (execution.name, execution.status) == (told["DurableExecutionName"], told["Status"])


def test_it_is_marked_and_tells_who_when_and_whence(as_operator: Client) -> None:
    execution = imported(as_operator, function="coffee-order")
    page = text(as_operator, f"/executions/{execution.pk}/")
    assert "Imported from a file" in page and "history-1.json" in page and "AWS is not asked about it" in page
    for action in ("Stop…", "Pause…", "Delete…", "Run again…"):
        assert action not in page
    listed = text(as_operator, "/imports/")
    assert "history-1.json" in listed and f"/executions/{execution.pk}/" in listed
    record = ActionRecord.objects.get()
    assert (record.kind, record.outcome, record.execution_id) == ("import", "done", execution.pk)
    assert text(as_operator, "/audit/")


def test_it_is_in_no_list_and_no_count_of_what_aws_has(as_admin: Client) -> None:
    execution = imported(as_admin, history())
    Execution.objects.filter(pk=execution.pk).update(status="FAILED", ended_at=timezone.now())
    user, since = factories.user("viewer"), timezone.now() - dt.timedelta(days=1)
    assert not queries.execution_list(user, ListFilter()).rows and not queries.matching(user, ListFilter())
    assert not queries.latest_failures(user, since) and not queries.failed_since(user, since)
    assert not queries.ended_since(user, since) and not queries.ends_by_quarter(user, since)
    assert not queries.functions_with_counts(user) and not queries.connections(user)
    assert not StatusCount.objects.exists() and not execution.callbacks.exists()
    assert not upkeep.by_connection(now=timezone.now())
    for page in ("/", "/executions/", "/functions/", "/connections/", "/inbox/"):
        assert execution.name not in text(as_admin, page)
    assert as_admin.get(f"/functions/{execution.function_id}/").status_code == 404


def test_no_sync_asks_about_it_and_retention_leaves_it(as_operator: Client, settings: Any) -> None:
    settings.KEEP_DAYS = 0.001
    execution = imported(as_operator)
    now = timezone.now()
    assert schedule.never_swept()
    assert not schedule.claim_functions(now=now) and not schedule.claim_histories(now=now)
    retention.retain(now=now + dt.timedelta(days=400), sleep=lambda _: None)
    assert Execution.objects.filter(pk=execution.pk).exists()


def test_nothing_can_be_done_to_it(as_admin: Client) -> None:
    execution = imported(as_admin, history("coffee_pending"))
    for action in ("stop", "pause", "resume", "delete"):
        page = text(as_admin, f"/executions/{execution.pk}/{action}/")
        assert "imported from a file" in page or "not paused" in page
        as_admin.post(
            f"/executions/{execution.pk}/{action}/",
            {"token": str(uuid.uuid4()), "copy": "keep", "typed": execution.name},
        )
    assert [record.kind for record in ActionRecord.objects.all()] == ["import"]


def test_what_was_going_on_is_told_as_of_the_end_of_the_file(as_operator: Client) -> None:
    execution = imported(as_operator, history("coffee_pending"))
    page = text(as_operator, f"/executions/{execution.pk}/")
    assert "while it was still going on" in page
    assert "Had run for" in page
    assert f"/executions/{execution.pk}/live/" not in page


def test_the_same_history_twice_is_one_execution(as_operator: Client) -> None:
    first, second = imported(as_operator), imported(as_operator)
    assert first == second and HistoryImport.objects.count() == 1 and ActionRecord.objects.count() == 1
    assert imported(as_operator, function="another") != first


def test_a_form_that_is_sent_twice_imports_once(as_operator: Client) -> None:
    token = str(uuid.uuid4())
    assert imported(as_operator, token=token) == imported(as_operator, token=token)
    assert ActionRecord.objects.count() == 1


def test_two_who_import_the_same_history_at_once_have_the_same_execution(
    as_operator: Client, as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def after_another() -> Any:
        monkeypatch.setattr(imports, "transaction", transaction)
        imported(as_admin)
        monkeypatch.setattr(storing, "store", refuses)
        return transaction.atomic()

    def refuses(*_: Any, **__: Any) -> None:
        raise IntegrityError("as the database tells the later of two")

    monkeypatch.setattr(imports, "transaction", SimpleNamespace(atomic=after_another))
    assert imported(as_operator) == Execution.objects.get()
    assert ActionRecord.objects.filter(kind="import").count() == 1


def test_one_that_aws_has_told_of_stays_apart_and_is_a_click_away(as_operator: Client) -> None:
    wire = stored.wire("coffee_accept")
    name = wire[0].get("Name") or "order"
    arn = ARN.replace("NAME", name)
    of = factories.function("coffee-order", arn="arn:aws:lambda:eu-west-1:123456789012:function:coffee-order")
    twin = factories.execution(of, "SUCCEEDED", arn=arn, name=name)
    details = json.dumps({"DurableExecutionArn": arn, "Status": "SUCCEEDED"}).encode()
    execution = imported(as_operator, history(), details, function="ignored")
    assert execution.function.name == "coffee-order" and execution.version == "7" and execution != twin
    page = text(as_operator, f"/executions/{execution.pk}/")
    assert "AWS has told of the same execution" in page and f"/executions/{twin.pk}/compare/{execution.pk}/" in page
    assert arn in page
    compared = text(as_operator, f"/executions/{twin.pk}/compare/{execution.pk}/")
    assert "imported" in compared
    assert "imported" in text(as_operator, f"/executions/{twin.pk}/compare/")


def test_an_export_with_details_imports_elsewhere_as_what_it_was(as_operator: Client) -> None:
    execution = stored.execution(
        stored.wire("coffee_accept"), name=stored.wire("coffee_accept")[0].get("Name") or "order"
    )
    body = as_operator.get(f"/executions/{execution.pk}/history.json?details=1").content
    arn = json.loads(body)["DurableExecutionArn"]
    again = imported(as_operator, body)
    assert again.import_record.source_arn == arn == execution.arn
    assert (again.name, again.status, again.version) == (execution.name, execution.status, execution.version)
    assert again.started_at == execution.started_at


def test_a_bad_file_is_answered_with_a_sentence_and_leaves_nothing(as_operator: Client) -> None:
    for body in (b"", b"not JSON", b'{"Events": [', b"{}", b'{"Events": [7]}'):
        response = send(as_operator, body)
        assert response.status_code == 200 and b'class="wrong"' in response.content
    assert send(as_operator).status_code == 200
    assert not Execution.objects.exists() and not Connection.objects.exists() and not ActionRecord.objects.exists()


def test_what_is_too_large_is_dropped_while_it_arrives(as_operator: Client, settings: Any) -> None:
    settings.IMPORT_MB = 0.01
    response = send(as_operator, b" " * 200_000)
    assert response.status_code == 200 and b"which is the most that is taken at once" in response.content
    assert not Execution.objects.exists()


def test_who_may_not_import_sees_what_others_did_but_no_form(as_viewer: Client, as_operator: Client) -> None:
    execution = imported(as_operator)
    page = text(as_viewer, "/imports/")
    assert execution.name in page and '<input type="file"' not in page and "/remove/" not in page
    assert send(as_viewer, history()).status_code == 403
    address = f"/imports/{execution.pk}/remove/"
    assert as_viewer.get(address).status_code == as_viewer.post(address).status_code == 403
    assert "/remove/" not in text(as_viewer, f"/executions/{execution.pk}/")


def test_a_team_sees_and_imports_only_what_its_scopes_cover(login: Any) -> None:
    somebody = factories.user("operator")
    team = factories.group("operator")
    Scope.objects.create(group=team, connections="*", functions="coffee-*")
    client = login(somebody)
    mine = imported(client, function="coffee-order")
    refused = send(client, history("coffee_pending"), function="payroll")
    assert b"Your groups do not let you act on payroll" in refused.content
    other = imported(login(factories.user("admin")), history("coffee_pending"), function="payroll")
    client = login(somebody)
    assert client.get(f"/executions/{mine.pk}/").status_code == 200
    for rest in (f"executions/{other.pk}/", f"imports/{other.pk}/remove/"):
        assert client.get(f"/{rest}").status_code == 404
    assert "payroll" not in text(client, "/imports/")
    assert scopes.may_act_on(somebody, "imported", "coffee-x") and not scopes.may_act_on(somebody, "imported", "x")


def test_removing_it_is_asked_and_put_on_record(as_operator: Client) -> None:
    execution = imported(as_operator)
    address = f"/imports/{execution.pk}/remove/"
    assert "Remove this imported history" in text(as_operator, address)
    assert Execution.objects.exists()
    response = as_operator.post(address, {"token": str(uuid.uuid4()), "reason": "done with it"})
    assert response.status_code == 302 and response["Location"] == "/imports/"
    assert not Execution.objects.exists() and not HistoryImport.objects.exists() and not Function.objects.exists()
    record = ActionRecord.objects.get(kind="forget")
    assert record.reason == "done with it" and record.execution_id is None
    assert text(as_operator, "/audit/")


def test_only_what_was_imported_can_be_removed_here(as_operator: Client) -> None:
    execution = factories.execution()
    assert as_operator.get(f"/imports/{execution.pk}/remove/").status_code == 404


def test_a_shared_import_says_so_but_not_by_whom(as_operator: Client, anonymous: Client, settings: Any) -> None:
    settings.SHARE_LINKS = "public"
    execution = imported(as_operator)
    factories.share_link(execution, token="abcdefghijklmnopqrstuv")
    page = text(anonymous, "/shared/abcdefghijklmnopqrstuv/view/")
    assert "Imported from a file" in page and "history-1.json" not in page
