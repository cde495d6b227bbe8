"""Does not ask again and again for what AWS denies: one circuit per function and reading API, shared by all workers
through the cache.

It opens when so many calls in a row were denied or failed for their key. Then the last error is told without a call;
from time to time one call is let through, and one that works closes it. Somebody who waits for a page always asks:
perhaps they have just mended it.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.core.cache import cache

from executions.domain.lanes import Lane
from executions.gateway import budget
from executions.gateway.errors import Denied, GatewayError, KeyTrouble

APIS = frozenset(["list", "history", "get"])
IN_A_ROW = 3
FLOOR, CEILING = 5.0, 600.0
TRIAL = 15.0
"""Seconds within which a call that was let through has brought its answer."""
_KINDS = {kind.kind: kind for kind in (Denied, KeyTrouble)}


@dataclass(frozen=True)
class Open:
    """Failures in a row, the last of them, and when the next call is let through (epoch)."""

    failures: int
    kind: str
    words: str
    remedy: str
    code: str
    until: float

    def error(self) -> GatewayError:
        return _KINDS[self.kind](self.words, self.remedy, code=self.code)


@contextlib.contextmanager
def guarding(connection: str, api: str, function: str) -> Iterator[None]:
    """Raises the last error instead of running the block while the circuit is open, and learns from what the block
    raises.
    """
    if api not in APIS or not function:
        yield
        return
    key = f"durascope:circuit:{budget.place(connection)}:{api}:{function}"
    known: Open | None = cache.get(key)
    if known and known.failures >= IN_A_ROW and budget.current_lane() != Lane.INTERACTIVE:
        if time.time() < known.until:
            raise known.error()
        _keep(key, replace(known, until=time.time() + TRIAL))
    try:
        yield
    except (Denied, KeyTrouble) as error:
        failures = known.failures + 1 if known else 1
        wait = min(CEILING, FLOOR * 2.0 ** max(0, min(failures - IN_A_ROW, 12)))
        _keep(key, Open(failures, error.kind, error.words, error.remedy, error.code, time.time() + wait))
        raise
    if known:
        cache.delete(key)


def _keep(key: str, state: Open) -> None:
    cache.set(key, state, 2 * int(CEILING))
