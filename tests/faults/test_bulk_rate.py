"""A bulk against the service: its rate stays within the budget, and a worker that is killed sends nothing twice.

BULK_EXECUTIONS says how many are stopped; 10,000 take some minutes.
"""

import os
import uuid
from collections import Counter
from collections.abc import Callable

import pytest

from executions.actions import bulk, perform
from executions.gateway.connections import Connection
from executions.models import ActionRecord, Bulk, Execution
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
    actor = perform.Actor(user=factories.user("admin"), address=None, token=uuid.uuid4())
    running = bulk.able(actor.user, "stop", Execution.objects.all())
    return bulk.begin(actor, "stop", running, options={}, chosen="", now=mirror.now())


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
    assert our_share()["stop"] / 2 < in_any_second <= our_share()["stop"], "the budget is used, and never exceeded"
    assert not mirror.api.violations
    assert set(mirror.api.stops.values()) == {1} and len(mirror.api.stops) == COUNT
    assert one.rows.filter(record__outcome="accepted").count() == COUNT


@pytest.mark.parametrize(
    "point",
    [
        "actions.perform:_write_down:before:3",
        "actions.perform:_write_down:after:3",  # on record, not sent
        "actions.perform:send:after:3",  # sent, the outcome not on record
        "actions.bulk:_act:after:3",  # on record with its outcome, the row not done
        "actions.bulk:_do:after:25",
    ],
)
def test_a_worker_that_is_killed_sends_nothing_twice(
    point: str,
    scene: Scene,
    client: Connection,
    killed_at: Callable[[str], None],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mirror = scene()
    one = begun(mirror, 30)
    mirror.clock.flowing = True
    killed_at(point)
    mirror.clock.freeze()
    monkeypatch.setattr("executions.actions.perform.reach", lambda *_: client)
    Bulk.objects.update(claimed_until=None)  # it would end by itself after a minute
    bulk.step(one.pk, clock=mirror.now)
    one.refresh_from_db()
    assert one.finished_at
    lost = ActionRecord.objects.filter(outcome="sending")
    assert lost.count() <= 1
    assert max(mirror.api.stops.values()) == 1
    assert len(mirror.api.stops) >= 30 - lost.count()
    assert Counter(one.rows.values_list("record", flat=True)).most_common(1)[0][1] == 1
