"""How the payload of one operation changed between two checkpoints."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

from dashboard.pages.checkpoint_state import CheckpointState
from dashboard.pages.diff_box import DiffBox, DiffView, whole
from dashboard.pages.operation import Step
from dashboard.pages.tab import Subject
from executions.domain.checkpoints import Change
from executions.domain.events import Event, Payload


@dataclass(frozen=True)
class PayloadDiff:
    box: DiffBox
    inline_url: str
    side_url: str
    tags_url: str
    links: list[Step]

    @classmethod
    def of(cls, subject: Subject, state: CheckpointState, change: Change) -> Self:
        before, after = (_payload(subject, change.operation_id, number) for number in (state.a, state.b))
        view, chosen = DiffView(state.side_by_side, state.raw), change.operation_id
        return cls(
            box=DiffBox.between(before, after, view, title=change.name, left="A", right="B"),
            inline_url=f"?{state.query(op=chosen, side_by_side=False)}",
            side_url=f"?{state.query(op=chosen, side_by_side=True)}",
            tags_url=f"?{state.query(op=chosen, raw=not state.raw)}",
            links=[Step("in the timeline", f"{subject.url('execution')}?op={quote(chosen)}")] if chosen else [],
        )


def _payload(subject: Subject, operation_id: str, event_id: int) -> Payload | None:
    """The latest payload an operation (or the execution) had at a checkpoint: its result or error, else its input."""
    found: Event | None = None
    for event in _events(subject, operation_id):
        if event.id > event_id:
            break
        payload = event.payload
        if payload is not None and (payload.role != "input" or found is None):
            found = event
    return whole(subject, found)


def _events(subject: Subject, operation_id: str) -> list[Event]:
    history = subject.history
    if not operation_id:
        return [event for event in history.events if event.family == "Execution"]
    operation = history.operations.get(operation_id)
    numbers = operation.event_ids if operation else ()
    return [event for event in map(history.event, numbers) if event is not None]
