"""The payloads of any two events of one execution compared: attempts, polls, a result and the next input."""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from django.http import QueryDict

from dashboard.pages.diff_box import DiffBox, DiffView, whole
from dashboard.pages.history_rows import summary
from dashboard.pages.operation import Step, comparisons
from dashboard.pages.tab import Subject
from dashboard.pages.timeline_state import whole as number_of
from executions.domain.events import Event
from executions.domain.history import Operation

MOST_STEPS = 40


@dataclass(frozen=True)
class EventMark:
    """One of the two events. `problem`: why there is nothing to compare."""

    letter: str
    number: int
    words: str
    at: float | None
    url: str
    problem: str


@dataclass(frozen=True)
class EventDiffPage:
    """`steps`: what can be compared of the same operations, `here` among them; `marks`: the two events."""

    url: str
    here: str
    marks: list[EventMark]
    last_event_id: int
    box: DiffBox | None
    inline_url: str
    side_url: str
    tags_url: str
    swap_url: str
    view: DiffView
    steps: list[Step]

    @classmethod
    def of(cls, subject: Subject, query: QueryDict) -> Self:
        numbers = number_of(query.get("a", "")), number_of(query.get("b", ""))
        a, b = (subject.history.event(number) for number in numbers)
        view, url = DiffView.read(query), subject.url("execution-diff")

        def address(**changes: Any) -> str:
            return _url(url, numbers, view, **changes)

        ready = a is not None and b is not None and (a.payload is not None or b.payload is not None)
        return cls(
            url=url,
            here=_url(url, numbers, DiffView()),
            marks=[_mark(subject, "A", numbers[0], a), _mark(subject, "B", numbers[1], b)],
            last_event_id=subject.history.last_event_id,
            box=_box(subject, a, b, view) if ready else None,
            inline_url=address(side_by_side=False),
            side_url=address(side_by_side=True),
            tags_url=address(raw=not view.raw),
            swap_url=_url(url, (numbers[1], numbers[0]), view),
            view=view,
            steps=_steps(subject, (a, b)),
        )


def _url(url: str, numbers: tuple[int, int], view: DiffView, **changes: Any) -> str:
    return f"{url}?{urlencode([('a', numbers[0]), ('b', numbers[1]), *view.pairs(**changes)])}"


def _box(subject: Subject, a: Event | None, b: Event | None, view: DiffView) -> DiffBox:
    return DiffBox.between(whole(subject, a), whole(subject, b), view, title="Payload", left="A", right="B")


def _mark(subject: Subject, letter: str, number: int, event: Event | None) -> EventMark:
    if event is None:
        said = f"There is no event {number:,} in this history." if number else "Which event?"
        return EventMark(letter, number, "", None, "", said)
    operation = _operation(subject, event)
    name = operation.label if operation else "the execution"
    url = f"{subject.url('execution-history')}?event={event.id}"
    problem = "" if event.payload is not None else f"AWS gives no payload for event {event.id:,}."
    more = summary(event)
    words = f"{name}: {event.type or 'event'}{f', {more}' if more else ''}"
    return EventMark(letter, event.id, words, event.at, url, problem)


def _operation(subject: Subject, event: Event) -> Operation | None:
    return subject.history.operations.get(event.operation_id or "")


def _steps(subject: Subject, events: tuple[Event | None, ...]) -> list[Step]:
    operations = {operation.id: operation for event in events if event and (operation := _operation(subject, event))}
    return [step for operation in operations.values() for step in comparisons(subject, operation, named=True)][
        :MOST_STEPS
    ]
