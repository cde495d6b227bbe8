"""What is going on, in words with links: the sentence at the top, what it is inside of, and where it leads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote

from django.urls import reverse

from dashboard.pages.tab import Subject
from executions import queries
from executions.domain.causes import contexts_around
from executions.domain.diagnosis import Pause, Sentence, whats_going_on
from executions.models import ActionRecord

_DEEPEST = 5
_TONES = {"waiting": "warn", "bad": "bad", "good": "ok", "info": "info", "idle": "info"}


@dataclass(frozen=True)
class Link:
    label: str
    url: str


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
    """`inside`: the contexts around what is told of, the outermost first. `deeper`: from child to child."""

    headline: str
    detail: str
    tone: str
    operation_url: str
    inside: list[Link]
    deeper: list[Deeper]

    @classmethod
    def of(cls, subject: Subject, actions: Sequence[ActionRecord]) -> Self:
        said = _said(subject, _pause(actions))
        key, read = said.operation_id, bool(subject.history.events)
        return cls(
            headline=said.headline if read else _unread_headline(subject),
            detail=said.detail if read else _unread(subject),
            tone=_TONES.get(said.tone, "info"),
            operation_url=_operation(subject, key) if key else "",
            inside=_inside(subject, key) if key else [],
            deeper=_deeper(subject, said),
        )


def _said(subject: Subject, pause: Pause | None = None) -> Sentence:
    return whats_going_on(subject.history, subject.execution.status, subject.seconds, pause)


def _pause(actions: Sequence[ActionRecord]) -> Pause | None:
    """Who paused it from here, and why; None when the last who did anything of the kind resumed it, or nobody did."""
    kinds, refused = (ActionRecord.Kind.PAUSE, ActionRecord.Kind.RESUME), ActionRecord.Outcome.REFUSED
    last = next((one for one in actions if one.kind in kinds and one.outcome != refused), None)
    return Pause(last.username, last.reason) if last is not None and last.kind == ActionRecord.Kind.PAUSE else None


def _unread_headline(subject: Subject) -> str:
    return "Its history is gone." if subject.execution.gone_at else "Its history has not been read yet."


def _unread(subject: Subject) -> str:
    if subject.execution.gone_at:
        return "AWS no longer had it when it was to be read. What was known of the execution stays here."
    return "It is being read from AWS; this page shows it as soon as it is here."


def _operation(subject: Subject, key: str) -> str:
    return f"{subject.url('execution')}?op={quote(key)}"


def _inside(subject: Subject, key: str) -> list[Link]:
    operation = subject.history.operations.get(key)
    around = contexts_around(subject.history, operation) if operation else []
    return [Link(one.label, _operation(subject, one.id)) for one in around]


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
