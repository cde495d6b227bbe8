"""Fold a history's events into operations, attempts and invocations.

Order and duplicates in the input do not matter, gaps are reported, and nothing that AWS may send makes it fail.
"""

from collections.abc import Sequence

from executions.domain.causes import open_callbacks
from executions.domain.events import Event, in_order
from executions.domain.folding import HANDLERS, ExecutionDraft, OperationDraft, invocation_of
from executions.domain.history import (
    Attempt,
    CallbackFacts,
    ExecutionFacts,
    History,
    Invocation,
    InvokeFacts,
    Operation,
    OperationCounts,
    WaitFacts,
)
from executions.domain.statuses import EVENT_PARTS, EVENT_TYPES, OUTCOMES

__all__ = [
    "Attempt",
    "CallbackFacts",
    "ExecutionFacts",
    "History",
    "Invocation",
    "InvokeFacts",
    "Operation",
    "OperationCounts",
    "WaitFacts",
    "fold",
    "open_callbacks",
]


def fold(events: Sequence[Event], *, settle: bool = True) -> History:
    """The history that `events` tell.

    With `settle`, what is still open when the execution (or the context around it) has ended becomes NEVER_FINISHED;
    without it, such operations keep the status their events give, as a checkpoint in mid-flight shows them.
    """
    ordered = in_order(list(events))
    execution = ExecutionDraft()
    drafts: dict[str, OperationDraft] = {}
    invocations: list[Invocation] = []
    unknown: list[Event] = []
    gaps: list[tuple[int, int]] = []
    expected = 1
    for event in ordered:
        number = event.id
        if number != expected:
            gaps.append((expected, number - 1))
        expected = number + 1
        kind = event.type
        handler = HANDLERS.get(kind)
        key = event.operation_id
        if handler is None or key is None:
            if kind == "InvocationCompleted":
                invocations.append(invocation_of(event, len(invocations) + 1))
                continue
            if kind in EVENT_TYPES and handler is None:
                execution.apply(event)
                continue
            unknown.append(event)
            if key is None or key == execution.id or kind.startswith("Execution"):
                continue
        draft = drafts.get(key)
        if draft is None:
            draft = drafts[key] = OperationDraft(event, key)
        draft.event_ids.append(number)
        if event.at > draft.last_at:
            draft.last_at = event.at
        if handler is not None:
            if draft.kind == "Unknown":
                draft.kind = EVENT_PARTS[kind][0]
            handler(draft, event)
    ended = settle and execution.status in OUTCOMES
    roots = _grow(drafts, execution.id, ended=ended, settle=settle)
    return History(
        execution=execution.facts(),
        operations={key: draft.operation() for key, draft in drafts.items()},
        roots=roots,
        invocations=tuple(invocations),
        events=tuple(ordered),
        gaps=tuple(gaps),
        unknown_events=tuple(unknown),
    )


def _grow(drafts: dict[str, OperationDraft], execution_id: str | None, *, ended: bool, settle: bool) -> tuple[str, ...]:
    """Hang every operation under its parent and return the roots; see `_descend` for depths and statuses."""
    roots: list[str] = []
    for key, draft in drafts.items():
        parent = draft.parent_id
        if parent is None or parent == execution_id:
            roots.append(key)
        elif parent == key or parent not in drafts:
            draft.orphan = True
            roots.append(key)
        else:
            above = drafts[parent]
            if above.children is None:
                above.children = [key]
            else:
                above.children.append(key)
    if _descend(drafts, roots, ended=ended, settle=settle) < len(drafts):
        roots = _cut_cycles(drafts, roots, ended=ended, settle=settle)
    return tuple(roots)


def _descend(drafts: dict[str, OperationDraft], roots: list[str], *, ended: bool, settle: bool) -> int:
    """Set depth, and NEVER_FINISHED where due, from `roots` downwards; how many operations that were. Not recursive."""
    reached = 0
    level, depth = [(drafts[root], ended) for root in roots], 0
    while level:
        reached += len(level)
        below: list[tuple[OperationDraft, bool]] = []
        for draft, over in level:
            draft.depth = depth
            if over:
                draft.give_up()
            if draft.children is not None:
                closed = over or (settle and draft.ended_at is not None)
                below += [(drafts[child], closed) for child in draft.children]
        level, depth = below, depth + 1
    return reached


def _cut_cycles(drafts: dict[str, OperationDraft], roots: list[str], *, ended: bool, settle: bool) -> list[str]:
    """Operations that are their own ancestors: AWS never sends these, but they must not hang or vanish.

    The first of each such group becomes a root. As every operation has one parent, what hangs below it is then a tree.
    """
    seen: set[str] = set()
    pending = list(roots)
    for key, draft in drafts.items():
        _mark(drafts, pending, seen)
        if key not in seen and draft.parent_id is not None:
            siblings = drafts[draft.parent_id].children
            if siblings is not None:
                siblings.remove(key)
            draft.orphan = True
            roots.append(key)
            pending.append(key)
            _descend(drafts, [key], ended=ended, settle=settle)
    order = {key: index for index, key in enumerate(drafts)}
    return sorted(roots, key=order.__getitem__)


def _mark(drafts: dict[str, OperationDraft], pending: list[str], seen: set[str]) -> None:
    """Move all of `pending` and what hangs below it into `seen`."""
    while pending:
        key = pending.pop()
        seen.add(key)
        pending.extend(drafts[key].children or ())
