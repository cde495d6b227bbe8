"""What AWS refuses is told once and as long as it lasts, and is not asked for again and again."""

import datetime as dt

import pytest
from django.core.cache import cache

from executions.domain.lanes import Lane
from executions.gateway import budget, circuit
from executions.gateway.errors import Denied, GatewayError
from executions.models import Execution, Trouble
from executions.sync import functions, history, listing
from tests.fakes import FakeLambda, client_error, default_connection

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


def mirrored(aws: FakeLambda, now: dt.datetime, name: str) -> Execution:
    aws.add_function("coffee")
    arn = aws.start("coffee", name)
    functions.discover(default_connection(), now=now)
    listing.list_function(functions.Function.objects.select_related("connection").get(), now=now)
    return Execution.objects.select_related("function__connection").get(arn=arn)


def again(execution: Execution) -> Execution:
    return Execution.objects.select_related("function__connection").get(pk=execution.pk)


def test_trouble_with_some_histories_of_a_function_does_not_come_and_go(aws: FakeLambda, now: dt.datetime) -> None:
    bad = mirrored(aws, now, "bad")
    aws.fail_next("get_durable_execution_history", client_error("KMSDisabledException", 502))
    with pytest.raises(GatewayError):
        history.pull(bad, now=now)
    good = mirrored(aws, now, "good")
    history.pull(good, now=now)
    assert Trouble.objects.get().kind == "kms", "another history says nothing about it"
    aws.fail_next("get_durable_execution_history", client_error("TooManyRequestsException", 429))
    with pytest.raises(GatewayError):
        history.pull(good, now=now)
    assert Trouble.objects.get().kind == "kms", "what passes by itself does not hide it"
    history.pull(again(bad), now=now)
    assert not Trouble.objects.exists()


def test_when_aws_tells_again_what_it_refused_the_others_are_due_at_once(aws: FakeLambda, now: dt.datetime) -> None:
    rows = [mirrored(aws, now, f"n-{number}") for number in range(3)]
    for row in rows:
        aws.fail_next("get_durable_execution_history", client_error("AccessDeniedException", 403))
        with pytest.raises(GatewayError):
            history.pull(row, now=now)
    cache.clear()  # the circuit
    later = now + dt.timedelta(seconds=2)
    history.pull(again(rows[0]), now=later)
    assert {row.history_due_at for row in Execution.objects.filter(history_failures__gt=0)} == {later}


def refuse_histories(aws: FakeLambda, times: int, code: str = "AccessDeniedException") -> None:
    aws.fail_next("get_durable_execution_history", *[client_error(code, 403) for _ in range(times)])


def refused(rows: list[Execution], now: dt.datetime) -> None:
    for row in rows:
        with pytest.raises(GatewayError):
            history.pull(again(row), now=now)


def test_one_forbidden_function_does_not_burn_calls(
    aws: FakeLambda, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [mirrored(aws, now, f"n-{number}") for number in range(12)]
    at = [1000.0]
    monkeypatch.setattr("executions.gateway.circuit.time.time", lambda: at[0])
    refuse_histories(aws, 99)
    refused(rows, now)
    assert aws.calls["get_durable_execution_history"] == 3, "three in a row, and then none"
    at[0] += 6
    refused(rows, now)
    assert aws.calls["get_durable_execution_history"] == 4, "from time to time one"
    at[0] += 6
    refused(rows, now)
    assert aws.calls["get_durable_execution_history"] == 4, "ever more rarely"
    assert all(row.history_failures == 3 for row in Execution.objects.all())


def test_one_call_that_works_closes_the_circuit(
    aws: FakeLambda, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [mirrored(aws, now, f"n-{number}") for number in range(8)]
    at = [1000.0]
    monkeypatch.setattr("executions.gateway.circuit.time.time", lambda: at[0])
    refuse_histories(aws, 3, "KMSDisabledException")
    refused(rows[:5], now)
    at[0] += 6
    for row in rows:
        history.pull(again(row), now=now)
    assert aws.calls["get_durable_execution_history"] == 3 + 8 and not Trouble.objects.exists()


def test_somebody_who_waits_for_a_page_asks_all_the_same(aws: FakeLambda, now: dt.datetime) -> None:
    rows = [mirrored(aws, now, f"n-{number}") for number in range(5)]
    refuse_histories(aws, 3)
    refused(rows[:4], now)
    with budget.lane(Lane.INTERACTIVE):
        history.pull(again(rows[4]), now=now)
    history.pull(again(rows[0]), now=now)
    assert aws.calls["get_durable_execution_history"] == 5


def test_what_may_not_be_read_may_be_listed_all_the_same(aws: FakeLambda, now: dt.datetime) -> None:
    rows = [mirrored(aws, now, f"n-{number}") for number in range(4)]
    refuse_histories(aws, 99)
    refused(rows, now)
    assert mirrored(aws, now, "new").name == "new"


def test_one_call_at_a_time_tries_whether_it_works_again(monkeypatch: pytest.MonkeyPatch) -> None:
    at = [1000.0]
    monkeypatch.setattr("executions.gateway.circuit.time.time", lambda: at[0])
    for _ in range(circuit.IN_A_ROW):
        with pytest.raises(Denied), circuit.guarding("default", "list", "coffee"):
            raise Denied("no")
    at[0] += circuit.FLOOR + 1
    with circuit.guarding("default", "list", "coffee"):
        with pytest.raises(Denied), circuit.guarding("default", "list", "coffee"):
            pytest.fail("a second one is let through beside it")
        at[0] += circuit.TRIAL
        with circuit.guarding("default", "list", "coffee"):
            pass  # the first one never came back


def test_a_function_that_is_forbidden_keeps_no_other_from_being_read(aws: FakeLambda, now: dt.datetime) -> None:
    rows = [mirrored(aws, now, f"n-{number}") for number in range(4)]
    aws.add_function("tea")
    other = aws.start("tea", "n")
    functions.discover(default_connection(), now=now)
    listing.list_function(functions.Function.objects.select_related("connection").get(name="tea"), now=now)
    refuse_histories(aws, 3)
    refused(rows, now)
    history.pull(Execution.objects.select_related("function__connection").get(arn=other), now=now)
    assert aws.calls["get_durable_execution_history"] == 4
