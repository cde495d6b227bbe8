"""Faults that come and go in a seeded random mix: for one worker in virtual time, for several in real time."""

import random

import pytest

from executions.models import Execution
from tests.faults.conftest import Scene, our_share
from tests.faults.faults import PLANS, Cuts, ShortPages, Throttles

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
# Slow answers cost real time; one test of their own is enough.
MIXED = sorted(PLANS.keys() - {"slow answers"})


@pytest.mark.parametrize("seed", range(5))
def test_whatever_mix_of_faults_comes_and_goes_the_mirror_becomes_the_truth(seed: int, scene: Scene) -> None:
    chance = random.Random(seed)
    ahead = chance.choice([0.0, 0.0, -600.0, 600.0])
    mirror = scene(seed=seed, page_items=chance.randint(1, 6), ahead=ahead)
    for _ in range(6):
        names = chance.sample(MIXED, chance.randint(0, 3))
        mirror.api.faults = [PLANS[name](random.Random(chance.random())) for name in names]
        mirror.live_through(4, pace=chance)
    mirror.catch_up()
    assert not mirror.oracle.over_budget(our_share())


def test_several_workers_at_once_keep_the_budget_and_store_everything_once(scene: Scene) -> None:
    mirror = scene(seed=11, functions=4, page_items=5, flowing=True)
    mirror.api.world.most_runs = 12
    chance = random.Random(11)
    mirror.api.world.grow(40)

    def meanwhile() -> None:
        mirror.api.world.grow(chance.randint(0, 2))
        mirror.api.faults = [Cuts(chance, 0.1), ShortPages(chance, 0.2), Throttles(chance, 0.05, None)]

    failures = mirror.work_with_threads(3.0, workers=4, meanwhile=meanwhile)
    assert not failures, failures[:3]
    # A call takes a moment from the budget to the service; that moment is not always as long.
    assert not mirror.oracle.over_budget(our_share(), window=0.85)
    assert Execution.objects.exists()
    mirror.clock.freeze()
    mirror.catch_up()
