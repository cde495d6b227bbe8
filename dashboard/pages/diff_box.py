"""Two payloads and what is different between them, as templates/partials/diff_box.html shows it."""

from dataclasses import dataclass, replace
from typing import Any, Self

from django.http import QueryDict

from dashboard.pages.operation import is_cut
from dashboard.pages.tab import Subject
from executions import histories
from executions.domain.diff import DiffLine, structural_diff
from executions.domain.events import Event, Payload
from executions.domain.patches import PatchOp
from executions.sharing import patterns

MOST_MOVES = 10
_LONGEST_POINTER = 120
_SIGNS = {"same": " ", "removed": "-", "added": "+", "skipped": "@"}


@dataclass(frozen=True)
class DiffView:
    """How differences are shown: beside each other or in one column, type tags decoded or as stored."""

    side_by_side: bool = False
    raw: bool = False

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        return cls(side_by_side=query.get("view") == "side", raw=query.get("tags") == "raw")

    def pairs(self, **changes: Any) -> list[tuple[str, str]]:
        """What of it stands in the query string, with some of it changed."""
        view = replace(self, **changes)
        return [*([("view", "side")] if view.side_by_side else []), *([("tags", "raw")] if view.raw else [])]


@dataclass(frozen=True)
class Line:
    """A line of templates/partials/diff.html."""

    sign: str
    text: str


@dataclass(frozen=True)
class Beside:
    """The same line on both sides; None where a side has none. `kind`: same, changed or skipped."""

    before: str | None
    after: str | None
    kind: str


@dataclass(frozen=True)
class DiffBox:
    """`left` and `right` name the sides; `moves` say which values only moved. `exists`: some payload is there."""

    title: str
    role: str
    left: str
    right: str
    side_by_side: bool
    lines: list[Line]
    pairs: list[Beside]
    summary: str
    moves: list[str]
    tagged: bool
    notes: list[str]
    exists: bool
    equal: bool

    @classmethod
    def between(
        cls, before: Payload | None, after: Payload | None, view: DiffView, *, title: str, left: str, right: str
    ) -> Self:
        """Of whole payloads; see `whole`."""
        old, new = (None if payload is None else payload.text for payload in (before, after))
        diff = structural_diff(old, new, decode_tags=not view.raw, redact_patterns=patterns())
        return cls(
            title=title,
            role=_role(before, after),
            left=left,
            right=right,
            side_by_side=view.side_by_side,
            lines=[] if view.side_by_side else [Line(_SIGNS.get(line.kind, " "), line.text) for line in diff.lines],
            pairs=side_by_side(diff.lines) if view.side_by_side else [],
            summary=diff.summary,
            moves=_moves(diff.operations),
            tagged=diff.tagged or view.raw,
            notes=list(_notes((left, before), (right, after))),
            exists=before is not None or after is not None,
            equal=diff.equal,
        )

    def untold_role(self) -> Self:
        """For a box whose title is the role."""
        return replace(self, role="")


def _role(before: Payload | None, after: Payload | None) -> str:
    if before and after and before.role != after.role:
        return f"{before.role} → {after.role}"
    return after.role if after else before.role if before else ""


def _moves(operations: tuple[PatchOp, ...]) -> list[str]:
    """ "/a/x → /b/x", as JSON pointers."""
    moved = [step for step in operations if step.op == "move"]
    said = [f"{_short(step.source or '')} → {_short(step.path)}" for step in moved[:MOST_MOVES]]
    return [*said, *([f"and {len(moved) - MOST_MOVES:,} more"] if len(moved) > MOST_MOVES else [])]


def _short(pointer: str) -> str:
    return pointer if len(pointer) <= _LONGEST_POINTER else f"{pointer[:_LONGEST_POINTER]}…"


def _notes(*sides: tuple[str, Payload | None]) -> list[str]:
    cut = [name for name, payload in sides if payload is not None and payload.truncated]
    if not cut:
        return []
    if len(cut) == len(sides):
        return ["AWS has cut both: the rest was never readable."]
    return [f"AWS has cut the payload of {cut[0]}: the rest was never readable."]


def whole(subject: Subject, event: Event | None) -> Payload | None:
    """The payload of an event, read to its end."""
    if event is None or event.payload is None:
        return None
    if is_cut(event.payload.source):
        found = histories.event_with_payload(subject.execution, event.id)
        return found.payload if found else None
    return event.payload


def side_by_side(lines: tuple[DiffLine, ...]) -> list[Beside]:
    """Removed and added lines of one change stand beside each other."""
    pairs: list[Beside] = []
    removed: list[str] = []
    added: list[str] = []

    def flush() -> None:
        for at in range(max(len(removed), len(added))):
            left = removed[at] if at < len(removed) else None
            right = added[at] if at < len(added) else None
            pairs.append(Beside(left, right, "changed"))
        removed.clear()
        added.clear()

    for line in lines:
        if line.kind == "removed":
            removed.append(line.text)
        elif line.kind == "added":
            added.append(line.text)
        else:
            flush()
            pairs.append(Beside(line.text, line.text, "skipped" if line.kind == "skipped" else "same"))
    flush()
    return pairs
