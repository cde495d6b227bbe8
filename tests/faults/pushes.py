"""What EventBridge and SQS make of the truth: status changes that come twice, in another order, late or not at all."""

import itertools
import json
import random
from dataclasses import dataclass

from executions.gateway.queue import Message
from executions.models import Connection
from executions.sync import push, push_health
from tests.faults.mirror import Mirror
from tests.faults.world import Run

MOST = 10
"""Messages that SQS hands out at once."""


@dataclass(frozen=True)
class Way:
    """Chances: that a change is `lost`, that it comes `twice`, that it stays in the queue for this time (`late`)."""

    lost: float = 0.0
    twice: float = 0.0
    late: float = 0.0


class Pushes:
    """A queue that is read by the mirror, and filled with what has happened since it was last looked at."""

    def __init__(self, mirror: Mirror, way: Way, *, seed: int = 0) -> None:
        self.mirror, self.way = mirror, way
        self.chance = random.Random(seed)
        self.waiting: list[str] = []
        self.applied: list[push.Applied] = []
        self._told: set[tuple[str, str]] = set()
        self._numbers = itertools.count(1)

    def come(self) -> None:
        """What has happened is sent on its way, and some of what waits is read."""
        self._send()
        self.chance.shuffle(self.waiting)
        read = [body for body in self.waiting if self.chance.random() >= self.way.late]
        self._read(read)

    def come_at_last(self) -> None:
        """All that still waits, in any order."""
        self._send()
        self.chance.shuffle(self.waiting)
        self._read(self.waiting[:])

    def _send(self) -> None:
        with self.mirror.api.world.lock:
            for run in self.mirror.api.world.runs.values():
                for status in ["RUNNING", *([run.status] if run.ended else [])]:
                    if (run.arn, status) not in self._told:
                        self._told.add((run.arn, status))
                        copies = (
                            1 + (self.chance.random() < self.way.twice) if self.chance.random() >= self.way.lost else 0
                        )
                        self.waiting += [change(run, status)] * copies

    def _read(self, bodies: list[str]) -> None:
        row = Connection.objects.get(name="default")
        push_health.listens(row, now=self.mirror.now())
        for first in range(0, len(bodies), MOST):
            messages = [Message(str(next(self._numbers)), "receipt", body) for body in bodies[first : first + MOST]]
            applied, done = push.apply(row, messages, now=self.mirror.now())
            self.applied.append(applied)
            for message in done:
                self.waiting.remove(message.body)
            self.mirror.oracle.observe()


def change(run: Run, status: str) -> str:
    detail = {
        "durableExecutionArn": run.arn,
        "durableExecutionName": run.name,
        "functionArn": run.arn.split("/")[0],
        "status": status,
        "startTimestamp": run.started_at,
        **({} if status == "RUNNING" else {"endTimestamp": run.ended_at}),
    }
    return json.dumps({"source": "aws.lambda", "detail-type": "Durable Execution Status Change", "detail": detail})
