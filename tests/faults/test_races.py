"""People who answer and stop at the same moment, in threads and in processes: AWS gets exactly one of each.

RACE_SEEDS says how many seeds there are; each is one callback, one execution and some people at once.
"""

import json
import os
import random
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from subprocess import PIPE

import pytest
from django.conf import settings
from django.db import connection

from executions.actions import decisions, permissions
from executions.actions.records import Actor
from executions.gateway.connections import Connection
from executions.models import ActionRecord, Callback, Execution
from tests import factories
from tests.faults.conftest import Scene, environment
from tests.faults.racer import act
from tests.faults.server import Server
from tests.faults.test_crashes import ROOT, database_url

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
SEEDS, PROCESSES, PER_TEST = int(os.environ.get("RACE_SEEDS", "200")), 2, 25
ANSWERS = ("succeed", "fail")


@pytest.fixture(scope="module")
def racers(served: Server, django_db_setup: None) -> "Iterator[list[subprocess.Popen[str]]]":
    """Processes that each do what a line tells them, when they are told to."""
    ours = {**os.environ, **environment(served.endpoint), "PYTHONUNBUFFERED": "1"}
    ours |= {"DATABASE_URL": database_url(), "REDIS_URL": "", "SECRET_KEY": settings.SECRET_KEY}
    ours |= {"DJANGO_SETTINGS_MODULE": "dashboard.settings", "LOG_LEVEL": "ERROR"}
    ours.pop("AWS_PROFILE", None)
    command = [sys.executable, "-m", "tests.faults.racer"]
    made = [subprocess.Popen(command, cwd=ROOT, env=ours, stdin=PIPE, stdout=PIPE, text=True) for _ in range(PROCESSES)]
    yield made
    for process in made:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


@pytest.mark.parametrize("first", range(0, SEEDS, PER_TEST))
def test_of_all_who_answer_and_stop_at_once_one_each_is_sent(
    first: int,
    scene: Scene,
    client: Connection,
    racers: "list[subprocess.Popen[str]]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: client)
    # Everybody has passed the check before anybody has written: only the database can tell them apart.
    monkeypatch.setattr(permissions, "can_answer", lambda *_: permissions.YES)
    api = scene(flowing=True).api
    function = factories.function("function-0", arn=api.world.functions["function-0"]["FunctionArn"])
    people = [factories.user("admin") for _ in range(2)]
    for seed in range(first, min(first + PER_TEST, SEEDS)):
        chance = random.Random(seed)
        api.calls_left = 1000
        run, stopped = api.world.start(), api.world.start()
        callback_id = api.world.open_callback(run)
        execution = factories.execution(function, arn=run.arn, name=run.name)
        callback = factories.callback(execution, callback_id=callback_id)
        target = factories.execution(function, arn=stopped.arn, name=stopped.name)
        shared = str(uuid.uuid4())  # a double click sends one form twice
        plans = [
            {
                "action": action,
                "about": callback.pk if action in ANSWERS else target.pk,
                "user": chance.choice(people).pk,
                "token": shared if chance.random() < 0.2 and action == "succeed" else str(uuid.uuid4()),
                "delay": chance.choice([0.0, 0.0, 0.002, 0.005]),
            }
            for action in [*ANSWERS, "stop", "stop", *chance.choices([*ANSWERS, "stop"], k=chance.randint(0, 3))]
        ]
        race(plans, racers)
        assert api.answers[callback_id] == 1, seed
        assert api.stops[stopped.arn] == 1, seed
        accepted = ActionRecord.objects.filter(outcome="accepted")
        assert accepted.filter(callback=callback).count() == 1, seed
        assert accepted.filter(execution=target, kind="stop").count() == 1, seed
    assert not api.violations
    assert Callback.objects.count() == Execution.objects.filter(callbacks__isnull=False).count()


def race(plans: list[dict[str, object]], racers: "list[subprocess.Popen[str]]") -> None:
    """The first of them in processes of their own, the others in threads of this one."""
    apart, here = plans[: len(racers)], plans[len(racers) :]
    failures: list[BaseException] = []

    def run(plan: dict[str, object]) -> None:
        try:
            act(plan)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(plan,)) for plan in here]
    for process, plan in zip(racers, apart, strict=True):
        assert process.stdin is not None
        process.stdin.write(json.dumps(plan) + "\n")
        process.stdin.flush()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for process in racers:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ok"
    assert not failures, failures


def test_without_the_constraint_two_answers_would_be_sent(
    scene: Scene, client: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What these tests rest on: the fake does count a second send."""
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: client)
    api = scene(flowing=True).api
    run = api.world.start()
    first, second = api.world.open_callback(run), api.world.open_callback(run)
    execution = factories.execution(arn=run.arn)
    for callback_id in (first, second):
        callback = factories.callback(execution, callback_id=callback_id)
        actor = Actor(user=factories.user("admin"), address=None, token=uuid.uuid4())
        decisions.succeed(actor, callback, result="1", is_json=True, now=factories.ago())
    assert sum(api.answers.values()) == 2
