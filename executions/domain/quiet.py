"""Quiet hours: a part of the day, by the clock on a wall somewhere, in which nobody wants to be told anything."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Quiet:
    """From `begins` until before `ends`, whole minutes; past midnight when `ends` is earlier. They are never equal."""

    begins: dt.time
    ends: dt.time
    zone: ZoneInfo

    def covers(self, moment: dt.datetime) -> bool:
        wall = moment.astimezone(self.zone).time()
        if self.begins < self.ends:
            return self.begins <= wall < self.ends
        return wall >= self.begins or wall < self.ends

    def over(self, moment: dt.datetime) -> dt.datetime:
        """The first moment from this one on that is not quiet.

        Minute by minute, a day of them at the most: so it is right also where a clock is put on or back in between.
        """
        at = moment
        while self.covers(at):
            at = at.replace(second=0, microsecond=0) + _MINUTE
        return at
