"""Who goes first where everybody shares one call budget: lanes, each with a weight, so that none starves."""

from collections.abc import Collection
from enum import IntEnum


class Lane(IntEnum):
    """What a call is for, the most urgent first."""

    INTERACTIVE = 0
    CONFIRMATION = 1
    HOT = 2
    WARM = 3
    RECONCILE = 4


WEIGHTS = {Lane.INTERACTIVE: 16, Lane.CONFIRMATION: 8, Lane.HOT: 4, Lane.WARM: 2, Lane.RECONCILE: 1}
"""Turns that a lane gets while all of them wait. One that waits for nothing leaves its turns to the others."""


class Turns:
    """Whose turn it is: each lane that waits gets its weight's share (stride scheduling).

    `_passes` has the lanes' positions on one line; who is furthest behind is next, and then goes on by a stride that
    is shorter the heavier it is. A lane that has not waited for a while begins where the others are: it saves nothing
    up. bucket.lua does the same for all processes; a test holds the two together.
    """

    def __init__(self) -> None:
        self._passes = dict.fromkeys(Lane, 0.0)
        self._reached = 0.0

    def whose(self, waiting: Collection[Lane]) -> Lane:
        """The one of those that wait whose turn it is."""
        return min(waiting, key=lambda lane: (self._at(lane), lane))

    def took(self, lane: Lane) -> None:
        self._reached = self._at(lane)
        self._passes[lane] = self._reached + 1 / WEIGHTS[lane]

    def _at(self, lane: Lane) -> float:
        return max(self._passes[lane], self._reached)
