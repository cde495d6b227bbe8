"""The history tab: every event as AWS told it, in windows, flat or by operation, and the drawer beside them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from django.utils.safestring import SafeString, mark_safe

from dashboard.pages.drawer import Place
from dashboard.pages.event import EventDrawer
from dashboard.pages.history_rows import CHUNK, Line, TableWriter, lines_of
from dashboard.pages.history_state import HistoryState
from dashboard.pages.operation import Drawer
from dashboard.pages.tab import Subject
from executions.domain.events import Event


@dataclass(frozen=True)
class TypeOption:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class HistoryPage:
    """`missing`: the number of an event that was asked for and is not there; else 0. `shown` counts events."""

    execution_id: int
    url: str
    json_url: str
    fragment: str
    group_url: str
    clear_url: str
    state: HistoryState
    types: list[TypeOption]
    total: int
    shown: int
    body: SafeString
    is_live: bool
    drawer: Drawer | None
    event: EventDrawer | None
    missing: int

    @classmethod
    def of(cls, subject: Subject, state: HistoryState, have: Iterable[int] = ()) -> Self:
        lines = lines_of(subject, state)
        place, url = Place(subject, state.bare), subject.url("execution-history")
        event = EventDrawer.of(place, state.event) if state.event else None
        return cls(
            execution_id=subject.execution.pk,
            url=url,
            json_url=subject.url("history-json"),
            fragment=f"{url}?{state.bare}{'&' if state.bare else ''}part=list",
            group_url=f"{url}?{state.query(grouped=not state.grouped)}",
            clear_url=f"{url}?{state.query(kind='', q='')}",
            state=state,
            types=_types(subject.history.events, state),
            total=len(subject.history.events),
            shown=sum(isinstance(line, Event) for line in lines),
            body=mark_safe(TableWriter(subject, state, lines).all(have)),  # noqa: S308 - escaped where it is written
            is_live=subject.is_live,
            drawer=Drawer.of(place, state.op) if state.op and event is None else None,
            event=event,
            missing=state.event if state.event and event is None else 0,
        )


def rows(subject: Subject, state: HistoryState) -> SafeString:
    """One window of lines."""
    lines: list[Line] = lines_of(subject, state)
    first = state.start // CHUNK * CHUNK
    return mark_safe(TableWriter(subject, state, lines).window(first))  # noqa: S308 - escaped where it is written


def _types(events: tuple[Event, ...], state: HistoryState) -> list[TypeOption]:
    numbers = Counter(event.type for event in events)
    options = [TypeOption("", "all types", not state.kind)]
    options += [TypeOption(kind, f"{kind} ({seen:,})", kind == state.kind) for kind, seen in sorted(numbers.items())]
    if state.kind and state.kind not in numbers:
        options.append(TypeOption(state.kind, f"{state.kind} (0)", True))
    return options
