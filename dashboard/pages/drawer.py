"""The drawer beside the rows of the timeline and of the history: in both it shows an operation, or an event."""

from dataclasses import dataclass
from urllib.parse import quote

from dashboard.pages.tab import Subject

TABS = ("timeline", "history")


@dataclass(frozen=True)
class Pair:
    """A line of templates/partials/pairs.html."""

    label: str
    value: str = ""
    at: float | None = None
    mono: bool = False
    url: str = ""
    copy: str = ""


@dataclass(frozen=True)
class Step:
    """A link of a drawer. `ask`: where the drawer that it leads to is had without the page around it."""

    label: str
    url: str
    ask: str = ""


@dataclass(frozen=True)
class Place:
    """Beside which tab a drawer stands; `query` is that tab's state without a selection.

    `child`: the execution whose operation or event is shown, when it is one that is unfolded at the path `within`.
    """

    subject: Subject
    query: str
    within: str = ""
    child: Subject | None = None

    @property
    def shown(self) -> Subject:
        return self.child or self.subject

    @property
    def page(self) -> str:
        return self.subject.url()

    @property
    def closed(self) -> str:
        return f"{self.page}?{self.query}" if self.query else self.page

    def operation(self, key: str, label: str) -> Step:
        return Step(label, self._pick(f"op={quote(key)}"), self._ask("execution-operation", key))

    def event(self, number: int, label: str) -> Step:
        return Step(label, self._pick(f"event={number}"), self._ask("execution-event", number))

    def zoomed(self, zoom: str, key: str) -> str:
        return f"{self.subject.url('execution')}?{_joined(zoom, self._inside, f'op={quote(key)}')}"

    def _pick(self, what: str) -> str:
        return f"{self.page}?{_joined(self.query, self._inside, what)}"

    def _ask(self, name: str, what: object) -> str:
        return f"{self.subject.url(name, what)}?{_joined(self.query, self._inside, f'tab={self.subject.tab}')}"

    @property
    def _inside(self) -> str:
        return f"within={self.within}" if self.within else ""


def _joined(*parts: str) -> str:
    return "&".join(part for part in parts if part)
