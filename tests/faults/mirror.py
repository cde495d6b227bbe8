"""Runs the mirror: Celery's own entry points, with a queue and a clock of ours in the place of the broker and the
day.
"""

import datetime as dt
import random
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Min, QuerySet
from django.db.models.functions import Greatest

from executions import tasks
from executions.models import Execution, Function
from tests.faults.oracle import Oracle
from tests.faults.server import MOST_CALLS, Api
from tests.faults.worker import Deferred, handed_out

DISCOVER_EVERY = 30.0
PATIENCE = 3600.0
"""Seconds of the mirror's time within which it must have caught up after everything works again."""


class Queue:
    """Tasks that were handed out and not begun. Each takes the place of the task of its name in `executions.tasks`."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[Any, tuple[Any, ...]]] = deque()

    def take_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in handed_out(tasks):
            monkeypatch.setattr(tasks, name, Deferred(self.waiting, getattr(tasks, name)))

    def run_one(self) -> bool:
        try:
            task, args = self.waiting.popleft()
        except IndexError:
            return False
        task(*args)
        return True


class Mirror:
    """`ahead`: seconds by which this machine's clock is wrong."""

    def __init__(self, api: Api, monkeypatch: pytest.MonkeyPatch, *, ahead: float = 0.0) -> None:
        self.api, self.clock, self.ahead = api, api.clock, ahead
        self.oracle = Oracle(api)
        self.queue = Queue()
        self.queue.take_over(monkeypatch)
        monkeypatch.setattr(tasks.timezone, "now", self.now)
        self._discovered_at = 0.0

    def now(self) -> dt.datetime:
        return self.clock.now(ahead=self.ahead)

    def beat(self) -> int:
        """Part of what is due now, done by one worker; -> how many pieces of work that were."""
        self.hand_out()
        self.api.calls_left = MOST_CALLS
        pieces = 0
        while self.queue.run_one():
            pieces += 1
            self.oracle.observe()
            if self.api.calls_left < 0:
                self.oracle.wrong.append("a piece of work never stopped asking")
            self.api.calls_left = MOST_CALLS
        return pieces

    def hand_out(self) -> None:
        if self.clock.time() - self._discovered_at >= DISCOVER_EVERY:
            self._discovered_at = self.clock.time()
            tasks.discover.delay()
        tasks.dispatch()

    def live_through(
        self,
        beats: int,
        *,
        pace: random.Random,
        happenings: int = 4,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """The world goes on while the mirror follows it: now by fractions of a second, now by half a minute."""
        for _ in range(beats):
            self.api.world.grow(pace.randint(0, happenings))
            self.clock.move(0.2 * 150 ** pace.random())
            meanwhile()
            self.beat()

    def work_with_threads(self, seconds: float, *, workers: int, meanwhile: Callable[[], None]) -> list[Exception]:
        """Several workers at once, in real time; `meanwhile` is called with each beat. -> what they did not expect."""
        stop, failures = threading.Event(), []

        def work() -> None:
            try:
                while not stop.is_set():
                    try:
                        if not self.queue.run_one():
                            stop.wait(0.02)
                    except Exception as error:
                        failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
        for thread in threads:
            thread.start()
        until = self.clock.time() + seconds
        while self.clock.time() < until:
            meanwhile()
            self.hand_out()
            self.oracle.observe()
            stop.wait(0.1)
        stop.set()
        for thread in threads:
            thread.join(20)
        return failures

    def catch_up(self) -> None:
        """Nothing happens any more and everything works: from one due time to the next until the mirror is true."""
        self.api.heal()
        began = self.clock.time()
        while (found := self.oracle.differences()) and self.clock.time() < began + PATIENCE:
            for _ in range(20):  # each beat hands out only half a second's work
                if not self.beat():
                    break
            if self.clock.time() - began > 20:
                self.api.page_items = 1000  # from here on it is only a matter of time
            # Ever larger steps: what is not there after a minute is not worth being looked for each second.
            self._go_to_the_next_due_time(at_least=self.clock.time() - began)
        assert not found, "\n".join(["The mirror never became true:", *found[:20]])
        self.beat()
        assert not self.oracle.differences(), "it was true and did not stay so"
        assert not self.oracle.wrong, "\n".join(self.oracle.wrong[:20])

    def _go_to_the_next_due_time(self, *, at_least: float) -> None:
        soonest = min(
            _soonest(Function.objects.filter(list_due_at__isnull=False), "list_due_at", "list_claimed_until"),
            _soonest(Execution.objects.filter(history_due_at__isnull=False), "history_due_at", "history_claimed_until"),
            key=lambda at: at or dt.datetime.max.replace(tzinfo=dt.UTC),
        )
        wait = (soonest - self.now()).total_seconds() if soonest else DISCOVER_EVERY
        self.clock.move(max(min(wait, DISCOVER_EVERY), at_least, 0.5) + 0.001)


def _soonest(rows: "QuerySet[Any]", due: str, claimed: str) -> dt.datetime | None:
    free = rows.filter(**{f"{claimed}__isnull": True}).aggregate(at=Min(due))["at"]
    held = rows.filter(**{f"{claimed}__isnull": False}).annotate(at=Greatest(due, claimed))
    return min([at for at in (free, held.aggregate(soonest=Min("at"))["soonest"]) if at], default=None)
