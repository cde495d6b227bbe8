"""Notifications: the rules, one rule with its form and its messages, and the log of all messages."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.http import QueryDict
from django.urls import reverse

from dashboard.asked_for import whole
from dashboard.forms.notices import ZONES, RuleForm
from dashboard.pages.filters import place_of, read_place
from executions import queries
from executions.actions import permissions
from executions.domain.notices import WORDS, Event
from executions.domain.words import count
from executions.models import Delivery, Notice, NoticeRule

State = Delivery.State
Channel = NoticeRule.Channel
LOOKS = {
    State.WAITING: ("info", "pending"),
    State.SENDING: ("info", "pending"),
    State.SENT: ("ok", "check"),
    State.FAILED: ("bad", "x"),
    State.UNSURE: ("warn", "unknown"),
    State.UNNEEDED: ("grey", "minus"),
}
"""Tone and icon of each state."""
SHORT = {
    Event.OPENED: "opened",
    Event.HALF: "half of the time",
    Event.NEARLY: "90 % of the time",
    Event.CLAIMED: "claimed for long",
    Event.FAILED: "failed",
    Event.SILENT: "push silent",
}


@dataclass(frozen=True)
class Thing:
    """One thing that a message told. `note` says why it was not, after all."""

    words: str
    url: str
    note: str


@dataclass(frozen=True)
class Line:
    """One message. `when`: of what happens next, None when nothing does; `again`: it can be sent once more."""

    pk: int
    at: dt.datetime
    rule: str
    rule_url: str
    what: str
    things: list[Thing]
    more: int
    state: str
    tone: str
    icon: str
    label: str
    words: str
    attempts: int
    when: dt.datetime | None
    again: bool
    token: uuid.UUID


@dataclass(frozen=True)
class RuleLine:
    """One rule. `quiet` and `only` are "" where there is nothing to say; `last` is None before its first message."""

    pk: int
    url: str
    name: str
    team: str
    channel: str
    shown: str
    events: str
    only: str
    quiet: str
    active: bool
    last: Line | None


@dataclass(frozen=True)
class RulesPage:
    """`new`: (label, address) for each channel; empty for whoever may not write rules."""

    rules: list[RuleLine]
    new: list[tuple[str, str]]
    hints: list[tuple[str, str]]

    @classmethod
    def of(cls, user: Any) -> Self:
        rules = list(queries.notice_rules(user))
        last = queries.last_deliveries(rules)
        may = bool(permissions.can_write_notices(user))
        new = [(str(one.label), reverse("notice-new", args=[one.value])) for one in Channel] if may else []
        lines = [_rule_line(rule, last.get(rule.pk)) for rule in rules]
        return cls(lines, new, _hints(rules) if may else [])


@dataclass(frozen=True)
class RulePage:
    """One rule, or a new one. `form` is None for whoever may not change it; `secret`, shown this once, or ""."""

    rule: NoticeRule
    line: RuleLine | None
    title: str
    form: RuleForm | None
    zones: list[str]
    secret: str
    why_not: str
    signs: bool
    token: uuid.UUID
    facts: list[tuple[str, str]]
    deliveries: list[Line]
    all_url: str

    @classmethod
    def of(cls, user: Any, rule: NoticeRule, form: RuleForm | None, *, secret: str = "") -> Self:
        why_not = permissions.can_write_notices(user, rule.group_id if rule.pk else None).why
        sent, more = queries.deliveries(user, rule) if rule.pk else ([], False)
        may = not why_not
        return cls(
            rule=rule,
            line=_rule_line(rule, None) if rule.pk else None,
            title=rule.name if rule.pk else f"A new rule: {rule.get_channel_display()}",
            form=form,
            zones=ZONES,
            secret=secret,
            why_not=why_not,
            signs=rule.channel == Channel.WEBHOOK,
            token=uuid.uuid4(),
            facts=_facts(rule) if rule.pk else [],
            deliveries=[_line(one, may=may) for one in sent],
            all_url=f"{reverse('notice-deliveries')}?rule={rule.pk}" if more else "",
        )


@dataclass(frozen=True)
class LogPage:
    """The messages of all rules, or of one. `older_url` is "" at the end."""

    lines: list[Line]
    rule: NoticeRule | None
    trouble_only: bool
    query: str
    newest_url: str
    older_url: str

    @classmethod
    def of(cls, user: Any, params: QueryDict) -> Self:
        rule = queries.notice_rules(user).filter(pk=whole(params.get("rule", "")) or 0).first()
        trouble_only, place = params.get("show") == "trouble", read_place(params.get("older", ""))
        found, more = queries.deliveries(user, rule, trouble_only=trouble_only, older_than=place)
        kept = [*([f"rule={rule.pk}"] if rule else []), *(["show=trouble"] if trouble_only else [])]
        url, last = reverse("notice-deliveries"), found[-1] if found else None
        older = [f"older={place_of(last.created_at, last.pk)}", *kept] if last and more else []
        groups = {one.rule.group_id for one in found}
        writable = {group for group in groups if permissions.can_write_notices(user, group)}
        return cls(
            lines=[_line(one, may=one.rule.group_id in writable) for one in found],
            rule=rule,
            trouble_only=trouble_only,
            query="&".join(kept),
            newest_url=url + ("?" + "&".join(kept) if kept else "") if place else "",
            older_url=f"{url}?{'&'.join(older)}" if older else "",
        )


def _hints(rules: list[NoticeRule]) -> list[tuple[str, str]]:
    """(headline, what to do) of what this installation lacks."""
    found = []
    if not settings.PUBLIC_URL:
        found.append(
            ("Messages carry no links.", "Set PUBLIC_URL to the address at which people reach this dashboard.")
        )
    if not settings.EMAIL_READY and any(rule.channel == Channel.EMAIL for rule in rules):
        found.append(("No e-mail is sent from here.", "Set EMAIL_URL to a mail server."))
    return found


def _rule_line(rule: NoticeRule, last: Delivery | None) -> RuleLine:
    return RuleLine(
        pk=rule.pk,
        url=reverse("notice-rule", args=[rule.pk]),
        name=rule.name,
        team=rule.group.name,
        channel=rule.get_channel_display(),
        shown=rule.shown,
        events=", ".join(words for event, words in SHORT.items() if event in rule.events),
        only=_only(rule),
        quiet=_quiet(rule),
        active=rule.active,
        last=_line(last, may=False) if last else None,
    )


def _only(rule: NoticeRule) -> str:
    parts = [("functions", rule.functions), ("connections", rule.connections), ("callbacks", rule.callbacks)]
    return ", ".join(f"{what} {pattern}" for what, pattern in parts if pattern != "*")


def _quiet(rule: NoticeRule) -> str:
    if rule.quiet_from is None or rule.quiet_to is None:
        return ""
    return f"quiet {rule.quiet_from:%H:%M} to {rule.quiet_to:%H:%M}, {rule.zone}"


def _facts(rule: NoticeRule) -> list[tuple[str, str]]:
    told = [words for event, words in WORDS.items() if event in rule.events]
    return [
        ("Team", rule.group.name),
        ("Where", f"{rule.get_channel_display()}: {rule.shown}"),
        ("Tells when", "; ".join(told)),
        ("Only", _only(rule) or "whatever the team may see"),
        ("Quiet hours", _quiet(rule) or "none"),
        ("Payloads", "redacted, in its messages" if rule.with_payload else "not in its messages"),
        ("Changed by", rule.username),
    ]


def _line(one: Delivery, *, may: bool) -> Line:
    state = State(one.state)
    tone, icon = LOOKS[state]
    things: list[Notice] = getattr(one, "things", [])
    number = getattr(one, "number", 0)
    return Line(
        pk=one.pk,
        at=one.created_at,
        rule=one.rule.name,
        rule_url=reverse("notice-rule", args=[one.rule_id]),
        what="a test" if one.test else count(number, "thing") if number else "",
        things=[_thing(notice) for notice in things],
        more=max(0, number - len([notice for notice in things if not notice.moot])),
        state=one.state,
        tone=tone,
        icon=icon,
        label=str(state.label),
        words=one.words,
        attempts=one.attempts,
        when=one.due_at if state == State.WAITING else None,
        again=may and state in (State.FAILED, State.UNSURE) and not one.test and one.rule.active,
        token=uuid.uuid4(),
    )


def _thing(notice: Notice) -> Thing:
    words = SHORT.get(Event(notice.event), notice.event)
    if notice.execution is None:
        return Thing(f"{words}: {notice.connection}", reverse("connections"), notice.moot)
    url = reverse("execution", args=[notice.execution_id])
    callback = f" · {notice.callback}" if notice.callback else ""
    return Thing(f"{words}: {notice.execution.function.name} · {notice.execution.name}{callback}", url, notice.moot)
