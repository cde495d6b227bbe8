"""A bulk against the service: its rate stays within the budget, and a worker that is killed sends nothing twice.

BULK_EXECUTIONS says how many are stopped; 10,000 take a minute. `-s` shows the rate.
"""

import os
import uuid
from collections import Counter
from collections.abc import Callable

import pytest

from executions.actions import bulk
from executions.actions.records import Actor
from executions.gateway.connections import Connection
from executions.models import ActionRecord, Bulk, Callback, Execution
from tests import factories
from tests.faults.conftest import Scene, our_share
from tests.faults.mirror import Mirror
from tests.faults.test_crashes import _processes, killed_at  # noqa: F401

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
COUNT = int(os.environ.get("BULK_EXECUTIONS", "400"))


def begun(mirror: Mirror, count: int) -> Bulk:
    """A bulk that stops so many executions, which the service and the mirror both know."""
    runs = [mirror.api.world.start() for _ in range(count)]
    mirror.api.calls_left = 10 * count + 1000
    function = factories.function("function-0", arn=mirror.api.world.functions["function-0"]["FunctionArn"])
    rows = [factories.unsaved_execution(function, "RUNNING", name=run.name, arn=run.arn) for run in runs]
    Execution.objects.bulk_create(rows, batch_size=1000)
    actor = Actor(user=factories.user("admin"), address=None, token=uuid.uuid4())
    running = bulk.able(actor.user, "stop", Execution.objects.all())
    return bulk.begin(actor, "stop", running, options={}, chosen="", now=mirror.now())


def begun_answers(mirror: Mirror, count: int) -> Bulk:
    """A bulk that answers so many callbacks."""
    function = factories.function("function-0", arn=mirror.api.world.functions["function-0"]["FunctionArn"])
    mirror.api.calls_left = 10 * count + 1000
    for _ in range(count):
        run = mirror.api.world.start()
        execution = factories.execution(function, "RUNNING", name=run.name, arn=run.arn)
        factories.callback(execution, callback_id=mirror.api.world.open_callback(run))
    actor = Actor(user=factories.user("admin"), address=None, token=uuid.uuid4())
    options = {"result": '{"ok": true}', "is_json": True}
    return bulk.begin_answers(actor, "succeed", Callback.objects.all(), options=options, chosen="", now=mirror.now())


def test_the_rate_of_a_bulk_stays_within_the_budget(
    scene: Scene, client: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: client)
    mirror = scene()
    one = begun(mirror, COUNT)
    mirror.api.latency = 0.0005  # it could be two thousand a second
    while bulk.due(now=mirror.now()):
        bulk.step(one.pk, clock=mirror.now)
    times = [at for api, at in mirror.api.calls if api == "stop"]
    in_any_second = max(sum(1 for other in times[n : n + 1000] if other < at + 1.0) for n, at in enumerate(times))
    took = f"{COUNT:,} stops in {times[-1] - times[0]:.1f} s of the service's clock"
    print(f"{took}, at most {in_any_second} in any second of {our_share()['stop']} allowed")  # noqa: T201
    assert our_share()["stop"] / 2 < in_any_second <= our_share()["stop"], "the budget is used, and never exceeded"
    assert not mirror.api.violations
    assert set(mirror.api.stops.values()) == {1} and len(mirror.api.stops) == COUNT
    assert one.rows.filter(record__outcome="accepted").count() == COUNT


POINTS = [
    "actions.records:write_down:before:3",
    "actions.records:write_down:after:3",  # on record, not sent
    "actions.perform:send:after:3",  # sent, the outcome not on record
    "actions.bulk:_act:after:3",  # on record with its outcome, the row not done
    "actions.bulk:_do:after:25",
]


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_is_killed_stops_nothing_twice(
    point: str,
    scene: Scene,
    client: Connection,
    killed_at: Callable[[str], None],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mirror = scene()
    one = begun(mirror, 30)
    killed_and_carried_on(one, point, mirror, client, killed_at, monkeypatch)
    assert_each_once(one, mirror.api.stops)


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_is_killed_answers_nothing_twice(
    point: str,
    scene: Scene,
    client: Connection,
    killed_at: Callable[[str], None],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mirror = scene()
    one = begun_answers(mirror, 30)
    killed_and_carried_on(one, point, mirror, client, killed_at, monkeypatch)
    assert_each_once(one, mirror.api.answers)
    tried = [api for api, _ in mirror.api.calls].count("callback")
    assert tried == len(mirror.api.answers), "nothing was even tried a second time"


def killed_and_carried_on(
    one: Bulk,
    point: str,
    mirror: Mirror,
    client: Connection,
    killed_at: Callable[[str], None],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mirror.clock.flowing = True
    killed_at(point)
    mirror.clock.freeze()
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: client)
    Bulk.objects.update(claimed_until=None)  # it would end by itself after a minute
    bulk.step(one.pk, clock=mirror.now)
    one.refresh_from_db()
    assert one.finished_at


def assert_each_once(one: Bulk, arrived: Counter[str]) -> None:
    """All 30 but the one that may have been lost on its way, which is not sent again blindly."""
    lost = ActionRecord.objects.filter(outcome="sending")
    assert lost.count() <= 1
    assert max(arrived.values()) == 1
    assert len(arrived) >= 30 - lost.count()
    assert Counter(one.rows.values_list("record", flat=True)).most_common(1)[0][1] == 1
