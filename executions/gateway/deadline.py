"""Until when a call may go out: afterwards somebody may take its request for lost, and send another."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from executions.gateway.errors import TooLate

_until: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def sending_before(until: float) -> Iterator[None]:
    """The calls inside go out before this moment (epoch seconds) or raise TooLate."""
    token = _until.set(until)
    try:
        yield
    finally:
        _until.reset(token)


def check() -> None:
    """Call it right before a request goes out, when it has its place in the budget and its credentials."""
    until = _until.get()
    if until is not None and time.time() >= until:
        raise TooLate("Too late: it waited too long for its turn and was not sent.", "Send it again.")
