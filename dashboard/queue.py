"""Celery's queue in Redis, kept to what it is here: what is lost with it, the database hands out again.

Celery keeps a second list in Redis of what a worker has taken and not begun. Such a task could not be told to be begun
once its connection had been lost, and Celery then ended the worker ("Unrecoverable error", exit code 1) or forgot the
task. What is in a worker's hands is known to the worker alone: a lost connection does not matter to it.
"""

from typing import Any

from kombu.transport import redis, virtual


class InHand(virtual.QoS):
    """What a worker has taken and not begun. It goes back into the queue when the worker is asked to end."""

    def restore_unacked(self) -> list[Any]:  # type: ignore[override]
        super().restore_unacked()
        return []  # without Redis nothing goes back, and no file of it is wanted: claims end


class Channel(redis.Channel):
    ack_emulation = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.QoS = InHand  # type: ignore[assignment]


class Transport(redis.Transport):
    Channel = Channel
