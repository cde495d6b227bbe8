"""What is going on, in words with links: the sentence at the top, what it is inside of, and where it leads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote

from django.urls import reverse

from dashboard.pages.tab import Subject
from executions import queries
from executions.domain.causes import contexts_around
from executions.domain.diagnosis import By, Sentence, whats_going_on
from executions.domain.history import History, Operation
from executions.domain.sentences import parts_of
from executions.domain.statuses import is_terminal
from executions.models import ActionRecord

_DEEPEST = 5
_NUMBERED = re.compile(r"(map-item|parallel-branch)-[0-9]+")  # the names that the SDK gives
_UNITS = {"ParallelBranch": "branch", "MapIteration": "item"}
_TONES = {"waiting": "warn", "bad": "bad", "good": "ok", "info": "info", "idle": "info"}


@dataclass(frozen=True)
class Link:
    """`then`: the word between it and the next."""

    label: str
    url: str
    then: str = "in"


@dataclass(frozen=True)
class Deeper:
    """A child execution, and what is going on in it."""

    label: str
    url: str
    status: str
    headline: str
    operation_url: str


@dataclass(frozen=True)
class Story:
    """`inside`: the contexts around what is told of, the innermost first. `deeper`: from child to child. `failed`: what
    is told of failed the execution. The texts may be `Words`.
    """

    headline: str
    detail: str
    tone: str
    operation_url: str
    inside: list[Link]
    failed: bool
    deeper: list[Deeper]

    @property
    def is_nameless(self) -> bool:
        """Whether no name in it can be the link to what it tells of."""
        return not any(part.kind == "name" for part in (*parts_of(self.headline), *parts_of(self.detail)))

    @classmethod
    def of(cls, subject: Subject, actions: Sequence[ActionRecord]) -> Self:
        said = _said(subject, _by(subject, actions))
        key, read = said.operation_id, bool(subject.history.events)
        return cls(
            headline=said.headline if read else _unread_headline(subject),
            detail=said.detail if read else _unread(subject),
            tone=_TONES.get(said.tone, "info"),
            operation_url=_operation(subject, key) if key else "",
            inside=_inside(subject, key) if key else [],
            failed=subject.execution.status == "FAILED",
            deeper=_deeper(subject, said),
        )


def _said(subject: Subject, by: By | None = None) -> Sentence:
    return whats_going_on(subject.history, subject.execution.status, subject.seconds, by)


def _by(subject: Subject, actions: Sequence[ActionRecord]) -> By | None:
    """Who paused or stopped it from here, and why. Through a share link there are no actions to tell of."""
    kind = ActionRecord.Kind
    kinds = (kind.STOP,) if subject.execution.status == "STOPPED" else (kind.PAUSE, kind.RESUME)
    refused = ActionRecord.Outcome.REFUSED
    last = next((one for one in actions if one.kind in kinds and one.outcome != refused), None)
    return By(last.username, last.reason) if last is not None and last.kind != kind.RESUME else None


def _unread_headline(subject: Subject) -> str:
    return "Its history is gone." if subject.execution.gone_at else "Its history has not been read yet."


def _unread(subject: Subject) -> str:
    if subject.execution.gone_at:
        return "AWS no longer had it when it was to be read. What was known of the execution stays here."
    reading = "It is being read from AWS; this page shows it as soon as it is here."
    if subject.execution.history_failures:
        reading = "AWS has not let it be read so far; it is tried again by itself."
    if subject.share or is_terminal(subject.execution.status):
        return reading
    return f"{reading} Stopping does not need it; a callback is known here as soon as its event has been read."


def _operation(subject: Subject, key: str) -> str:
    return f"{subject.url('execution')}?op={quote(key)}"


def _inside(subject: Subject, key: str) -> list[Link]:
    history = subject.history
    operation = history.operations.get(key)
    around = contexts_around(history, operation)[::-1] if operation else []
    if operation is not None and operation.kind == "Callback":
        around = [one for one in around if one.subtype != "WaitForCallback"]  # it bears the callback's own name
    return [
        Link(_place(history, one), _operation(subject, one.id), "of" if one.subtype in _UNITS else "in")
        for one in around
    ]


def _place(history: History, context: Operation) -> str:
    """ "branch 4 (sms)" of a parallel or "item 12" of a map, which comes next; else the name."""
    parent = history.operations.get(context.parent_id or "")
    if context.subtype not in _UNITS or parent is None:
        return context.label
    place = f"{_UNITS[context.subtype]} {parent.children.index(context.id) + 1:,}"
    return f"{place} ({context.name})" if context.name and not _NUMBERED.fullmatch(context.name) else place


def _deeper(subject: Subject, said: Sentence) -> list[Deeper]:
    """The story goes on in the execution that was called, and from there in the next."""
    found: list[Deeper] = []
    while len(found) < _DEEPEST:
        operation = subject.history.operations.get(said.operation_id or "")
        arn = operation.invoke.child_arn if operation is not None and operation.invoke is not None else None
        if operation is None or arn is None:
            break
        child = queries.by_arn(subject.user, [arn]).get(arn)
        if child is None:
            label = (operation.invoke.function_name if operation.invoke else None) or "the execution it called"
            found.append(Deeper(label, reverse("arn", args=[arn]), "", "Not mirrored here, or not one of yours.", ""))
            break
        subject = replace(subject, execution=child)
        said = _said(subject)
        read = bool(subject.history.events)
        found.append(
            Deeper(
                label=f"{child.function.name} / {child.name}",
                url=subject.url("execution"),
                status=child.status,
                headline=said.headline if read else "Its history has not been read yet.",
                operation_url=_operation(subject, said.operation_id) if said.operation_id else "",
            )
        )
    return found
