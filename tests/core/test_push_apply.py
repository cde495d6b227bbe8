"""What the push queue tells ends up in the mirror: in any order, any number of times, and deleted only afterwards."""

import datetime as dt
import itertools
import json
import random
import time
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from executions import live
from executions.domain.statuses import is_terminal
from executions.gateway import queue
from executions.gateway.errors import Denied, Unreachable
from executions.gateway.queue import Depth, Message, Queue
from executions.models import Connection, Execution, Function, StatusCount, Trouble
from executions.sync import executions, functions, listing, pacing, push, push_health, schedule
from tests.fakes import EPOCH, FakeLambda, execution_arn

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
_ids = itertools.count(1)


@pytest.fixture
def row(aws: FakeLambda, now: dt.datetime, settings: Any) -> Connection:
    """A mirrored function `orders` and a configured queue."""
    settings.PUSH_QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/durascope"
    aws.add_function("orders")
    discover(now)
    return Connection.objects.get()


def message(body: object) -> Message:
    number = next(_ids)
    return Message(f"m-{number}", f"receipt-{number}", body if isinstance(body, str) else json.dumps(body))


def told(arn: str, status: str, **times: Any) -> Message:
    times = times or {"startTimestamp": EPOCH}
    if is_terminal(status):
        times.setdefault("endTimestamp", EPOCH + 30)
    detail = {"durableExecutionArn": arn, "durableExecutionName": "n" * 10_000, "status": status, **times}
    return message({"source": "aws.lambda", "detail-type": "Durable Execution Status Change", "detail": detail})


def hinted(arn: str) -> Message:
    detail = {"durableExecutionArn": arn}
    return message({"source": "com.example", "detail-type": "Durascope Callback Hint", "detail": detail})


def counts() -> dict[str, int]:
    return dict(StatusCount.objects.exclude(executions=0).values_list("status", "executions"))


def discover(now: dt.datetime) -> None:
    for row in functions.connection_rows(now=now):
        functions.discover(row, now=now)


def the_function() -> Function:
    return Function.objects.select_related("connection").get()


ARN = execution_arn("orders", "o-1", 1)


def test_a_start_and_an_end_are_stored_without_asking_aws(row: Connection, aws: FakeLambda, now: dt.datetime) -> None:
    before = aws.calls.total()
    applied, done = push.apply(row, [told(ARN, "RUNNING")], now=now)
    assert (applied.new, len(done)) == (1, 1)
    applied, _ = push.apply(row, [told(ARN, "SUCCEEDED")], now=now)
    made = Execution.objects.get()
    assert (applied.changed, made.status, made.name) == (1, "SUCCEEDED", "o-1")
    assert (made.started_at.timestamp(), made.ended_at and made.ended_at.timestamp()) == (EPOCH, EPOCH + 30)
    assert made.history_due_at == now and counts() == {"SUCCEEDED": 1}
    assert aws.calls.total() == before


@pytest.mark.parametrize("seed", range(5))
def test_duplicates_in_any_order_and_any_batches_end_alike(row: Connection, now: dt.datetime, seed: int) -> None:
    shuffled = random.Random(seed)
    arns = [execution_arn("orders", f"o-{n}", n) for n in range(4)]
    messages = [told(arn, status) for arn in arns for status in ("RUNNING", "FAILED")] * 3
    shuffled.shuffle(messages)
    while messages:
        # Some of each batch comes again with the next one.
        batch, messages = messages[: shuffled.randint(1, 10)], messages[1:]
        push.apply(row, batch, now=now)
    assert set(Execution.objects.values_list("arn", "status")) == {(arn, "FAILED") for arn in arns}
    assert counts() == {"FAILED": 4}


def test_an_end_before_its_start_stays_the_end(row: Connection, now: dt.datetime) -> None:
    push.apply(row, [told(ARN, "TIMED_OUT"), told(ARN, "RUNNING")], now=now)
    push.apply(row, [told(ARN, "RUNNING")], now=now)
    made = Execution.objects.get()
    assert made.status == "TIMED_OUT" and made.ended_at is not None and counts() == {"TIMED_OUT": 1}


def test_an_end_without_its_start_time_updates_what_is_known(row: Connection, now: dt.datetime) -> None:
    push.apply(row, [told(ARN, "RUNNING")], now=now)
    push.apply(row, [told(ARN, "SUCCEEDED", endTimestamp=EPOCH + 9)], now=now)
    made = Execution.objects.get()
    assert (made.status, made.started_at.timestamp()) == ("SUCCEEDED", EPOCH)


def test_an_end_without_its_start_time_of_an_unknown_execution_has_the_function_listed(
    row: Connection, aws: FakeLambda, now: dt.datetime
) -> None:
    listing.list_function(the_function(), now=now)
    arn = aws.start("orders", "o-1", at=EPOCH + 990)
    push.apply(row, [told(arn, "SUCCEEDED", endTimestamp=EPOCH + 999)], now=now)
    assert not Execution.objects.exists()
    assert schedule.claim_functions(now=now) == [the_function().pk]
    listing.list_function(the_function(), now=now)
    assert Execution.objects.get().arn == arn


def test_an_end_time_that_a_running_execution_cannot_have_is_not_stored(row: Connection, now: dt.datetime) -> None:
    push.apply(row, [told(ARN, "RUNNING", startTimestamp=EPOCH, endTimestamp=EPOCH + 1)], now=now)
    assert Execution.objects.get().ended_at is None


def test_an_execution_of_an_unknown_function_is_left_to_discovery(
    row: Connection, aws: FakeLambda, now: dt.datetime
) -> None:
    aws.add_function("new")
    arn = aws.start("new", "o-1")
    applied, done = push.apply(row, [told(arn, "RUNNING"), hinted(arn)], now=now)
    assert (applied.unknown, len(done), Execution.objects.count()) == (2, 2, 0)
    discover(now)
    listing.list_function(Function.objects.get(name="new"), now=now)
    assert Execution.objects.get().arn == arn


def test_what_nobody_understands_is_counted_and_done_with(row: Connection, now: dt.datetime) -> None:
    applied, done = push.apply(row, [message("{"), told(ARN, "RUNNING"), message({"detail": 1})], now=now)
    assert (applied.malformed, applied.new, len(done)) == (2, 1, 3)


def test_a_hint_has_the_history_read_at_once_and_often(row: Connection, aws: FakeLambda, now: dt.datetime) -> None:
    arn = aws.start("orders", "o-1")
    listing.list_function(the_function(), now=now)
    Execution.objects.update(history_due_at=now + dt.timedelta(hours=1), history_read_at=now, history_misses=9)
    applied, _ = push.apply(row, [hinted(arn), hinted(arn)], now=now)
    made = Execution.objects.get()
    assert applied.hints == 2 and made.history_due_at == now and made.history_misses == 0
    assert live.watched() == {made.pk} and made.status == "RUNNING"
    assert Connection.objects.get().pushed_at is None, "a hint does not show that AWS's own events arrive"


def test_hints_for_unknown_executions_cost_one_listing(row: Connection, aws: FakeLambda, now: dt.datetime) -> None:
    listing.list_function(the_function(), now=now)
    before = aws.calls.total()
    arns = [aws.start("orders", f"o-{n}", at=EPOCH + 999) for n in range(3)]
    invented = execution_arn("orders", "nobody", 99)
    push.apply(row, [hinted(arn) for arn in [*arns, invented]], now=now)
    assert aws.calls.total() == before and schedule.claim_functions(now=now) == [the_function().pk]
    listing.list_function(the_function(), now=now)
    assert set(Execution.objects.values_list("arn", "history_due_at")) == {(arn, now) for arn in arns}


def test_one_function_that_cannot_be_stored_keeps_no_other_from_it(
    row: Connection, aws: FakeLambda, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.add_function("odd")
    discover(now)
    real = executions.upsert

    def upsert(function: Function, *args: Any, **kwargs: Any) -> Any:
        if function.name == "odd":
            raise ValueError("what no column takes")
        return real(function, *args, **kwargs)

    monkeypatch.setattr(executions, "upsert", upsert)
    odd, good = told(execution_arn("odd", "o", 1), "RUNNING"), told(ARN, "RUNNING")
    applied, done = push.apply(row, [odd, good], now=now)
    assert (applied.failed, done, Execution.objects.count()) == (1, [good], 1)


def test_a_database_that_fails_leaves_the_whole_batch_in_the_queue(
    row: Connection, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = FakeQueue(told(ARN, "RUNNING"), message("{"))
    source.install(monkeypatch)

    def upsert(*_: Any, **__: Any) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as broken:
        broken.setattr(executions, "upsert", upsert)
        with pytest.raises(OperationalError):
            push.consume(row, source.queue, clock=lambda: now)
    assert len(source.messages) == 2 and Connection.objects.get().pushed_at is None
    push.consume(row, source.queue, clock=lambda: now)
    assert source.messages == [] and Execution.objects.count() == 1


def test_killed_between_commit_and_deletion_it_comes_again_and_changes_nothing(
    row: Connection, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = FakeQueue(told(ARN, "RUNNING"), told(ARN, "STOPPED"))
    source.install(monkeypatch)
    with monkeypatch.context() as killed:
        killed.setattr(queue, "delete", _killed)
        with pytest.raises(KeyboardInterrupt):
            push.consume(row, source.queue, clock=lambda: now)
    assert Execution.objects.get().status == "STOPPED" and len(source.messages) == 2
    applied = push.consume(row, source.queue, clock=lambda: now)
    assert (applied.messages, applied.new, applied.changed) == (2, 0, 0)
    assert source.messages == [] and counts() == {"STOPPED": 1}


def _killed(*_: object) -> int:
    raise KeyboardInterrupt


# --- consuming ---


class FakeQueue:
    """Hands out everything that is not deleted yet."""

    def __init__(self, *messages: Message):
        self.messages, self.receives, self.queue = list(messages), 0, Queue("https://queue", None)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(queue, "reach", lambda *_: self.queue)
        monkeypatch.setattr(queue, "receive", self._receive)
        monkeypatch.setattr(queue, "delete", self._delete)
        monkeypatch.setattr(queue, "depth", lambda _: Depth(len(self.messages), 4))

    def _receive(self, _: Queue, *, wait: int) -> list[Message]:
        self.receives += 1
        return self.messages[:10]

    def _delete(self, _: Queue, done: list[Message]) -> int:
        self.messages = [kept for kept in self.messages if kept not in done]
        return 0


def times(count: int) -> Any:
    left = iter([True] * count)
    return lambda: next(left, False)


def test_one_consumer_at_a_time(row: Connection, now: dt.datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    source = FakeQueue()
    source.install(monkeypatch)

    def going() -> bool:
        received = source.receives
        push.listen(clock=lambda: now, going=times(1))
        assert source.receives == received, "a second one must not read"
        return received < 2

    push.listen(clock=lambda: now, going=going)
    assert source.receives == 2
    push.listen(clock=lambda: now, going=times(1))
    assert source.receives == 3, "the claim ends with the run"


@pytest.mark.parametrize("killed_in", ["rows_with_queues", "consume"])
def test_the_claim_of_a_consumer_that_was_killed_ends_by_itself(
    row: Connection, now: dt.datetime, monkeypatch: pytest.MonkeyPatch, killed_in: str
) -> None:
    source = FakeQueue()
    source.install(monkeypatch)
    monkeypatch.setattr(push, "CLAIM", 3)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(push, killed_in, killed)
        push.listen(clock=lambda: now, going=times(2))
    push.listen(clock=lambda: now, going=times(1))
    assert source.receives == 0, "it is held"
    deadline = time.monotonic() + 15
    while not source.receives:
        assert time.monotonic() < deadline, "it never ends"
        time.sleep(0.1)
        push.listen(clock=lambda: now, going=times(1))


def test_a_consumer_keeps_its_claim_as_long_as_it_reads_and_then_lets_others_have_their_turn(
    row: Connection, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeQueue().install(monkeypatch)
    monkeypatch.setattr(push, "CLAIM", 3)
    monkeypatch.setattr(push, "RUN", 4.5)
    began = time.monotonic()
    push.listen(clock=lambda: now, going=lambda: time.monotonic() < began + 30)
    assert 4 < time.monotonic() - began < 20


def test_a_queue_that_cannot_be_read_is_told_and_left_alone_for_a_moment(
    row: Connection, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = FakeQueue()
    source.install(monkeypatch)

    def refuse(*_: Any, **__: Any) -> list[Message]:
        source.receives += 1
        raise Unreachable("AWS cannot be reached to read the push queue.")

    with monkeypatch.context() as broken:
        broken.setattr(queue, "receive", refuse)
        push.listen(clock=lambda: now, going=times(4))
    assert source.receives == 1 and Trouble.objects.get().scope == push_health.READING
    assert push_health.listening_since(row) is None
    push.consume(row, source.queue, clock=lambda: now)
    assert not Trouble.objects.exists()


def test_what_the_queue_holds_is_counted_now_and_then(
    row: Connection, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeQueue(*[message("{")] * 12).install(monkeypatch)
    push.listen(clock=lambda: now, going=times(3))
    counted = Connection.objects.get()
    assert (counted.push_waiting, counted.push_dead, counted.push_counted_at) == (12, 4, now)

    def refuse(_: Queue) -> Depth:
        raise Denied("AWS does not allow to ask for the push queue's depth.")

    monkeypatch.setattr(queue, "depth", refuse)
    push.listen(clock=lambda: now, going=times(1))
    assert Trouble.objects.get().scope == push_health.MEASURING
    assert push_health.listening_since(row), "it is read all the same"


def test_whatever_goes_wrong_with_one_reading_the_next_one_follows(
    row: Connection, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = FakeQueue(told(ARN, "RUNNING"))
    source.install(monkeypatch)
    monkeypatch.setattr(pacing, "REFUSED_FLOOR", 0.1)
    answers = iter([OperationalError("the server closed the connection"), ValueError("?")])
    real = executions.upsert

    def upsert(*args: Any, **kwargs: Any) -> Any:
        if error := next(answers, None):
            raise error
        return real(*args, **kwargs)

    monkeypatch.setattr(executions, "upsert", upsert)
    push.listen(clock=lambda: now, going=times(6))
    assert source.messages == [] and Execution.objects.count() == 1


def test_the_foreground_command_empties_the_queue_and_tells_its_depth(
    row: Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    FakeQueue(told(ARN, "RUNNING"), message("{")).install(monkeypatch)
    call_command("consume_push", once=True)
    assert capsys.readouterr().out == (
        "2 messages, 1 new, 1 malformed\ndefault: about 0 messages wait, 4 in the dead-letter queue\n"
    )


def test_the_foreground_command_needs_a_queue(settings: Any) -> None:
    settings.PUSH_QUEUE_URL = ""
    with pytest.raises(CommandError, match="PUSH_QUEUE_URL"):
        call_command("consume_push", once=True)
