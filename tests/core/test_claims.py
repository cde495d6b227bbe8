"""Claims and heartbeats: one claimer at a time, all on record, heartbeats to a limit."""

import datetime as dt
import uuid

import pytest
from django.contrib.auth.models import User

from executions.actions import claims
from executions.actions.records import Actor
from executions.actions.results import BadValue
from executions.gateway.connections import Connection
from executions.models import ActionRecord, Callback, Claim
from tests import factories
from tests.fakes import EPOCH, REGION, FakeLambda

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
BEAT = "send_durable_execution_callback_heartbeat"


@pytest.fixture
def callback(aws: FakeLambda, monkeypatch: pytest.MonkeyPatch) -> Callback:
    monkeypatch.setattr(claims, "reach", lambda _: Connection(name="default", region=REGION, client=aws))
    aws.add_function("refund")
    arn = aws.start("refund", "order-1")
    callback_id = aws.open_callback(arn, EPOCH)
    execution = factories.execution(factories.function("refund"), arn=arn)
    return factories.callback(execution, callback_id=callback_id, heartbeat_seconds=100)


def actor(user: User) -> Actor:
    return Actor(user=user, address=None, token=uuid.uuid4())


def kinds() -> list[str]:
    return list(ActionRecord.objects.order_by("pk").values_list("kind", flat=True))


def test_one_person_has_it_until_somebody_takes_it_over_on_record(callback: Callback, now: dt.datetime) -> None:
    ada, grace = factories.user("approver", "ada"), factories.user("approver", "grace")
    claims.claim(actor(ada), callback, over=False, now=now)
    claims.claim(actor(ada), callback, over=False, now=now)
    with pytest.raises(BadValue, match="ada has claimed this"):
        claims.claim(actor(grace), callback, over=False, now=now)
    claims.claim(actor(grace), callback, over=True, now=now)
    assert Claim.objects.get().username == "grace"
    assert claims.release(actor(ada), callback, now=now) is None
    claims.release(actor(grace), callback, now=now)
    assert not Claim.objects.exists() and kinds() == ["claim", "claim", "release"]
    assert ActionRecord.objects.order_by("pk")[1].answer == "Taken over from ada."


def test_open_inboxes_hear_of_a_claim_and_its_end(
    callback: Callback, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    monkeypatch.setattr("executions.live.inbox_changed", lambda: told.append(Claim.objects.exists()))
    ada = factories.user("approver", "ada")
    claims.claim(actor(ada), callback, over=False, now=now)
    claims.release(actor(ada), callback, now=now)
    assert told == [True, False], "each after its commit"


def test_heartbeats_are_sent_before_each_lapse_until_it_is_released(
    aws: FakeLambda, callback: Callback, now: dt.datetime
) -> None:
    ada = factories.user("approver", "ada")
    claims.claim(actor(ada), callback, over=False, now=now)
    assert claims.keep_alive(actor(ada), callback, on=True, now=now)
    sent = [claims.send_heartbeats(now=now + dt.timedelta(seconds=second)) for second in range(0, 100, 10)]
    assert sent == [1, 0, 0, 0, 1, 0, 0, 0, 1, 0] and aws.calls[BEAT] == 3
    claims.release(actor(ada), callback, now=now)
    assert claims.send_heartbeats(now=now + dt.timedelta(hours=1)) == 0
    assert kinds() == ["claim", "keep_alive", "let_lapse", "release"]
    assert "3 heartbeats were sent" in ActionRecord.objects.get(kind="let_lapse").answer


def test_of_two_workers_at_once_one_sends_each_heartbeat(
    aws: FakeLambda, callback: Callback, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, over, theirs = factories.user("approver", "ada"), claims._over, list[int]()
    claims.claim(actor(ada), callback, over=False, now=now)
    claims.keep_alive(actor(ada), callback, on=True, now=now)

    def meanwhile(one: Claim, at: dt.datetime) -> str:
        monkeypatch.setattr(claims, "_over", over)
        theirs.append(claims.send_heartbeats(now=now))
        return over(one, at)

    monkeypatch.setattr(claims, "_over", meanwhile)
    assert claims.send_heartbeats(now=now) == 0 and theirs == [1] and aws.calls[BEAT] == 1


@pytest.mark.parametrize("end", ["answered", "limit", "closed", "removed"])
def test_heartbeats_end_by_themselves(aws: FakeLambda, callback: Callback, now: dt.datetime, end: str) -> None:
    ada = factories.user("approver", "ada")
    claims.claim(actor(ada), callback, over=False, now=now)
    claims.keep_alive(actor(ada), callback, on=True, now=now)
    later = now + dt.timedelta(hours=9 if end == "limit" else 0, seconds=1)
    if end == "answered":
        factories.action(callback.execution, ada, "succeed", callback=callback)
    if end == "closed":
        Callback.objects.update(status="TIMED_OUT")
    if end == "removed":
        ada.groups.clear()
    assert claims.send_heartbeats(now=later) == 0 and not aws.calls[BEAT]
    assert claims.send_heartbeats(now=later) == 0
    assert kinds().count("let_lapse") == 1 and Claim.objects.get().alive_since is None


@pytest.mark.parametrize("outcome", ["sending", "unconfirmed"])
def test_heartbeats_go_on_while_it_is_not_known_whether_an_answer_arrived(
    aws: FakeLambda, callback: Callback, now: dt.datetime, outcome: str
) -> None:
    ada = factories.user("approver", "ada")
    claims.claim(actor(ada), callback, over=False, now=now)
    claims.keep_alive(actor(ada), callback, on=True, now=now)
    factories.action(callback.execution, ada, "succeed", callback=callback, outcome=outcome)
    assert claims.send_heartbeats(now=now) == 1 and Claim.objects.get().alive_since is not None


def test_one_turn_of_heartbeats_ends_although_aws_is_slow(
    aws: FakeLambda, callback: Callback, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, second = factories.user("approver", "ada"), factories.callback(callback.execution, heartbeat_seconds=100)
    for one in (callback, second):
        claims.claim(actor(ada), one, over=False, now=now)
        claims.keep_alive(actor(ada), one, on=True, now=now)
    clock = [0.0]
    monkeypatch.setattr(claims.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(claims, "_beat", lambda _: clock.__setitem__(0, clock[0] + claims.SECONDS) or True)
    assert [claims.send_heartbeats(now=now) for _ in range(3)] == [1, 1, 0]
