"""What people are asked when a callback waits, who of them decides, and what their votes come to.

A decision form comes from a file or from the web; both give the same plain values (executions/decision_forms.py).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True)
class Shown:
    """A field of a payload from before the callback: of the operation with the name `of`, or of the execution's input
    when that is "". `pointer` is a JSON pointer (RFC 6901).
    """

    label: str
    of: str
    pointer: str


@dataclass(frozen=True)
class Prepared:
    """An answer ready to be sent: a success with `result`, or a failure with type and message when that is None."""

    label: str
    result: str | None = None
    error_type: str = ""
    error_message: str = ""

    @property
    def is_success(self) -> bool:
        return self.result is not None


@dataclass(frozen=True)
class Form:
    """`functions` and `callbacks` are shell patterns. `schema`: of the success result, as JSON Schema; None without.

    `raw`: any JSON or text may be sent that the schema allows; else only what the form and the prepared answers make.
    `groups`: who may decide, everybody whose role does when empty. `approvals`: how many must want the same success.
    `is_file`: it comes from a file, and cannot be changed in the web; `pk` is that of its row else.
    """

    name: str
    title: str
    functions: str = "*"
    callbacks: str = "*"
    instructions: str = ""
    schema: dict[str, Any] | None = None
    raw: bool = True
    answers: tuple[Prepared, ...] = ()
    show: tuple[Shown, ...] = ()
    groups: tuple[str, ...] = ()
    reason_required: bool = False
    not_by_starter: bool = False
    approvals: int = 1
    one_refusal_ends: bool = True
    is_file: bool = False
    pk: int | None = None

    def covers(self, function: str, callback: str) -> bool:
        return fnmatchcase(function, self.functions) and fnmatchcase(callback, self.callbacks)

    @property
    def refusals(self) -> int:
        return 1 if self.one_refusal_ends else self.approvals


def choose(forms: Iterable[Form], function: str, callback: str) -> Form | None:
    """The form of a callback: files win over the web; then whoever names more of it; then the name decides."""
    found = [form for form in forms if form.covers(function, callback)]
    return min(found, key=_rank, default=None)


def _rank(form: Form) -> tuple[bool, int, int, str]:
    return (not form.is_file, -_named(form.functions), -_named(form.callbacks), form.name)


def _named(pattern: str) -> int:
    """How much a pattern says: its letters; one without wildcards says the most."""
    wild = any(mark in pattern for mark in "*?[")
    return sum(letter not in "*?[]" for letter in pattern) if wild else 1_000


@dataclass(frozen=True)
class Vote:
    """What one person said last. `what`: the success's exact text, or the failure's error in words.

    `why_not`: why it does not count any more; "" while it does.
    """

    person: int | None
    username: str
    is_success: bool
    what: str
    reason: str
    at: dt.datetime
    why_not: str = ""


@dataclass(frozen=True)
class Standing:
    """`votes`: the last of each person, oldest first."""

    votes: tuple[Vote, ...]
    approvals: int
    refusals: int

    def alike(self, vote: Vote) -> int:
        """How many that count said the same: the same bytes for a success, any failure for a failure."""
        return sum(one.is_success == vote.is_success and _same(one, vote) for one in self.votes if not one.why_not)

    def needed(self, vote: Vote) -> int:
        return self.approvals if vote.is_success else self.refusals

    def is_complete(self, vote: Vote) -> bool:
        return not vote.why_not and self.alike(vote) >= self.needed(vote)


def _same(one: Vote, other: Vote) -> bool:
    return not one.is_success or one.what == other.what


def standing(votes: Sequence[Vote], form: Form | None) -> Standing:
    """`votes`: all of them, oldest first. A person's later vote takes the place of the earlier."""
    last: dict[int | str, Vote] = {}
    for vote in votes:
        who = vote.username if vote.person is None else vote.person
        last.pop(who, None)
        last[who] = vote
    return Standing(tuple(last.values()), form.approvals if form else 1, form.refusals if form else 1)
