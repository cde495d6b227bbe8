"""What people are told: each thing once, by one worker, whatever dies in between; nothing old, nothing that is over."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from django.utils import timezone

from executions import history_pages, tasks
from executions.domain import messages
from executions.domain.messages import Message
from executions.models import (
    Callback,
    Claim,
    Delivery,
    Execution,
    HistoryPage,
    Notice,
    NoticeCursor,
    NoticeRule,
)
from executions.notices import composing, delivering, finding, sending, terms
from executions.notices.sending import End, Outcome
from executions.sync import push_health
from tests import factories

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
SECOND, MINUTE, HOUR = (dt.timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours"))
State = Delivery.State


class Outside:
    """Takes messages; `ends` says how each attempt goes, the last one for good."""

    def __init__(self) -> None:
        self.sent: list[tuple[Message, str]] = []
        self.ends: list[End] = [End.SENT]
        self.lock = threading.Lock()

    def send(self, _: NoticeRule, message: Message, key: object) -> Outcome:
        with self.lock:
            self.sent.append((message, str(key)))
            end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
        return Outcome(end, f"It went like this: {end.name}.")

    @property
    def told(self) -> list[list[str]]:
        return [[str(item.event) for item in message.items] for message, _ in self.sent]


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    made = Outside()
    monkeypatch.setattr(sending, "send", made.send)
    return made


@pytest.fixture
def now() -> dt.datetime:
    return timezone.now()


@pytest.fixture(autouse=True)
def _begun(db: None, now: dt.datetime, settings: Any) -> None:
    settings.PUBLIC_URL = "https://d.example"
    finding.begin(now=now - HOUR)


def tick(now: dt.datetime) -> None:
    """What the periodic task does, and the workers after it."""
    rules = terms.active()
    finding.look(rules, now=now)
    delivering.gather(rules, now=now)
    for pk in delivering.due(now=now):
        delivering.deliver(pk, clock=lambda: now)


def silence(now: dt.datetime) -> None:
    factories.trouble(scope=push_health.SCOPE, kind="push_silent", words="Push is silent.", since=now - MINUTE)


def claimed(now: dt.datetime) -> None:
    callback = factories.callback(opened_at=now - 3 * HOUR, timeout_at=None)
    who = factories.user("approver", "ada")
    Claim.objects.create(callback=callback, user=who, username="ada", since=now - 90 * MINUTE)


HAPPENINGS: dict[str, Callable[[dt.datetime], Any]] = {
    "opened": lambda now: factories.callback(opened_at=now - SECOND, timeout_at=None),
    "half": lambda now: factories.callback(opened_at=now - HOUR - MINUTE, timeout_at=now + HOUR - MINUTE),
    "nearly": lambda now: factories.callback(opened_at=now - 181 * MINUTE, timeout_at=now + 19 * MINUTE),
    "claimed": claimed,
    "failed": lambda now: factories.execution(status="FAILED", ended_at=now - MINUTE, error_type="NoBeans"),
    "silent": silence,
}


@pytest.mark.parametrize("event", HAPPENINGS)
def test_each_event_is_told_once(event: str, outside: Outside, now: dt.datetime) -> None:
    factories.notice_rule()
    HAPPENINGS[event](now)
    for seconds in (0, 5, 20, 60, 400):
        tick(now + seconds * SECOND)
    assert outside.told[0] == [event]
    assert sum(told.count(event) for told in outside.told) == 1
    leads = {"failed": "execution", "silent": "connections"}
    path = outside.sent[0][0].items[0].url.removeprefix("https://d.example")
    assert resolve(path).view_name == leads.get(event, "callback-answer")
    assert Notice.objects.filter(event=event).count() == 1


def test_two_rules_are_each_told(outside: Outside, now: dt.datetime) -> None:
    factories.notice_rule()
    factories.notice_rule()
    HAPPENINGS["failed"](now)
    tick(now)
    assert outside.told == [["failed"], ["failed"]]


@pytest.mark.parametrize("event", HAPPENINGS)
def test_what_happened_before_a_rule_was_written_is_not_told(event: str, outside: Outside, now: dt.datetime) -> None:
    HAPPENINGS[event](now)
    factories.notice_rule(since=now)
    for seconds in (0, 5, 20):
        tick(now + seconds * SECOND)
    assert outside.sent == []


def test_a_worker_that_was_away_looks_back_a_day_at_the_most(outside: Outside, now: dt.datetime) -> None:
    factories.notice_rule(since=now - 72 * HOUR)
    finding.begin(now=now - 72 * HOUR)
    factories.execution(status="FAILED", ended_at=now - 2 * HOUR)
    factories.execution(status="TIMED_OUT", ended_at=now - 30 * HOUR)
    tick(now)
    assert outside.told == [["failed"]]


def test_the_scope_of_push_troubles_is_the_one_that_sync_writes() -> None:
    assert finding.PUSH_SCOPE == push_health.SCOPE


def test_only_what_its_group_may_see_is_told(outside: Outside, now: dt.datetime, settings: Any) -> None:
    refund, coffee = factories.function("refund"), factories.function("coffee")
    factories.notice_rule(group=factories.team("refunds", "ref*"))
    for function in (refund, coffee):
        factories.execution(function, status="FAILED", ended_at=now - SECOND)
    settings.PEOPLE_WITHOUT_SCOPE = "nothing"
    factories.notice_rule(group=factories.team("nobody in particular"))
    tick(now)
    assert [[item.function for item in message.items] for message, _ in outside.sent] == [["refund"]]


def test_a_scope_that_was_taken_away_meanwhile_counts(outside: Outside, now: dt.datetime) -> None:
    team = factories.team("refunds", "ref*")
    factories.notice_rule(group=team, gather_seconds=60)
    factories.execution(factories.function("refund"), status="FAILED", ended_at=now - SECOND)
    tick(now)
    team.scopes.update(functions="coffee")  # type: ignore[attr-defined]
    tick(now + 61 * SECOND)
    assert outside.sent == []
    assert Delivery.objects.get().state == State.UNNEEDED and Notice.objects.get().moot == "the rule has changed"


def test_what_comes_up_together_is_told_together(outside: Outside, now: dt.datetime) -> None:
    factories.notice_rule(gather_seconds=60)
    for seconds in (0, 20, 40):
        factories.execution(status="FAILED", ended_at=now + seconds * SECOND)
        tick(now + (seconds + 1) * SECOND)
    assert outside.sent == []
    tick(now + 62 * SECOND)
    assert outside.told == [["failed"] * 3]


def test_what_is_over_before_it_was_told_is_not_told(outside: Outside, now: dt.datetime) -> None:
    factories.notice_rule(gather_seconds=60)
    HAPPENINGS["opened"](now)
    tick(now)
    Callback.objects.update(status="SUCCEEDED")
    tick(now + 61 * SECOND)
    assert outside.sent == [] and Delivery.objects.get().state == State.UNNEEDED
    tick(now + 70 * SECOND)
    assert Delivery.objects.count() == 1


def test_of_one_callback_only_the_latest_share_of_its_time_is_told(outside: Outside, now: dt.datetime) -> None:
    factories.notice_rule(gather_seconds=3600, since=now - 2 * HOUR)
    factories.callback(opened_at=now - SECOND, timeout_at=now + 60 * MINUTE)
    for minutes in range(0, 62, 2):
        tick(now + minutes * MINUTE)
    assert Notice.objects.count() == 3 and outside.sent == []  # its time has run out before the message was due
    late = factories.notice_rule(since=now - 2 * HOUR, events=["half", "nearly"])
    factories.callback(opened_at=now - 10 * MINUTE, timeout_at=now + 70 * MINUTE, name="late")
    finding.begin(now=now)
    NoticeRule.objects.exclude(pk=late.pk).update(active=False)
    tick(now + 65 * MINUTE)
    assert outside.told == [["nearly"]]


def test_in_quiet_hours_nothing_is_told_and_afterwards_all_of_it(outside: Outside, now: dt.datetime) -> None:
    begins, ends = ((now + hours * HOUR).time().replace(second=0, microsecond=0) for hours in (-1, 2))
    factories.notice_rule(quiet_from=begins, quiet_to=ends)
    HAPPENINGS["failed"](now)
    tick(now)
    assert Delivery.objects.get().due_at >= now + 2 * HOUR - MINUTE, "its page says when"
    factories.execution(status="FAILED", ended_at=now + MINUTE)
    tick(now + HOUR)
    assert outside.sent == []
    tick(now + 2 * HOUR + MINUTE)
    assert outside.told == [["failed", "failed"]]


def test_what_is_to_be_tried_again_waits_for_the_end_of_quiet_hours_that_have_begun_meanwhile(
    outside: Outside, now: dt.datetime
) -> None:
    factories.notice_rule()
    HAPPENINGS["failed"](now)
    outside.ends = [End.AGAIN, End.SENT]
    tick(now)
    begins, ends = ((now + hours * HOUR).time().replace(second=0, microsecond=0) for hours in (-1, 2))
    NoticeRule.objects.update(quiet_from=begins, quiet_to=ends)
    tick(now + HOUR)
    assert len(outside.sent) == 1
    tick(now + 2 * HOUR + MINUTE)
    assert len(outside.sent) == 2


def test_a_receiver_that_says_when_to_come_back_is_left_alone_until_then(
    now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.notice_rule()
    HAPPENINGS["failed"](now)
    monkeypatch.setattr(sending, "send", lambda *_: Outcome(End.AGAIN, "Not now.", after=3000))
    tick(now)
    assert Delivery.objects.get().due_at >= now + 3000 * SECOND


def test_an_attempt_that_fails_is_repeated_later_under_the_same_id_and_given_up_visibly(
    outside: Outside, now: dt.datetime
) -> None:
    factories.notice_rule()
    HAPPENINGS["failed"](now)
    outside.ends = [End.AGAIN]
    at = now
    for _ in range(40):
        tick(at)
        at += 10 * MINUTE
    one = Delivery.objects.get()
    assert (one.state, one.attempts, len(outside.sent)) == (State.FAILED, 8, 8)
    assert "Given up after 8 attempts." in one.words
    assert {key for _, key in outside.sent} == {str(one.key)}


def test_what_comes_up_while_a_message_is_tried_again_waits_and_is_not_put_under_its_id(
    outside: Outside, now: dt.datetime
) -> None:
    factories.notice_rule()
    HAPPENINGS["failed"](now)
    outside.ends = [End.AGAIN, End.SENT]
    tick(now)
    factories.execution(status="FAILED", ended_at=now + SECOND)
    tick(now + 2 * SECOND)
    assert len(outside.sent) == 1
    for minutes in (2, 3):
        tick(now + minutes * MINUTE)
    assert outside.told == [["failed"], ["failed"], ["failed"]]
    first, again, second = (key for _, key in outside.sent)
    assert first == again != second


def test_a_refusal_is_final_and_can_be_sent_again_by_hand(outside: Outside, now: dt.datetime) -> None:
    factories.notice_rule()
    HAPPENINGS["failed"](now)
    outside.ends = [End.NEVER, End.SENT]
    for minutes in range(3):
        tick(now + minutes * MINUTE)
    one = Delivery.objects.get()
    assert one.state == State.FAILED and len(outside.sent) == 1
    assert delivering.send_again(one, now=now + 3 * MINUTE)
    assert not delivering.send_again(one, now=now + 3 * MINUTE)
    tick(now + 3 * MINUTE)
    one.refresh_from_db()
    assert one.state == State.SENT and outside.sent[0][1] == outside.sent[1][1]


# --- two workers, and workers that die ---


def both(work: Callable[[], None]) -> None:
    """The same at once in two threads."""
    ready = threading.Barrier(2)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            ready.wait(10)
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures, failures


@pytest.mark.parametrize("seed", range(5))
def test_of_two_workers_that_do_everything_at_once_one_tells_each_thing(
    seed: int, outside: Outside, now: dt.datetime
) -> None:
    for _ in range(3):
        factories.notice_rule()
    for _ in range(10):
        HAPPENINGS["failed"](now)
        HAPPENINGS["opened"](now)
    both(lambda: tick(now))
    both(lambda: tick(now + 5 * SECOND))
    told = [(message.rule, item.event, item.execution) for message, _ in outside.sent for item in message.items]
    assert len(told) == len(set(told)) == 3 * 20


def test_of_two_workers_that_are_handed_one_message_one_sends_it(outside: Outside, now: dt.datetime) -> None:
    factories.notice_rule()
    HAPPENINGS["failed"](now)
    rules = terms.active()
    finding.look(rules, now=now)
    delivering.gather(rules, now=now)
    [pk] = delivering.due(now=now)
    both(lambda: delivering.deliver(pk, clock=lambda: now))
    assert len(outside.sent) == 1


def test_nothing_is_sent_again_by_hand_while_another_message_of_its_rule_is_under_way(
    outside: Outside, now: dt.datetime
) -> None:
    factories.notice_rule()
    HAPPENINGS["failed"](now)
    outside.ends = [End.NEVER, End.SENT]
    tick(now)
    failed, rules = Delivery.objects.get(), terms.active()
    HAPPENINGS["failed"](now)
    finding.look(rules, now=now + MINUTE)
    delivering.gather(rules, now=now + MINUTE)
    assert not delivering.send_again(failed, now=now + MINUTE)
    tick(now + 2 * MINUTE)
    assert delivering.send_again(failed, now=now + 3 * MINUTE)


def test_of_two_beats_at_once_one_hands_a_message_out(now: dt.datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.notice_rule()
    HAPPENINGS["failed"](now)
    rules, when = terms.active(), delivering.when
    finding.look(rules, now=now)
    delivering.gather(rules, now=now)
    handed: list[list[int]] = []

    def meanwhile(rule: NoticeRule, at: dt.datetime) -> dt.datetime:
        monkeypatch.setattr(delivering, "when", when)
        handed.append(delivering.due(now=now))
        return when(rule, at)

    monkeypatch.setattr(delivering, "when", meanwhile)
    assert delivering.due(now=now) == [] and len(handed[0]) == 1


class Killed(BaseException):
    pass


def killed(*_: object, **__: object) -> Any:
    raise Killed


POINTS = {
    "after the things were written": (finding, "_move_on"),
    "before the message was made": (delivering, "gather"),
    "before it was handed out": (delivering, "due"),
    "before it was taken": (delivering, "_take"),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_dies_before_it_sends_loses_nothing(
    point: str, outside: Outside, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.notice_rule(channel="email")
    HAPPENINGS["failed"](now)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(*POINTS[point], killed)
        tick(now)
    for seconds in (5, 70, 400):
        tick(now + seconds * SECOND)
    assert outside.told == [["failed"]]


@pytest.mark.parametrize("point", [(sending, "send"), (delivering, "_record")])
@pytest.mark.parametrize("channel", ["email", "slack", "webhook"])
def test_a_worker_that_dies_while_sending_repeats_only_what_its_receiver_can_tell_apart(
    channel: str, point: tuple[Any, str], outside: Outside, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.notice_rule(channel=channel)
    HAPPENINGS["failed"](now)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(*point, killed)
        tick(now)
    before = len(outside.sent)
    for minutes in (1, 4, 6, 7, 20):
        tick(now + minutes * MINUTE)
    one = Delivery.objects.get()
    if channel == "webhook":
        assert one.state == State.SENT and len(outside.sent) == before + 1
        assert {key for _, key in outside.sent} == {str(one.key)}
    else:
        assert one.state == State.UNSURE and len(outside.sent) == before


def test_who_comes_late_with_an_outcome_changes_nothing(outside: Outside, now: dt.datetime) -> None:
    factories.notice_rule(channel="email")
    HAPPENINGS["failed"](now)
    rules = terms.active()
    finding.look(rules, now=now)
    delivering.gather(rules, now=now)
    [pk] = delivering.due(now=now)
    slow = delivering._take(pk, now)
    assert slow is not None
    assert delivering.due(now=now + 6 * MINUTE) == []
    delivering._record(slow, State.SENT, "Late.", now + 7 * MINUTE)
    assert Delivery.objects.get().state == State.UNSURE


def test_a_line_that_breaks_is_repeated_only_where_the_receiver_can_tell(now: dt.datetime, outside: Outside) -> None:
    factories.notice_rule(channel="slack")
    HAPPENINGS["failed"](now)
    outside.ends = [End.UNSURE]
    for minutes in range(4):
        tick(now + minutes * MINUTE)
    assert Delivery.objects.get().state == State.UNSURE and len(outside.sent) == 1


def broken(*_: object, **__: object) -> Any:
    raise RuntimeError("nobody has foreseen this")


def test_a_message_that_cannot_be_made_is_tried_again_and_then_given_up_visibly(
    outside: Outside, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.notice_rule(channel="email")
    HAPPENINGS["failed"](now)
    with monkeypatch.context() as patched:
        patched.setattr(composing, "message", broken)
        tick(now)
        assert Delivery.objects.get().state == State.WAITING
        for minutes in range(10, 400, 10):
            tick(now + minutes * MINUTE)
    one = Delivery.objects.get()
    assert one.state == State.FAILED and "RuntimeError" in one.words and outside.sent == []


@pytest.mark.parametrize(("channel", "state"), [("email", State.UNSURE), ("webhook", State.WAITING)])
def test_what_breaks_while_sending_counts_as_perhaps_sent(
    channel: str, state: str, outside: Outside, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.notice_rule(channel=channel)
    HAPPENINGS["failed"](now)
    monkeypatch.setattr(sending, "send", broken)
    tick(now)
    assert Delivery.objects.get().state == state


def stored(execution: Execution) -> None:
    """Its history: an input with a secret in it, and how it failed."""
    events: list[dict[str, Any]] = [
        {"EventType": "ExecutionStarted", "EventId": 1, "EventTimestamp": 1.0,
         "ExecutionStartedDetails": {"Input": {"Payload": '{"decaf": 7, "password": "hunter2"}'}}},
        {"EventType": "ExecutionFailed", "EventId": 2, "EventTimestamp": 2.0,
         "ExecutionFailedDetails": {"Error": {"Payload": {"ErrorType": "NoBeans", "ErrorMessage": "token=abc"}}}},
    ]  # fmt: skip
    blobs = history_pages.encode(events)
    HistoryPage.objects.create(execution=execution, number=0, event_count=2, events=blobs[0], payloads=blobs[1])
    Execution.objects.filter(pk=execution.pk).update(last_event_id=2, contiguous_through=2, revision=1)


@pytest.mark.parametrize("allowed", [False, True])
def test_payloads_are_told_only_where_the_rule_allows_it_and_without_secrets(
    allowed: bool, outside: Outside, now: dt.datetime
) -> None:
    factories.notice_rule(with_payload=allowed, events=["failed"])
    stored(HAPPENINGS["failed"](now))
    tick(now)
    [(message, _)] = outside.sent
    told = dict(message.items[0].payloads)
    text = messages.mail(message) + str(messages.slack(message)) + str(messages.body(message))
    assert "hunter2" not in text
    assert ("decaf" in text) == ("NoBeans" in told.get("Error", "")) == allowed
    assert list(told) == (["Input", "Error"] if allowed else [])


# --- what it costs ---


def test_without_a_rule_one_question_is_asked() -> None:
    with CaptureQueriesContext(
        database,
    ) as asked:
        tasks.notify()
    assert len(asked) == 1


def test_with_rules_and_nothing_new_the_number_of_questions_is_known(now: dt.datetime, outside: Outside) -> None:
    for _ in range(5):
        factories.notice_rule(since=now)
    for _ in range(50):
        factories.callback(opened_at=now - HOUR, timeout_at=now + 40 * HOUR)
    finding.begin(now=now)
    for seconds, questions in ((5, 9), (15, 12)):
        with CaptureQueriesContext(database) as asked:
            tick(now + seconds * SECOND)
        assert len(asked) == questions, [one["sql"] for one in asked]


def test_the_cursor_leaves_behind_what_has_been_looked_at_for_good(now: dt.datetime, outside: Outside) -> None:
    factories.notice_rule()
    HAPPENINGS["opened"](now)
    for seconds in (0, 31, 62):
        tick(now + seconds * SECOND)
    cursor, highest = NoticeCursor.objects.get(), Callback.objects.latest("pk").pk
    assert cursor.settled == highest == cursor.seen


def test_what_was_told_long_ago_is_forgotten(now: dt.datetime, outside: Outside) -> None:
    factories.notice_rule()
    HAPPENINGS["failed"](now)
    tick(now)
    delivering.forget(now=now + dt.timedelta(days=89))
    assert Notice.objects.count() == 1
    delivering.forget(now=now + dt.timedelta(days=91))
    assert not Notice.objects.exists() and not Delivery.objects.exists()


def test_one_message_lists_fifty_things_and_counts_the_others(now: dt.datetime, outside: Outside) -> None:
    factories.notice_rule()
    for _ in range(60):
        HAPPENINGS["failed"](now)
    tick(now)
    [(message, _)] = outside.sent
    assert (len(message.items), message.total, message.left_out) == (50, 60, 10)


def test_a_callback_of_a_clock_that_is_ahead_of_ours_is_told(outside: Outside, now: dt.datetime) -> None:
    factories.notice_rule()
    factories.callback(opened_at=now + 3 * MINUTE, timeout_at=None)
    for seconds in (0, 40, 80):
        tick(now + seconds * SECOND)
    assert outside.told == [["opened"]]


def test_a_failure_that_was_mirrored_hours_later_is_told(outside: Outside, now: dt.datetime) -> None:
    factories.notice_rule(since=now - 24 * HOUR)
    finding.begin(now=now - 24 * HOUR)
    tick(now - MINUTE)
    factories.execution(status="FAILED", started_at=now - 7 * HOUR, ended_at=now - 5 * HOUR, end_seen_at=now)
    for seconds in (0, 5, 20, 60):
        tick(now + seconds * SECOND)
    assert outside.told == [["failed"]]


def test_a_failure_from_yesterday_that_was_mirrored_then_is_not_looked_for_again(
    outside: Outside, now: dt.datetime
) -> None:
    factories.notice_rule(since=now - 24 * HOUR)
    factories.execution(status="FAILED", ended_at=now - 5 * HOUR, end_seen_at=now - 5 * HOUR)
    tick(now)
    assert outside.told == []


def test_a_callback_that_was_mirrored_late_is_told_of_the_share_of_its_time_that_is_gone(
    outside: Outside, now: dt.datetime
) -> None:
    factories.notice_rule(events=["half"])
    tick(now - MINUTE)
    factories.callback(opened_at=now - 45 * MINUTE, timeout_at=now + 25 * MINUTE)
    for seconds in (0, 20, 60, 400):
        tick(now + seconds * SECOND)
    assert outside.told == [["half"]]


def test_a_claim_that_goes_on_is_not_told_anew_when_its_message_is_forgotten(
    outside: Outside, now: dt.datetime
) -> None:
    factories.notice_rule()
    claimed(now)
    tick(now)
    later = now + dt.timedelta(days=91)
    delivering.forget(now=later)
    tick(later)
    assert outside.told == [["claimed"]]
    Callback.objects.update(status="SUCCEEDED")
    delivering.forget(now=later)
    assert not Delivery.objects.exists()
