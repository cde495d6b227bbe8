"""The checkpoints tab: two states of one execution, what changed between them, and how the payloads did."""

import threading
from dataclasses import dataclass
from typing import Self

from cachetools import LRUCache

from dashboard.pages import gaps, scrubber
from dashboard.pages.checkpoint_state import CheckpointState
from dashboard.pages.digest import payload_size
from dashboard.pages.operation import is_cut
from dashboard.pages.payload_box import readable
from dashboard.pages.payload_diff import PayloadDiff
from dashboard.pages.scrubber import Scrubber
from dashboard.pages.tab import Subject
from dashboard.pages.timeline_rows import kind_icon, kind_words
from executions.domain import checkpoints
from executions.domain.checkpoints import Batch, Change
from executions.domain.payloads import truncate
from executions.domain.words import count, size

MOST_ROWS = 200
PREVIEW, LONGEST_PREVIEW = 60, 2_000  # characters shown; bytes that are looked through for secrets
_SIGNS = {"appeared": "+", "changed": "~", "finished": "✓", "unchanged": "="}
_changes: LRUCache[tuple[int, int, int, int], tuple[Change, ...]] = LRUCache(
    maxsize=30_000, getsizeof=lambda changes: 1 + len(changes)
)
_lock = threading.Lock()


def changes_of(subject: Subject, a: int, b: int) -> tuple[Change, ...]:
    """What changed from checkpoint `a` to `b`: kept, because stepping through operations asks for the same again."""
    key = (subject.execution.pk, subject.execution.revision, a, b)
    with _lock:
        found = _changes.get(key)
    if found is None:
        found = checkpoints.changes(subject.history.events, a, b)
        if len(found) < 10_000:
            with _lock:
                _changes[key] = found
    return found


@dataclass(frozen=True)
class ChangeRow:
    """`state`, `attempt` (0 when it is the first or has none) and `payload` are those at B."""

    change: Change
    sign: str
    icon: str
    kind: str
    url: str
    selected: bool
    state: str
    attempt: int
    payload: str


@dataclass(frozen=True)
class Mark:
    """One of the two checkpoints. `at` is None before anything has happened."""

    letter: str
    event_id: int
    number: int
    at: float | None
    summary: str
    problem: str


@dataclass(frozen=True)
class CheckpointsPage:
    execution_id: int
    url: str
    fragment: str
    state: CheckpointState
    marks: list[Mark]
    last_event_id: int
    scrubber: Scrubber
    gaps: list[str]
    summary: str
    rows: list[ChangeRow]
    unchanged: int
    all_url: str
    left_out: int
    diff: PayloadDiff | None
    op: str
    is_live: bool

    @classmethod
    def of(cls, subject: Subject, state: CheckpointState) -> Self:
        found = changes_of(subject, state.a, state.b)
        touched = [change for change in found if change.what != "unchanged"]
        chosen = None if _is_later(subject, found, state.op) else _chosen(found, touched, state.op)
        listed = list(found) if state.everything else touched
        if chosen is not None and chosen not in listed:
            listed.append(chosen)
        url, batches = subject.url("execution-checkpoints"), subject.batches
        shown = listed if state.everything else listed[:MOST_ROWS]
        op = chosen.operation_id if chosen else state.op or ""
        return cls(
            execution_id=subject.execution.pk,
            url=url,
            fragment=f"{url}?{state.query(follows=state.follows)}&part=content",
            state=state,
            marks=[_mark("A", state.a, batches, state), _mark("B", state.b, batches, state)],
            last_event_id=subject.history.last_event_id,
            scrubber=scrubber.of(batches, state, subject.history, op),
            gaps=gaps.said(subject),
            summary=_summary(found, state),
            rows=[_row(change, state, change is chosen) for change in shown],
            unchanged=sum(change.what == "unchanged" and change.operation_id != "" for change in found),
            all_url=f"?{state.query(everything=not state.everything)}",
            left_out=len(listed) - len(shown),
            diff=PayloadDiff.of(subject, state, chosen) if chosen else None,
            op=op,
            is_live=subject.is_live,
        )


def _is_later(subject: Subject, found: tuple[Change, ...], op: str | None) -> bool:
    """Whether the operation asked for begins after checkpoint B."""
    return op in subject.history.operations and all(change.operation_id != op for change in found)


def _chosen(found: tuple[Change, ...], touched: list[Change], op: str | None) -> Change | None:
    """The operation asked for; else the first whose payload changed; else the first that did."""
    if op is not None:
        asked = next((change for change in found if change.operation_id == op), None)
        if asked is not None:
            return asked
    with_payload = (change for change in touched if change.payload_changed)
    return next(with_payload, touched[0] if touched else None)


def _row(change: Change, state: CheckpointState, selected: bool) -> ChangeRow:
    is_execution = change.kind == "Execution"
    return ChangeRow(
        change=change,
        sign=_SIGNS.get(change.what, "?"),
        icon="executions" if is_execution else kind_icon(change.kind, change.subtype),
        kind="the execution itself" if is_execution else kind_words(change.kind, change.subtype),
        url=f"?{state.query(op=change.operation_id)}",
        selected=selected,
        state=change.after.status if change.after else "",
        attempt=change.after.attempt if change.after and change.after.attempt > 1 and not is_execution else 0,
        payload=_payload(change),
    )


def _payload(change: Change) -> str:
    """The result or error at B in a few characters, without secrets; of a long one how long it is."""
    found = (change.after.result or change.after.error) if change.after else None
    if found is None:
        return ""
    if payload_size(found) > LONGEST_PREVIEW or is_cut(found.source):
        return f"{found.role} of {size(payload_size(found))}"
    text = " ".join(readable(found).text.split())
    return truncate(text, PREVIEW)[0] + ("…" if len(text) > PREVIEW else "")


def _mark(letter: str, event_id: int, batches: tuple[Batch, ...], state: CheckpointState) -> Mark:
    at = scrubber.index_of(batches, event_id)
    batch = batches[at] if at is not None else None
    problem = state.problems.get(letter.lower(), "")
    if batch is None:
        return Mark(letter, event_id, 0, None, "before anything", problem)
    return Mark(letter, event_id, batch.number, batch.at, batch.summary, problem)


def _summary(found: tuple[Change, ...], state: CheckpointState) -> str:
    """ "Between event 12 and event 15: 2 operations appeared, 1 finished; 9 unchanged." """
    numbers = dict.fromkeys(_SIGNS, 0)
    for change in found:
        if change.operation_id:
            numbers[change.what] = numbers.get(change.what, 0) + 1
    changed = {what: number for what, number in numbers.items() if number and what != "unchanged"}
    parts = [f"{count(number, 'operation')} {what}" for what, number in changed.items()]
    said = ", ".join(parts) if parts else "no operation changed"
    rest = f"; {numbers['unchanged']:,} unchanged" if numbers["unchanged"] else ""
    return f"From event {state.a:,} to event {state.b:,}: {said}{rest}."
