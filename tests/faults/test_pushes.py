"""Pushes in every disorder: nothing wrong is stored on their word, and what they miss is found by polling."""

import random
from typing import Any

import pytest

from executions.models import Connection, Execution, Trouble
from executions.sync import push_health
from tests.faults.conftest import Scene, our_share
from tests.faults.faults import PLANS
from tests.faults.mirror import Mirror
from tests.faults.pushes import Pushes, Way

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
WAYS = {
    "as they should": Way(),
    "twice": Way(twice=0.7),
    "in another order": Way(late=0.6),
    "half of them never": Way(lost=0.5),
    "never": Way(lost=1.0),
    "in every disorder": Way(lost=0.3, twice=0.4, late=0.5),
}


def begun(scene: Scene, settings: Any, way: Way, *, seed: int) -> tuple[Mirror, Pushes]:
    settings.PUSH_QUEUE_URL = "http://127.0.0.1:1/queue"
    mirror = scene(seed=seed, page_items=20)
    mirror.api.world.most_runs = 60
    mirror.beat()  # the functions are known
    return mirror, Pushes(mirror, way, seed=seed)


@pytest.mark.parametrize("seed", range(1))
@pytest.mark.parametrize("name", WAYS)
def test_however_the_pushes_come_the_mirror_is_the_truth(name: str, seed: int, scene: Scene, settings: Any) -> None:
    mirror, pushes = begun(scene, settings, WAYS[name], seed=seed)
    mirror.live_through(15, pace=random.Random(seed), happenings=20, meanwhile=pushes.come)
    mirror.catch_up()
    pushes.come_at_last()
    mirror.catch_up()
    assert not mirror.oracle.over_budget(our_share())


@pytest.mark.parametrize("seed", range(3))
def test_pushes_in_disorder_and_a_service_in_trouble_make_no_difference(seed: int, scene: Scene, settings: Any) -> None:
    chance = random.Random(seed)
    mirror, pushes = begun(scene, settings, WAYS["in every disorder"], seed=seed)
    for name in chance.sample(sorted(PLANS.keys() - {"slow answers"}), 4):
        mirror.api.faults = [PLANS[name](chance)]
        mirror.live_through(4, pace=chance, meanwhile=pushes.come)
    mirror.catch_up()


def test_what_is_told_is_there_without_a_single_listing(scene: Scene, settings: Any) -> None:
    mirror, pushes = begun(scene, settings, Way(twice=0.5), seed=0)
    for _ in range(5):
        mirror.api.world.start()
    first = mirror.api.world.start()
    mirror.api.world.end(first)
    asked = len(mirror.api.calls)
    pushes.come()
    assert Execution.objects.count() == 6 and Execution.objects.get(arn=first.arn).status == "SUCCEEDED"
    assert len(mirror.api.calls) == asked


def test_what_push_has_missed_is_counted_and_its_silence_told(scene: Scene, settings: Any) -> None:
    mirror, pushes = begun(scene, settings, Way(lost=1.0), seed=0)
    pushes.come()
    push_health.listens(Connection.objects.get(), now=mirror.now())
    mirror.clock.move(5)
    runs = [mirror.api.world.start() for _ in range(3)]
    # Without a listing, so that it finds them only when push should have told of them.
    mirror.clock.move(push_health.TELLS_WITHIN.total_seconds() + 5)
    for _ in range(5):
        mirror.beat()
        mirror.clock.move(20)
    assert Connection.objects.get().push_missed == len(runs)
    assert Trouble.objects.filter(scope=push_health.SCOPE).exists()
    pushes.way = Way()
    mirror.api.world.end(runs[0])
    pushes.come()
    mirror.clock.move(31)
    mirror.beat()
    assert not Trouble.objects.filter(scope=push_health.SCOPE).exists(), "it speaks again"
    mirror.catch_up()
