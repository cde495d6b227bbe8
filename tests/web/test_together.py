"""`/inbox/together/`: like callbacks decided at once, a form for each group, a result for each row."""

import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from executions.actions import bulk
from executions.gateway.connections import Connection
from executions.models import ActionRecord, Bulk, Callback, DecisionForm
from tests import factories
from tests.fakes import EPOCH, REGION, FakeLambda, client_error

pytestmark = [pytest.mark.web, pytest.mark.django_db(transaction=True)]
ALL = "/inbox/together/?which=filter"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    fake = FakeLambda()
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: Connection("default", REGION, fake))
    return fake


@pytest.fixture
def waiting(aws: FakeLambda) -> list[Callback]:
    """Twelve of one kind, and one of another."""
    aws.add_function("coffee")
    coffee = factories.function("coffee", arn=aws.functions["coffee"]["FunctionArn"])
    made = []
    for n in range(12):
        arn = aws.start("coffee", f"order-{n}")
        execution = factories.execution(coffee, arn=arn, name=f"order-{n}")
        callback_id = aws.open_callback(arn, EPOCH + 1, operation=f"cb-{n}")
        made.append(factories.callback(execution, about=f"order {n}", callback_id=callback_id))
    refund = factories.execution(factories.function("refund"))
    return [*made, factories.callback(refund, name="manager approval")]


def groups(client: Client, url: str = ALL) -> dict[str, str]:
    """The form's key of each group, by the name of its callbacks."""
    page = client.get(url).content.decode()
    return {
        re.search(r"<span class=\"muted\"><bdi>(.*?)</bdi>", part)[1]: key  # type: ignore[index]
        for key, part in re.findall(r'data-group="(\w+)"(.*?)</section>', page, re.DOTALL)
    }


def form(key: str, total: int, **values: Any) -> dict[str, Any]:
    given = {"token": str(uuid.uuid4()), "shown": total, "answer": "json", "result": '{"ok": true}', **values}
    if total >= 10:
        given = {"typed": f"answer {total}", **given}
    return {f"{key}-{name}": str(value) for name, value in given.items()}


def test_the_dry_run_has_a_group_of_each_kind_with_its_number_and_a_sample(
    as_approver: Client, aws: FakeLambda, waiting: list[Callback], approver: User
) -> None:
    factories.action(waiting[0].execution, approver, "succeed", callback=waiting[0], outcome="unconfirmed")
    page = as_approver.get(ALL).content.decode()
    assert 'data-total="11"' in page and 'data-total="1"' in page and "1 more cannot be answered now" in page
    assert "and 6 more" in page and "order 3" in page and "answer 11" in page
    assert not Bulk.objects.exists() and not aws.calls


def test_each_group_is_answered_by_a_form_of_its_own_with_a_result_per_row(
    as_approver: Client, aws: FakeLambda, waiting: list[Callback]
) -> None:
    keys = groups(as_approver)
    sent = form(keys["barista accepts"], 12, reason="closing time")
    where = as_approver.post(f"{ALL}&group={keys['barista accepts']}", sent)["Location"]
    assert not aws.calls, "a worker does it"
    aws.fail_next("send_durable_execution_callback_success", client_error("AccessDeniedException", 403, "not this one"))
    one = Bulk.objects.get()
    bulk.step(one.pk)
    page = as_approver.get(where).content.decode()
    assert "Answer 12 callbacks" in page and "11 accepted by AWS" in page and "not this one" in page
    answered = ActionRecord.objects.filter(kind="succeed", outcome="accepted")
    assert {record.callback_id for record in answered} <= {callback.pk for callback in waiting[:12]}
    assert {(record.request["Result"], record.reason) for record in answered} == {('{"ok": true}', "closing time")}
    assert as_approver.post(f"{ALL}&group={keys['barista accepts']}", sent)["Location"] == where, "the same form again"
    as_approver.post(f"{where}again/")
    bulk.step(one.pk)
    assert "12 accepted by AWS" in as_approver.get(where).content.decode()
    assert aws.calls["send_durable_execution_callback_success"] == 13


def test_some_chosen_by_hand_can_be_refused(as_approver: Client, aws: FakeLambda, waiting: list[Callback]) -> None:
    url = f"/inbox/together/?which=selection&id={waiting[0].pk}&id={waiting[1].pk}&id=x&id={2**70}"
    (key,) = groups(as_approver, url).values()
    as_approver.post(f"{url}&group={key}", form(key, 2, answer="failure", error_type="Closed", error_message="no milk"))
    bulk.step(Bulk.objects.get().pk)
    requests = ActionRecord.objects.filter(kind="fail", outcome="accepted").values_list("request", flat=True)
    assert [one["Error"] for one in requests] == [{"ErrorType": "Closed", "ErrorMessage": "no milk"}] * 2


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"result": "{"}, "This is not JSON"),
        ({"typed": "answer"}, "Type exactly"),
        ({"shown": 9}, "there are 12 now"),
        ({"answer": "nonsense"}, "Select a valid choice"),
        ({"result": '"{\\"a\\": 1}"'}, "quoted twice"),
    ],
)
def test_what_cannot_be_sent_is_said_before_anything_begins(
    as_approver: Client, waiting: list[Callback], values: dict[str, Any], sentence: str
) -> None:
    key = groups(as_approver)["barista accepts"]
    page = as_approver.post(f"{ALL}&group={key}", form(key, 12, **values))
    assert page.status_code == 200 and sentence in page.content.decode()
    assert not Bulk.objects.exists()


def test_the_policy_of_their_form_is_kept_to(
    as_approver: Client, aws: FakeLambda, waiting: list[Callback], approver: User
) -> None:
    values: dict[str, Any] = {
        "title": "Coffee",
        "functions": "coffee",
        "approvals": 2,
        "not_by_starter": True,
        "reason_required": True,
        "raw": False,
        "answer": [{"label": "Approve", "result": '"yes"'}, {"label": "Sold out", "error_type": "SoldOut"}],
    }
    DecisionForm.objects.create(name="coffee", values=values, username="admin", changed_at=factories.ago())
    factories.action(waiting[0].execution, approver, "start")
    key = groups(as_approver)["barista accepts"]
    page = as_approver.get(ALL).content.decode()
    assert "2 people must approve" in page and "Sold out" in page
    assert f'name="{key}-result"' not in page
    without_reason = as_approver.post(f"{ALL}&group={key}", form(key, 12, answer="prepared-0"))
    assert without_reason.status_code == 200 and not Bulk.objects.exists()
    where = as_approver.post(f"{ALL}&group={key}", form(key, 12, answer="prepared-0", reason="fine"))["Location"]
    bulk.step(Bulk.objects.get().pk)
    told = as_approver.get(where).content.decode()
    assert "11 done" in told and "1 not sent" in told and "You have started this execution" in told
    assert not aws.calls["send_durable_execution_callback_success"], "one of two approvals sends nothing"
    assert ActionRecord.objects.filter(kind="approve", request__Result='"yes"').count() == 11


def test_a_group_that_only_others_decide_says_so(as_approver: Client, waiting: list[Callback]) -> None:
    values = {"title": "Refund", "functions": "refund", "groups": ["managers"]}
    DecisionForm.objects.create(name="refund", values=values, username="admin", changed_at=factories.ago())
    page = as_approver.get(ALL).content.decode()
    assert "Only managers decides this" in page
    key = groups(as_approver)["manager approval"]
    assert as_approver.post(f"{ALL}&group={key}", form(key, 1)).status_code == 200
    assert not Bulk.objects.exists()


def test_who_may_not_answer_is_refused_and_another_team_sees_nothing(
    as_operator: Client, client: Client, waiting: list[Callback]
) -> None:
    assert as_operator.get(ALL).status_code == 403
    person = factories.user("approver")
    person.groups.get().scopes.create(functions="tea-*")
    client.force_login(person)
    assert groups(client) == {} and groups(client, f"/inbox/together/?id={waiting[0].pk}") == {}


def test_a_filter_that_is_not_in_force_never_becomes_everything(as_approver: Client, waiting: list[Callback]) -> None:
    assert as_approver.get(f"{ALL}&state=nonsense").status_code == 404


def test_it_is_theirs_to_look_at_and_to_stop(as_approver: Client, client: Client, waiting: list[Callback]) -> None:
    key = groups(as_approver)["barista accepts"]
    where = as_approver.post(f"{ALL}&group={key}", form(key, 12))["Location"]
    client.force_login(factories.user("viewer"))
    assert client.get(where).status_code == 404 and client.post(f"{where}stop/").status_code == 404
    as_approver.post(f"{where}stop/")
    assert "12 were not sent" in as_approver.get(where).content.decode()
