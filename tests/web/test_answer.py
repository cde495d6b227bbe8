"""The decision form of a callback: what it shows, what AWS will get, who has said what, and what sending does."""

import html
import re
import threading
import uuid
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from django.db import connection
from django.test import Client
from django.utils import timezone

from executions.gateway.connections import Connection
from executions.models import ActionRecord, Callback, Claim, DecisionForm, Execution
from tests import factories
from tests.fakes import EPOCH, REGION, FakeLambda, client_error
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db(transaction=True)]
SENT = "send_durable_execution_callback_success"
FAILED = "send_durable_execution_callback_failure"
SCHEMA = """{"type": "object", "required": ["amount", "method", "approved"], "properties": {
  "approved": {"const": true},
  "amount": {"type": "number", "title": "Amount to refund", "maximum": 500.50},
  "method": {"enum": ["card", "cash"], "title": "Method"},
  "items": {"type": "array", "title": "Items", "items": {"type": "object", "required": ["name"],
     "properties": {"name": {"type": "string"}, "count": {"type": "integer"}}}},
  "note": {"type": "string"}}}"""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    fake = FakeLambda()
    connection = Connection(name="default", region=REGION, client=fake)
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: connection)
    return fake


@pytest.fixture
def callback(aws: FakeLambda) -> Callback:
    """An open callback that AWS and the mirror both know."""
    aws.add_function("refund")
    arn = aws.start("refund", "order-1")
    callback_id = aws.open_callback(arn, EPOCH)
    execution = factories.execution(factories.function("refund"), arn=arn, name="order-1")
    return factories.callback(execution, callback_id=callback_id, name="manager approval", heartbeat_seconds=300)


def decision(**values: Any) -> DecisionForm:
    made, _ = DecisionForm.objects.update_or_create(
        name="refund",
        defaults={"values": {"title": "Refund", **values}, "username": "admin", "changed_at": timezone.now()},
    )
    return made


class Person:
    """Somebody's browser without scripts: sends back what the page holds."""

    def __init__(self, name: str, role: str = "approver"):
        self.client = Client()
        self.client.force_login(factories.user(role, name))

    def open(self, callback: Callback, **query: str) -> str:
        return self.client.get(url(callback), query).content.decode()

    def send(self, callback: Callback, do: str, page: str = "", where: str = "page", **typed: Any) -> str:
        data = {**hidden(page or self.open(callback)), **typed, "do": do}
        return self.client.post(f"{url(callback)}?in={where}", data, follow=True).content.decode()


def url(callback: Callback) -> str:
    return f"/executions/{callback.execution_id}/callbacks/{callback.pk}/answer/"


def hidden(page: str) -> dict[str, str]:
    fields = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', page)
    return {html.unescape(name): html.unescape(value) for name, value in fields if name != "csrfmiddlewaretoken"}


def previewed(person: Person, callback: Callback, page: str, **typed: Any) -> str:
    answer = person.client.post(url(callback) + "preview/", {**hidden(page), **typed})
    found = re.search(r"data-outgoing>(.*?)</pre>", answer.content.decode(), re.DOTALL)
    return html.unescape(found.group(1)) if found else ""


def sent_bytes(aws: FakeLambda) -> bytes:
    return bytes(dict(aws.requests)[SENT]["Result"])


FIELDS = {"answer/amount": "480.00", "answer/method": '"card"'}


def test_the_form_shows_what_is_asked(callback: Callback, aws: FakeLambda) -> None:
    decision(
        schema=SCHEMA,
        instructions="Check the **photo** first. <script>alert(1)</script> [rules](javascript:alert(1))",
        show=[{"label": "Customer", "pointer": "/customer"}, {"label": "Missing", "pointer": "/none"}],
        reason_required=True,
    )
    told = {"Input": {"Payload": '{"customer": "<b>Zoë</b>", "password": "hunter2"}'}}
    started = {"EventType": "ExecutionStarted", "EventId": 1, "EventTimestamp": EPOCH, "ExecutionStartedDetails": told}
    execution = stored.execution([started], of=callback.execution.function, status="RUNNING")
    page = Person("ada").open(factories.callback(execution))
    assert "<strong>photo</strong>" in page and "<script>alert" not in page and 'href="javascript' not in page
    assert "&lt;b&gt;Zoë&lt;/b&gt;" in page and "the input has no /none" in page
    assert "Amount to refund" in page and "needed, recorded" in page and "Approve</button>" in page


@pytest.mark.parametrize("role", ["approver", "viewer"])
def test_why_a_form_cannot_be_used_is_said_once(callback: Callback, role: str) -> None:
    decision(schema='{"type": "nothing"}')
    assert Person("ada", role).open(callback).count("This form cannot be used: The schema does not compile") == 1


def test_what_is_sent_is_byte_for_byte_what_was_previewed(callback: Callback, aws: FakeLambda) -> None:
    decision(schema=SCHEMA)
    ada = Person("ada")
    page = ada.open(callback)
    typed = {**FIELDS, "answer/note": 'a "quoted" <b> ünï\r\nline'}
    seen = previewed(ada, callback, page, **typed)
    assert seen == '{"approved": true, "amount": 480.00, "method": "card", "note": "a \\"quoted\\" <b> ünï\\nline"}'
    ada.send(callback, "approve", page, **typed)
    assert sent_bytes(aws) == seen.encode()
    assert ActionRecord.objects.get().request["Result"] == seen


def test_a_number_stays_as_it_was_typed(callback: Callback, aws: FakeLambda) -> None:
    decision(schema='{"type": "object", "properties": {"card": {"type": "integer"}, "rate": {"type": "number"}}}')
    ada = Person("ada")
    ada.send(callback, "approve", **{"answer/card": "90071992547409931234567890", "answer/rate": "0.10"})
    assert sent_bytes(aws) == b'{"card": 90071992547409931234567890, "rate": 0.10}'


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"answer/amount": ""}, "This is needed"),
        ({"answer/amount": "4,50"}, "Write a number with digits and a point"),
        ({"answer/amount": "501"}, "501 is greater than the maximum of 500.50"),
        ({"answer/method": '"gold"'}, "not one of the choices"),
        ({"answer/items#": "1", "answer/items/0/count": "x"}, "Write a whole number"),
        ({"answer/note": "\x00"}, "Null characters are not allowed"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_is_lost(
    callback: Callback, aws: FakeLambda, typed: dict[str, str], words: str
) -> None:
    decision(schema=SCHEMA)
    page = Person("ada").send(callback, "approve", **{**FIELDS, "answer/note": "kept <i>", "reason": "why", **typed})
    assert words in html.unescape(page) and 'aria-invalid="true"' in page
    assert ("kept &lt;i&gt;" in page or "answer/note" in typed) and "why" in page
    assert not aws.calls and not ActionRecord.objects.exists()


def test_rows_are_added_and_removed_without_sending(callback: Callback, aws: FakeLambda) -> None:
    decision(schema=SCHEMA)
    ada = Person("ada")
    page = ada.send(callback, "add answer/items", **FIELDS, **{"answer/items#": "0"})
    assert 'name="answer/items/0/name"' in page and "480.00" in page
    rows = {"answer/items#": "3"} | {f"answer/items/{n}/name": word for n, word in enumerate(["one", "two", "three"])}
    page = ada.send(callback, "remove answer/items/1", **FIELDS, **rows)
    assert re.findall(r'name="answer/items/(\d)/name" value="(\w+)"', page) == [("0", "one"), ("1", "three")]
    assert not aws.calls
    left = {"answer/items#": "2", "answer/items/0/name": "one", "answer/items/1/name": "three"}
    ada.send(callback, "approve", page, **FIELDS, **left)
    assert b'"items": [{"name": "one"}, {"name": "three"}]' in sent_bytes(aws)


def test_fields_become_json_and_json_becomes_fields(callback: Callback, aws: FakeLambda) -> None:
    decision(schema=SCHEMA)
    ada = Person("ada")
    page = ada.send(callback, "mode raw", **FIELDS, reason="why")
    assert html.escape('{"approved": true, "amount": 480.00, "method": "card"}') in page and "why" in page
    typed = {"format": "json", "result": '{"approved": true, "amount": 12.50, "method": "cash"}'}
    page = ada.send(callback, "mode fields", page, **typed)
    assert 'value="12.50"' in page and re.search(r'value="&quot;cash&quot;" selected', page)
    assert not aws.calls


def test_json_is_refused_where_the_policy_allows_none(callback: Callback, aws: FakeLambda) -> None:
    decision(schema=SCHEMA, raw=False)
    ada = Person("ada")
    page = ada.open(callback)
    assert "Write it as JSON" not in page
    again = ada.send(callback, "approve", page, mode="raw", format="json", result='{"x": 1}')
    assert "This is needed" in again and not aws.calls


def test_without_a_decision_form_json_or_text_is_sent(callback: Callback, aws: FakeLambda) -> None:
    ada = Person("ada")
    page = ada.open(callback)
    assert 'name="result"' in page
    typed = {"format": "text", "result": 'no {"json"} <here>'}
    assert previewed(ada, callback, page, **typed) == typed["result"]
    ada.send(callback, "approve", page, **typed)
    assert sent_bytes(aws) == typed["result"].encode()


def test_json_quoted_twice_is_asked_about(callback: Callback, aws: FakeLambda) -> None:
    ada = Person("ada")
    typed = {"format": "json", "result": '"{\\"a\\": 1}"'}
    page = ada.send(callback, "approve", **typed)
    assert "quoted twice" in page and 'name="twice"' in page and not aws.calls
    ada.send(callback, "approve", page, **typed, twice="on")
    assert sent_bytes(aws) == b'"{\\"a\\": 1}"'


@pytest.mark.parametrize("bad", ['{"a": NaN}', "{", '"\\ud800"', "[1"])
def test_what_is_no_json_is_said_and_kept(callback: Callback, aws: FakeLambda, bad: str) -> None:
    ada = Person("ada")
    data = {
        **hidden(ada.open(callback)),
        "format": "json",
        "result": bad,
        "do": "approve",
    }
    page = ada.client.post(url(callback), data)
    assert page.status_code == 200 and not aws.calls
    assert "not JSON" in page.content.decode() or "surrogate" in page.content.decode()


def test_prepared_answers_are_one_press(callback: Callback, aws: FakeLambda) -> None:
    decision(
        raw=False,
        answer=[
            {"label": "Refund 10", "result": '{"amount": 10}'},
            {"label": "Reject: no photo", "error_type": "NoPhoto", "error_message": "There is no photo."},
        ],
    )
    ada = Person("ada")
    page = ada.open(callback)
    assert "Refund 10" in page and html.escape('{"amount": 10}') in page and 'value="approve"' not in page
    said = ada.send(callback, "ready Reject: no photo", page)
    assert "AWS accepted it" in said
    assert dict(aws.requests)[FAILED]["Error"] == {"ErrorType": "NoPhoto", "ErrorMessage": "There is no photo."}


def test_a_prepared_answer_says_nothing_of_fields_that_it_does_not_send(callback: Callback, aws: FakeLambda) -> None:
    schema = {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}}
    decision(raw=False, schema=schema, reason_required=True, answer=[{"label": "Reject", "error_type": "No"}])
    ada = Person("ada")
    page = ada.send(callback, "ready Reject")
    assert "A reason is needed" in page and 'id="id_answer/amount_error"' not in page and not aws.calls
    assert 'id="id_answer/amount_error"' in ada.send(callback, "approve", page)


def test_an_answer_that_is_not_prepared_is_not_sent(callback: Callback, aws: FakeLambda) -> None:
    decision(raw=False, answer=[{"label": "Yes", "result": "true"}])
    for do in ("ready No", "repeat 1", "approve", "nonsense"):
        assert "This is not one of the answers" in Person(uuid.uuid4().hex).send(callback, do)
    assert not aws.calls


def test_a_form_that_has_changed_meanwhile_is_shown_anew_and_sends_nothing(callback: Callback, aws: FakeLambda) -> None:
    decision(schema=SCHEMA)
    ada = Person("ada")
    page = ada.open(callback)
    decision(schema=SCHEMA, approvals=2)
    page = ada.send(callback, "approve", page, **FIELDS, reason="my words")
    assert "has changed since you opened it" in page and "my words" in page and "480.00" in page
    assert not aws.calls and not ActionRecord.objects.exists()
    assert "Nothing was sent yet" in ada.send(callback, "approve", page, **FIELDS)


def test_the_second_sees_who_said_what_and_repeats_it_exactly(callback: Callback, aws: FakeLambda) -> None:
    decision(schema=SCHEMA, approvals=2)
    ada, grace = Person("ada"), Person("grace")
    assert "Nothing was sent yet" in ada.send(callback, "approve", **FIELDS, reason="the photo shows it")
    page = grace.open(callback)
    assert "Approvals 1 of 2" in page and "the photo shows it" in page and 'data-vote="ada"' in page
    assert "Approve as second, the same as ada" in page
    assert "the same as" not in ada.open(callback)
    number = re.search(r'value="(repeat \d+)"', page)
    assert number and "AWS accepted it" in grace.send(callback, number.group(1), page)
    assert sent_bytes(aws) == b'{"approved": true, "amount": 480.00, "method": "card"}'


def test_what_was_decided_is_shown_for_ever(callback: Callback, aws: FakeLambda) -> None:
    ada = Person("ada")
    ada.send(callback, "approve", format="json", result='{"ok": 1}', reason="because")
    Callback.objects.update(status="SUCCEEDED", closed_at=timezone.now())
    page = Person("vera", "viewer").open(callback)
    assert "ada</bdi></strong> answered the callback with success" in page
    assert html.escape('{"ok": 1}') in page and "because" in page and "<textarea" not in page


def test_in_the_pane_the_result_takes_the_forms_place(callback: Callback, aws: FakeLambda) -> None:
    ada = Person("ada")
    page = ada.client.get(url(callback), {"in": "pane"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in page and "?in=pane" in page and "Cancel" not in page
    data = {**hidden(page), "format": "json", "result": "1", "do": "approve"}
    answer = ada.client.post(url(callback) + "?in=pane", data, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "HX-Redirect" not in answer
    assert "AWS accepted it" in answer.content.decode() and "data-answer" in answer.content.decode()


def test_from_the_dialog_the_whole_page_is_led_to_the_execution(callback: Callback) -> None:
    ada = Person("ada")
    data = {**hidden(ada.open(callback)), "format": "json", "result": "1", "do": "approve"}
    answer = ada.client.post(url(callback) + "?in=dialog", data, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == f"/executions/{callback.execution_id}/"


def test_claiming_and_keeping_alive_keeps_what_was_typed(callback: Callback, aws: FakeLambda) -> None:
    ada, bob = Person("ada"), Person("bob")
    page = ada.send(callback, "claim", format="json", result="half", reason="writing")
    assert "half" in page and "writing" in page and "Claimed by you" in page and not aws.calls
    assert Claim.objects.get().username == "ada"
    assert "Take over from ada" in bob.open(callback)
    page = ada.send(callback, "alive", page)
    assert "Kept alive" in page and Claim.objects.get().alive_since is not None
    page = ada.send(callback, "lapse", page)
    assert Claim.objects.get().alive_since is None
    page = ada.send(callback, "beat", page)
    assert aws.calls["send_durable_execution_callback_heartbeat"] == 1
    ada.send(callback, "release", page)
    assert not Claim.objects.exists()


def test_a_page_that_showed_nobody_s_claim_takes_nothing_over(callback: Callback) -> None:
    ada, bob = Person("ada"), Person("bob")
    stale = bob.open(callback)
    ada.send(callback, "claim")
    said = bob.send(callback, "claim", stale)
    assert "ada has claimed this" in said and Claim.objects.get().username == "ada"
    bob.send(callback, "take over", said)
    assert Claim.objects.get().username == "bob"


def test_enter_sends_nothing(callback: Callback, aws: FakeLambda) -> None:
    page = Person("ada").open(callback)
    assert re.findall(r'<button[^>]*name="do" value="(\w+)', page)[0] == "look"
    Person("grace").send(callback, "look", format="json", result="1")
    assert not aws.calls


def test_who_may_not_answer_sees_what_is_asked_but_sends_nothing(callback: Callback, aws: FakeLambda) -> None:
    olga = Person("olga", "operator")
    page = olga.open(callback)
    assert "Your role does not let you answer callbacks" in page and 'value="approve"' not in page
    data = {"token": str(uuid.uuid4()), "do": "approve", "format": "json", "result": "1"}
    assert olga.client.post(url(callback), data).status_code == 403
    assert olga.client.post(url(callback) + "preview/", data).status_code == 403
    assert not aws.calls


@pytest.mark.parametrize("values", [{"token": "nonsense"}, {"token": ""}, {"format": "yaml"}, {"reason": "x" * 1001}])
def test_a_form_with_bad_values_is_shown_again_and_sends_nothing(
    callback: Callback, aws: FakeLambda, values: dict[str, str]
) -> None:
    page = Person("ada").send(callback, "approve", **{"format": "json", "result": "1", **values})
    assert "csrfmiddlewaretoken" in page and not aws.calls


def test_a_stale_page_says_who_was_first(callback: Callback, aws: FakeLambda) -> None:
    ada, grace = Person("ada"), Person("grace")
    page = ada.open(callback)
    grace.send(callback, "approve", format="json", result="1")
    said = ada.send(callback, "approve", page, format="json", result="2")
    assert "Nothing was sent. grace answered the callback" in said and aws.calls[SENT] == 1


def test_another_callback_of_the_same_number_is_a_404(callback: Callback) -> None:
    other = factories.execution()
    client = Person("ada").client
    assert client.get(f"/executions/{other.pk}/callbacks/{callback.pk}/answer/").status_code == 404
    assert client.post(f"/executions/{other.pk}/callbacks/{callback.pk}/answer/preview/").status_code == 404


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (client_error("CallbackTimeoutException", 400, "too late"), "too late"),
        (client_error("ResourceNotFoundException", 404, "no such callback"), "no such callback"),
        (client_error("InvalidParameterValueException", 400, "malformed id"), "malformed id"),
        (client_error("AccessDeniedException", 403, "not you"), "not you"),
        (client_error("TooManyRequestsException", 429, "slow down"), "slow down"),
    ],
)
def test_what_aws_refuses_is_said_and_can_be_sent_again_as_it_was_typed(
    callback: Callback, aws: FakeLambda, error: Exception, words: str
) -> None:
    aws.fail_next(SENT, error)
    ada = Person("ada")
    page = ada.send(callback, "approve", format="json", result='{"ok": 1}', reason="because")
    assert words in html.unescape(page) and "Nothing was sent" in page and "What you typed is kept" in page
    assert html.escape('{"ok": 1}') in page and "because" in page
    assert ActionRecord.objects.get().outcome == "refused"
    assert "AWS accepted it" in ada.send(callback, "approve", page, format="json", result='{"ok": 1}')
    assert aws.calls[SENT] == 2 and ActionRecord.objects.filter(outcome="accepted").count() == 1


def test_a_lost_response_is_unconfirmed_and_shown_so_to_everybody(callback: Callback, aws: FakeLambda) -> None:
    aws.fail_next(SENT, ReadTimeoutError(endpoint_url="https://lambda"))
    ada = Person("ada")
    said = ada.send(callback, "approve", format="json", result="1")
    assert "it is not sent again" in said
    page = Person("grace").open(callback)
    assert 'data-outcome="unconfirmed"' in page and 'value="approve"' not in page
    typed = {"token": str(uuid.uuid4()), "format": "json", "result": "2"}
    assert "Nothing was sent. ada answered" in Person("edith").send(callback, "approve", page, **typed)
    assert aws.calls[SENT] == 1


def test_a_page_that_is_left_open_until_the_execution_ends_says_so(callback: Callback, aws: FakeLambda) -> None:
    ada = Person("ada")
    page = ada.open(callback)
    Execution.objects.update(status="STOPPED")
    Callback.objects.update(status="NEVER_FINISHED", closed_at=timezone.now())
    said = ada.send(callback, "approve", page, format="json", result="1")
    assert "Nothing was sent. The execution ended before this callback was answered" in said and not aws.calls


def test_fifty_requests_of_two_people_at_once_send_one_answer(callback: Callback, aws: FakeLambda) -> None:
    people = [Person("ada"), Person("grace")]
    pages = [person.open(callback) for person in people]
    answers: list[str] = []

    def one(number: int) -> None:
        person, page = people[number % 2], pages[number % 2]
        client = Client()
        client.cookies = person.client.cookies
        token = hidden(page)["token"] if number % 3 else str(uuid.uuid4())  # a double click, or another tab
        data = {**hidden(page), "token": token, "format": "json", "result": str(number), "do": "approve"}
        try:
            answers.append(client.post(f"{url(callback)}?in=pane", data).content.decode())
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 50 and aws.calls[SENT] == 1
    record = ActionRecord.objects.get(kind="succeed", outcome="accepted")
    assert ActionRecord.objects.filter(callback=callback).count() == 1
    for answer in answers:  # everybody sees which, and by whom
        assert f"{record.username}" in answer and "data-answer" in answer


def test_every_form_of_it_carries_its_own_csrf_token(callback: Callback) -> None:
    ada = Person("ada")
    for headers in ({}, {"HX-Request": "true"}):
        page = ada.client.get(url(callback), headers=headers).content.decode()
        form = page[page.index(f'id="decision-{callback.pk}"') :]
        assert "csrfmiddlewaretoken" in form[: form.index("</form>")]


@pytest.mark.parametrize("what", ["answer/", "answer/preview/", "claim/", "release/", "heartbeat/"])
def test_a_callback_is_not_found_under_another_execution(callback: Callback, client: Client, what: str) -> None:
    client.force_login(factories.user("admin"))
    other = factories.execution(callback.execution.function)
    for method in (client.get, client.post):
        right = method(f"/executions/{callback.execution_id}/callbacks/{callback.pk}/{what}")
        wrong = method(f"/executions/{other.pk}/callbacks/{callback.pk}/{what}")
        assert right.status_code in (200, 302, 405) and wrong.status_code in (404, 405)
        assert (right.status_code == 405) == (wrong.status_code == 405)
