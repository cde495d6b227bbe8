"""What a rule covers, when a share of a callback's time is gone, when to try again, and what messages say."""

import datetime as dt
import json

from hypothesis import given
from hypothesis import strategies as st

from executions.domain import messages
from executions.domain.messages import Item, Message
from executions.domain.notices import MOST_ATTEMPTS, Event, Subject, Terms, pause_before, reached
from executions.domain.scopes import Rule

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
ALL = frozenset(Event)
TIMES = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001


def item(**values: object) -> Item:
    return Item(**{"event": Event.OPENED, "at": NOW, "connection": "prod", "function": "refund", **values})  # type: ignore[arg-type]


def message(*items: Item, total: int = 0, **values: object) -> Message:
    said = {"key": "k", "rule": "On call", "team": "payments", "rule_url": "", "now": NOW, **values}
    return Message(items=list(items), total=total or len(items), **said)  # type: ignore[arg-type]


def test_a_rule_covers_by_event_and_by_the_patterns_of_all_three_names() -> None:
    subject = Subject(Event.OPENED, "prod", "refund", "manager approval")
    assert Terms(ALL, "pr*", "re*", "manager *").cover(subject)
    assert not Terms(frozenset({Event.FAILED})).cover(subject)
    assert not Terms(ALL, connections="test").cover(subject)
    assert not Terms(ALL, functions="Refund").cover(subject)
    assert not Terms(ALL, callbacks="barista*").cover(subject)
    assert Terms(ALL, callbacks="barista*").cover(Subject(Event.FAILED, "prod", "refund"))
    assert Terms(ALL, functions="refund").cover(Subject(Event.SILENT, "prod"))


@given(st.sampled_from(Event), st.sampled_from(["prod", "test"]), st.sampled_from(["refund", "coffee", ""]))
def test_a_rule_never_covers_what_its_group_may_not_see(event: Event, connection: str, function: str) -> None:
    scope = Rule("prod", "refund")
    covered = Terms(ALL, scopes=(scope,)).cover(Subject(event, connection, function))
    assert covered == (connection == "prod" and function in ("refund", ""))
    assert not Terms(ALL, scopes=()).cover(Subject(event, connection, function))


@given(TIMES, st.timedeltas(dt.timedelta(seconds=1), dt.timedelta(days=366)))
def test_half_comes_before_nine_tenths_and_both_in_time(opened: dt.datetime, given_: dt.timedelta) -> None:
    ends = opened + given_
    assert opened < reached(Event.HALF, opened, ends) <= reached(Event.NEARLY, opened, ends) <= ends


@given(st.integers(2, MOST_ATTEMPTS), st.floats(0, 1))
def test_pauses_grow_stay_within_an_hour_and_are_never_nothing(attempt: int, chance: float) -> None:
    assert 10 <= pause_before(attempt, chance) <= 3600
    assert pause_before(attempt + 1, chance) >= pause_before(attempt, chance)


def test_pauses_differ_by_chance() -> None:
    assert pause_before(4, 0.0) == 2 * pause_before(4, 1.0)


HOSTILE = st.text(max_size=80)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_no_name_breaks_out_of_its_line(callback: str, function: str, execution: str, rule: str) -> None:
    one = item(callback=callback, function=function, execution=execution, more=callback)
    said = message(one, rule=rule)
    subject = messages.subject(said)
    assert len(subject.splitlines()) <= 1 and "\n" not in subject
    assert messages.mail(said).count("\n") == messages.mail(
        message(
            item(callback="c" if callback else "", execution="e" if execution else "", more="m" if callback else "")
        )
    ).count("\n")
    assert "\r" not in messages.mail(said) and "\x00" not in messages.mail(said)


@given(HOSTILE)
def test_a_name_in_slack_mentions_nobody_and_leads_nowhere(name: str) -> None:
    text = messages.slack(message(item(callback=f"<!channel> {name}", url="https://d.example/inbox/1/")))["text"]
    inside = text.replace("<https://d.example/inbox/1/|", "").replace(">*", "*", 1)
    assert "<" not in inside and ">" not in inside


def test_many_things_are_counted_in_the_subject() -> None:
    said = message(item(), item(event=Event.FAILED), item(event=Event.FAILED), total=10)
    assert messages.subject(said) == "[Durascope] 1 callback opened, 2 executions failed, and 7 more"
    assert "And 7 more." in messages.mail(said)


def test_a_webhook_tells_names_times_and_the_link_but_no_handle_of_the_callback() -> None:
    one = item(callback="manager approval", execution="order-1", execution_arn="arn:x", url="https://d.example/x",
               opened_at=NOW, timeout_at=NOW + dt.timedelta(hours=1))  # fmt: skip
    [told] = json.loads(json.dumps(messages.body(message(one))))["data"]["events"]
    assert told == {
        "event": "opened",
        "at": "2026-11-24T12:00:00.000Z",
        "connection": "prod",
        "url": "https://d.example/x",
        "function": "refund",
        "execution": {"name": "order-1", "arn": "arn:x"},
        "callback": {
            "name": "manager approval",
            "opened_at": "2026-11-24T12:00:00.000Z",
            "timeout_at": "2026-11-24T13:00:00.000Z",
        },
    }


def test_payloads_are_told_where_they_are_given_in_one_line_and_cut() -> None:
    one = item(payloads=(("Input", '{"a": 1}\nX' + "y" * 5000),))
    text = messages.mail(message(one))
    assert 'Input: {"a": 1} Xyyy' in text and len(text) < 2600
