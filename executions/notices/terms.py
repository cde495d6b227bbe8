"""What a rule is to be, and the rules that are switched on with what their groups may see."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import Group

from executions.domain import scopes
from executions.domain.notices import Event, Subject, Terms
from executions.models import Execution, Notice, NoticeRule, Scope


@dataclass(frozen=True)
class Wanted:
    """A rule as it is to be. `target`: e-mail addresses with ", " between or a URL; "" leaves what there is."""

    name: str
    group: Group
    events: list[str]
    connections: str
    functions: str
    callbacks: str
    claimed_minutes: int
    with_payload: bool
    gather_seconds: int
    quiet_from: dt.time | None
    quiet_to: dt.time | None
    zone: str
    active: bool
    target: str = ""


def active() -> list[tuple[NoticeRule, Terms]]:
    """Two questions; one when there is no rule."""
    rules = list(NoticeRule.objects.filter(active=True).order_by("pk"))
    return with_terms(rules)


def with_terms(rules: list[NoticeRule]) -> list[tuple[NoticeRule, Terms]]:
    if not rules:
        return []
    rows = Scope.objects.filter(group__in={rule.group_id for rule in rules})
    scoped: dict[int, list[scopes.Rule]] = {}
    for row in rows:
        scoped.setdefault(row.group_id, []).append(scopes.Rule(row.connections, row.functions, row.acts))
    return [(rule, _terms(rule, scoped.get(rule.group_id))) for rule in rules]


def subject_of(notice: Notice) -> Subject:
    """For what is stored already: its execution's function may have come into another group's scope since."""
    event = Event(notice.event)
    if notice.execution is None:
        return Subject(event, notice.connection.name if notice.connection else "")
    return about(
        event, notice.execution, notice.callback.name or notice.callback.operation_id if notice.callback else ""
    )


def about(event: Event, execution: Execution, callback: str = "") -> Subject:
    return Subject(event, execution.function.connection.name, execution.function.name, callback)


def known(values: Iterable[str]) -> frozenset[Event]:
    """Those of them that are events; a rule may name one that there is no more."""
    return frozenset(Event(value) for value in values if value in list(Event))


def _terms(rule: NoticeRule, scoped: list[scopes.Rule] | None) -> Terms:
    everything = scoped is None and settings.PEOPLE_WITHOUT_SCOPE == "everything"
    sees = None if everything else tuple(scoped or ())
    return Terms(known(rule.events), rule.connections, rule.functions, rule.callbacks, sees)
