"""The commands for a terminal: complete, under the same permissions and policies, and safe to print."""

import datetime as dt
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from executions.management import terminal
from executions.models import ActionRecord, Callback, Execution, Scope
from executions.sync import functions, on_demand
from tests import factories, histories
from tests.fakes import EPOCH, FakeLambda
from tests.web import stored

pytestmark = [pytest.mark.core, pytest.mark.django_db]
Run = Callable[..., str]


@pytest.fixture
def run() -> Run:
    def called(*words: str) -> str:
        out = io.StringIO()
        call_command(*words, stdout=out)
        return out.getvalue()

    return called


@pytest.fixture
def order(aws: FakeLambda, now: dt.datetime) -> str:
    """The ARN of an execution at AWS that waits for a barista. The mirror knows its function only."""
    aws.add_function("coffee")
    factories.connection()
    functions.discover(factories.connection(), now=now)
    arn = aws.start("coffee", "order-1")
    aws.open_callback(arn, EPOCH + 1)
    return arn


def as_(role: str) -> tuple[str, str]:
    return "--as", factories.user(role).username


def test_an_arn_that_is_not_mirrored_is_read_from_aws_first(run: Run, order: str) -> None:
    shown = run("execution", "get", order, *as_("viewer"))
    assert "order-1" in shown and "RUNNING" in shown
    assert Execution.objects.get().arn == order


def test_the_history_comes_with_all_pages_as_aws_wrote_it(run: Run, aws: FakeLambda, order: str) -> None:
    aws.page_items = 7
    for number in range(40):
        aws.add(order, "StepStarted", EPOCH + 2 + number, operation=f"s{number}", name="brew")
        aws.add(order, "StepSucceeded", EPOCH + 2 + number, operation=f"s{number}", name="brew")
    printed = orjson.loads(run("execution", "history", order, *as_("viewer"), "--output", "json"))
    assert printed == {"Events": aws.events[order]}
    lines = run("execution", "history", order, *as_("viewer")).splitlines()
    assert len(lines) == 1 + len(aws.events[order])
    assert lines[0].split() == ["EVENT", "TIME", "TYPE", "OPERATION", "ID"]


def test_a_history_that_aws_does_not_give_whole_ends_in_an_error(
    run: Run, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    run("execution", "get", order, *as_("viewer"))

    def refused(*_: Any, **__: Any) -> Any:
        raise on_demand.GatewayError("AWS refused it.", "")

    monkeypatch.setattr(on_demand, "complete_history", refused)
    with pytest.raises(CommandError, match=r"not complete\. AWS refused it"):
        run("execution", "history", order, *as_("viewer"))


def test_a_history_that_takes_longer_than_one_patience_is_read_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    run("execution", "get", order, *as_("viewer"))
    complete = on_demand.complete_history
    slow = [5, 9]

    def in_parts(execution: Execution, *, now: dt.datetime) -> Execution:
        if slow:
            Execution.objects.filter(pk=execution.pk).update(last_event_id=slow.pop(0))
            raise on_demand.GatewayError("AWS needs longer.", "")
        Execution.objects.filter(pk=execution.pk).update(last_event_id=0)
        return complete(Execution.objects.select_related("function__connection").get(pk=execution.pk), now=now)

    monkeypatch.setattr(on_demand, "complete_history", in_parts)
    assert "CallbackStarted" in run("execution", "history", order, *as_("viewer"))


def test_an_execution_is_stopped_once_on_record_and_signed(run: Run, aws: FakeLambda, order: str) -> None:
    token = "6f1c1f4e-8d0b-4c62-9a57-0d2c7bb1c0de"
    who = as_("operator")
    for _ in range(2):
        printed = run("execution", "stop", order, *who, "--reason", "too slow", "--token", token, "--output", "json")
    assert orjson.loads(printed)["outcome"] == "accepted"
    assert aws.calls["stop_durable_execution"] == 1
    record = ActionRecord.objects.get()
    assert (record.reason, record.user_agent, record.username) == ("too slow", "manage.py", who[1])
    assert record.request["Error"]["ErrorMessage"] == f"too slow (by {who[1]})"


def test_an_execution_is_paused_and_resumed(run: Run, aws: FakeLambda, order: str) -> None:
    who = as_("operator")
    run("execution", "pause", order, *who, "--timeout-runs-on")
    [sent] = [request for name, request in aws.requests if name == "pause_durable_execution"]
    assert sent["ExecutionTimeoutPaused"] is False
    Execution.objects.update(status="PAUSED")
    run("execution", "resume", order, *who)
    assert aws.executions[order]["Status"] == "RUNNING"


def test_who_has_no_role_makes_nobody_ask_aws(run: Run, aws: FakeLambda, order: str) -> None:
    with pytest.raises(CommandError, match="not one of yours"):
        run("execution", "get", order, *as_(""))
    assert not aws.calls["get_durable_execution"]


@pytest.mark.parametrize("verb", ["stop", "pause", "resume"])
def test_who_may_not_act_is_told_and_nothing_is_sent(run: Run, aws: FakeLambda, order: str, verb: str) -> None:
    with pytest.raises(CommandError, match=r"Nothing was sent\. "):
        run("execution", verb, order, *as_("viewer"))
    assert not ActionRecord.objects.exists()
    assert not aws.calls[f"{verb}_durable_execution"]


def test_another_teams_execution_does_not_exist_and_aws_is_not_asked(run: Run, aws: FakeLambda, order: str) -> None:
    user = factories.user("operator")
    team = Group.objects.create(name="bakers")
    Scope.objects.create(group=team, functions="bread-*")
    user.groups.add(team)
    for verb in ("get", "history", "stop"):
        with pytest.raises(CommandError, match="not one of yours"):
            run("execution", verb, order, "--as", user.username)
    assert not aws.calls["get_durable_execution"]
    factories.callback(factories.execution())
    assert run("callback", "list", "--as", user.username) == "No callback is open.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("execution", "get", "nothing"), "no execution 'nothing'"),
        (("execution", "get", "arn:aws:lambda:x"), "is not the ARN of a durable execution"),
        (("execution", "get", "99999999999999999999"), "no execution"),
        (("callback", "fail", "nothing"), "no such callback"),
        (("callback", "heartbeat", "99999999999999999999"), "no such callback"),
    ],
)
def test_what_is_not_there_is_told_in_a_sentence(run: Run, words: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*words, *as_("approver"))


def test_who_is_no_account_is_told(run: Run) -> None:
    with pytest.raises(CommandError, match="no account ghost"):
        run("callback", "list", "--as", "ghost")


def test_a_name_that_several_bear_is_not_guessed(run: Run) -> None:
    one, two = (factories.execution(name="order-7") for _ in range(2))
    with pytest.raises(CommandError, match="Several executions"):
        run("execution", "get", "order-7", *as_("viewer"))
    assert one.arn in run("execution", "get", str(one.pk), *as_("viewer"))
    two.delete()
    assert one.arn in run("execution", "get", "order-7", *as_("viewer"))


def test_all_open_callbacks_are_listed_the_nearest_deadline_first(run: Run) -> None:
    of = factories.execution(factories.function("coffee"))
    soon = factories.callback(of, name="soon", timeout_at=factories.ago(-60))
    for _ in range(120):
        factories.callback(of)
    factories.callback(of, "SUCCEEDED", name="over")
    lines = run("callback", "list", *as_("viewer")).splitlines()
    assert len(lines) == 122
    assert lines[1].split()[:2] == [str(soon.pk), "soon"]
    [only] = orjson.loads(run("callback", "list", *as_("viewer"), "--name", "soon", "--output", "json"))
    assert (only["id"], only["function"]) == (soon.pk, "coffee")
    assert run("callback", "list", *as_("viewer"), "--function", "tea") == "No callback is open.\n"


def test_a_callback_is_answered_byte_for_byte_from_a_file_or_a_pipe(
    run: Run, aws: FakeLambda, order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("execution", "history", order, *as_("viewer"))
    body = '{"price": 12345678901234567890.10,  "müsli": true}'.encode()
    (tmp_path / "answer").write_bytes(body)
    run("callback", "succeed", "callback-of-cb", *as_("approver"), "--result-file", str(tmp_path / "answer"))
    [sent] = [request["Result"] for name, request in aws.requests if name.endswith("callback_success")]
    assert sent == body
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff")))
    with pytest.raises(CommandError, match="not UTF-8: byte 0 is 0xff"):
        run("callback", "succeed", "callback-of-cb", *as_("approver"), "--result-file", "-")


def test_a_callback_is_answered_once_and_the_second_is_told_by_whom(run: Run, aws: FakeLambda, order: str) -> None:
    run("execution", "history", order, *as_("viewer"))
    who, pk = as_("approver"), str(Callback.objects.get().pk)
    run("callback", "heartbeat", pk, *who)
    run("callback", "fail", pk, *who, "--error-type", "NoBeans")
    with pytest.raises(CommandError, match=f"{who[1]} answered the callback with failure"):
        run("callback", "succeed", pk, *as_("approver"), "--result", "1")
    assert aws.calls["send_durable_execution_callback_failure"] == 1
    assert not aws.calls["send_durable_execution_callback_success"]


def test_what_aws_refuses_is_printed_and_ends_in_an_error(run: Run, order: str) -> None:
    run("execution", "history", order, *as_("viewer"))
    Callback.objects.update(callback_id="unknown-to-aws")
    with pytest.raises(CommandError, match="Refused: "):
        run("callback", "succeed", "unknown-to-aws", *as_("approver"), "--result", "1")


def test_json_quoted_twice_is_asked_about(run: Run, order: str) -> None:
    run("execution", "history", order, *as_("viewer"))
    said = ("callback", "succeed", "callback-of-cb", *as_("approver"), "--result", '"{\\"a\\": 1}"')
    with pytest.raises(CommandError, match="quoted twice"):
        run(*said)
    run(*said, "--quoted-twice")
    assert ActionRecord.objects.get().outcome == "accepted"


def test_control_characters_of_strangers_never_reach_the_terminal(run: Run) -> None:
    factories.callback(factories.execution(name="a\x1b]0;title\x07\u202eb"), name="c\x1b[2J\nd")
    for words in (("callback", "list"), ("execution", "get", str(Execution.objects.get().pk))):
        printed = run(*words, *as_("viewer"))
        assert all(one.isprintable() for line in printed.splitlines() for one in line)


@given(st.lists(st.lists(st.text(), min_size=3, max_size=3), max_size=6))
def test_a_table_has_one_printable_line_a_row(rows: list[list[str]]) -> None:
    lines = terminal.table(("A", "B", "C"), rows).split("\n")
    assert len(lines) == len(rows) + 1
    assert all(one.isprintable() for line in lines for one in line)


def test_a_history_that_aws_deleted_before_it_was_read_is_not_given_out_as_whole(
    run: Run,
) -> None:
    events = [one for one in histories.big_history(20) if not 4 <= one["EventId"] <= 9]
    execution = stored.execution(events, gone_at=factories.ago(60))
    with pytest.raises(CommandError, match="events 4-9 are missing"):
        run("execution", "history", execution.arn, *as_("viewer"))
