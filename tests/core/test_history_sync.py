"""The mirror of one execution's history."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import orjson
import pytest
import zstandard
from django.utils import timezone

from executions import history_pages, live
from executions.domain import written
from executions.gateway.errors import GatewayError, NotFound
from executions.models import Callback, Execution, HistoryPage, StatusCount, Trouble
from executions.sync import functions, history, listing, storing
from executions.sync.deriving import derive
from executions.sync.storing import Book, Pulled
from tests.fakes import EPOCH, FakeLambda, client_error, default_connection

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
Stored = Callable[[str], list[dict[str, Any]]]


def mirrored(aws: FakeLambda, now: dt.datetime, name: str = "order-1") -> tuple[str, Execution]:
    aws.add_function("coffee")
    arn = aws.start("coffee", name)
    functions.discover(default_connection(), now=now)
    listing.list_function(functions.Function.objects.select_related("connection").get(), now=now)
    return arn, Execution.objects.select_related("function__connection").get(arn=arn)


def again(execution: Execution) -> Execution:
    return Execution.objects.select_related("function__connection").get(pk=execution.pk)


def test_a_history_of_several_pages_is_stored_as_aws_wrote_it(
    aws: FakeLambda, now: dt.datetime, stored: Stored
) -> None:
    arn, execution = mirrored(aws, now)
    for number in range(2, 2600):
        aws.add(
            arn, "StepSucceeded", EPOCH + number, operation=f"op-{number}", Result={"Payload": f'{{"n": {number}}}'}
        )
    pulled = history.pull(execution, now=now)
    assert pulled.new_events == 2599
    assert stored(arn) == aws.events[arn]
    assert HistoryPage.objects.filter(execution=execution).count() == 3
    assert aws.calls["get_durable_execution_history"] == 3


def test_a_page_that_comes_from_aws_as_one_is_kept_to_the_letter(
    aws: FakeLambda, now: dt.datetime, stored: Stored
) -> None:
    arn, execution = mirrored(aws, now)
    for number in range(2, 2600):
        aws.add(arn, "StepSucceeded", EPOCH + number, operation=f"op-{number}")
    history.pull(execution, now=now)
    first, second, last = HistoryPage.objects.order_by("number")
    for page, wanted in ((first, slice(1000)), (second, slice(1000, 2000))):
        told = orjson.loads(zstandard.ZstdDecompressor().decompress(page.events))
        assert told == {"Events": aws.events[arn][wanted], "NextMarker": str(wanted.stop)}
    assert history_pages.decode(last.events) == aws.events[arn][2000:]  # from the newest page, which comes backwards


def test_a_growing_history_is_read_from_its_newest_event_only(
    aws: FakeLambda, now: dt.datetime, stored: Stored
) -> None:
    arn, execution = mirrored(aws, now)
    for number in range(2, 2500):
        aws.add(arn, "StepSucceeded", EPOCH + number, operation=f"op-{number}")
    history.pull(execution, now=now)
    aws.calls.clear()
    aws.add(arn, "WaitStarted", EPOCH + 3000, operation="w", Duration=5)
    assert history.pull(again(execution), now=now).new_events == 1
    assert aws.calls["get_durable_execution_history"] == 1
    assert stored(arn) == aws.events[arn]


def test_long_payloads_are_cut_out_of_the_page_and_come_back_whole(
    aws: FakeLambda, now: dt.datetime, stored: Stored
) -> None:
    arn, execution = mirrored(aws, now)
    long = '{"x": "' + "é" * 50_000 + '"}'
    aws.add(arn, "StepSucceeded", EPOCH + 1, operation="a", Result={"Payload": long, "Truncated": False})
    error = {"ErrorType": "E", "ErrorMessage": "m" * 9000}
    aws.add(arn, "StepFailed", EPOCH + 2, operation="b", Error={"Payload": error})
    history.pull(execution, now=now)
    page = HistoryPage.objects.get(execution=execution)
    assert len(bytes(page.payloads)) > 0
    assert stored(arn) == aws.events[arn]


def test_the_end_of_an_execution_is_learnt_from_its_history(aws: FakeLambda, now: dt.datetime) -> None:
    arn, execution = mirrored(aws, now)
    aws.add(
        arn, "ExecutionFailed", EPOCH + 9, Error={"Payload": {"ErrorType": "PaymentError", "ErrorMessage": "declined"}}
    )
    assert history.pull(execution, now=now).complete
    row = again(execution)
    assert (row.status, row.error_type, row.history_due_at) == ("FAILED", "PaymentError", None)
    assert row.ended_at == dt.datetime.fromtimestamp(EPOCH + 9, tz=dt.UTC)
    counts = dict(StatusCount.objects.values_list("status", "executions"))
    assert counts == {"RUNNING": 0, "FAILED": 1}


def test_right_after_the_end_a_reading_without_news_is_what_completes_the_history(aws: FakeLambda) -> None:
    just_after = dt.datetime.fromtimestamp(EPOCH + 10, tz=dt.UTC)
    arn, execution = mirrored(aws, just_after)
    aws.add(arn, "ExecutionSucceeded", EPOCH + 9, Result={"Payload": "1"})
    assert not history.pull(execution, now=just_after).complete
    aws.add(arn, "InvocationCompleted", EPOCH + 9.1, RequestId="r")
    assert not history.pull(again(execution), now=just_after).complete
    assert history.pull(again(execution), now=just_after).complete
    assert again(execution).last_event_id == 3


def test_a_terminal_status_without_its_last_events_is_not_complete(aws: FakeLambda, now: dt.datetime) -> None:
    arn, execution = mirrored(aws, now)
    aws.executions[arn] |= {"Status": "SUCCEEDED", "EndTimestamp": EPOCH + 5}
    listing.list_function(execution.function, now=now)
    assert not history.pull(again(execution), now=now).complete
    row = again(execution)
    assert row.status == "SUCCEEDED" and not row.history_complete and row.history_due_at is not None


def test_the_child_of_a_chained_invoke_that_is_named_late_is_still_stored(
    aws: FakeLambda, now: dt.datetime, stored: Stored
) -> None:
    arn, execution = mirrored(aws, now)
    aws.add(arn, "ChainedInvokeStarted", EPOCH + 1, operation="call", FunctionName="child")
    for number in range(3, 1500):
        aws.add(arn, "StepSucceeded", EPOCH + number, operation=f"op-{number}")
    history.pull(execution, now=now)
    aws.events[arn][1]["ChainedInvokeStartedDetails"]["DurableExecutionArn"] = "arn:child"
    asked = aws.calls["get_durable_execution_history"]
    pulled = history.pull(again(execution), now=now)
    assert aws.calls["get_durable_execution_history"] <= asked + 3, "that is no other history"
    assert (pulled.new_events, pulled.replaced_events) == (0, 1)
    assert stored(arn) == aws.events[arn]


def test_reading_twice_changes_nothing(aws: FakeLambda, now: dt.datetime) -> None:
    arn, execution = mirrored(aws, now)
    aws.open_callback(arn, EPOCH + 1)
    history.pull(execution, now=now)
    before = again(execution)
    history.pull(before, now=now)
    after = again(execution)
    assert (after.revision, after.last_event_id) == (before.revision, before.last_event_id)
    assert Callback.objects.count() == 1


def test_an_open_callback_becomes_a_row_with_its_deadline_and_closes_with_its_answer(
    aws: FakeLambda, now: dt.datetime
) -> None:
    arn, execution = mirrored(aws, now)
    callback_id = aws.open_callback(arn, EPOCH + 1, timeout=600)
    history.pull(execution, now=now)
    callback = Callback.objects.get()
    assert callback.is_open and callback.callback_id == callback_id
    assert callback.timeout_at == dt.datetime.fromtimestamp(EPOCH + 601, tz=dt.UTC)
    aws.send_durable_execution_callback_success(CallbackId=callback_id, Result=b"1")
    history.pull(again(execution), now=now)
    callback.refresh_from_db()
    assert callback.status == "SUCCEEDED" and callback.closed_at is not None


def test_open_inboxes_hear_of_a_callback_that_opens_or_closes_and_of_nothing_else(
    aws: FakeLambda, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("executions.live.inbox_changed", lambda: told.append(Callback.objects.get().status))
    arn, execution = mirrored(aws, now)
    history.pull(execution, now=now)
    callback_id = aws.open_callback(arn, EPOCH + 1)
    history.pull(again(execution), now=now)
    aws.add(arn, "StepStarted", EPOCH + 2, operation="s", SubType="Step", Name="grind")
    history.pull(again(execution), now=now)
    assert told == ["STARTED"]
    aws.send_durable_execution_callback_success(CallbackId=callback_id, Result=b"1")
    history.pull(again(execution), now=now)
    assert told == ["STARTED", "SUCCEEDED"]


def test_a_callback_of_a_stopped_execution_is_never_finished(aws: FakeLambda, now: dt.datetime) -> None:
    arn, execution = mirrored(aws, now)
    aws.open_callback(arn, EPOCH + 1)
    aws.stop_durable_execution(DurableExecutionArn=arn, Error={"ErrorType": "E"})
    history.pull(execution, now=now)
    assert Callback.objects.get().status == "NEVER_FINISHED"


def test_unknown_event_types_and_malformed_details_are_stored_and_stop_nothing(
    aws: FakeLambda, now: dt.datetime, stored: Stored
) -> None:
    arn, execution = mirrored(aws, now)
    aws.add(arn, "QuantumEntangled", EPOCH + 1, operation="q", Spin="up")
    aws.events[arn].append(
        {"EventType": "StepStarted", "EventId": 3, "EventTimestamp": EPOCH + 2, "Id": "s", "StepStartedDetails": None}
    )
    history.pull(execution, now=now)
    assert stored(arn) == aws.events[arn]
    assert again(execution).contiguous_through == 3


def long(aws: FakeLambda, arn: str, events: int) -> None:
    for number in range(len(aws.events[arn]) + 1, events + 1):
        aws.add(arn, "StepSucceeded", EPOCH + number, operation=f"op-{number}")


def asked(aws: FakeLambda) -> list[tuple[bool, str | None]]:
    """(newest first, marker) of each call for a history."""
    wanted = [request for name, request in aws.requests if name == "get_durable_execution_history"]
    return [(request["ReverseOrder"], request.get("Marker")) for request in wanted]


def test_a_reading_that_fails_between_the_ends_keeps_both_and_is_resumed(
    aws: FakeLambda, now: dt.datetime, stored: Stored
) -> None:
    arn, execution = mirrored(aws, now)
    long(aws, arn, 3500)
    answer = aws.get_durable_execution_history

    def dies_between_the_ends(**request: Any) -> dict[str, Any]:
        if request.get("Marker"):
            raise client_error("ServiceException", 500)
        return answer(**request)

    aws.get_durable_execution_history = dies_between_the_ends  # type: ignore[method-assign]
    with pytest.raises(GatewayError):
        history.pull(execution, now=now)
    row = again(execution)
    assert [event["EventId"] for event in stored(arn)] == [*range(1, 1001), *range(2501, 3501)]
    assert (row.contiguous_through, row.last_event_id, row.history_complete) == (1000, 3500, False)
    aws.get_durable_execution_history = answer  # type: ignore[method-assign]
    history.pull(row, now=now)
    assert stored(arn) == aws.events[arn] and again(execution).contiguous_through == 3500


def test_a_cold_history_is_read_from_both_ends_in_as_few_calls_as_one_way_through(
    aws: FakeLambda, now: dt.datetime, stored: Stored
) -> None:
    arn, execution = mirrored(aws, now)
    long(aws, arn, 4000)
    history.pull(execution, now=now)
    assert asked(aws) == [(False, None), (True, None), (False, "1000"), (False, "2000")]
    assert stored(arn) == aws.events[arn]


def test_a_short_history_takes_one_call(aws: FakeLambda, now: dt.datetime) -> None:
    _, execution = mirrored(aws, now)
    history.pull(execution, now=now)
    assert asked(aws) == [(False, None)]


def test_for_somebody_who_looks_both_ends_are_asked_for_at_once_and_shown_before_the_rest(
    aws: FakeLambda, now: dt.datetime, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn, execution = mirrored(aws, now)
    long(aws, arn, 4000)
    live.watch(execution.pk)
    answer, seen = aws.get_durable_execution_history, []
    meet = threading.Barrier(2, timeout=10)

    def watched(**request: Any) -> dict[str, Any]:
        if request.get("Marker"):
            row = again(execution)
            seen.append((row.contiguous_through, row.last_event_id, len(stored(arn))))
        else:
            meet.wait()  # neither end is answered before both were asked for
        return answer(**request)

    aws.get_durable_execution_history = watched  # type: ignore[method-assign]
    history.pull(execution, now=now)
    assert seen[0] == (1000, 4000, 2000)
    assert stored(arn) == aws.events[arn]


def test_a_reading_that_takes_long_is_stored_again_and_again(
    aws: FakeLambda, now: dt.datetime, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "STORE_EVERY", 0.0)
    arn, execution = mirrored(aws, now)
    long(aws, arn, 4000)
    Execution.objects.update(history_claimed_until=now)
    answer, seen, claimed = aws.get_durable_execution_history, [], []

    def watched(**request: Any) -> dict[str, Any]:
        seen.append(len(stored(arn)))
        claimed.append(again(execution).history_claimed_until)
        return answer(**request)

    aws.get_durable_execution_history = watched  # type: ignore[method-assign]
    history.pull(execution, now=now)
    assert seen == [0, 1000, 2000, 3000]
    assert claimed[0] == now and claimed[-1] > timezone.now(), "nobody else begins with it meanwhile"


def test_an_event_that_aws_tells_differently_has_the_whole_history_read_again_and_is_logged(
    aws: FakeLambda, now: dt.datetime, stored: Stored, caplog: pytest.LogCaptureFixture
) -> None:
    arn, execution = mirrored(aws, now)
    long(aws, arn, 2500)
    history.pull(execution, now=now)
    aws.events[arn][0]["ExecutionStartedDetails"]["Input"]["Payload"] = '{"other": 1}'
    aws.events[arn][2400]["Name"] = "another"
    history.pull(again(execution), now=now)
    assert stored(arn) == aws.events[arn]
    assert "sync.history_differs" in caplog.text and arn in caplog.text


def test_what_another_worker_has_told_of_and_completed_meanwhile_stays_complete(
    aws: FakeLambda, now: dt.datetime
) -> None:
    arn, execution = mirrored(aws, now)
    aws.add(arn, "ExecutionSucceeded", EPOCH + 60)
    book = Book(again(execution), Pulled())
    [event] = written.of([{"EventId": 1, "EventType": "ExecutionStarted", "EventTimestamp": 1.0}])
    book.waiting = {0: {1: event}}
    book.store(now=now)
    history.pull(again(execution), now=now + dt.timedelta(days=1))
    before = again(execution)
    assert before.history_complete and book.pulled.new_events
    derive(book, now=now, to_the_end=False)
    assert again(execution).history_complete and again(execution).revision == before.revision


def test_a_worker_that_is_killed_once_it_has_found_another_telling_leaves_the_history_due(
    aws: FakeLambda, now: dt.datetime
) -> None:
    arn, execution = mirrored(aws, now)
    long(aws, arn, 2500)
    history.pull(execution, now=now)
    Execution.objects.update(history_complete=True, history_due_at=None)
    aws.events[arn][2400]["Name"] = "another"
    answer = aws.get_durable_execution_history

    def killed(**request: Any) -> dict[str, Any]:
        if not request.get("ReverseOrder"):
            raise KeyboardInterrupt
        return answer(**request)

    aws.get_durable_execution_history = killed  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        history.pull(again(execution), now=now)
    assert again(execution).history_due_at == now and not again(execution).history_complete


@pytest.mark.parametrize("left", [1700, 2000, 3])
def test_a_history_that_aws_tells_differently_and_shorter_is_replaced(
    left: int, aws: FakeLambda, now: dt.datetime, stored: Stored
) -> None:
    arn, execution = mirrored(aws, now)
    long(aws, arn, 2500)
    history.pull(execution, now=now)
    del aws.events[arn][left:]
    aws.events[arn][left - 1]["Name"] = "another"
    history.pull(again(execution), now=now)
    assert stored(arn) == aws.events[arn]
    assert again(execution).last_event_id == again(execution).contiguous_through == left
    asked = aws.calls["get_durable_execution_history"]
    history.pull(again(execution), now=now)
    assert aws.calls["get_durable_execution_history"] == asked + 1, "it is known to its end"


def test_a_shorter_history_that_could_not_be_read_to_the_end_drops_nothing(
    aws: FakeLambda, now: dt.datetime, stored: Stored
) -> None:
    arn, execution = mirrored(aws, now)
    long(aws, arn, 2500)
    history.pull(execution, now=now)
    told = [dict(event) for event in aws.events[arn]]
    told[-1]["Name"] = "another"
    aws.events[arn] = told[:400] + told[1300:1500]  # a hole, and no end
    aws.events[arn][-1] = {**told[1499], "Name": "another"}
    history.pull(again(execution), now=now)
    assert len(stored(arn)) == 2500


def test_a_history_that_is_told_differently_and_then_not_at_all_stays(
    aws: FakeLambda, now: dt.datetime, stored: Stored
) -> None:
    arn, execution = mirrored(aws, now)
    long(aws, arn, 2500)
    history.pull(execution, now=now)
    aws.events[arn][-1] = {**aws.events[arn][-1], "Name": "another"}
    answer = aws.get_durable_execution_history

    def watched(**request: Any) -> dict[str, Any]:
        return answer(**request) if request.get("ReverseOrder") else {"Told": ([], None), "Body": b""}

    aws.get_durable_execution_history = watched  # type: ignore[method-assign]
    history.pull(again(execution), now=now)
    assert len(stored(arn)) == 2500


def test_where_hardly_anything_is_new_a_small_page_is_asked_for(aws: FakeLambda, now: dt.datetime) -> None:
    arn, execution = mirrored(aws, now)
    long(aws, arn, 1500)
    answer, asked = aws.get_durable_execution_history, []

    def watched(**request: Any) -> dict[str, Any]:
        asked.append((request["MaxItems"], request["ReverseOrder"]))
        return answer(**request)

    aws.get_durable_execution_history = watched  # type: ignore[method-assign]
    history.pull(execution, now=now)
    assert asked == [(1000, False), (1000, True)]
    asked.clear()
    for number in range(150):
        aws.add(arn, "StepSucceeded", EPOCH + 3000 + number, operation=f"later-{number}")
    history.pull(again(execution), now=now)
    assert asked == [(100, True), (1000, True)]


def test_an_execution_that_aws_has_deleted_stays_here_marked(aws: FakeLambda, now: dt.datetime, stored: Stored) -> None:
    arn, execution = mirrored(aws, now)
    history.pull(execution, now=now)
    events = aws.events[arn][:]
    del aws.executions[arn]
    with pytest.raises(NotFound):
        history.pull(again(execution), now=now)
    row = again(execution)
    assert row.gone_at == now and row.history_due_at is None
    assert stored(arn) == events


def test_what_aws_refuses_is_noted_with_words_and_gone_when_it_works_again(aws: FakeLambda, now: dt.datetime) -> None:
    _, execution = mirrored(aws, now)
    aws.fail_next(
        "get_durable_execution_history", client_error("AccessDeniedException", 403, "not authorized to perform: x")
    )
    with pytest.raises(GatewayError):
        history.pull(execution, now=now)
    trouble = Trouble.objects.get()
    assert trouble.kind == "denied" and "not authorized" in trouble.words and "policy" in trouble.remedy
    history.pull(again(execution), now=now)
    assert not Trouble.objects.exists()
