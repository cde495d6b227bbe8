"""How the payload of one operation changed between two checkpoints."""

from dataclasses import dataclass
from typing import Self

from dashboard.pages.checkpoint_state import CheckpointState
from dashboard.pages.operation import is_cut
from dashboard.pages.tab import Subject
from executions import histories
from executions.domain.checkpoints import Change
from executions.domain.diff import Diff, DiffLine, structural_diff
from executions.domain.events import Event, Payload
from executions.sharing import patterns

_SIGNS = {"same": " ", "removed": "-", "added": "+", "skipped": "@"}


@dataclass(frozen=True)
class Line:
    """A line of templates/partials/diff.html."""

    sign: str
    text: str


@dataclass(frozen=True)
class Pair:
    """The same line on both sides; None where a side has none. `kind`: same, changed or skipped."""

    before: str | None
    after: str | None
    kind: str


@dataclass(frozen=True)
class PayloadDiff:
    name: str
    role: str
    words: str
    lines: list[Line]
    pairs: list[Pair]
    summary: str
    tagged: bool
    truncated: bool
    inline_url: str
    side_url: str
    tags_url: str
    operation_url: str
    exists: bool

    @classmethod
    def of(cls, subject: Subject, state: CheckpointState, change: Change) -> Self:
        before, after = (_payload(subject, change.operation_id, number) for number in (state.a, state.b))
        diff = _diff(before, after, decode_tags=not state.raw)
        role = after.role if after else before.role if before else ""
        if before and after and before.role != after.role:
            role = f"{before.role} → {after.role}"
        chosen = change.operation_id
        return cls(
            name=change.name,
            role=role,
            words=change.words,
            lines=[] if state.side_by_side else [Line(_SIGNS.get(line.kind, " "), line.text) for line in diff.lines],
            pairs=side_by_side(diff.lines) if state.side_by_side else [],
            summary=diff.summary,
            tagged=diff.tagged,
            truncated=any(payload is not None and payload.truncated for payload in (before, after)),
            inline_url=f"?{state.query(op=chosen, side_by_side=False)}",
            side_url=f"?{state.query(op=chosen, side_by_side=True)}",
            tags_url=f"?{state.query(op=chosen, raw=not state.raw)}",
            operation_url=f"{subject.url('execution')}?op={chosen}" if chosen else "",
            exists=before is not None or after is not None,
        )


def _diff(before: Payload | None, after: Payload | None, *, decode_tags: bool) -> Diff:
    old, new = (None if payload is None else payload.text for payload in (before, after))
    return structural_diff(old, new, decode_tags=decode_tags, redact_patterns=patterns())


def _payload(subject: Subject, operation_id: str, event_id: int) -> Payload | None:
    """The latest payload an operation (or the execution) had at a checkpoint: its result or error, else its input."""
    found: Event | None = None
    for event in _events(subject, operation_id):
        if event.id > event_id:
            break
        payload = event.payload
        if payload is not None and (payload.role != "input" or found is None):
            found = event
    if found is None or found.payload is None:
        return None
    if is_cut(found.payload.source):
        whole = histories.event_with_payload(subject.execution, found.id)
        return whole.payload if whole else None
    return found.payload


def _events(subject: Subject, operation_id: str) -> list[Event]:
    history = subject.history
    if not operation_id:
        return [event for event in history.events if event.family == "Execution"]
    operation = history.operations.get(operation_id)
    numbers = operation.event_ids if operation else ()
    return [event for event in map(history.event, numbers) if event is not None]


def side_by_side(lines: tuple[DiffLine, ...]) -> list[Pair]:
    """Removed and added lines of one change stand beside each other."""
    pairs: list[Pair] = []
    removed: list[str] = []
    added: list[str] = []

    def flush() -> None:
        for at in range(max(len(removed), len(added))):
            left = removed[at] if at < len(removed) else None
            right = added[at] if at < len(added) else None
            pairs.append(Pair(left, right, "changed"))
        removed.clear()
        added.clear()

    for line in lines:
        if line.kind == "removed":
            removed.append(line.text)
        elif line.kind == "added":
            added.append(line.text)
        else:
            flush()
            pairs.append(Pair(line.text, line.text, "skipped" if line.kind == "skipped" else "same"))
    flush()
    return pairs
