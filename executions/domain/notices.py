"""Notifications as plain values: what somebody wants to be told, whether something is that, and when to try again."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from executions.domain.scopes import Rule


class Event(StrEnum):
    OPENED = "opened"
    HALF = "half"
    NEARLY = "nearly"
    CLAIMED = "claimed"
    FAILED = "failed"
    SILENT = "silent"


WORDS = {
    Event.OPENED: "a callback was opened",
    Event.HALF: "half of a callback's time is gone",
    Event.NEARLY: "90 % of a callback's time are gone",
    Event.CLAIMED: "a callback has been claimed for too long",
    Event.FAILED: "an execution failed or timed out",
    Event.SILENT: "push is silent",
}
SHARES = {Event.HALF: 0.5, Event.NEARLY: 0.9}
"""Of the time between a callback's opening and its timeout."""
OF_CALLBACKS = (Event.OPENED, Event.HALF, Event.NEARLY, Event.CLAIMED)
MOST_ATTEMPTS = 8
_FIRST_PAUSE, _LONGEST_PAUSE = 20.0, 3600.0


@dataclass(frozen=True)
class Subject:
    """Whom something is about. `function` is "" for what concerns a whole connection, `callback` for what is not about
    one; a callback without a name has its operation's id.
    """

    event: Event
    connection: str
    function: str = ""
    callback: str = ""


@dataclass(frozen=True)
class Terms:
    """What a rule asks for. `scopes`: what its group may see; None when that is everything."""

    events: frozenset[Event]
    connections: str = "*"
    functions: str = "*"
    callbacks: str = "*"
    scopes: tuple[Rule, ...] | None = None

    def cover(self, subject: Subject) -> bool:
        return (
            subject.event in self.events
            and fnmatchcase(subject.connection, self.connections)
            and (not subject.function or fnmatchcase(subject.function, self.functions))
            and (not subject.callback or fnmatchcase(subject.callback, self.callbacks))
            and self._may_see(subject)
        )

    def _may_see(self, subject: Subject) -> bool:
        if self.scopes is None:
            return True
        if not subject.function:
            return any(fnmatchcase(subject.connection, scope.connections) for scope in self.scopes)
        return any(scope.covers(subject.connection, subject.function) for scope in self.scopes)


def reached(event: Event, opened_at: dt.datetime, timeout_at: dt.datetime) -> dt.datetime:
    """When a callback reaches that share of its time."""
    return opened_at + (timeout_at - opened_at) * SHARES[event]


def pause_before(attempt: int, chance: float) -> float:
    """Seconds to wait before attempt 2, 3, ...: twice as long each time, up to an hour; `chance`, from 0 to 1, takes up
    to half of it away, so that many who failed together do not come back together.
    """
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (attempt - 2) * 2)
    return longest * (1 - chance / 2)
