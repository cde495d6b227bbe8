"""Starting an execution, running one again as new, and prepared events."""

import re
import uuid
from html import unescape
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from django.test import Client

from executions.actions import starting
from executions.gateway.connections import Connection
from executions.models import ActionRecord, Function, InputSchema, PreparedEvent
from tests import factories
from tests.fakes import REGION, FakeLambda
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    fake = FakeLambda()
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: Connection("default", REGION, fake))
    return fake


@pytest.fixture
def function(aws: FakeLambda) -> Function:
    aws.add_function("coffee")
    return factories.function("coffee", arn=aws.functions["coffee"]["FunctionArn"])


def form(**values: Any) -> dict[str, Any]:
    return {"token": str(uuid.uuid4()), "qualifier": "live", "name": "", "payload": '{"n": 1}', "reason": "", **values}


def url(function: Function) -> str:
    return f"/functions/{function.pk}/start/"


def test_the_form_says_why_it_is_asynchronous_and_starts_nothing(
    as_admin: Client, aws: FakeLambda, function: Function
) -> None:
    page = as_admin.get(url(function)).content.decode()
    assert "asynchronously, as AWS requires here" in page and "longer than one invocation may" in page
    assert not aws.calls and url(function) in as_admin.get(f"/functions/{function.pk}/").content.decode()
    Function.objects.update(execution_timeout_seconds=30)
    assert "nobody has to wait" in as_admin.get(url(function)).content.decode()


def test_a_start_sends_the_bytes_once_and_leads_to_the_execution(
    as_admin: Client, aws: FakeLambda, function: Function
) -> None:
    sent = form(payload='{\r\n "id": 12345678901234567890}', reason="by hand")
    answers = [as_admin.post(url(function), sent) for _ in range(2)]
    assert aws.calls["invoke"] == 1
    request = dict(aws.requests)["invoke"]
    assert request["Payload"] == b'{\n "id": 12345678901234567890}'
    assert (request["InvocationType"], request["Qualifier"]) == ("Event", "live")
    record = ActionRecord.objects.get()
    assert record.execution_arn in aws.executions and record.outcome == "accepted" and record.reason == "by hand"
    assert request["DurableExecutionName"] == f"web-{record.token.hex}"
    assert all(answer["Location"].startswith("/arn/arn:aws:lambda") for answer in answers)
    assert "started the execution" in as_admin.get("/audit/").content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("payload", "{"),
        ("payload", ""),
        ("payload", "NaN"),
        ("payload", '"' + "x" * 1_048_576 + '"'),
        ("name", "no spaces"),
        ("name", "x" * 65),
        ("qualifier", "bad:one"),
        ("token", "x"),
    ],
)
def test_what_cannot_be_sent_is_said_next_to_its_field(
    as_admin: Client, aws: FakeLambda, function: Function, field: str, value: str
) -> None:
    page = as_admin.post(url(function), form(**{field: value}))
    assert page.status_code == 200 and ("is-wrong" in page.content.decode() or "banner-bad" in page.content.decode())
    assert not aws.calls and not ActionRecord.objects.exists()


def test_a_name_that_was_taken_with_another_input_is_refused_in_words(
    as_admin: Client, aws: FakeLambda, function: Function
) -> None:
    as_admin.post(url(function), form(name="order-1"))
    sent = form(name="order-1", payload="2")
    page = as_admin.post(url(function), sent)
    text = page.content.decode()
    assert "DurableExecutionAlreadyStarted" in text and "Nothing was started." in text
    assert 'value="order-1"' in text and "2</textarea>" in text, "what was typed is kept"
    token = re.search(r'name="token" value="([^"]+)"', text)
    assert token and token[1] != sent["token"], "a new start, not the one that has its record"
    as_admin.post(url(function), sent | {"token": token[1], "name": "order-2"})
    assert [record.outcome for record in ActionRecord.objects.order_by("pk")] == ["accepted", "refused", "accepted"]


@pytest.mark.parametrize("arrives", [True, False])
def test_a_start_whose_answer_was_lost_is_settled_by_the_list(
    as_admin: Client, aws: FakeLambda, function: Function, arrives: bool
) -> None:
    invoke = aws.invoke

    def lost(**request: Any) -> dict[str, Any]:
        if arrives:
            invoke(**request)
        raise ReadTimeoutError(endpoint_url="http://x")

    aws.invoke = lost  # type: ignore[method-assign]
    as_admin.post(url(function), form(name="order-9"))
    record = ActionRecord.objects.get()
    assert record.outcome == "unconfirmed"
    for arn in aws.executions:
        factories.execution(function, arn=arn, name="order-9", started_at=factories.ago())
    factories.execution(function, name="order-9", started_at=factories.ago(hours=1))
    starting.settle_starts(now=factories.ago())
    record.refresh_from_db()
    assert record.outcome == "unconfirmed", "too early"
    later = factories.ago() + 3 * starting.GRACE
    if not arrives:
        Function.objects.update(listed_at=record.created_at + starting.GRACE / 3)
        starting.settle_starts(now=later)
        record.refresh_from_db()
        assert record.outcome == "unconfirmed", "AWS may not have listed it by then"
    Function.objects.update(listed_at=later)
    starting.settle_starts(now=later)
    record.refresh_from_db()
    assert record.outcome == ("accepted" if arrives else "refused") and record.execution_arn == "".join(aws.executions)


def test_run_again_takes_the_input_over_to_be_edited(as_admin: Client, aws: FakeLambda) -> None:
    execution = stored.execution(stored.wire(stored.scenarios()[0]))
    page = as_admin.get(f"/executions/{execution.pk}/").content.decode()
    link = f"/functions/{execution.function_id}/start/?from={execution.pk}"
    assert link in page
    form_page = as_admin.get(link).content.decode()
    assert "as new, with the input of" in form_page and "not in the mirror" not in form_page
    other = factories.execution()
    assert (
        "not in the mirror" in as_admin.get(f"/functions/{other.function_id}/start/?from={other.pk}").content.decode()
    )


def test_a_prepared_event_is_kept_offered_and_removed(as_admin: Client, function: Function) -> None:
    events = f"/functions/{function.pk}/events/"
    as_admin.post(events, {"event_name": "small <b>", "payload": '{"size": "S"}'})
    one = PreparedEvent.objects.get()
    page = as_admin.get(f"{url(function)}?event={one.pk}").content.decode()
    assert "small &lt;b&gt;" in page and "&quot;size&quot;: &quot;S&quot;" in page
    assert "not JSON" in as_admin.post(events, {"event_name": "x", "payload": "{"}, follow=True).content.decode()
    asked = as_admin.get(f"{events}{one.pk}/remove/").content.decode()
    assert "Remove the prepared event" in asked and "small &lt;b&gt;" in asked and PreparedEvent.objects.exists()
    as_admin.post(f"{events}{one.pk}/remove/")
    assert not PreparedEvent.objects.exists()
    kept, removed = ActionRecord.objects.order_by("pk")
    assert (kept.kind, removed.kind) == ("prepare", "unprepare")
    assert (
        kept.request
        == removed.request
        == {
            "FunctionName": function.arn,
            "Event": "small <b>",
            "Payload": '{"size": "S"}',
        }
    )
    audit = as_admin.get("/audit/").content.decode()
    assert "kept a prepared event" in audit and "removed a prepared event" in audit


@pytest.mark.parametrize("payload", ['{"size": "S"}', '{"size":'])
def test_keeping_a_prepared_event_leaves_what_is_typed_in_the_form(
    as_admin: Client, function: Function, payload: str
) -> None:
    typed = form(payload=payload, qualifier="live", reason="for the demo", name="mine", event_name="small")
    page = unescape(as_admin.post(f"/functions/{function.pk}/events/", typed).content.decode())
    for text in (payload, 'value="live"', "for the demo", 'value="mine"'):
        assert text in page
    kept = payload == '{"size": "S"}'
    assert ("Kept as the prepared event" in page) == kept == PreparedEvent.objects.exists()
    assert ('value="small"' in page) != kept


@pytest.mark.parametrize("schema", ["", '{"type": 7}', '{"type": "object"}'])
def test_keeping_a_schema_leaves_what_is_typed_in_the_form(as_admin: Client, described: Function, schema: str) -> None:
    typed = {**fields(drink='"latte"', qty="3"), "schema": schema, "reason": "for the demo", "name": "mine"}
    page = unescape(as_admin.post(f"/functions/{described.pk}/schema/", typed).content.decode())
    for text in ('"qty":3', '"drink":"latte"', "for the demo", 'value="mine"', f">{schema}</textarea>"):
        assert text in page.replace(": ", ":") or text in page, text
    assert ActionRecord.objects.filter(kind="describe").count() == (schema != '{"type": 7}')


def test_enter_in_a_field_starts_nothing_and_loses_nothing(
    as_admin: Client, aws: FakeLambda, function: Function
) -> None:
    """A browser presses the first button of a form for it: a name for a prepared event is no wish to start."""
    page = as_admin.get(url(function)).content.decode()
    start = page[page.index('<form class="confirm" id="start"') :]
    assert re.findall(r'<button [^>]*name="do" value="(\w+)', start)[0] == "look"
    typed = form(do="look", event_name="small", schema='{"type": "object"}', reason="for the demo")
    again = unescape(as_admin.post(url(function), typed).content.decode())
    assert 'value="small"' in again and '>{"type": "object"}</textarea>' in again and "for the demo" in again
    assert not aws.calls and not ActionRecord.objects.exists()
    wrong = as_admin.post(url(function), {**typed, "name": "no spaces"}).content.decode()
    assert 'aria-invalid="true"' in wrong and not aws.calls


def test_keeping_one_thing_leaves_what_is_typed_of_the_other(as_admin: Client, function: Function) -> None:
    typed = form(event_name="small", schema='{"type": "object"}')
    page = unescape(as_admin.post(f"/functions/{function.pk}/events/", {**typed, "schema": "{"}).content.decode())
    assert ">{</textarea>" in page and 'value="small"' not in page
    page = unescape(as_admin.post(f"/functions/{function.pk}/schema/", typed).content.decode())
    assert 'value="small"' in page


def test_only_who_may_sees_the_button(as_operator: Client, function: Function) -> None:
    assert url(function) not in as_operator.get(f"/functions/{function.pk}/").content.decode()
    assert as_operator.get(url(function)).status_code == 403


SCHEMA = """{"type": "object", "required": ["drink"], "additionalProperties": false, "properties": {
  "drink": {"type": "string", "enum": ["latte", "cortado"]}, "qty": {"type": "integer", "minimum": 1, "default": 1},
  "extras": {"type": "array", "items": {"type": "string"}}}}"""


@pytest.fixture
def described(function: Function) -> Function:
    InputSchema.objects.create(function=function, text=SCHEMA, username="admin", changed_at=factories.ago())
    return function


def fields(**values: Any) -> dict[str, Any]:
    given = form(mode="fields", do="start")
    del given["payload"]
    return {**given, "answer/extras#": "0", **{f"answer/{name}": value for name, value in values.items()}}


def test_the_schema_of_the_input_makes_a_form_whose_values_are_sent(
    as_admin: Client, aws: FakeLambda, described: Function
) -> None:
    page = as_admin.get(url(described)).content.decode()
    assert 'name="answer/drink"' in page and 'name="answer/qty" value="1"' in page and 'name="payload"' not in page
    wrong = as_admin.post(url(described), fields(qty="0")).content.decode()
    assert "This is needed" in wrong and not aws.calls
    as_admin.post(url(described), fields(drink='"latte"', qty="2"))
    assert dict(aws.requests)["invoke"]["Payload"] == b'{"drink": "latte", "qty": 2}'


def test_nothing_is_started_that_does_not_fit_the_schema(
    as_admin: Client, aws: FakeLambda, described: Function
) -> None:
    sent = form(mode="raw", do="start", payload='{"drink": "tea"}')
    assert "does not fit the schema" in as_admin.post(url(described), sent).content.decode()
    assert not aws.calls and not ActionRecord.objects.exists()
    as_admin.post(url(described), form(mode="raw", do="start", payload='{"drink": "cortado"}'))
    assert dict(aws.requests)["invoke"]["Payload"] == b'{"drink": "cortado"}', "written JSON is sent as it is written"


def test_one_may_change_between_fields_and_json_and_loses_nothing(
    as_admin: Client, aws: FakeLambda, described: Function
) -> None:
    raw = as_admin.post(url(described), {**fields(drink='"latte"', qty="3"), "do": "mode raw"}).content.decode()
    assert "&quot;qty&quot;: 3" in raw and 'name="payload"' in raw
    sent = form(mode="raw", payload='{"drink": "cortado", "extras": ["oat", "ice"]}', do="mode fields", name="mine")
    back = as_admin.post(url(described), sent).content.decode()
    assert 'value="oat"' in back and 'value="ice"' in back and 'value="mine"' in back
    assert not aws.calls


def test_an_input_that_the_fields_cannot_hold_is_shown_as_json(as_admin: Client, described: Function) -> None:
    event = PreparedEvent.objects.create(
        function=described,
        name="odd",
        payload='{"drink": "latte", "note": "x"}',
        username="a",
        created_at=factories.ago(),
    )
    page = as_admin.get(f"{url(described)}?event={event.pk}").content.decode()
    assert "&quot;note&quot;: &quot;x&quot;" in page and 'name="payload"' in page


def test_admins_keep_the_schema_and_a_wrong_one_is_not_kept(
    as_admin: Client, as_operator: Client, function: Function
) -> None:
    where = f"/functions/{function.pk}/schema/"
    assert as_operator.post(where, {"schema": SCHEMA}).status_code == 403
    as_admin.post(where, {"schema": SCHEMA})
    assert InputSchema.objects.get().text == SCHEMA
    said = as_admin.post(where, {"schema": '{"type": 7}'}, follow=True).content.decode()
    assert "does not compile" in said and InputSchema.objects.get().text == SCHEMA
    as_admin.post(where, {"schema": " "})
    assert not InputSchema.objects.exists()
