"""How much of the call budget the mirror uses while there is work, and whether it ever uses more: the first minutes of
mirroring 20,000 executions of 200 functions from a Lambda API over HTTP that counts and enforces AWS's quotas.

AWS's quota itself makes the whole take the better part of an hour (a history each, half of 15 a second), so that the
run is cut off; the API says when each call arrived. Real time, worker threads as in an installation without Redis.
"""

import multiprocessing
import os
import tempfile
import threading
import time
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench import report

FUNCTIONS, EXECUTIONS = 200, int(os.environ.get("BENCH_QUOTA_EXECUTIONS", "20000"))
SECONDS = float(os.environ.get("BENCH_QUOTA_SECONDS", "100"))
BEAT, THREADS, SETTLING = 0.5, 16, 5.0


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        set_up(Path(folder))
        run()


def run() -> None:
    ours, theirs = multiprocessing.Pipe()
    # A process of its own, as AWS is: it notes when a call arrives, whatever the mirror's threads are at.
    service = multiprocessing.get_context("fork").Process(target=serve, args=(theirs,), daemon=True)
    service.start()
    os.environ["AWS_ENDPOINT_URL_LAMBDA"], began = ours.recv()
    granted = work()
    ours.send("over")
    calls, violations = ours.recv()
    service.terminate()
    tell(sorted(calls, key=lambda call: call[1]), granted, violations, began)


def serve(told: Connection) -> None:
    from tests.faults.clock import Clock
    from tests.faults.server import Api, serving
    from tests.faults.world import World

    clock = Clock(flowing=True)
    world = World(clock, functions=FUNCTIONS, most_runs=EXECUTIONS)
    clock.move(-10.0 * EXECUTIONS)
    for number in range(EXECUTIONS):
        one = world.start(f"function-{number % FUNCTIONS}")
        world.step(one)
        world.end(one)
        clock.move(9.9)
    clock.move(0.1 * EXECUTIONS)
    with serving() as served:
        api = served.api = Api(world)
        api.calls_left = 10**9
        told.send((served.endpoint, clock.time()))
        told.recv()
        told.send((api.calls, api.violations))


def set_up(folder: Path) -> None:
    import django

    os.environ |= {
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
    }
    os.environ.pop("REDIS_URL", None)
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def work() -> list[tuple[str, float]]:
    """Celery's own entry points, with a queue of ours in the place of the broker."""
    from django.db import connection

    from executions import tasks
    from tests.faults.worker import Deferred, handed_out

    queue: deque[tuple[Any, tuple[Any, ...]]] = deque()
    for name in handed_out(tasks):
        setattr(tasks, name, Deferred(queue, getattr(tasks, name)))
    stop = threading.Event()

    def worker() -> None:
        while not stop.is_set():
            try:
                task, args = queue.popleft()
            except IndexError:
                stop.wait(0.02)
                continue
            task(*args)
        connection.close()

    granted = watched_budget()
    threads = [threading.Thread(target=worker, daemon=True) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    until, beat = time.monotonic() + SECONDS, time.monotonic()
    while beat < until:
        tasks.dispatch()
        beat += BEAT
        time.sleep(max(0.0, beat - time.monotonic()))
    stop.set()
    for thread in threads:
        thread.join(20)
    return granted


def watched_budget() -> list[tuple[str, float]]:
    """(API, when) of each place that the budget gives away."""
    from executions.domain.lanes import Lane
    from executions.gateway import budget

    given: list[tuple[str, float]] = []
    ask = budget._ask

    def watched(connection: str, api: str, chosen: Lane, waiter: str) -> float:
        wait = ask(connection, api, chosen, waiter)
        if not wait:
            given.append((api, time.monotonic()))
        return wait

    budget._ask = watched
    return given


def most_in_a_second(times: list[float]) -> int:
    return max(sum(at < one + 1.0 for at in times[i : i + 100]) for i, one in enumerate(times))


def tell(
    calls: list[tuple[str, float]], granted: list[tuple[str, float]], violations: list[tuple[str, float]], began: float
) -> None:
    from executions.gateway import budget
    from executions.models import Execution

    print(report.machine())
    listed, read = Execution.objects.count(), Execution.objects.filter(history_complete=True).count()
    print(f"{listed:,} of {EXECUTIONS:,} executions listed and {read:,} histories read in {SECONDS:.0f} s")
    for api in ("list", "history"):
        times = [at for name, at in calls if name == api]
        allowed = budget.calls_per_second("default", api)
        first = max(times[0] if times else began, began) + SETTLING
        busy = [at for at in times if first <= at < began + SECONDS]
        share = len(busy) / allowed / (began + SECONDS - first)
        most, given = most_in_a_second(times), most_in_a_second(sorted(at for name, at in granted if name == api))
        print(
            f"{api}: {share:.1%} of the budget used (goal 95 %), at most {most} arrive in any second (goal {allowed})"
        )
        print(f"  the budget gives away at most {given}")
    print(f"calls beyond AWS's quota: {len(violations)}")


if __name__ == "__main__":
    main()
