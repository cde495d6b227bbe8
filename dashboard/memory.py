"""The memory of a process that runs for months: when garbage is collected, and that what was freed goes back."""

import ctypes
import gc
import threading
import time
from functools import cache

COLLECT_SECONDS, COLLECT_ALL_EVERY = 10.0, 6
M_ARENA_MAX, ARENAS = -8, 2
"""glibc gives threads up to eight heaps a processor, and each keeps holes in which others' memory finds no place: with
the worker's threads that grew by a megabyte a minute, although nothing of ours did (measured: 30 MB in use, free 9 MB
after a minute and 40 MB after twenty)."""


@cache
def start() -> None:
    """Call it when everything is imported; a second time does nothing."""
    # A folded history is tens of thousands of small objects without cycles: at its default pace the collector looks
    # through all of them again and again in the middle of the request that makes them, which tripled the time of
    # opening one (measured: 246-510 ms against 105-127 ms for 8,500 events).
    gc.collect()
    gc.freeze()
    gc.disable()
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(M_ARENA_MAX, ARENAS)
    threading.Thread(target=_collect, args=(library,), name="collector", daemon=True).start()


def _collect(library: ctypes.CDLL) -> None:
    """The young every ten seconds, everything once a minute; each time the system gets back what is free."""
    turn = 0
    while True:
        time.sleep(COLLECT_SECONDS)
        turn += 1
        gc.collect(2 if turn % COLLECT_ALL_EVERY == 0 else 1)
        if hasattr(library, "malloc_trim"):
            library.malloc_trim(0)
