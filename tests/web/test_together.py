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


def form(total: int, **values: Any) -> dict[str, Any]:
    given = {"token": uuid.uuid4(), "shown": total, "do": "approve", "format": "json", "result": '{"ok": true}'}
    if total >= 10:
        given["typed"] = f"answer {total}"
    return {**given, **values}


def version(page: str) -> str:
    """Of the decision form that is shown."""
    return re.search(r'name="version" value="(\w*)"', page)[1]  # type: ignore[index]


@pytest.fixture
def decided_by_form() -> DecisionForm:
    """How many cups, or that it is sold out."""
    values: dict[str, Any] = {
        "title": "Coffee",
        "functions": "coffee",
        "schema": {
            "type": "object",
            "required": ["cups"],
            "properties": {
                "cups": {"type": "integer", "maximum": 9},
                "extras": {"type": "array", "items": {"type": "string"}},
            },
        },
        "answer": [
            {"label": "One each", "result": '{"cups": 1}'},
            {"label": "Sold out", "error_type": "SoldOut", "error_message": "no milk"},
        ],
    }
    return DecisionForm.objects.create(name="coffee", values=values, username="admin", changed_at=factories.ago())


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
    sent = form(12, reason="closing time")
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
    Callback.objects.update(status="SUCCEEDED")
    again = as_approver.post(f"{ALL}&group={keys['barista accepts']}", sent)
    assert again["Location"] == where, "also when there is nothing left to answer"


def test_the_form_again_with_another_answer_does_not_look_as_if_that_were_sent(
    as_approver: Client, aws: FakeLambda, waiting: list[Callback]
) -> None:
    url, sent = f"{ALL}&group={groups(as_approver)['barista accepts']}", form(12)
    as_approver.post(url, sent)
    answer = as_approver.post(url, {**sent, "result": '{"ok": false}'})
    assert answer.status_code == 400 and "already sent for something else" in answer.content.decode()
    assert Bulk.objects.get().options["result"] == '{"ok": true}'


def test_a_group_shows_its_forms_instructions_and_once_why_the_form_cannot_be_used(
    as_approver: Client, waiting: list[Callback], decided_by_form: DecisionForm
) -> None:
    decided_by_form.values["instructions"] = "Count the **cups**. <script>alert(1)</script>"
    decided_by_form.save()
    page = as_approver.get(ALL).content.decode()
    assert page.count("Count the <strong>cups</strong>") == 1 and "<script>alert" not in page
    decided_by_form.values["schema"] = {"type": "nothing"}
    decided_by_form.save()
    page = as_approver.get(ALL).content.decode()
    assert (
        page.count("This form cannot be used: The schema does not compile") == 1
        and ".." not in page
        and "cups" not in page
    )


def test_what_has_come_since_the_form_was_drawn_is_left_out(as_approver: Client, waiting: list[Callback]) -> None:
    Callback.objects.update(opened_at=factories.ago(60))
    key = groups(as_approver)["barista accepts"]
    factories.callback(waiting[0].execution, opened_at=factories.ago(2))
    as_approver.post(f"{ALL}&group={key}", form(12, at=factories.ago(30).timestamp()))
    assert Bulk.objects.get().total == 12


def test_some_chosen_by_hand_can_be_refused(as_approver: Client, aws: FakeLambda, waiting: list[Callback]) -> None:
    url = f"/inbox/together/?which=selection&id={waiting[0].pk}&id={waiting[1].pk}&id=x&id={2**70}"
    (key,) = groups(as_approver, url).values()
    as_approver.post(f"{url}&group={key}", form(2, do="fail", error_type="Closed", error_message="no milk"))
    bulk.step(Bulk.objects.get().pk)
    requests = ActionRecord.objects.filter(kind="fail", outcome="accepted").values_list("request", flat=True)
    assert [one["Error"] for one in requests] == [{"ErrorType": "Closed", "ErrorMessage": "no milk"}] * 2


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"result": "{"}, "This is not JSON"),
        ({"typed": "answer"}, "Type exactly"),
        ({"shown": 9}, "there are 12 now"),
        ({"do": "ready nonsense"}, "not one of the answers"),
        ({"do": "approve", "version": "old"}, "The decision form has changed"),
        ({"do": "fail", "typed": ""}, "Type exactly"),
        ({"result": '"{\\"a\\": 1}"'}, "quoted twice"),
    ],
)
def test_what_cannot_be_sent_is_said_before_anything_begins(
    as_approver: Client, waiting: list[Callback], values: dict[str, Any], sentence: str
) -> None:
    key = groups(as_approver)["barista accepts"]
    page = as_approver.post(f"{ALL}&group={key}", form(12, **values))
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
    assert page.count('name="result"') == 1, "only the other group's"
    given = form(12, do="ready Approve", version=version(page))
    without_reason = as_approver.post(f"{ALL}&group={key}", given)
    assert "A reason is needed" in without_reason.content.decode() and not Bulk.objects.exists()
    typed = as_approver.post(f"{ALL}&group={key}", {**given, "do": "approve", "reason": "fine"})
    assert "not one of the answers" in typed.content.decode() and not Bulk.objects.exists()
    where = as_approver.post(f"{ALL}&group={key}", {**given, "reason": "fine"})["Location"]
    bulk.step(Bulk.objects.get().pk)
    told = as_approver.get(where).content.decode()
    assert "11 done" in told and "1 not sent" in told and "You have started this execution" in told
    assert not aws.calls["send_durable_execution_callback_success"], "one of two approvals sends nothing"
    assert ActionRecord.objects.filter(kind="approve", request__Result='"yes"').count() == 11


def test_a_group_has_the_fields_of_its_decision_form(
    as_approver: Client, aws: FakeLambda, waiting: list[Callback], decided_by_form: DecisionForm
) -> None:
    key = groups(as_approver)["barista accepts"]
    page = as_approver.get(ALL).content.decode()
    assert 'name="answer/cups"' in page and "One each" in page
    sent = {**form(12, version=version(page), **{"answer/cups": "12", "answer/extras#": "0"}), "reason": "noon"}
    wrong = as_approver.post(f"{ALL}&group={key}", sent).content.decode()
    assert f'id="id_{key}_answer/cups_error"' in wrong and 'value="12"' in wrong and "noon" in wrong
    assert not Bulk.objects.exists()
    as_approver.post(f"{ALL}&group={key}", {**sent, "answer/cups": "2"})
    bulk.step(Bulk.objects.get().pk)
    answered = ActionRecord.objects.filter(kind="succeed", outcome="accepted")
    assert [one.request["Result"] for one in answered] == ['{"cups": 2}'] * 12


def test_a_prepared_answer_is_sent_to_each(
    as_approver: Client, aws: FakeLambda, waiting: list[Callback], decided_by_form: DecisionForm
) -> None:
    key = groups(as_approver)["barista accepts"]
    page = as_approver.get(ALL).content.decode()
    as_approver.post(f"{ALL}&group={key}", form(12, do="ready Sold out", version=version(page)))
    bulk.step(Bulk.objects.get().pk)
    requests = ActionRecord.objects.filter(kind="fail", outcome="accepted").values_list("request", flat=True)
    assert [one["Error"] for one in requests] == [{"ErrorType": "SoldOut", "ErrorMessage": "no milk"}] * 12


@pytest.mark.parametrize("do", ["ready Sold out", "fail"])
def test_a_field_that_was_not_filled_in_is_not_wrong_where_it_is_not_sent(
    as_approver: Client, aws: FakeLambda, waiting: list[Callback], decided_by_form: DecisionForm, do: str
) -> None:
    key = groups(as_approver)["barista accepts"]
    page = as_approver.get(ALL).content.decode()
    sent = form(12, do=do, version=version(page), typed="")
    page = as_approver.post(f"{ALL}&group={key}", sent).content.decode()
    assert "to confirm" in page and not Bulk.objects.exists()
    assert f'id="id_{key}_answer/cups_error"' not in page
    approved = as_approver.post(f"{ALL}&group={key}", {**sent, "do": "approve"}).content.decode()
    assert f'id="id_{key}_answer/cups_error"' in approved


def test_adding_a_row_and_looking_keep_what_was_typed_and_send_nothing(
    as_approver: Client, waiting: list[Callback], decided_by_form: DecisionForm
) -> None:
    key = groups(as_approver)["barista accepts"]
    page = as_approver.get(ALL).content.decode()
    sent = form(12, version=version(page), reason="noon", **{"answer/cups": "3", "answer/extras#": "0"})
    for do, sign in (("add answer/extras", 'name="answer/extras/0"'), ("look", "{&quot;cups&quot;: 3}")):
        fresh = as_approver.post(f"{ALL}&group={key}", {**sent, "do": do}, headers={"HX-Request": "true"})
        text = fresh.content.decode()
        assert sign in text and text.count("data-group=") == 1 and "<html" not in text
        assert 'value="3"' in text and "noon" in text and 'value="answer 12"' in text and "Type exactly" not in text
    assert f'hx-post="{ALL}&group={key}"'.replace("&", "&amp;") in text
    url = f"{ALL}&group={key}&preview=1"
    assert f'hx-post="{url}"'.replace("&", "&amp;") in text
    shown = as_approver.post(url, {**sent, "do": ""}, headers={"HX-Request": "true"})
    assert "{&quot;cups&quot;: 3}" in shown.content.decode() and "data-group" not in shown.content.decode()
    assert not Bulk.objects.exists()


def test_a_group_that_was_answered_meanwhile_leads_to_the_page_that_says_so(
    as_approver: Client, waiting: list[Callback]
) -> None:
    key = groups(as_approver)["barista accepts"]
    Callback.objects.update(status="SUCCEEDED")
    answer = as_approver.post(f"{ALL}&group={key}", form(12), headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == ALL


def test_a_group_that_only_others_decide_says_so(as_approver: Client, waiting: list[Callback]) -> None:
    values = {"title": "Refund", "functions": "refund", "groups": ["managers"]}
    DecisionForm.objects.create(name="refund", values=values, username="admin", changed_at=factories.ago())
    page = as_approver.get(ALL).content.decode()
    assert "Only managers decides this" in page
    key = groups(as_approver)["manager approval"]
    assert as_approver.post(f"{ALL}&group={key}", form(1)).status_code == 200
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
    where = as_approver.post(f"{ALL}&group={key}", form(12))["Location"]
    client.force_login(factories.user("viewer"))
    assert client.get(where).status_code == 404 and client.post(f"{where}stop/").status_code == 404
    as_approver.post(f"{where}stop/")
    assert "12 were not sent" in as_approver.get(where).content.decode()
