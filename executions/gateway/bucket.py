"""One call budget: how many calls may be made in any second, who is next, and how far AWS has slowed us down.

What counts is when calls arrive at AWS, which nobody here sees: after its place was given, and before its answer has
come. So a place is taken from when it was given until a second after its call must have arrived. Of more calls than
there are places, two must then be a second apart at AWS, whatever delays them.

Bucket holds it in this process. bucket.lua is the same in Redis for all processes: each method here has its branch
there, and a test holds the two together. Times in seconds by one clock, which the caller (or Redis) reads.
"""

import math
from dataclasses import dataclass, field

from executions.domain.lanes import Lane, Turns

FLOOR = 1 / 32
"""However often AWS throttles, this part of the budget is still tried."""
RECOVERY = 60.0
"""Seconds in which nothing is throttled, from nothing to the whole budget; the longer it was, the more is back."""
LONGEST_PAUSE = 30.0
SPREAD = 0.8
"""Part of a second over which the budget is spread, so that a place becomes free every now and then and somebody who
waits for a page does not have to wait for the whole second."""
WINDOW = 1.002
"""Seconds: one, and what two clocks may differ by in it."""
ARRIVES = 0.02
"""Seconds after it was sent in which a call arrives at AWS, or else its answer tells. AWS works on an answer for
longer, and were a place taken all that time, less than 95 % of the budget could be used."""
UNSENT = 15.0
"""Seconds after which a place whose call has not been sent is nobody's: its process has died."""
MOMENT = 0.02
SHORTEST = 0.001
GRACE = 0.1
"""Seconds by which somebody who waits may be late before the turn goes to others."""


@dataclass(frozen=True)
class State:
    """`left`: calls that could be made now; `part`: of the budget, 1.0 unless AWS throttles; `paused`: seconds for
    which no call is made; `waiting`: how many wait, by lane.
    """

    left: int
    part: float
    paused: float
    waiting: dict[Lane, int]


@dataclass
class Bucket:
    closed_until: float = 0.0
    paused_until: float = 0.0
    _part: float = 1.0
    _part_at: float = -1.0
    _given_at: float = -math.inf
    _calls: dict[str, float] = field(default_factory=dict)  # by waiter: when the call will have arrived
    _waiting: dict[str, tuple[Lane, float]] = field(default_factory=dict)
    _turns: Turns = field(default_factory=Turns)

    def ask(self, now: float, full: float, lane: Lane, waiter: str) -> float:
        """A place for `waiter`, which wants one only once: 0.0 when it has one, else the seconds after which to ask
        again. `full`: calls a second while AWS does not throttle; below one, a call every so many seconds.
        """
        self._forget(now)
        room_at = self._room_at(now, full, lane)
        wait = room_at - now
        if wait <= 0:
            if self._turns.whose({lane, *(other for other, _ in self._waiting.values())}) == lane:
                self._turns.took(lane)
                self._given_at, self._calls[waiter] = now, now + UNSENT
                self._waiting.pop(waiter, None)
                return 0.0
            wait = MOMENT
        wait = max(wait, SHORTEST)
        self._waiting[waiter] = (lane, now + wait + GRACE)
        return wait

    def arrives(self, now: float, waiter: str, within: float) -> None:
        """Its call will have arrived at AWS in so many seconds: ARRIVES when it is sent, 0 when it is over."""
        if waiter in self._calls:
            self._calls[waiter] = min(self._calls[waiter], now + within)

    def leave(self, waiter: str) -> None:
        """It waits no longer."""
        self._waiting.pop(waiter, None)

    def throttled(self, now: float, retry_after: float | None, chance: float) -> None:
        """AWS said "too many requests": half the rate, and a pause. `chance` (0 to 1) spreads the pause, so that those
        who were throttled together do not come back together. What was sent before AWS said so counts only once.
        """
        part = self.part(now)
        if now >= self._part_at + 1.0:
            part = self._part = max(FLOOR, part / 2)
            self._part_at = now
        pause = retry_after + chance if retry_after is not None else chance * min(LONGEST_PAUSE, 1 / part)
        self.paused_until = max(self.paused_until, now + pause)

    def close(self, now: float, seconds: float) -> None:
        """No call for so long: somebody may have called past this bucket."""
        self.closed_until = max(self.closed_until, now + seconds)

    def part(self, now: float) -> float:
        return min(1.0, self._part + max(0.0, now - max(self._part_at, self.paused_until)) / RECOVERY)

    def state(self, now: float, full: float) -> State:
        self._forget(now)
        paused = max(0.0, max(self.paused_until, self.closed_until) - now)
        room, width = _window(full * self.part(now))
        used = sum(1 for at in self._calls.values() if at > now - width)
        waiting = dict.fromkeys(Lane, 0)
        for lane, _ in self._waiting.values():
            waiting[lane] += 1
        return State(0 if paused else max(0, room - used), self.part(now), paused, waiting)

    def _room_at(self, now: float, full: float, lane: Lane) -> float:
        room, width = _window(full * self.part(now))
        at = max(self.closed_until, self.paused_until)
        if len(self._calls) >= room:
            # One that is still under way may arrive now.
            at = max(at, min(now, sorted(self._calls.values())[-room]) + width)
        if lane != Lane.INTERACTIVE:
            at = max(at, self._given_at + SPREAD * width / room)
        return at

    def _forget(self, now: float) -> None:
        newest = max(self._calls.values(), default=0.0)  # what a rate below one a second is measured from
        for waiter in [waiter for waiter, at in self._calls.items() if at <= now - WINDOW and at < newest]:
            del self._calls[waiter]
        for waiter in [waiter for waiter, (_, until) in self._waiting.items() if until < now]:
            del self._waiting[waiter]


def _window(rate: float) -> tuple[int, float]:
    """So many calls in so many seconds: whole calls a second, or one call in more than a second."""
    return (int(rate), WINDOW) if rate >= 1 else (1, 1 / rate)
