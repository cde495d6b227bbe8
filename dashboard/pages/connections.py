"""The connections: reachable or not, what is wrong, how old everything is, what was spent, and the policy to paste."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from django.urls import reverse

from dashboard.pages.functions import Pair
from executions import metrics, upkeep, work
from executions.actions.scopes import reach_of
from executions.domain import policy, quotas
from executions.domain.arns import FunctionArn, InvalidArn
from executions.domain.words import count, duration
from executions.models import Connection, Trouble
from executions.upkeep import Given, Upkeep

READING = ("list", "history", "get", "control")
ACTING = ("stop", "callback")
WORDS = {
    "list": "List executions",
    "history": "Read histories",
    "get": "Read an execution",
    "control": "List and read functions",
    "stop": "Stop",
    "callback": "Answer callbacks",
}
SILENT = 600.0
"""Seconds without a successful call after which a connection is not called reachable any more: the functions are
discovered every 30 seconds, so that by then something has stopped.
"""
BROKEN = ("credentials", "unreachable", "answer")
"""Kinds of trouble that concern the whole connection."""
UNKNOWN = "not known"
_OUTCOMES = {"allowed": ("ok", "succeeded"), "not tried": ("grey", "unknown")}
"""Of the preflight; the others are bad."""


@dataclass(frozen=True)
class Spent:
    """One API: what may be spent in a second, of what AWS allows; `calls` made in the last full minute, "" unknown.

    `slowed` says which part of it is in use while AWS throttles, "" otherwise.
    """

    words: str
    per_second: int
    quota: int
    share: str
    calls: str
    slowed: str = ""


@dataclass(frozen=True)
class Permission:
    """One IAM action, as the last preflight found it; `resource`: how a policy must name it, "" when it is allowed."""

    tone: str
    icon: str
    action: str
    outcome: str
    words: str
    resource: str


@dataclass(frozen=True)
class Panel:
    """One connection. `tone`, `icon`, `state`: whether AWS answers. `missing` are those of `permissions` that fail."""

    pk: int
    name: str
    region: str
    tone: str
    icon: str
    state: str
    troubles: list[Trouble]
    pairs: list[Pair]
    budget: list[Spent]
    permissions: list[Permission]
    missing: list[Permission]
    checked_at: dt.datetime | None
    policy_id: str
    policy: str


@dataclass(frozen=True)
class Installation:
    """Durascope itself: whether it works, and when it last did each thing."""

    tone: str
    icon: str
    state: str
    pairs: list[Pair]

    @classmethod
    def build(cls, done: work.Work, *, now: dt.datetime) -> Self:
        states = {
            "no": ("bad", "error", "nothing is being mirrored"),
            "redis": ("bad", "error", "Redis does not answer"),
            "new": ("grey", "unknown", "not begun yet"),
            "yes": ("ok", "succeeded", "working"),
        }
        known = "no" if done.has_stopped(now) else "new" if done.handed_out is None else "yes"
        tone, icon, state = states["redis" if done.redis is False else known]
        queued = "in this process" if done.redis is None else UNKNOWN if done.queued is None else f"{done.queued:,}"
        return cls(
            tone,
            icon,
            state,
            [
                Pair("Work handed out", UNKNOWN if done.redis is False else "not yet", at=done.handed_out),
                Pair("Functions looked for", "not yet", at=done.discovered),
                Pair("Retention begun", "not yet", at=done.retained),
                Pair("Tasks queued", queued),
            ],
        )


@dataclass(frozen=True)
class Page:
    installation: Installation
    panels: list[Panel]
    refresh_url: str

    @classmethod
    def build(cls, user: Any, given: Callable[[Connection], Given], *, now: dt.datetime) -> Self:
        """As much as `user` may see; `given` says what a connection was given."""
        found = upkeep.by_connection(now=now, reach=reach_of(user))
        panels = [_panel(one, given(one.row), now) for one in found]
        return cls(Installation.build(work.current(), now=now), panels, reverse("connections"))


def _panel(one: Upkeep, given: Given, now: dt.datetime) -> Panel:
    minute = metrics.last_minute(one.row.name, quotas.QUOTA_PER_SECOND)
    answered = _answered_at(one, minute)
    tone, icon, state = _state(one, answered, now)
    permissions = [_permission(check) for check in one.row.checks]
    return Panel(
        pk=one.row.pk,
        name=one.row.name,
        region=one.row.region,
        tone=tone,
        icon=icon,
        state=state,
        troubles=one.troubles,
        pairs=_pairs(one, answered, minute, now) + _push(one, given) + [Pair("Kept", _kept(given))],
        budget=[_spent(api, given, minute) for api in READING + ACTING],
        permissions=permissions,
        missing=[one for one in permissions if one.tone == "bad"],
        checked_at=one.row.checked_at,
        policy_id=f"policy-{one.row.pk}",
        policy=_policy(one, given),
    )


def _answered_at(one: Upkeep, minute: metrics.LastMinute | None) -> dt.datetime | None:
    """When AWS last answered: what was noted at the call, or else what that call has left in the mirror."""
    noted = dt.datetime.fromtimestamp(minute.answered, tz=dt.UTC) if minute and minute.answered else None
    return max((at for at in (noted, one.row.swept_at, one.ages.newest) if at), default=None)


def _state(one: Upkeep, answered: dt.datetime | None, now: dt.datetime) -> tuple[str, str, str]:
    if one.row.gone_at:
        return "grey", "minus", "no longer configured"
    if any(trouble.kind in BROKEN for trouble in one.troubles):
        return "bad", "error", "not reachable"
    if answered is None:
        return "grey", "unknown", "not asked yet"
    if (now - answered).total_seconds() > SILENT:
        return "bad", "error", "silent"
    return ("warn", "warning", "reachable, with trouble") if one.troubles else ("ok", "succeeded", "reachable")


def _pairs(
    one: Upkeep, answered: dt.datetime | None, minute: metrics.LastMinute | None, now: dt.datetime
) -> list[Pair]:
    row, ages = one.row, one.ages
    unlisted = f"{count(ages.never_listed, 'function')} not listed to the end yet" if ages.never_listed else "not yet"
    return [
        Pair("AWS last answered", "never, as far as is known", at=answered),
        Pair("Functions discovered", "not yet", at=row.swept_at),
        Pair("Oldest list", unlisted, at=None if ages.never_listed else ages.oldest),
        Pair("Unfinished compared", "not yet", at=ages.compared),
        Pair("Histories overdue", _overdue(one, now)),
        Pair("Throttled", UNKNOWN if minute is None else f"{count(minute.throttled, 'call')} in the last full minute"),
        Pair("Functions", _functions(one), url=reverse("functions")),
        Pair("Executions", f"{sum(one.statuses.values()):,}", url=reverse("executions")),
        *([Pair("Configured until", at=row.gone_at)] if row.gone_at else []),
    ]


def _push(one: Upkeep, given: Given) -> list[Pair]:
    row = one.row
    if not given.has_queue:
        return [Pair("Push", "not set up"), *([Pair("Last push", at=row.pushed_at)] if row.pushed_at else [])]
    silent = any(trouble.kind == "push" for trouble in one.troubles)
    dead = UNKNOWN if row.push_dead is None else f"{row.push_dead:,}"
    holds = "not counted yet" if row.push_waiting is None else f"about {row.push_waiting:,} waiting, given up: {dead}"
    return [
        Pair("Push", "silent" if silent else "working" if given.listening_since else "the queue is not being read"),
        Pair("Queue read since", "not now", at=given.listening_since),
        Pair("Last push", "never", at=row.pushed_at),
        Pair("Missed by push", count(row.push_missed, "change")),
        Pair("Messages in the queue", holds),
        Pair("Messages counted", "not yet", at=row.push_counted_at),
    ]


def _kept(given: Given) -> str:
    age = f"{given.keep_days:g} days after the end" if given.keep_days else "for ever"
    return f"{age}, up to {given.keep_mb:,g} MB of history" if given.keep_mb else age


def _permission(check: dict[str, Any]) -> Permission:
    tone, icon = _OUTCOMES.get(check["outcome"], ("bad", "error"))
    resource = policy.resource_words(tuple(check["forms"])) if tone == "bad" else ""
    return Permission(tone, icon, check["action"], check["outcome"], check["words"], resource)


def _overdue(one: Upkeep, now: dt.datetime) -> str:
    queue = one.histories
    if not queue.overdue or queue.oldest_due is None:
        return f"none, {queue.waiting:,} will be read again"
    waits = duration((now - queue.oldest_due).total_seconds())
    return f"{queue.overdue:,} of {queue.waiting:,}, the first for {waits}"


def _functions(one: Upkeep) -> str:
    gone = f", {one.gone_functions:,} gone at AWS" if one.gone_functions else ""
    return f"{one.ages.functions:,} durable{gone}"


def _spent(api: str, given: Given, minute: metrics.LastMinute | None) -> Spent:
    quota, per_second = quotas.QUOTA_PER_SECOND[api], given.per_second[api]
    calls = UNKNOWN if minute is None else f"{minute.calls.get(api, 0):,}"
    slowed = f"slowed to {given.slowed[api]:.0%}" if api in given.slowed else ""
    return Spent(WORDS[api], per_second, quota, f"{per_second / quota:.0%}", calls, slowed)


def _policy(one: Upkeep, given: Given) -> str:
    """To read and to act, for the functions that the connection mirrors."""
    where = {"region": one.row.region or "REGION"}
    try:
        arn = FunctionArn.parse(one.ages.arn)
    except InvalidArn:
        pass
    else:
        where |= {"partition": arn.partition, "region": arn.region, "account": arn.account}
    grants = policy.READ + policy.ACT
    told = policy.document(grants, functions=given.functions, queue=given.queue_arn, **where)
    return json.dumps(told, indent=2)
