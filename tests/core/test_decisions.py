"""Quorums: who counts, what is sent, and that it is sent once."""

import datetime as dt
import threading
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.utils import timezone

from executions.actions import decisions, perform, permissions, votes
from executions.actions.perform import BadValue, NotAllowed
from executions.actions.records import GRACE, Actor
from executions.models import ActionRecord, Callback, DecisionForm
from tests import factories
from tests.fakes import EPOCH, FakeLambda, client_error

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
Kind, Outcome = ActionRecord.Kind, ActionRecord.Outcome
SENT = "send_durable_execution_callback_success"
FAILED = "send_durable_execution_callback_failure"


@pytest.fixture
def callback(aws: FakeLambda) -> Callback:
    aws.add_function("refund")
    arn = aws.start("refund", "order-1")
    callback_id = aws.open_callback(arn, EPOCH)
    execution = factories.execution(factories.function("refund"), arn=arn)
    return factories.callback(execution, callback_id=callback_id, name="manager approval")


def form(**values: Any) -> DecisionForm:
    made, _ = DecisionForm.objects.update_or_create(
        name="refund",
        defaults={"values": {"title": "Refund", **values}, "username": "admin", "changed_at": timezone.now()},
    )
    return made


def actor(user: User, **values: Any) -> Actor:
    return Actor(user=user, address=None, **{"token": uuid.uuid4(), **values})


def approve(user: User, callback: Callback, now: dt.datetime, result: str = '{"ok": 1}', **values: Any) -> ActionRecord:
    return decisions.succeed(actor(user, **values), callback, result=result, is_json=True, now=now)


def refuse(user: User, callback: Callback, now: dt.datetime) -> ActionRecord:
    return decisions.fail(actor(user), callback, error_type="No", error_message="not this", now=now)


def approvers(*names: str) -> list[User]:
    return [factories.user("approver", name) for name in names]


def test_two_approvals_of_the_same_bytes_send_them_once(aws: FakeLambda, callback: Callback, now: dt.datetime) -> None:
    form(approvals=2)
    ada, grace = approvers("ada", "grace")
    first = approve(ada, callback, now)
    assert (first.kind, first.outcome, aws.calls[SENT]) == (Kind.APPROVE, Outcome.DONE, 0)
    second = approve(grace, callback, now)
    assert (second.kind, second.outcome, second.username) == (Kind.SUCCEED, Outcome.ACCEPTED, "grace")
    assert dict(aws.requests)[SENT]["Result"] == b'{"ok": 1}'
    with pytest.raises(NotAllowed, match="grace answered"):
        approve(ada, callback, now)
    assert aws.calls[SENT] == 1


def test_nobody_counts_twice_and_the_last_word_counts(aws: FakeLambda, callback: Callback, now: dt.datetime) -> None:
    form(approvals=2)
    ada, grace = approvers("ada", "grace")
    for result in ("1", "1", "2"):
        approve(ada, callback, now, result)
    approve(grace, callback, now, "1")
    assert not aws.calls[SENT]
    approve(grace, callback, now, "2")
    assert dict(aws.requests)[SENT]["Result"] == b"2"


def test_the_same_vote_sent_twice_is_one_vote_and_one_answer(
    aws: FakeLambda, callback: Callback, now: dt.datetime
) -> None:
    form(approvals=2)
    ada, grace = approvers("ada", "grace")
    token = uuid.uuid4()
    votes = [approve(ada, callback, now, token=token) for _ in range(2)]
    assert votes[0].pk == votes[1].pk
    token = uuid.uuid4()
    answers = [approve(grace, callback, now, token=token) for _ in range(2)]
    assert answers[0].pk == answers[1].pk and aws.calls[SENT] == 1


def test_another_answer_with_the_token_of_the_vote_that_sent_is_not_taken_for_it(
    aws: FakeLambda, callback: Callback, now: dt.datetime
) -> None:
    form(approvals=2)
    ada, grace = approvers("ada", "grace")
    token = uuid.uuid4()
    approve(ada, callback, now)
    approve(grace, callback, now, token=token)
    with pytest.raises(BadValue, match="already sent for something else"):
        approve(grace, callback, now, '{"ok": 2}', token=token)


@pytest.mark.parametrize(("ends", "after"), [(True, 1), (False, 2)])
def test_refusals_end_it_as_the_policy_says(
    aws: FakeLambda, callback: Callback, now: dt.datetime, ends: bool, after: int
) -> None:
    form(approvals=2, one_refusal_ends=ends)
    for number, user in enumerate(approvers("ada", "grace"), 1):
        if number <= after:
            refuse(user, callback, now)
        assert aws.calls[FAILED] == (number >= after)
    said = ["fail"] if ends else ["refuse", "refuse", "fail"]
    assert list(ActionRecord.objects.order_by("pk").values_list("kind", flat=True)) == said


def test_who_may_not_decide_leaves_no_vote(aws: FakeLambda, callback: Callback, now: dt.datetime) -> None:
    form(approvals=2)
    for person in (factories.user("viewer"), factories.user("operator")):
        with pytest.raises(NotAllowed):
            approve(person, callback, now)
    assert not ActionRecord.objects.exists()


def test_who_may_no_longer_decide_does_not_count(aws: FakeLambda, callback: Callback, now: dt.datetime) -> None:
    form(approvals=2)
    ada, grace, edith = approvers("ada", "grace", "edith")
    approve(ada, callback, now)
    ada.groups.clear()
    approve(grace, callback, now)
    assert not aws.calls[SENT]
    grace.delete()
    standing = votes.standing_of(Callback.objects.get(), decisions.form_of(callback))
    assert [vote.why_not for vote in standing.votes] == ["may not answer it any more", "has no account any more"]
    approve(edith, callback, now)
    assert not aws.calls[SENT]


def test_a_change_of_the_policy_sends_nothing_but_counts_at_the_next_vote(
    aws: FakeLambda, callback: Callback, now: dt.datetime
) -> None:
    form(approvals=3)
    ada, grace, _ = approvers("ada", "grace", "edith")
    approve(ada, callback, now)
    approve(grace, callback, now)
    form(approvals=2)
    decisions.send_left(clock=lambda: now + GRACE * 2)
    assert not aws.calls[SENT]
    approve(grace, callback, now)
    assert aws.calls[SENT] == 1


def test_only_its_groups_decide_also_not_an_admin(aws: FakeLambda, callback: Callback, now: dt.datetime) -> None:
    form(groups=["finance"])
    admin, (ada,) = factories.user("admin"), approvers("ada")
    for user in (admin, ada):
        with pytest.raises(NotAllowed, match="Only finance decides"):
            approve(user, callback, now)
    ada.groups.add(Group.objects.create(name="finance"))
    assert approve(User.objects.get(pk=ada.pk), callback, now).outcome == Outcome.ACCEPTED


def test_who_started_it_does_not_decide(aws: FakeLambda, callback: Callback, now: dt.datetime) -> None:
    form(not_by_starter=True)
    ada, grace = approvers("ada", "grace")
    factories.action(callback.execution, ada, "start")
    with pytest.raises(NotAllowed, match="four eyes"):
        approve(ada, callback, now)
    assert approve(grace, callback, now).outcome == Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("values", "result", "field", "words"),
    [
        ({"reason_required": True}, "1", "reason", "reason is needed"),
        ({"schema": '{"type": "integer"}'}, '"x"', "result", "does not fit the schema"),
        ({"raw": False, "answer": [{"label": "Yes", "result": "true"}]}, "false", "result", "prepared"),
        ({}, '"{\\"a\\": 1}"', "twice", "quoted twice"),
        ({}, "NaN", "result", "not JSON"),
        ({}, '"\ud800"', "result", "surrogate"),
    ],
)
def test_what_the_form_does_not_take_is_said_next_to_the_field(
    aws: FakeLambda, callback: Callback, now: dt.datetime, values: dict[str, Any], result: str, field: str, words: str
) -> None:
    form(**values)
    with pytest.raises(BadValue, match=words) as raised:
        approve(approvers("ada")[0], callback, now, result)
    assert raised.value.field == field and not ActionRecord.objects.exists()


def test_a_crash_between_the_last_vote_and_the_sending_is_made_good_once(
    aws: FakeLambda, callback: Callback, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    form(approvals=2)
    ada, grace = approvers("ada", "grace")
    approve(ada, callback, now)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(decisions, "_send", killed)
        with pytest.raises(KeyboardInterrupt):
            approve(grace, callback, now)
    decisions.send_left(clock=lambda: now)
    assert not aws.calls[SENT]
    for _ in range(2):
        decisions.send_left(clock=lambda: now + GRACE * 2)
    assert aws.calls[SENT] == 1


def test_ten_people_at_once_complete_a_quorum_once(aws: FakeLambda, callback: Callback, now: dt.datetime) -> None:
    form(approvals=3)
    results: list[str] = []

    def one(user: User) -> None:
        try:
            results.append(approve(user, callback, now).outcome)
        except (perform.AlreadyDone, NotAllowed):
            results.append("already")
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(user,)) for user in approvers(*"abcdefghij")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 10 and results.count(Outcome.ACCEPTED) == 1
    assert aws.calls[SENT] == 1


def test_the_verdict_says_what_the_policy_does(callback: Callback) -> None:
    form(groups=["finance"])
    verdict = permissions.can_answer(factories.user("approver"), callback)
    assert not verdict and not verdict.forbidden and "finance" in verdict.why


def vote(user: User, callback: Callback, at: dt.datetime, result: str = "1") -> None:
    """As one stands there after a crash: on record, and nothing came of it."""
    factories.action(
        callback.execution, user, "approve", callback=callback, outcome=Outcome.DONE, created_at=at,
        request={"CallbackId": callback.callback_id, "Result": result}, answer="2 are needed.",
    )  # fmt: skip


def waiting(aws: FakeLambda, of: Callback, number: int) -> Callback:
    arn = aws.start("refund", f"waiting-{number}")
    execution = factories.execution(of.execution.function, arn=arn)
    callback_id = aws.open_callback(arn, EPOCH, operation=f"waits-{number}")
    return factories.callback(execution, callback_id=callback_id, name="manager approval")


def test_a_complete_quorum_is_sent_however_many_others_wait(
    aws: FakeLambda, callback: Callback, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decisions, "AT_ONCE", 3)
    form(approvals=2)
    ada, grace = approvers("ada", "grace")
    for number in range(5):
        vote(ada, waiting(aws, callback, number), now - dt.timedelta(minutes=9))
    vote(ada, callback, now)
    vote(grace, callback, now)
    decisions.send_left(clock=lambda: now + GRACE * 2)
    assert [request["CallbackId"] for name, request in aws.requests if name == SENT] == [callback.callback_id]


@pytest.mark.parametrize("first", [True, False])
def test_those_that_disagree_keep_no_complete_quorum_from_its_turn_for_ever(
    aws: FakeLambda, callback: Callback, now: dt.datetime, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    monkeypatch.setattr(decisions, "AT_ONCE", 1)
    form(approvals=2)
    ada, grace = approvers("ada", "grace")
    disagreed, agreed = (callback, waiting(aws, callback, 1))[:: 1 if first else -1]
    vote(ada, disagreed, now - dt.timedelta(minutes=9))
    vote(grace, disagreed, now - dt.timedelta(minutes=9), "2")
    vote(ada, agreed, now)
    vote(grace, agreed, now)
    for _ in range(100):
        decisions.send_left(clock=lambda: now + GRACE * 2)
    assert aws.calls[SENT] == 1


def test_a_quorum_left_behind_is_sent_although_somebody_said_something_else_afterwards(
    aws: FakeLambda, callback: Callback, now: dt.datetime
) -> None:
    form(approvals=2)
    ada, grace, edith = approvers("ada", "grace", "edith")
    vote(ada, callback, now)
    vote(grace, callback, now)
    vote(edith, callback, now, "2")
    decisions.send_left(clock=lambda: now + GRACE * 2)
    assert dict(aws.requests)[SENT]["Result"] == b"1" and ActionRecord.objects.get(kind="succeed").user == grace


def test_one_that_cannot_be_sent_keeps_the_next_from_nothing(
    aws: FakeLambda, callback: Callback, now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    form(approvals=2)
    ada, grace = approvers("ada", "grace")
    for one in (callback, waiting(aws, callback, 1)):
        vote(ada, one, now)
        vote(grace, one, now)
    send, refused = decisions._send, [True]

    def fails_once(*args: Any) -> ActionRecord:
        if refused and refused.pop():
            raise NotAllowed(permissions.Verdict(False, "Somebody was quicker."))
        return send(*args)

    monkeypatch.setattr(decisions, "_send", fails_once)
    decisions.send_left(clock=lambda: now + GRACE * 2)
    assert aws.calls[SENT] == 1


def test_what_aws_has_refused_is_not_sent_again_by_itself(
    aws: FakeLambda, callback: Callback, now: dt.datetime
) -> None:
    form(approvals=2)
    ada, grace = approvers("ada", "grace")
    approve(ada, callback, now)
    aws.fail_next(SENT, client_error("KMSAccessDeniedException"))
    assert approve(grace, callback, now).outcome == Outcome.REFUSED
    decisions.send_left(clock=lambda: now + GRACE * 2)
    assert aws.calls[SENT] == 1


def test_who_is_renamed_does_not_count_twice(aws: FakeLambda, callback: Callback, now: dt.datetime) -> None:
    form(approvals=2)
    (ada,) = approvers("ada")
    approve(ada, callback, now)
    ada.username = "married"
    ada.save()
    approve(ada, callback, now)
    assert not aws.calls[SENT]


def test_who_may_have_started_it_does_not_decide_while_that_is_not_confirmed(
    aws: FakeLambda, callback: Callback, now: dt.datetime
) -> None:
    form(not_by_starter=True)
    ada, grace = approvers("ada", "grace")
    about = {"outcome": Outcome.UNCONFIRMED, "execution_arn": "", "function": callback.execution.function}
    request = {"DurableExecutionName": callback.execution.name}
    record = factories.action(callback.execution, ada, "start", request=request, **about)
    with pytest.raises(NotAllowed, match="four eyes"):
        approve(ada, callback, now)
    ActionRecord.objects.filter(pk=record.pk).update(outcome=Outcome.REFUSED)
    assert permissions.can_answer(ada, callback) and approve(grace, callback, now).outcome == Outcome.ACCEPTED
