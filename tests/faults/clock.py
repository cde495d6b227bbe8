"""Time as the fake Lambda API and the mirror under test see it."""

import datetime as dt
import threading
import time as real


class Clock:
    """Stands still unless somebody sleeps by it or moves it on; a flowing one goes on by itself as well.

    It has what code uses of the module `time`, so that it can stand in for it: an hour of waiting takes no time.
    """

    def __init__(self, *, flowing: bool = False) -> None:
        self.flowing = flowing
        self._offset = 0.0
        self._frozen_at = real.time()
        self._lock = threading.Lock()

    def time(self) -> float:
        return (real.time() if self.flowing else self._frozen_at) + self._offset

    monotonic = time

    def now(self, *, ahead: float = 0.0) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.time() + ahead, tz=dt.UTC)

    def move(self, seconds: float) -> None:
        with self._lock:
            self._offset += seconds

    def freeze(self) -> None:
        self._frozen_at, self.flowing = real.time(), False

    def sleep(self, seconds: float) -> None:
        if self.flowing:
            real.sleep(seconds)
        else:
            self.move(seconds)
