"""`manage.py consume_push --once`: empty the push queues in the foreground and say what was in it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from executions.gateway import queue
from executions.gateway.errors import GatewayError
from executions.models import Connection
from executions.sync import push


class Command(BaseCommand):
    help = "Stores what the push queues hold, and says how much waits and how much was given up."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", required=True, help="stop when the queue is empty")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = push.rows_with_queues(now=timezone.now())
        if not rows:
            raise CommandError("No connection has a push queue: set PUSH_QUEUE_URL or push_queue (docs/push.md).")
        failures = [str(error) for row in rows if (error := self._empty(row))]
        if failures:
            raise CommandError(" ".join(failures))

    def _empty(self, row: Connection) -> GatewayError | None:
        try:
            source = push.opened(row, clock=timezone.now)
            # A message that cannot be stored hides for a while, so that this comes to an end.
            while (applied := push.consume(row, source, clock=timezone.now, wait=1)).messages:
                self._tell(applied)
            depth = queue.depth(source)
        except GatewayError as error:
            return error
        dead = "no dead-letter queue" if depth.dead is None else f"{depth.dead} in the dead-letter queue"
        self.stdout.write(f"{row.name}: about {depth.waiting} messages wait, {dead}")
        return None

    def _tell(self, applied: push.Applied) -> None:
        counts = {name: number for name, number in vars(applied).items() if number}
        self.stdout.write(", ".join(f"{number} {name}" for name, number in counts.items()))
