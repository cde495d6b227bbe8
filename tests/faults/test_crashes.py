"""A worker that is killed (-9) at whatever point loses nothing: the next one brings the mirror to the truth."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE

import pytest
from django.conf import settings
from django.db import connection

from executions.models import Execution, Function, HistoryPage
from executions.sync import pacing
from executions.sync.reading import FEW
from tests.faults.conftest import Scene, environment
from tests.faults.mirror import Mirror
from tests.faults.server import Server

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).parents[2]
POINTS = [
    "functions:save:after:1",  # in the midst of storing the functions
    "functions:_save_all:after:1",  # functions stored, the sweep not noted
    "schedule:claim_functions:after:1",  # handed out, not begun
    "schedule:claim_histories:after:1",
    "executions:count_statuses:before:1",  # executions inserted, not committed and not counted
    "listing:upsert:after:1",  # a page of the list committed
    "listing:upsert:before:2",  # the next page read, not committed
    "listing:_schedule:before:1",  # all pages committed, the watermark not
    "listing:_schedule:after:1",
    "storing:write:after:2",  # events written, not committed
    "storing:store:after:1",  # one end of a history committed
    "storing:store:after:2",  # both ends committed, the middle not
    "history:derive:before:2",
    "history:derive:after:2",  # both ends told of
    "deriving:copy_facts:after:2",  # in the midst of deriving
    "deriving:copy_callbacks:before:2",
    "history:_schedule:before:2",
    "habits:learn:after:1",  # complete, not committed
    "trouble:clear:after:3",
]


def database_url() -> str:
    """Of the tests' own database, for a process that is not pytest."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    login = f"{given['USER']}:{given['PASSWORD']}" if given["PASSWORD"] else given["USER"]
    return f"postgresql://{login}@{given['HOST']}:{given['PORT'] or 5432}/{given['NAME']}"


@pytest.fixture(scope="module")
def _processes(served: Server, django_db_setup: None) -> Iterator["subprocess.Popen[str]"]:
    ours = {**os.environ, **environment(served.endpoint), "PYTHONUNBUFFERED": "1"}
    ours |= {"DATABASE_URL": database_url(), "REDIS_URL": "", "SECRET_KEY": settings.SECRET_KEY}
    ours |= {"DJANGO_SETTINGS_MODULE": "dashboard.settings", "LOG_LEVEL": "ERROR"}
    ours.pop("AWS_PROFILE", None)
    command = [sys.executable, "-m", "tests.faults.worker"]
    with subprocess.Popen(command, cwd=ROOT, env=ours, stdin=PIPE, stdout=PIPE, text=True) as made:
        yield made
        assert made.stdin is not None
        made.stdin.close()
        made.wait(10)


@pytest.fixture
def killed_at(_processes: "subprocess.Popen[str]") -> Callable[[str], None]:
    """Has a worker work until it kills itself at that point."""

    def run(point: str) -> None:
        assert _processes.stdin is not None and _processes.stdout is not None
        _processes.stdin.write(f"executions.{point if point.startswith('actions.') else f'sync.{point}'}\n")
        _processes.stdin.flush()
        assert _processes.stdout.readline().strip() == str(-signal.SIGKILL), f"{point} was never reached"

    return run


def busy(mirror: Mirror) -> None:
    """A few executions with several pages of events each, so far apart that a watermark too early would miss some; a
    few of them have ended.
    """
    world = mirror.api.world
    mirror.clock.move(-6 * 2 * pacing.OVERLAP)
    for number in range(6):
        mirror.clock.move(2 * pacing.OVERLAP)
        run = world.start(f"function-{number % 2}")
        world.step(run)
        world.open_callback(run)
        if number % 3 == 0:
            world.end(run, "Failed")


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_is_killed_loses_nothing(point: str, scene: Scene, killed_at: Callable[[str], None]) -> None:
    mirror = scene(page_items=2, functions=2)
    busy(mirror)
    mirror.clock.flowing = True
    killed_at(point)
    mirror.clock.freeze()
    mirror.oracle.observe()
    mirror.catch_up()  # without anything new that would have the histories told of anyway
    mirror.api.world.grow(5)
    mirror.catch_up()


def test_a_worker_that_is_killed_again_and_again_gets_there_all_the_same(
    scene: Scene, killed_at: Callable[[str], None]
) -> None:
    mirror = scene(page_items=2, functions=2)
    busy(mirror)
    mirror.clock.flowing = True
    progress = []
    for point in ("listing:upsert:after:2", "storing:store:after:1", "storing:store:after:1"):
        killed_at(point)
        mirror.oracle.observe()
        progress.append((Execution.objects.count(), HistoryPage.objects.count()))
        # Its claims would end by themselves after pacing.CLAIM.
        Function.objects.update(list_claimed_until=None)
        Execution.objects.update(history_claimed_until=None)
    assert progress == sorted(progress) and progress[-1] > progress[0]
    mirror.clock.freeze()
    mirror.catch_up()


@pytest.mark.parametrize(
    "point",
    [
        "storing:_begin_retelling:before:1",  # found, not committed
        "storing:store:after:1",  # found
        "storing:store:after:2",  # the first page of the new telling committed
        "history:derive:before:4",
        "storing:store:after:5",
        "storing:end_retelling:before:1",  # the new telling committed to its end, the rest of the old one still there
        "storing:end_retelling:after:1",  # dropped, not told of
    ],
)
def test_a_worker_that_is_killed_while_a_history_is_replaced_leaves_nothing_of_the_old_one(
    point: str, scene: Scene, killed_at: Callable[[str], None]
) -> None:
    mirror = scene(functions=1)
    run = mirror.api.world.start()
    for _ in range(240):
        mirror.api.world.step(run)
    mirror.catch_up()
    mirror.api.page_items = FEW
    mirror.api.world.retell(run, left=450)
    Execution.objects.update(history_due_at=mirror.now())
    mirror.clock.flowing = True
    killed_at(point)
    mirror.clock.freeze()
    mirror.catch_up()  # without anything new that would be read anyway
