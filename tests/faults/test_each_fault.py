"""One fault at a time: while it lasts nothing wrong is stored, and when it is over the mirror is the truth."""

import random

import pytest

from tests.faults.conftest import Scene, our_share
from tests.faults.faults import PLANS

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


def test_without_any_fault_the_mirror_is_the_truth(scene: Scene) -> None:
    mirror = scene(seed=1, page_items=7)
    mirror.live_through(30, pace=random.Random(1))
    mirror.catch_up()
    assert not mirror.oracle.over_budget(our_share())


@pytest.mark.parametrize("name", PLANS)
def test_when_a_fault_is_over_the_mirror_is_the_truth(name: str, scene: Scene) -> None:
    pace = random.Random(name)
    mirror = scene(seed=sum(name.encode()), page_items=3)
    mirror.live_through(3, pace=pace)
    mirror.api.faults = [PLANS[name](random.Random(name))]
    mirror.live_through(13, pace=pace)
    mirror.catch_up()
    assert not mirror.oracle.over_budget(our_share())
