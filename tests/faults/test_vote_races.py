"""People who vote on the same callback, and claim it, at the same moment, in threads and in processes: AWS gets
exactly one answer, and one person has it at a time.

RACE_SEEDS says how many seeds there are.
"""

import random
import subprocess
import uuid

import pytest
from django.utils import timezone

from executions.gateway.connections import Connection
from executions.models import ActionRecord, Claim, DecisionForm
from tests import factories
from tests.faults.conftest import Scene
from tests.faults.server import Server
from tests.faults.test_races import SEEDS, race, racers  # noqa: F401 - a fixture

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
Kind = ActionRecord.Kind
PER_TEST = 10


@pytest.mark.parametrize("first", range(0, SEEDS, PER_TEST))
def test_of_all_who_vote_and_claim_at_once_one_answer_is_sent(
    first: int,
    scene: Scene,
    served: Server,
    client: Connection,
    racers: "list[subprocess.Popen[str]]",  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: client)
    api = scene(flowing=True).api
    function = factories.function("function-0", arn=api.world.functions["function-0"]["FunctionArn"])
    people = [factories.user("approver") for _ in range(4)]
    for seed in range(first, min(first + PER_TEST, SEEDS)):
        chance = random.Random(seed)
        api.calls_left = 1000
        needed = chance.choice([2, 3])
        values = {"title": "Refund", "approvals": needed, "one_refusal_ends": chance.random() < 0.5}
        DecisionForm.objects.update_or_create(
            name="race", defaults={"values": values, "username": "admin", "changed_at": timezone.now()}
        )
        run = api.world.start()
        callback_id = api.world.open_callback(run)
        execution = factories.execution(function, arn=run.arn, name=run.name)
        callback = factories.callback(execution, callback_id=callback_id, name="manager approval")
        chance.shuffle(people)
        # As many as are needed approve; others refuse, approve twice, or claim meanwhile.
        who = [("succeed", person) for person in people[:needed]]
        who += [
            (chance.choice(["succeed", "fail", "claim", "over", "release"]), chance.choice(people)) for _ in range(4)
        ]
        chance.shuffle(who)
        plans = [
            {
                "action": action,
                "about": callback.pk,
                "user": person.pk,
                "token": str(uuid.uuid4()),
                "delay": chance.choice([0.0, 0.0, 0.002, 0.005]),
            }
            for action, person in who
        ]
        race(plans, racers)
        sent = ActionRecord.objects.filter(callback=callback, kind__in=[Kind.SUCCEED, Kind.FAIL], outcome="accepted")
        assert api.answers[callback_id] == sent.count() <= 1, seed
        if all(action != "fail" for action, _ in who):  # who refuses after having approved may leave too few
            assert sent.get().kind == Kind.SUCCEED, seed
        assert Claim.objects.filter(callback=callback).count() <= 1, seed
        held = ActionRecord.objects.filter(callback=callback, kind__in=[Kind.CLAIM, Kind.RELEASE]).order_by("pk").last()
        claim = Claim.objects.filter(callback=callback).first()
        if claim and held:
            assert (held.kind, held.username) == (Kind.CLAIM, claim.username), seed
    assert not api.violations
