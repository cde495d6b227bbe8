"""Stopping and answering: permitted, on record, and at AWS at most once."""

import datetime as dt
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import structlog
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction

from executions.actions import decisions, perform, permissions
from executions.actions.records import GRACE, LATEST, Actor
from executions.actions.results import BadValue
from executions.actions.settle import settle, settle_left
from executions.gateway import budget, connections, deadline
from executions.gateway.configuration import Configured
from executions.gateway.errors import GatewayError
from executions.models import ActionRecord, Callback, Execution
from executions.sync import functions, hasten, history, listing
from tests import factories
from tests.fakes import EPOCH, FakeLambda, client_error, default_connection

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
Outcome = ActionRecord.Outcome


@pytest.fixture
def execution(aws: FakeLambda, now: dt.datetime) -> Execution:
    aws.add_function("coffee")
    arn = aws.start("coffee", "order-1")
    aws.open_callback(arn, EPOCH + 1)
    functions.discover(default_connection(), now=now)
    listing.list_function(functions.Function.objects.select_related("connection").get(), now=now)
    row = Execution.objects.select_related("function__connection").get()
    history.pull(row, now=now)
    return Execution.objects.select_related("function__connection").get()


@pytest.fixture
def callback(execution: Execution) -> Callback:
    return Callback.objects.select_related("execution__function").get()


@pytest.fixture
def approver() -> User:
    return factories.user("approver", "the-approver")


@pytest.fixture
def lambda_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """Something on 127.0.0.1 that takes every request: its address, and the paths that arrived."""
    arrived: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", arrived
    server.shutdown()


def actor(user: User, reason: str = "", token: uuid.UUID | None = None) -> Actor:
    return Actor(user=user, address="127.0.0.1", token=token or uuid.uuid4(), reason=reason)


def answer(user: User, callback: Callback, now: dt.datetime, **kwargs: Any) -> ActionRecord:
    return decisions.succeed(actor(user, **kwargs), callback, result='{"ok": true}', is_json=True, now=now)


def test_an_answer_reaches_aws_byte_for_byte_and_is_on_record(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    typed = ' {"id": 12345678901234567890, "name": "Zoë"}\n'
    record = decisions.succeed(actor(approver, "tasted it"), callback, result=typed, is_json=True, now=now)
    assert dict(aws.requests)["send_durable_execution_callback_success"]["Result"] == typed.encode()
    assert (record.outcome, record.username, record.reason) == (Outcome.ACCEPTED, "the-approver", "tasted it")
    assert record.aws_request_id and record.request["Result"] == typed and record.finished_at


def test_the_record_is_committed_before_aws_is_called(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    seen: list[str] = []
    send = aws.send_durable_execution_callback_success

    def looks_first(**request: Any) -> dict[str, Any]:
        def look() -> None:
            seen.extend(ActionRecord.objects.values_list("outcome", flat=True))
            connection.close()

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        return send(**request)

    aws.send_durable_execution_callback_success = looks_first  # type: ignore[method-assign]
    answer(approver, callback, now)
    assert seen == [Outcome.SENDING]


def test_the_same_form_sent_twice_calls_aws_once(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    token = uuid.uuid4()
    first, second = (answer(approver, callback, now, token=token) for _ in range(2))
    assert first.pk == second.pk
    assert aws.calls["send_durable_execution_callback_success"] == 1


def test_a_second_person_is_told_who_was_first(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    answer(approver, callback, now)
    other = factories.user("admin")
    with pytest.raises(perform.NotAllowed, match="the-approver answered the callback with success"):
        decisions.fail(actor(other), callback, error_type="No", error_message="", now=now)
    assert aws.calls["send_durable_execution_callback_failure"] == 0


def test_twenty_people_at_once_send_one_answer(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Everybody has passed the check before anybody has written: only the database can tell them apart.
    monkeypatch.setattr(permissions, "can_answer", lambda *_: permissions.YES)
    results: list[str] = []

    def one() -> None:
        try:
            results.append(answer(approver, callback, now).outcome)
        except perform.AlreadyDone:
            results.append("already")
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [Outcome.ACCEPTED] + ["already"] * 19
    assert aws.calls["send_durable_execution_callback_success"] == 1


def test_an_answer_that_aws_refuses_can_be_sent_again(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    aws.fail_next("send_durable_execution_callback_success", client_error("KMSAccessDeniedException"))
    refused = answer(approver, callback, now)
    assert refused.outcome == Outcome.REFUSED and "KMSAccessDenied" in refused.answer
    assert answer(approver, callback, now).outcome == Outcome.ACCEPTED


def test_a_callback_answered_elsewhere_meanwhile_is_said_so_by_aws(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    aws.send_durable_execution_callback_success(CallbackId=callback.callback_id, Result=b"1")
    record = answer(approver, callback, now)
    assert record.outcome == Outcome.REFUSED and "answered already" in record.answer


def test_a_lost_response_is_unconfirmed_never_resent_and_settled_from_the_history(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    send = aws.send_durable_execution_callback_success

    def arrives_but_the_answer_is_lost(**request: Any) -> dict[str, Any]:
        send(**request)
        raise ReadTimeoutError(endpoint_url="http://x")

    aws.send_durable_execution_callback_success = arrives_but_the_answer_is_lost  # type: ignore[method-assign]
    record = answer(approver, callback, now)
    assert record.outcome == Outcome.UNCONFIRMED
    with pytest.raises(perform.NotAllowed, match="not confirmed"):
        answer(approver, callback, now)
    history.pull(callback.execution, now=now)
    settle(callback.execution_id, now=now)
    record.refresh_from_db()
    assert record.outcome == Outcome.ACCEPTED and "history" in record.answer
    assert aws.calls["send_durable_execution_callback_success"] == 1


def test_a_lost_request_is_only_given_up_by_a_history_read_well_after_it(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    aws.fail_next("send_durable_execution_callback_success", ReadTimeoutError(endpoint_url="http://x"))
    record = answer(approver, callback, now)
    history.pull(callback.execution, now=now)
    settle(callback.execution_id, now=now)
    record.refresh_from_db()
    assert record.outcome == Outcome.UNCONFIRMED
    later = now + GRACE + dt.timedelta(seconds=1)
    history.pull(Execution.objects.select_related("function__connection").get(), now=later)
    settle(callback.execution_id, now=later)
    record.refresh_from_db()
    assert record.outcome == Outcome.REFUSED and "sent again" in record.answer


def test_when_aws_cannot_even_be_reached_nothing_was_sent(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    aws.fail_next("send_durable_execution_callback_success", EndpointConnectionError(endpoint_url="http://x"))
    assert answer(approver, callback, now).outcome == Outcome.REFUSED


@pytest.mark.parametrize("text", ["{", "nope", "NaN", "", '{"a":1}}', "[" * 5000])
def test_what_is_not_json_is_not_sent_as_json(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime, text: str
) -> None:
    with pytest.raises(BadValue, match="not JSON"):
        decisions.succeed(actor(approver), callback, result=text, is_json=True, now=now)
    assert not ActionRecord.objects.exists()


def test_plain_text_is_sent_as_it_is_and_too_much_is_refused_with_the_limit(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime, settings: Any
) -> None:
    settings.CALLBACK_RESULT_LIMIT = 10
    with pytest.raises(BadValue, match=r"11 bytes.*at most 10"):
        decisions.succeed(actor(approver), callback, result="é" * 5 + "x", is_json=False, now=now)
    decisions.succeed(actor(approver), callback, result="{ not json", is_json=False, now=now)
    assert dict(aws.requests)["send_durable_execution_callback_success"]["Result"] == b"{ not json"


def test_stop_sends_type_and_message_once_and_not_to_what_has_ended(
    aws: FakeLambda, execution: Execution, approver: User, now: dt.datetime
) -> None:
    perform.stop(actor(approver), execution, error_type="TableLeft", error_message="gone", now=now)
    assert dict(aws.requests)["stop_durable_execution"]["Error"] == {
        "ErrorType": "TableLeft",
        "ErrorMessage": "gone (by the-approver)",
    }
    with pytest.raises(perform.AlreadyDone, match="the-approver stopped the execution"):
        perform.stop(actor(approver), execution, error_type="", error_message="", now=now)
    history.pull(execution, now=now)
    with pytest.raises(perform.NotAllowed, match="ended already"):
        perform.stop(actor(approver), Execution.objects.get(), error_type="", error_message="", now=now)
    assert aws.calls["stop_durable_execution"] == 1


def test_heartbeats_may_be_sent_again_and_again_while_the_callback_is_open(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    for _ in range(3):
        assert perform.heartbeat(actor(approver), callback, now=now).outcome == Outcome.ACCEPTED
    assert aws.calls["send_durable_execution_callback_heartbeat"] == 3


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("", set()),
        ("viewer", set()),
        ("operator", {"stop", "pause", "heartbeat"}),
        ("approver", {"stop", "pause", "heartbeat", "answer"}),
        ("admin", {"stop", "pause", "heartbeat", "answer"}),
    ],
)
def test_each_role_may_do_what_it_says(execution: Execution, callback: Callback, role: str, may: set[str]) -> None:
    user = factories.user(role)
    verdicts = {
        "stop": permissions.can_stop(user, execution),
        "pause": permissions.can_pause(user, execution),
        "heartbeat": permissions.can_heartbeat(user, callback),
        "answer": permissions.can_answer(user, callback),
    }
    assert {name for name, verdict in verdicts.items() if verdict} == may
    assert all(verdict.forbidden and verdict.why for name, verdict in verdicts.items() if name not in may)


def test_a_crash_while_sending_is_settled_although_the_history_was_complete_before_the_grace_was_over(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(perform, "send", killed)
        with pytest.raises(KeyboardInterrupt):
            answer(approver, callback, now)
    aws.send_durable_execution_callback_success(CallbackId=callback.callback_id, Result=b'{"ok": true}')
    arn = callback.execution.arn
    aws.add(arn, "ExecutionSucceeded", EPOCH + 30)
    history.pull(callback.execution, now=now)
    settle(callback.execution_id, now=now)
    assert Execution.objects.get().history_complete and ActionRecord.objects.get().outcome == Outcome.SENDING
    settle_left(now=now + GRACE + dt.timedelta(seconds=1))
    assert ActionRecord.objects.get().outcome == Outcome.ACCEPTED


@pytest.mark.parametrize("how", ["AWS has it no longer", "we have it no longer"])
def test_what_nobody_can_find_out_any_more_is_settled_as_such(
    how: str, aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    aws.fail_next("send_durable_execution_callback_success", ReadTimeoutError(endpoint_url="http://x"))
    record = answer(approver, callback, now)
    if how == "AWS has it no longer":
        Execution.objects.update(gone_at=now, history_due_at=None)
    else:
        Execution.objects.all().delete()
    settle_left(now=now + GRACE)
    record.refresh_from_db()
    assert record.outcome == Outcome.UNCONFIRMED
    settle_left(now=now + GRACE + dt.timedelta(seconds=1))
    record.refresh_from_db()
    assert record.outcome == Outcome.UNKNOWN and "Nobody will know" in record.answer and record.finished_at


def test_a_reading_that_failed_settles_nothing(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    aws.fail_next("send_durable_execution_callback_success", ReadTimeoutError(endpoint_url="http://x"))
    record = answer(approver, callback, now)
    later = now + GRACE + dt.timedelta(seconds=1)
    aws.fail_next("get_durable_execution_history", ReadTimeoutError(endpoint_url="http://x"))
    with pytest.raises(GatewayError):
        history.pull(Execution.objects.select_related("function__connection").get(), now=later)
    settle(callback.execution_id, now=later)
    record.refresh_from_db()
    assert record.outcome == Outcome.UNCONFIRMED


def test_a_token_that_was_used_for_something_else_is_no_success(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    token = uuid.uuid4()
    perform.heartbeat(actor(approver, token=token), callback, now=now)
    with pytest.raises(BadValue, match="open it again"):
        answer(approver, callback, now, token=token)
    with pytest.raises(BadValue, match="open it again"):
        perform.heartbeat(actor(factories.user("approver"), token=token), callback, now=now)
    assert aws.calls["send_durable_execution_callback_success"] == 0
    assert aws.calls["send_durable_execution_callback_heartbeat"] == 1


def test_a_form_that_arrives_twice_at_once_is_sent_once(
    aws: FakeLambda, execution: Execution, approver: User, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, allowed = uuid.uuid4(), permissions.can_stop
    records: list[ActionRecord] = []

    def stop() -> None:
        records.append(perform.stop(actor(approver, token=token), execution, error_type="", error_message="", now=now))

    def meanwhile(*_: Any) -> permissions.Verdict:
        monkeypatch.setattr(permissions, "can_stop", allowed)
        stop()
        return permissions.YES

    monkeypatch.setattr(permissions, "can_stop", meanwhile)
    stop()
    assert aws.calls["stop_durable_execution"] == 1 and records[0] == records[1]


def test_what_breaks_here_while_it_is_sent_may_have_been_carried_out(
    aws: FakeLambda, execution: Execution, approver: User, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> None:
        raise RuntimeError("nobody has foreseen this")

    monkeypatch.setattr(perform.lambda_api, "stop_execution", breaks)
    record = perform.stop(actor(approver), execution, error_type="", error_message="", now=now)
    assert record.outcome == Outcome.UNCONFIRMED and "RuntimeError" in record.answer


def test_inside_another_transaction_whose_end_comes_after_the_call_nothing_is_sent(
    aws: FakeLambda, execution: Execution, approver: User, now: dt.datetime
) -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        perform.stop(actor(approver), execution, error_type="", error_message="", now=now)
    assert aws.calls["stop_durable_execution"] == 0


def test_an_action_is_done_also_when_the_cache_cannot_be_asked(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime, settings: Any
) -> None:
    settings.CACHES = {"default": {"BACKEND": "dashboard.cache.Cache", "LOCATION": "redis://127.0.0.1:1/0"}}
    assert answer(approver, callback, now).outcome == Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("told", "kept"),
    [("203.0.113.9:4711", None), ("not an address", None), ("fe80::1%eth0", "fe80::1"), ("203.0.113.9", "203.0.113.9")],
)
def test_whatever_a_proxy_says_about_the_address_an_action_can_be_recorded(
    aws: FakeLambda, callback: Callback, approver: User, client: Any, told: str, kept: str | None
) -> None:
    client.force_login(approver)
    url = f"/executions/{callback.execution_id}/callbacks/{callback.pk}/heartbeat/"
    assert client.post(url, {"token": str(uuid.uuid4())}, REMOTE_ADDR=told).status_code == 302
    assert ActionRecord.objects.get().address == kept


def test_an_action_hastens_the_history_also_while_it_is_being_read(
    aws: FakeLambda, execution: Execution, now: dt.datetime
) -> None:
    reading = aws.get_durable_execution_history
    later = now + dt.timedelta(seconds=1)

    def acted_meanwhile(**request: Any) -> dict[str, Any]:
        hasten.history(execution.pk, now=later)
        return reading(**request)

    aws.get_durable_execution_history = acted_meanwhile  # type: ignore[method-assign]
    history.pull(execution, now=now)
    assert Execution.objects.get().history_due_at == later


def test_an_answer_whose_turn_comes_too_late_is_not_sent(
    callback: Callback, approver: User, now: dt.datetime, monkeypatch: pytest.MonkeyPatch, lambda_server: Any
) -> None:
    url, arrived = lambda_server
    made = connections.opened(Configured(name="default", region="us-east-1", endpoint=url))
    monkeypatch.setattr(perform, "reach", lambda _: made)
    began, late = time.time(), [0.0]
    monkeypatch.setattr(deadline.time, "time", lambda: began + late[0])
    monkeypatch.setattr(budget, "acquire", lambda *_, **__: late.__setitem__(0, LATEST + 1))
    record = answer(approver, callback, now)
    assert (record.outcome, arrived) == (Outcome.REFUSED, []) and "not sent" in record.answer
    monkeypatch.setattr(budget, "acquire", lambda *_, **__: None)
    assert answer(approver, callback, now).outcome == Outcome.ACCEPTED and len(arrived) == 1


def test_what_was_decided_while_it_was_being_sent_stays_and_is_told(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    send = aws.send_durable_execution_callback_success

    def settled_meanwhile(**request: Any) -> dict[str, Any]:
        ActionRecord.objects.update(outcome=Outcome.REFUSED, answer="taken for lost")
        return send(**request)

    aws.send_durable_execution_callback_success = settled_meanwhile  # type: ignore[method-assign]
    with structlog.testing.capture_logs() as said:
        record = answer(approver, callback, now)
    assert (record.outcome, record.answer) == (Outcome.REFUSED, "taken for lost")
    (told,) = [one for one in said if one["event"] == "action.decided_before"]
    assert told["outcome"] == Outcome.ACCEPTED and told["aws_request_id"]


def test_an_execution_that_is_removed_while_aws_is_called_leaves_its_record(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    send = aws.send_durable_execution_callback_success

    def removed_meanwhile(**request: Any) -> dict[str, Any]:
        Execution.objects.all().delete()
        return send(**request)

    aws.send_durable_execution_callback_success = removed_meanwhile  # type: ignore[method-assign]
    assert answer(approver, callback, now).outcome == Outcome.ACCEPTED
    stored = ActionRecord.objects.get()
    assert (stored.outcome, stored.execution, stored.callback) == (Outcome.ACCEPTED, None, None)


@pytest.mark.parametrize(
    ("what", "field"),
    [
        ({"reason": "a\0b"}, "reason"),
        ({"reason": "x" * 1001}, "reason"),
        ({"error_type": "a\0b"}, "error_type"),
        ({"error_message": "a\0b"}, "error_message"),
        ({"error_message": "half \ud800"}, "error_message"),
        ({"result": "a\0b"}, "result"),
    ],
)
def test_what_no_database_keeps_is_refused_in_words(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime, what: dict[str, str], field: str
) -> None:
    who = actor(approver, what.get("reason", ""))
    with pytest.raises(BadValue) as raised:
        if "result" in what:
            decisions.succeed(who, callback, result=what["result"], is_json=False, now=now)
        else:
            error = {name: what.get(name, "") for name in ("error_type", "error_message")}
            decisions.fail(who, callback, **error, now=now)
    assert raised.value.field == field and not ActionRecord.objects.exists() and "cannot be" in str(raised.value)


def test_a_form_that_is_sent_again_with_another_answer_is_no_success(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    token = uuid.uuid4()
    answer(approver, callback, now, token=token)
    with pytest.raises(BadValue, match="open it again"):
        decisions.succeed(actor(approver, token=token), callback, result="other", is_json=False, now=now)


def test_a_person_who_was_renamed_finds_what_their_form_did(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    token = uuid.uuid4()
    first = answer(approver, callback, now, token=token)
    approver.username = "married"
    approver.save()
    assert answer(approver, callback, now, token=token).pk == first.pk


@pytest.mark.parametrize(
    ("theirs", "outcome"), [(b'{"ok":true}', Outcome.ACCEPTED), (b'{"ok": false}', Outcome.REFUSED)]
)
def test_a_lost_answer_is_confirmed_only_by_what_was_sent(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime, theirs: bytes, outcome: str
) -> None:
    send = aws.send_durable_execution_callback_success

    def somebody_else_was_first(**request: Any) -> dict[str, Any]:
        send(CallbackId=request["CallbackId"], Result=theirs)
        raise ReadTimeoutError(endpoint_url="http://x")

    aws.send_durable_execution_callback_success = somebody_else_was_first  # type: ignore[method-assign]
    record = answer(approver, callback, now)
    history.pull(callback.execution, now=now)
    settle(callback.execution_id, now=now)
    record.refresh_from_db()
    assert record.outcome == outcome and ("not with this" in record.answer) is (outcome == Outcome.REFUSED)


@pytest.mark.parametrize(("message", "outcome"), [("mine", Outcome.ACCEPTED), ("theirs", Outcome.REFUSED)])
def test_a_lost_stop_is_confirmed_only_by_what_was_sent(
    aws: FakeLambda, execution: Execution, approver: User, now: dt.datetime, message: str, outcome: str
) -> None:
    stop = aws.stop_durable_execution

    def lost(**request: Any) -> dict[str, Any]:
        stop(**request if message == "mine" else {**request, "Error": {"ErrorType": "No", "ErrorMessage": message}})
        raise ReadTimeoutError(endpoint_url="http://x")

    aws.stop_durable_execution = lost  # type: ignore[method-assign]
    record = perform.stop(actor(approver), execution, error_type="", error_message=message, now=now)
    history.pull(execution, now=now)
    settle(execution.pk, now=now)
    record.refresh_from_db()
    assert record.outcome == outcome


def test_whether_a_lost_heartbeat_arrived_is_unknown_for_ever(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    aws.fail_next("send_durable_execution_callback_heartbeat", ReadTimeoutError(endpoint_url="http://x"))
    record = perform.heartbeat(actor(approver), callback, now=now)
    later = now + GRACE + dt.timedelta(seconds=1)
    history.pull(Execution.objects.select_related("function__connection").get(), now=later)
    settle(callback.execution_id, now=later)
    record.refresh_from_db()
    assert record.outcome == Outcome.UNKNOWN
    with pytest.raises(DatabaseError, match="append-only"):
        ActionRecord.objects.update(outcome=Outcome.ACCEPTED)


def test_an_answer_after_a_stop_is_told_who_stopped_it(
    aws: FakeLambda, callback: Callback, approver: User, now: dt.datetime
) -> None:
    perform.stop(actor(approver), callback.execution, error_type="", error_message="", now=now)
    record = answer(factories.user("approver"), callback, now)
    assert record.outcome == Outcome.REFUSED and "the-approver has stopped the execution" in record.answer
