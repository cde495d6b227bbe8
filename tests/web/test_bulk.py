"""`/bulk/`: the dry run, the typed confirmation, the progress, and whose it is."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from dashboard.pages.bulk import in_words
from executions.actions import bulk
from executions.gateway.connections import Connection
from executions.models import ActionRecord, Bulk, Execution
from tests import factories
from tests.fakes import REGION, FakeLambda, client_error

pytestmark = [pytest.mark.web, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    fake = FakeLambda()
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: Connection("default", REGION, fake))
    return fake


@pytest.fixture
def rows(aws: FakeLambda) -> list[Execution]:
    aws.add_function("coffee")
    function = factories.function("coffee", arn=aws.functions["coffee"]["FunctionArn"])
    return [factories.execution(function, arn=aws.start("coffee", f"order-{n}"), name=f"o-{n}") for n in range(12)]


def form(total: int, **values: Any) -> dict[str, Any]:
    return {"token": str(uuid.uuid4()), "shown": str(total), "reason": "closing", "typed": f"stop {total}", **values}


ALL = "/bulk/new/?kind=stop&which=filter&status=RUNNING"


def test_the_dry_run_counts_shows_a_sample_and_sends_nothing(
    as_admin: Client, aws: FakeLambda, rows: list[Execution]
) -> None:
    factories.execution(rows[0].function, "SUCCEEDED")
    page = as_admin.get("/bulk/new/?kind=stop&which=filter&function=coffee").content.decode()
    assert 'data-total="12"' in page and "1 more was chosen" in page and "and 2 more" in page
    assert "next checkpoint" in page and "stop 12" in page
    assert not Bulk.objects.exists() and not aws.calls


def test_a_confirmed_bulk_is_carried_out_and_its_page_tells_each_result(
    as_admin: Client, aws: FakeLambda, rows: list[Execution]
) -> None:
    sent = form(12, error_type="Closing")
    where = as_admin.post(ALL, sent)["Location"]
    assert not aws.calls, "a worker does it"
    assert "every 1s" in as_admin.get(where).content.decode()
    aws.fail_next("stop_durable_execution", client_error("AccessDeniedException", 403, "not this one"))
    one = Bulk.objects.get()
    bulk.step(one.pk)
    page = as_admin.get(where).content.decode()
    assert "11 accepted by AWS" in page and "1 refused" in page and "not this one" in page and "every 1s" not in page
    assert "not this one" in as_admin.get(f"{where}progress/?show=failed").content.decode()
    assert as_admin.post(ALL, sent)["Location"] == where, "the same form again"
    as_admin.post(f"{where}again/")
    bulk.step(one.pk)
    assert "12 accepted by AWS" in as_admin.get(where).content.decode()
    assert ActionRecord.objects.filter(reason="closing").count() == 13
    assert where in as_admin.get("/bulk/").content.decode()


def test_the_form_again_leads_to_what_it_began_also_when_there_is_nothing_left(
    as_admin: Client, aws: FakeLambda, rows: list[Execution]
) -> None:
    sent = form(12)
    where = as_admin.post(ALL, sent)["Location"]
    bulk.step(Bulk.objects.get().pk)
    Execution.objects.update(status="STOPPED", ended_at=factories.ago())
    assert as_admin.post(ALL, sent)["Location"] == where


def test_the_form_again_with_something_else_in_it_does_not_look_as_if_that_were_done(
    as_admin: Client, aws: FakeLambda, rows: list[Execution]
) -> None:
    sent = form(12, error_type="Closing")
    as_admin.post(ALL, sent)
    answer = as_admin.post(ALL, {**sent, "error_type": "Fire"})
    assert answer.status_code == 400 and "already sent for something else" in answer.content.decode()
    assert Bulk.objects.get().options["error_type"] == "Closing"


@pytest.mark.parametrize("typed", ["", "stop", "stop 11", "STOP 12"])
def test_without_the_right_words_nothing_begins(
    as_admin: Client, aws: FakeLambda, rows: list[Execution], typed: str
) -> None:
    page = as_admin.post(ALL, form(12, typed=typed))
    assert page.status_code == 200 and "to confirm" in page.content.decode()
    assert not Bulk.objects.exists()


def test_when_the_number_has_changed_since_it_was_shown_it_is_shown_again(
    as_admin: Client, aws: FakeLambda, rows: list[Execution]
) -> None:
    page = as_admin.post(ALL, form(9)).content.decode()
    assert "there are 12 now" in page and 'name="shown" value="12"' in page
    assert not Bulk.objects.exists()


def test_what_is_left_out_since_the_dry_run_is_told(as_admin: Client, rows: list[Execution]) -> None:
    Execution.objects.filter(pk=rows[0].pk).update(status="SUCCEEDED", ended_at=factories.ago())
    page = as_admin.post(ALL, form(12), follow=True).content.decode()
    assert "Stop 11 executions" in page
    assert "1 of the 12 is left out: this can no longer be done to it." in page


def test_where_none_was_chosen_it_says_what_to_do(as_admin: Client, rows: list[Execution]) -> None:
    page = as_admin.get("/bulk/new/?kind=stop&which=selection").content.decode()
    assert "No execution was chosen: go back, and tick some in the list." in page


def test_a_bulk_says_in_words_by_which_filters_it_was_chosen(as_admin: Client, rows: list[Execution]) -> None:
    where = as_admin.post("/bulk/new/?kind=stop&which=filter&status=RUNNING&name=o-%26", form(0))
    assert where.status_code == 200, "nothing is called like that"
    where = as_admin.post("/bulk/new/?kind=stop&which=filter&status=RUNNING&name=o-", form(12))["Location"]
    for page in (where, "/bulk/"):
        assert "status RUNNING, name o-" in as_admin.get(page).content.decode()


def test_the_words_for_filters_are_read_from_what_is_on_record() -> None:
    assert (
        in_words("function=refund&name=a%26b+c: approval: of refund")
        == "function refund, name a&b c: approval: of refund"
    )
    assert in_words("selection: approval of refund") == "selection: approval of refund"
    assert in_words("all executions") == "all executions"


def test_few_that_were_chosen_by_hand_need_no_typing(as_admin: Client, rows: list[Execution]) -> None:
    url = f"/bulk/new/?kind=pause&which=selection&id={rows[0].pk}&id={rows[1].pk}&id=x&id={2**70}"
    as_admin.post(url, {"token": str(uuid.uuid4()), "shown": "2", "timeout_too": "on"})
    assert Bulk.objects.get().total == 2 and Bulk.objects.get().options == {"timeout_too": True}


def test_anybody_with_the_right_may_stop_it_but_only_who_began_may_go_on(
    as_admin: Client, client: Client, aws: FakeLambda, rows: list[Execution]
) -> None:
    where = as_admin.post(ALL, form(12))["Location"]
    client.force_login(factories.user("admin", "another"))
    client.post(f"{where}stop/")
    page = client.get(where).content.decode()
    assert "stopped by another; 12 were not sent" in page and "Go on" not in page
    assert "12 not sent yet" in page and "waiting" not in page, "nobody waits for them"
    assert client.post(f"{where}again/").status_code == 403
    assert "Go on" in as_admin.get(where).content.decode()
    as_admin.post(f"{where}again/")
    assert bulk.due(now=factories.ago())


@pytest.mark.parametrize(
    "address",
    ["/bulk/new/", "/bulk/new/?kind=explode", "/bulk/new/?kind=stop&which=filter&status=NOPE", f"/bulk/{2**70}/"],
)
def test_an_address_that_names_nothing_is_a_404(as_admin: Client, address: str) -> None:
    assert as_admin.get(address).status_code == 404


def test_the_list_offers_it_only_to_who_may(as_admin: Client, as_operator: Client, rows: list[Execution]) -> None:
    assert f'value="{rows[0].pk}" form="bulk-form"' in as_admin.get("/executions/").content.decode()
    assert "bulk-form" not in as_operator.get("/executions/").content.decode()


def test_another_teams_executions_are_never_among_them(client: Client, rows: list[Execution]) -> None:
    person = factories.user("operator")
    person.groups.add(factories.group("admin"), team := factories.group("viewer"))
    team.scopes.create(functions="tea-*")
    client.force_login(person)
    page = client.get(ALL).content.decode()
    assert 'data-total="0"' in page and "There is nothing here" in page


def test_on_a_busy_day_it_is_about_what_was_shown_and_never_about_more(as_admin: Client, rows: list[Execution]) -> None:
    page = as_admin.get(ALL).content.decode()
    (at,) = re.findall(r'name="at" value="([\d.]+)"', page)
    late = factories.execution(rows[0].function, started_at=factories.ago(-1), name="started-since")
    Execution.objects.filter(pk=rows[0].pk).update(status="SUCCEEDED", ended_at=factories.ago())
    as_admin.post(ALL, form(12, at=at))
    begun = Bulk.objects.get()
    assert begun.total == 11
    assert not begun.rows.filter(execution__in=[late, rows[0]]).exists()


@pytest.mark.parametrize("at", ["", "nan", "x", "1e400", "-1", "99999999999"])
def test_a_moment_that_cannot_be_is_now(as_admin: Client, rows: list[Execution], at: str) -> None:
    as_admin.post(ALL, form(12, at=at))
    assert Bulk.objects.filter(total=12).count() == (1 if at in ("", "-1", "99999999999") else 0)


def test_however_few_are_deleted_the_confirmation_is_typed(as_admin: Client, aws: FakeLambda) -> None:
    factories.execution(status="SUCCEEDED")
    where = "/bulk/new/?kind=delete&which=filter&status=SUCCEEDED"
    assert "delete 1" in as_admin.get(where).content.decode()
    for typed in ("", "delete 2"):
        assert as_admin.post(where, form(1, typed=typed, copy="keep")).status_code == 200 and not Bulk.objects.exists()
    assert as_admin.post(where, form(1, typed="delete 1", copy="keep")).status_code == 302


def test_the_progress_is_read_out_at_milestones_only(as_admin: Client, aws: FakeLambda, rows: list[Execution]) -> None:
    where = as_admin.post(ALL, form(12))["Location"]
    said = []
    for done in (0, 1, 2, 3, 5, 6, 12):
        pending = list(Bulk.objects.get().rows.order_by("pk")[:done])
        Bulk.objects.get().rows.filter(pk__in=[row.pk for row in pending]).update(done_at=factories.ago(), words="x")
        page = as_admin.get(f"{where}progress/").content.decode()
        said.append(re.findall(r'role="status">([^<]*)<', page)[0])
    assert said == ["0 % done", "0 % done", "0 % done", "25 % done", "25 % done", "50 % done", "done"]
