"""The inbox's filters: read from the URL, checked, and written back into links. All of the state is in the URL."""

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from dashboard.pages.filter_bar import MANY_FUNCTIONS, SUGGESTED, Chip, Choice, Input
from dashboard.pages.filters import MAX_NAME
from executions import queries
from executions.queries import InboxFilter, InboxPlace

WHO = {"mine": "claimed by me", "free": "claimed by nobody"}
STATES = {
    "soon": "overdue soon",
    "endless": "no timeout",
    "lapsing": "heartbeat about to lapse",
    "paused": "execution paused",
}
LABELS = {"function": "Function", "connection": "Connection", "name": "Name", "who": "Claimed", "state": "State"}
_ODD = re.compile(r"[\x00-\x1f\x7f]")
_PLACE = re.compile(r"(never|\d{1,16})-(\d{1,16})-(\d{1,18})", re.ASCII)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICRO = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Filters:
    """`values`: what the URL says, also when it is wrong; `wrong`: a sentence for each value that cannot be used.

    `here`: the parameter that names the page, "" for the first.
    """

    chosen: InboxFilter
    after: InboxPlace | None
    here: str
    values: dict[str, str]
    functions: list[str]
    connections: list[str]
    wrong: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, params: QueryDict, *, user: Any) -> Self:
        values = {name: text for name in LABELS if (text := params.get(name, "").strip())}
        functions = sorted({name for name, _, _ in queries.functions_listed(user)})
        connections = sorted(queries.connections(user).values_list("name", flat=True))
        known = {"function": functions, "connection": connections, "who": WHO, "state": STATES}
        wrong = {name: _UNKNOWN[name] for name in known if values.get(name) and values[name] not in known[name]}
        if len(name := values.get("name", "")) > MAX_NAME or _ODD.search(name):
            wrong["name"] = "No callback has such a name."
        place = params.get("after", "")
        after = read_place(place)
        if place and after is None:
            wrong["after"] = "The address names no place in the list; this is its beginning."
        good = {name: text for name, text in values.items() if name not in wrong}
        here = f"after={place}" if after else ""
        return cls(InboxFilter(**good), after, here, values, functions, connections, wrong)

    @property
    def sentences(self) -> list[tuple[str, str]]:
        return [(LABELS.get(name, "Page"), sentence) for name, sentence in self.wrong.items()]

    def query(self, **changes: str) -> str:
        """The query string with these changes, from the top of the list; "" takes a filter away."""
        return urlencode({name: text for name, text in (self.values | changes).items() if text})

    def url(self, **changes: str) -> str:
        return joined(reverse("inbox"), self.query(**changes))

    def bar(self) -> list[Chip]:
        chips = [self._pick("state", STATES), self._pick("who", WHO), self._functions()]
        if len(self.connections) > 1 or "connection" in self.values:
            chips.append(self._pick("connection", {name: name for name in self.connections}))
        return [*chips, self._typed("name", "Part of the callback's name", [])]

    def _functions(self) -> Chip:
        if len(self.functions) > MANY_FUNCTIONS:
            return self._typed("function", "The function's whole name", self.functions[:SUGGESTED])
        return self._pick("function", {name: name for name in self.functions})

    def _pick(self, name: str, labels: dict[str, str]) -> Chip:
        current, here = self.values.get(name, ""), reverse("inbox")
        choices = [
            Choice(label, joined(here, self.query(**{name: value})), chosen=value == current)
            for value, label in {"": "any", **labels}.items()
        ]
        return self._chip(name, labels.get(current, current), choices, [])

    def _typed(self, name: str, hint: str, suggestions: list[str]) -> Chip:
        value, wrong = self.values.get(name, ""), self.wrong.get(name, "")
        return self._chip(name, value, [], [Input(name, LABELS[name], "search", value, hint, wrong, suggestions)])

    def _chip(self, name: str, value: str, choices: list[Choice], inputs: list[Input]) -> Chip:
        others = [(other, text) for other, text in self.values.items() if other != name]
        wrong = [self.wrong[name]] if name in self.wrong else []
        return Chip(name, LABELS[name], value or "any", name in self.values, choices, inputs, others, wrong)


def joined(url: str, *parts: str) -> str:
    """The address with these parts of a query string, of which some may be ""."""
    query = "&".join(part for part in parts if part)
    return f"{url}?{query}" if query else url


_UNKNOWN = {
    "function": "There is no function with this name.",
    "connection": "There is no connection with this name.",
    "who": f"Choose one of {', '.join(WHO)}.",
    "state": f"Choose one of {', '.join(STATES)}.",
}


def place_of(callback: queries.Waiting) -> str:
    """A place in the list as a parameter, in whole microseconds."""
    deadline = "never" if callback.timeout_at is None else str((callback.timeout_at - _EPOCH) // _MICRO)
    return f"{deadline}-{(callback.opened_at - _EPOCH) // _MICRO}-{callback.pk}"


def read_place(text: str) -> InboxPlace | None:
    if not (found := _PLACE.fullmatch(text)):
        return None
    deadline = None if found[1] == "never" else _EPOCH + int(found[1]) * _MICRO
    return InboxPlace(deadline, _EPOCH + int(found[2]) * _MICRO, int(found[3]))
