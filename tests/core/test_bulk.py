"""One action on many executions: each row exactly once, stoppable, repeatable for what failed, through trouble."""

import datetime as dt
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from django.contrib.auth.models import User

from executions.actions import bulk, decisions, perform, permissions
from executions.actions.records import Actor
from executions.actions.results import BadValue
from executions.domain.lanes import Lane
from executions.domain.statuses import ExecutionStatus
from executions.gateway import budget
from executions.models import ActionRecord, Bulk, Callback, DecisionForm, Execution, Function
from tests import factories
from tests.fakes import FakeLambda, client_error

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
Outcome = ActionRecord.Outcome


@pytest.fixture
def function(aws: FakeLambda) -> Function:
    aws.add_function("coffee")
    return factories.function("coffee", arn=aws.functions["coffee"]["FunctionArn"])


def running(aws: FakeLambda, function: Function, count: int) -> list[Execution]:
    return [factories.execution(function, arn=aws.start("coffee", f"order-{n}")) for n in range(count)]


def begin(user: User, kind: str = "stop", token: uuid.UUID | None = None, **options: Any) -> Bulk:
    actor = Actor(user=user, address="127.0.0.1", token=token or uuid.uuid4(), reason="closing time")
    now = factories.ago()
    return bulk.begin(actor, kind, bulk.able(user, kind, Execution.objects.all()), options=options, chosen="", now=now)


def outcomes(one: Bulk) -> list[str]:
    return [row.record.outcome if row.record else row.words for row in one.rows.order_by("pk").select_related("record")]


def test_every_execution_is_stopped_once_with_a_record_of_its_own(
    aws: FakeLambda, function: Function, admin: User
) -> None:
    running(aws, function, 45)
    factories.execution(function, "SUCCEEDED")
    one = begin(admin, error_type="Closing")
    assert one.total == 45
    bulk.step(one.pk)
    one.refresh_from_db()
    assert one.finished_at and outcomes(one) == [Outcome.ACCEPTED] * 45
    assert aws.calls["stop_durable_execution"] == ActionRecord.objects.count() == 45
    error = dict(aws.requests)["stop_durable_execution"]["Error"]
    assert error == {"ErrorType": "Closing", "ErrorMessage": f"closing time (by {admin.username})"}
    bulk.step(one.pk)
    assert aws.calls["stop_durable_execution"] == 45


def test_the_same_form_sent_twice_is_one_bulk(aws: FakeLambda, function: Function, admin: User) -> None:
    running(aws, function, 2)
    token = uuid.uuid4()
    assert begin(admin, token=token).pk == begin(admin, token=token).pk
    assert Bulk.objects.count() == 1


def test_the_form_of_a_bulk_is_not_taken_for_another_that_was_sent_with_its_token(
    aws: FakeLambda, function: Function, admin: User
) -> None:
    running(aws, function, 2)
    token = uuid.uuid4()
    begin(admin, token=token, error_type="Closing")
    with pytest.raises(BadValue, match="already sent for something else"):
        begin(admin, token=token, error_type="Fire")


def test_stopped_in_the_middle_the_rest_is_not_sent_until_somebody_goes_on(
    aws: FakeLambda, function: Function, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(aws, function, 45)
    one = begin(admin)
    act = bulk.ACTS["stop"]

    def stops_after_the_first(*args: Any) -> ActionRecord:
        bulk.stop(one, admin, now=factories.ago())
        return act(*args)

    monkeypatch.setitem(bulk.ACTS, "stop", stops_after_the_first)
    bulk.step(one.pk)
    assert aws.calls["stop_durable_execution"] == 1, "the one that was under way"
    assert bulk.due(now=factories.ago()) == []
    monkeypatch.setitem(bulk.ACTS, "stop", act)
    assert bulk.again(one, now=factories.ago()) == 45 - 1
    bulk.step(one.pk)
    assert aws.calls["stop_durable_execution"] == 45


def test_what_failed_can_be_tried_again_and_what_is_unconfirmed_never_is(
    aws: FakeLambda, function: Function, admin: User
) -> None:
    running(aws, function, 4)
    denied, lost = client_error("AccessDeniedException", 403), ReadTimeoutError(endpoint_url="http://x")
    aws.fail_next("stop_durable_execution", denied, lost)
    one = begin(admin)
    bulk.step(one.pk)
    assert sorted(outcomes(one)) == [Outcome.ACCEPTED] * 2 + [Outcome.REFUSED, Outcome.UNCONFIRMED]
    assert bulk.again(one, now=factories.ago()) == 1
    bulk.step(one.pk)
    assert sorted(outcomes(one)) == [Outcome.ACCEPTED] * 3 + [Outcome.UNCONFIRMED]
    assert aws.calls["stop_durable_execution"] == 5
    assert ActionRecord.objects.filter(outcome=Outcome.REFUSED).count() == 1, "the first try stays on record"


@pytest.mark.parametrize(
    "error", [client_error("TooManyRequestsException", 429), EndpointConnectionError(endpoint_url="http://x")]
)
def test_when_aws_has_no_room_or_is_away_it_waits_and_goes_on(
    aws: FakeLambda, function: Function, admin: User, error: Exception
) -> None:
    running(aws, function, 3)
    aws.fail_next("stop_durable_execution", error)
    one = begin(admin)
    bulk.step(one.pk)
    one.refresh_from_db()
    assert one.finished_at is None and one.rows.filter(done_at=None).count() == 3
    assert bulk.due(now=factories.ago()) == [], "it waits first"
    Bulk.objects.update(claimed_until=None)
    bulk.step(one.pk)
    assert outcomes(one) == [Outcome.ACCEPTED] * 3


def test_only_one_worker_is_at_it_and_a_dead_ones_claim_ends(aws: FakeLambda, function: Function, admin: User) -> None:
    running(aws, function, 2)
    one = begin(admin)
    now = factories.ago()
    Bulk.objects.update(claimed_until=now + bulk.CLAIM)
    bulk.step(one.pk)
    assert not aws.calls["stop_durable_execution"]
    bulk.step(one.pk, clock=lambda: now + 2 * bulk.CLAIM)
    assert aws.calls["stop_durable_execution"] == 2


def test_a_row_whose_worker_died_while_sending_is_not_sent_again(
    aws: FakeLambda, function: Function, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(aws, function, 3)
    one = begin(admin)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(perform, "send", killed)
        bulk.step(one.pk)
    Bulk.objects.update(claimed_until=None)
    bulk.step(one.pk)
    assert outcomes(one) == [Outcome.SENDING, Outcome.ACCEPTED, Outcome.ACCEPTED]
    assert aws.calls["stop_durable_execution"] == 2


def test_a_worker_leaves_its_thread_to_others_now_and_then(
    aws: FakeLambda, function: Function, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(aws, function, 5)
    one, passed = begin(admin), iter(range(1000))
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    monkeypatch.setattr(bulk, "time", SimpleNamespace(monotonic=lambda: next(passed)))
    bulk.step(one.pk, seconds=3)
    assert 0 < one.rows.filter(done_at=None).count() < 5
    assert bulk.due(now=factories.ago()) == [one.pk], "whoever is free goes on"


def test_a_bulk_has_an_end_and_pages_go_before_it(
    aws: FakeLambda, function: Function, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(aws, function, 3)
    monkeypatch.setattr(bulk, "MOST", 2)
    one, lanes, stop = begin(admin), list[Lane](), perform.lambda_api.stop_execution

    def watched(*args: Any) -> Any:
        lanes.append(budget.current_lane())
        return stop(*args)

    monkeypatch.setattr(perform.lambda_api, "stop_execution", watched)
    bulk.step(one.pk)
    assert one.total == 2 and lanes == [Lane.WARM] * 2


def test_whoever_loses_the_right_in_the_middle_sends_nothing_more(
    aws: FakeLambda, function: Function, now: dt.datetime
) -> None:
    person = factories.user("operator")
    person.groups.add(factories.group("admin"))
    running(aws, function, 2)
    one = begin(person)
    person.groups.remove(factories.group("admin"))  # an operator still stops one at a time
    assert permissions.can_stop(person, Execution.objects.all()[0])
    bulk.step(one.pk)
    assert not aws.calls["stop_durable_execution"]
    assert all("Your role does not let you" in words for words in outcomes(one))


@pytest.mark.parametrize("kind", list(permissions.BULK_KINDS))
@pytest.mark.parametrize("status", [*map(str, ExecutionStatus), "SOMETHING_NEW"])
@pytest.mark.parametrize("gone", [False, True])
def test_the_database_finds_exactly_what_the_verdict_of_one_allows(
    admin: User, kind: str, status: str, gone: bool
) -> None:
    one = factories.execution(status=status, gone_at=factories.ago() if gone else None)
    verdict = getattr(permissions, f"can_{kind}")(admin, one)
    assert bulk.able(admin, kind, Execution.objects.all()).exists() is bool(verdict)


def test_all_kinds_go_through_their_own_action(aws: FakeLambda, function: Function, admin: User) -> None:
    running(aws, function, 2)
    bulk.step(begin(admin, "pause").pk)
    Execution.objects.update(status="PAUSED")
    bulk.step(begin(admin, "resume").pk)
    Execution.objects.update(status="SUCCEEDED", ended_at=factories.ago(1))
    for arn in aws.executions:
        aws.executions[arn]["EndTimestamp"] = 1.0
    bulk.step(begin(admin, "delete", purge=True).pk)
    assert not Execution.objects.exists()
    assert {name: count for name, count in aws.calls.items() if count == 2} == {
        "pause_durable_execution": 2,
        "resume_durable_execution": 2,
        "delete_durable_execution": 2,
    }


def test_waiting_out_an_outage_leaves_ever_fewer_records(aws: FakeLambda, function: Function, admin: User) -> None:
    running(aws, function, 1)
    aws.fail_next("stop_durable_execution", *[EndpointConnectionError(endpoint_url="http://x")] * 1000)
    one, clock = begin(admin), [factories.ago()]
    for _ in range(720):
        bulk.step(one.pk, clock=lambda: clock[0])
        clock[0] += dt.timedelta(seconds=5)
    assert 5 < ActionRecord.objects.count() < 30
    aws._failures.clear()
    bulk.step(one.pk, clock=lambda: clock[0] + bulk.LONGEST_WAIT)
    one.refresh_from_db()
    assert one.finished_at and one.refusals == 0


def test_a_worker_whose_bulk_somebody_else_took_on_sends_nothing_more_and_leaves_it_to_them(
    aws: FakeLambda, function: Function, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(aws, function, 3)
    one, act, theirs = begin(admin), bulk.ACTS["stop"], uuid.uuid4()

    def too_slow(*args: Any) -> ActionRecord:
        Bulk.objects.update(claimed_by=theirs)
        return act(*args)

    monkeypatch.setitem(bulk.ACTS, "stop", too_slow)
    bulk.step(one.pk)
    one.refresh_from_db()
    assert aws.calls["stop_durable_execution"] == 1
    assert one.claimed_by == theirs and one.claimed_until and one.claimed_until > factories.ago()


def test_what_another_worker_has_done_meanwhile_stays(
    aws: FakeLambda, function: Function, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(aws, function, 1)
    one, act = begin(admin), bulk.ACTS["stop"]

    def done_by_another(*args: Any) -> ActionRecord:
        record = act(*args)
        one.rows.update(record=record, done_at=factories.ago())
        raise perform.AlreadyDone(record)

    monkeypatch.setitem(bulk.ACTS, "stop", done_by_another)
    bulk.step(one.pk)
    assert outcomes(one) == [Outcome.ACCEPTED]


def test_two_who_send_the_same_form_at_once_begin_one_bulk(
    aws: FakeLambda, function: Function, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(aws, function, 1)
    token, allowed = uuid.uuid4(), permissions.can_act_in_bulk
    first: list[Bulk] = []

    def meanwhile(user: User, kind: str) -> permissions.Verdict:
        monkeypatch.setattr(permissions, "can_act_in_bulk", allowed)
        first.append(begin(admin, token=token))
        return permissions.YES

    monkeypatch.setattr(permissions, "can_act_in_bulk", meanwhile)
    assert begin(admin, token=token).pk == first[0].pk
    with pytest.raises(BadValue, match="open it again"):
        begin(factories.user("admin"), token=token)


def test_a_quorum_that_a_bulk_completes_is_tried_again_when_aws_has_no_room(
    aws: FakeLambda, function: Function, admin: User, now: dt.datetime
) -> None:
    values = {"title": "Two", "approvals": 2}
    DecisionForm.objects.create(name="two", values=values, username="admin", changed_at=now)
    arn = aws.start("coffee", "order-1")
    callback_id = aws.open_callback(arn, 1.0)
    callback = factories.callback(factories.execution(function, arn=arn), callback_id=callback_id)
    other = Actor(factories.user("approver"), None, uuid.uuid4())
    decisions.succeed(other, callback, result="1", is_json=True, now=now)
    aws.fail_next("send_durable_execution_callback_success", client_error("TooManyRequestsException", 429))
    actor = Actor(admin, None, uuid.uuid4())
    options = {"result": "1", "is_json": True}
    one = bulk.begin_answers(actor, "succeed", Callback.objects.all(), options=options, chosen="", now=now)
    bulk.step(one.pk)
    assert one.rows.filter(done_at=None).count() == 1
    Bulk.objects.update(claimed_until=None)
    bulk.step(one.pk)
    assert outcomes(one) == [Outcome.ACCEPTED]
