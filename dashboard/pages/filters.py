"""The filters of the list of executions: read from the URL, checked, and written back into links.

All of the state is in the URL. A value that cannot be used gets a sentence and filters nothing; the others still do.
"""

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from executions import queries
from executions.domain.statuses import ExecutionStatus
from executions.queries import Cursor, ListFilter

WAITING, FAILURES = "WAITING", "FAILED_OR_TIMED_OUT"
"""Values of `status` besides AWS's own: with an open callback; failed or timed out."""
PRESETS = {
    "1h": ("last hour", dt.timedelta(hours=1)),
    "24h": ("last 24 hours", dt.timedelta(hours=24)),
    "7d": ("last 7 days", dt.timedelta(days=7)),
    "30d": ("last 30 days", dt.timedelta(days=30)),
}
FILTERS = (
    *("function", "connection", "status", "name"),
    *("started", "started_from", "started_to", "ended", "ended_from", "ended_to"),
)
PLACES = ("older", "newer")
MAX_NAME = 300
_ODD = re.compile(r"[\x00-\x1f\x7f]")
_PLACE = re.compile(r"(\d{1,16})-(\d{1,18})", re.ASCII)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Filters:
    """`values`: what the URL says, also when it is wrong; `wrong`: a sentence for each value that cannot be used."""

    chosen: ListFilter
    cursor: Cursor | None
    values: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, params: QueryDict, *, user: Any, functions: list[str], now: dt.datetime) -> Self:
        values = {name: text for name in (*FILTERS, *PLACES) if (text := params.get(name, "").strip())}
        reader = _Reader(values, now)
        chosen = ListFilter(
            function=reader.function(functions),
            connection=reader.connection(user),
            name=reader.name(),
            **reader.status(user),
            **reader.moments("started"),
            **reader.moments("ended"),
        )
        return cls(chosen, reader.place(), values, reader.wrong)

    @property
    def narrowing(self) -> bool:
        """Whether anything is asked for, rightly or wrongly."""
        return any(name in self.values for name in FILTERS)

    def query(self, **changes: str) -> str:
        """The query string with these changes, from the top of the list; "" takes a filter away."""
        kept = {name: text for name, text in self.values.items() if name in FILTERS}
        return urlencode({name: text for name, text in (kept | changes).items() if text})

    def url(self, **changes: str) -> str:
        return list_url(self.query(**changes))

    def others(self, *names: str) -> list[tuple[str, str]]:
        """The filters besides these, for the hidden inputs of a form that changes these."""
        return [(name, text) for name, text in self.values.items() if name in FILTERS and name not in names]


def list_url(query: str = "", **values: str) -> str:
    """The list's address, for links from other pages: `list_url(status="FAILED")`."""
    query = query or urlencode({name: text for name, text in values.items() if text})
    return reverse("executions") + (f"?{query}" if query else "")


def place_of(started_at: dt.datetime, pk: int) -> str:
    """A place in the list as a parameter: whole microseconds, so that nothing is lost to rounding."""
    return f"{(started_at - _EPOCH) // dt.timedelta(microseconds=1)}-{pk}"


def read_place(text: str) -> tuple[dt.datetime, int] | None:
    """(moment, id) of a place; None when it is none."""
    if not (found := _PLACE.fullmatch(text)):
        return None
    return _EPOCH + dt.timedelta(microseconds=int(found[1])), int(found[2])


class _Reader:
    """Takes the values one by one and notes what is wrong with them."""

    def __init__(self, values: dict[str, str], now: dt.datetime):
        self.values, self.now = values, now
        self.wrong: dict[str, str] = {}

    def function(self, known: list[str]) -> str:
        name = self.values.get("function", "")
        if name and name not in known:
            self.wrong["function"] = "There is no function with this name."
            return ""
        return name

    def connection(self, user: Any) -> str:
        name = self.values.get("connection", "")
        if name and (_ODD.search(name) or not queries.connections(user).filter(name=name).exists()):
            self.wrong["connection"] = "There is no connection with this name."
            return ""
        return name

    def name(self) -> str:
        text = self.values.get("name", "")
        if len(text) > MAX_NAME:
            self.wrong["name"] = f"This is {len(text):,} characters long; a name has at most {MAX_NAME}."
        elif _ODD.search(text):
            self.wrong["name"] = "This contains a control character, which no name does."
        return "" if "name" in self.wrong else text

    def status(self, user: Any) -> dict[str, Any]:
        status = self.values.get("status", "")
        if status == WAITING:
            return {"waiting": True}
        if status == FAILURES:
            return {"failed": True}
        if not status or status in set(ExecutionStatus):
            return {"status": status}
        if len(status) <= 40 and not _ODD.search(status) and queries.is_known_status(user, status):
            return {"status": status}
        self.wrong["status"] = "No execution has had this status."
        return {}

    def moments(self, which: str) -> dict[str, Any]:
        """When executions started, or ended: by a preset, between two moments, or both."""
        after = self._moment(f"{which}_from")
        before = self._moment(f"{which}_to")
        if after and before and before <= after:
            self.wrong[f"{which}_to"] = "This is not after the beginning."
            before = None
        if preset := self.values.get(which):
            if preset in PRESETS:
                earliest = self.now - PRESETS[preset][1]
                after = max(after, earliest) if after else earliest
            else:
                self.wrong[which] = f"Choose one of {', '.join(PRESETS)}."
        return {name: at for name, at in ((f"{which}_after", after), (f"{which}_before", before)) if at}

    def _moment(self, name: str) -> dt.datetime | None:
        if not (text := self.values.get(name)):
            return None
        try:
            at = dt.datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or not 2000 <= at.year < 2200:
            self.wrong[name] = "Write a time like 2026-11-23T14:05, in UTC."
            return None
        return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)

    def place(self) -> Cursor | None:
        for name in PLACES:
            if text := self.values.get(name):
                if found := read_place(text):
                    return Cursor(*found, older=name == "older")
                self.wrong["page"] = "The address names no place in the list; this is its newest page."
        return None
