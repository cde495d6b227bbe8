"""Cases that chance meets too rarely: each is one story, told to the real mirror over HTTP."""

import random

import pytest

from executions.models import Execution, Function
from executions.sync import pacing
from executions.sync.reading import FEW
from tests.fakes import function_arn
from tests.faults.conftest import Scene
from tests.faults.faults import ListsLate, LoopsMarkers, NotFoundAtFirst, ReadsLate, Refuses, Throttles, Truthful
from tests.faults.mirror import Mirror
from tests.faults.server import Answer, Request, error
from tests.faults.world import Run, World

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
CHANCE = random.Random(0)


def a_long_past(mirror: Mirror, runs: int) -> None:
    """Executions of one function, five minutes apart, all of them ended."""
    for _ in range(runs):
        run = mirror.api.world.start()
        mirror.api.world.step(run)
        mirror.clock.move(1)
        mirror.api.world.end(run)
        mirror.clock.move(300)


def follow(mirror: Mirror, seconds: float, *, step: float = 0.5) -> None:
    until = mirror.clock.time() + seconds
    while mirror.clock.time() < until:
        mirror.beat()
        mirror.clock.move(step)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_marker_that_leads_back_hides_no_execution_for_good(length: int, scene: Scene) -> None:
    mirror = scene(page_items=2, functions=1)
    a_long_past(mirror, 12)
    mirror.api.faults = [LoopsMarkers(CHANCE, length)]
    follow(mirror, 20)
    assert Execution.objects.exists(), "what is before the circle is not to be held back"
    mirror.catch_up()


@pytest.mark.parametrize("length", [1, 2])
def test_functions_that_a_circle_of_markers_hides_are_not_taken_for_gone(length: int, scene: Scene) -> None:
    mirror = scene(page_items=1, functions=6)
    mirror.beat()
    mirror.api.faults = [LoopsMarkers(CHANCE, length)]
    follow(mirror, 70, step=10)
    assert Function.objects.filter(gone_at=None).count() == 6
    mirror.catch_up()


def test_a_list_that_grows_at_its_head_while_it_is_read_loses_nothing(scene: Scene) -> None:
    mirror = scene(page_items=2, functions=1)
    a_long_past(mirror, 9)

    class Grows(Truthful):
        def rewrite(self, request: Request, answer: Answer, world: World) -> Answer:
            if request.api == "list" and len(world.runs) < 20:
                world.start()
            return answer

    mirror.api.faults = [Grows(CHANCE)]
    follow(mirror, 10)
    mirror.catch_up()
    assert Execution.objects.count() == 20


def test_a_payload_of_six_megabytes_is_mirrored_whole(scene: Scene) -> None:
    mirror = scene()
    run = mirror.api.world.start()
    mirror.api.world.step(run, result='"' + "☕x\\n" * 1_000_000 + '"')
    mirror.api.world.end(run)
    mirror.catch_up()


@pytest.mark.parametrize("ahead", [-600.0, 600.0])
def test_a_clock_that_is_ten_minutes_wrong_loses_nothing(ahead: float, scene: Scene) -> None:
    mirror = scene(seed=3, page_items=5, ahead=ahead)
    mirror.api.faults = [ReadsLate(CHANCE, seconds=5, events=1)]
    mirror.live_through(30, pace=random.Random(3))
    mirror.catch_up()


@pytest.mark.parametrize("late", [0.7, 4.0, 45.0])
def test_code_that_returns_only_after_the_end_is_still_in_the_history(late: float, scene: Scene) -> None:
    """Stopping an execution does not stop its code, which runs on to its next checkpoint."""
    mirror = scene(functions=1)
    run = mirror.api.world.start()
    follow(mirror, 5)
    mirror.api.world.end(run, "Stopped", code="lost")
    follow(mirror, late, step=0.35)
    mirror.api.world.invocation(run)
    mirror.catch_up()


@pytest.mark.parametrize("seconds", [45.0, 300.0])
def test_an_execution_that_is_listed_late_is_mirrored(seconds: float, scene: Scene) -> None:
    """Others that were started later have been listed already."""
    mirror = scene(functions=1)
    first = mirror.api.world.start()

    class OnlyTheFirst(ListsLate):
        def rewrite(self, request: Request, answer: Answer, world: World) -> Answer:
            if request.api != "list" or world.clock.time() > first.started_at + self.seconds:
                return answer
            rows = answer.body["DurableExecutions"]
            answer.body["DurableExecutions"] = [row for row in rows if row["DurableExecutionArn"] != first.arn]
            return answer

    mirror.api.faults = [OnlyTheFirst(CHANCE, seconds)]
    if seconds > pacing.OVERLAP:
        # It takes the wider look to find it.
        mirror.oracle.listed_late = seconds + pacing.LOOK_BACK_EVERY + 60
    mirror.clock.move(1)
    mirror.api.world.end(first)
    while mirror.clock.time() < first.started_at + seconds:
        mirror.api.world.end(mirror.api.world.start())
        follow(mirror, seconds / 6, step=2)
    mirror.catch_up()


def test_an_execution_that_is_listed_before_it_can_be_read_is_read_later(scene: Scene) -> None:
    mirror = scene(functions=1)
    mirror.api.faults = [NotFoundAtFirst(CHANCE, 8.0)]
    run = mirror.api.world.start()
    mirror.api.world.end(run)
    follow(mirror, 12)
    mirror.catch_up()


@pytest.mark.parametrize(("code", "status"), [("KMSAccessDeniedException", 502), ("AccessDeniedException", 403)])
def test_an_hour_without_a_permission_delays_only_what_it_concerns(code: str, status: int, scene: Scene) -> None:
    mirror = scene(functions=2)
    concerned, free = mirror.api.world.start("function-0"), mirror.api.world.start("function-1")
    refusal = Refuses(CHANCE, code, status)
    refusal.chosen = {concerned.arn: True, free.arn: False, **dict.fromkeys([_arn(free.function)], False)}
    mirror.api.faults = [refusal]
    for _ in range(40):
        mirror.clock.move(90)
        mirror.api.world.step(free)
        mirror.beat()
    assert Execution.objects.get(arn=free.arn).last_event_id > 70
    asked = sum(1 for name, _ in mirror.api.calls if name == "history")
    mirror.api.world.end(concerned)
    mirror.catch_up()
    assert asked < 40 + 20, "what is refused is asked ever more rarely"


def _arn(function: str) -> str:
    return function_arn(function)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_list_and_a_history_of_twenty_pages_are_read_although_every_second_call_is_throttled(
    seed: int, scene: Scene
) -> None:
    mirror = scene(seed=seed, page_items=2, functions=1)
    a_long_past(mirror, 39)
    run = mirror.api.world.start()
    for _ in range(20):
        mirror.api.world.step(run)
    mirror.beat()
    mirror.api.faults = [Throttles(random.Random(seed), 0.5, None)]
    follow(mirror, 1200, step=5.0)
    long = Execution.objects.get(arn=run.arn)
    assert Execution.objects.count() == 40 and long.contiguous_through == len(run.events) > 40
    mirror.catch_up()


def a_long_history_told_anew(mirror: Mirror, *, left: int) -> Run:
    """481 events that are mirrored, on several pages: more than are asked for where hardly any are new."""
    run = mirror.api.world.start()
    for _ in range(240):
        mirror.api.world.step(run)
    mirror.catch_up()
    mirror.api.page_items = FEW
    mirror.api.world.retell(run, left=left)
    return run


@pytest.mark.parametrize(("seed", "left"), [(0, 481), (1, 220)])
def test_a_history_that_is_told_differently_is_replaced_although_every_second_call_is_throttled(
    seed: int, left: int, scene: Scene
) -> None:
    mirror = scene(seed=seed, functions=1)
    a_long_history_told_anew(mirror, left=left)
    mirror.api.faults = [Throttles(random.Random(seed), 0.5, None)]
    follow(mirror, 600, step=10.0)
    assert not mirror.oracle.differences()
    mirror.catch_up()


class BreaksOff(Truthful):
    """After so many calls for a history all of them are throttled."""

    def __init__(self, after: int) -> None:
        super().__init__(CHANCE)
        self.left = after

    def instead(self, request: Request) -> Answer | None:
        if request.api == "history":
            self.left -= 1
        return error("TooManyRequestsException", 429, "Rate exceeded") if self.left < 0 else None


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("calls", [1, 3, 5])
def test_a_history_that_is_told_differently_is_replaced_wherever_the_reading_is_broken_off(
    seed: int, calls: int, scene: Scene
) -> None:
    mirror = scene(seed=seed, functions=1)
    run = a_long_history_told_anew(mirror, left=450)
    mirror.api.faults = [BreaksOff(calls)]
    follow(mirror, 70, step=10.0)
    if calls > 2:
        mirror.api.world.end(run)
    mirror.catch_up()
