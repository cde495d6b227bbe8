"""Bulk actions: the dry run before one, one as it goes on, and all of them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qsl

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse

from dashboard.asked_for import whole
from dashboard.forms.bulk import TITLES, BulkForm
from dashboard.pages.audit import LOOKS
from dashboard.pages.filters import Filters, list_url
from executions import queries
from executions.actions import permissions
from executions.domain.words import count, duration
from executions.models import ActionRecord, Bulk, BulkRow, Execution

SAMPLE, ROWS, MOST = 10, 100, 10_000
WARNINGS = {
    "stop": "Code that is running goes on until its next checkpoint; nothing runs after that. This cannot be undone.",
    "pause": "Code that is running goes on until its next checkpoint; then nothing runs until it is resumed.",
    "resume": "Their code runs again as soon as there is something to do.",
    "delete": "AWS removes these executions with their histories. This cannot be undone.",
}
UNFINISHED = (ActionRecord.Outcome.SENDING, ActionRecord.Outcome.UNCONFIRMED)


@dataclass(frozen=True)
class Chosen:
    """What was asked for: `rows` all of it, `able` what can be acted on now; `words` name it for the record."""

    kind: str
    rows: QuerySet[Execution]
    able: QuerySet[Execution]
    words: str

    @classmethod
    def read(cls, user: Any, params: QueryDict, *, now: dt.datetime) -> Self | None:
        """None when the address asks for nothing that there is. `now`: the moment of the dry run."""
        kind = params.get("kind", "")
        if kind not in permissions.BULK_KINDS:
            return None
        if params.get("which") == "filter":
            functions = [name for name, _, _ in queries.functions_listed(user)]
            filters = Filters.read(params, user=user, functions=functions, now=now)
            if filters.wrong:
                return None  # a filter that is not in force would make it all executions
            rows, words = queries.matching(user, filters.chosen), filters.query() or "all executions"
        else:
            ids = [number for text in params.getlist("id")[:1000] if (number := whole(text)) is not None]
            rows, words = queries.visible(user).filter(pk__in=ids), "selection"
        # What has started or ended since the dry run was not in it.
        then = Q(started_at__lte=now) & (Q(ended_at=None) | Q(ended_at__lte=now))
        return cls(kind, rows, rows.filter(then, permissions.able(user, kind)), words[:2000])


@dataclass(frozen=True)
class Plan:
    """The dry run. `skipped`: how many of the chosen are left out, because it cannot be done to them now."""

    title: str
    warning: str
    form: BulkForm
    total: int
    skipped: int
    sample: list[Execution]
    more: int
    takes: str
    why_not: str
    asked: str
    back: str
    danger: bool

    @classmethod
    def of(cls, chosen: Chosen, form: BulkForm, why_not: str, *, asked: str, per_second: int) -> Self:
        total = form.total
        columns = ("pk", "name", "status", "started_at", "function__name")
        sample = list(chosen.able.select_related("function").only(*columns).order_by("-started_at", "-pk")[:SAMPLE])
        query = chosen.words if chosen.words not in ("selection", "all executions") else ""
        return cls(
            title=TITLES[chosen.kind],
            warning=WARNINGS[chosen.kind],
            form=form,
            total=total,
            skipped=chosen.rows.count() - total if total <= MOST else 0,
            sample=sample,
            more=max(0, total - len(sample)),
            takes=duration(max(1, total // max(1, per_second))),
            why_not=why_not or _too_many(total, none_chosen=chosen.words == "selection" and not chosen.rows.exists()),
            asked=asked,
            back=list_url(query),
            danger=chosen.kind in ("stop", "delete"),
        )


def _too_many(total: int, *, none_chosen: bool) -> str:
    if none_chosen:
        return "No execution was chosen: go back, and tick some in the list."
    if not total:
        return "There is nothing here that this can be done to now."
    return f"At most {MOST:,} can be acted on at once: narrow the filter." if total > MOST else ""


@dataclass(frozen=True)
class Line:
    """One row of a bulk. `url` is "" for what is no longer mirrored."""

    pk: int
    name: str
    url: str
    tone: str
    icon: str
    outcome: str
    words: str


@dataclass(frozen=True)
class Page:
    """One bulk. `left`: rows still to be done; `refresh_url` is "" when nothing changes any more.

    `milestone`: what is read out, which is to change a few times only.
    """

    bulk: Bulk
    what: str
    chosen: str
    state: str
    milestone: str
    counts: list[tuple[str, str, str, int]]
    done: int
    left: int
    failed: int
    waiting_for: str
    rows: list[Line]
    show: str
    older_url: str
    is_mine: bool
    refresh_url: str

    @classmethod
    def of(cls, user: Any, bulk: Bulk, params: QueryDict) -> Self:
        counted = dict(
            bulk.rows.filter(done_at__isnull=False).values_list("record__outcome").annotate(n=Count("pk")).order_by()
        )
        left, done = bulk.total - sum(counted.values()), sum(counted.values())
        show = "failed" if params.get("show") == "failed" else ""
        after = params.get("after", "")
        rows = bulk.rows.filter(_failed()) if show else bulk.rows.all()
        if (last := whole(after)) is not None:
            rows = rows.filter(pk__gt=last)
        found = list(rows.select_related("execution", "record", "callback").order_by("pk")[: ROWS + 1])
        url = reverse("bulk", args=[bulk.pk])
        settled = not left and not any(counted.get(one) for one in UNFINISHED)
        retrying = bulk.rows.filter(done_at=None).exclude(words="").first()
        return cls(
            bulk=bulk,
            what=what(bulk),
            chosen=in_words(bulk.chosen),
            state=_state(bulk, left),
            milestone=_milestone(bulk, done, left),
            counts=_counts(counted, left, _left_words(bulk)),
            done=done,
            left=left,
            failed=counted.get(ActionRecord.Outcome.REFUSED, 0) + counted.get(None, 0),
            waiting_for=retrying.words if retrying and not bulk.stopped_at else "",
            rows=[_line(row, _left_words(bulk)) for row in found[:ROWS]],
            show=show,
            older_url=f"{url}?show={show}&after={found[ROWS - 1].pk}" if len(found) > ROWS else "",
            is_mine=bulk.user_id == user.pk and bool(permissions.can_act_in_bulk(user, bulk.kind)),
            refresh_url="" if settled or bulk.stopped_at else f"{url}progress/?show={show}&after={after}",
        )


def what(bulk: Bulk) -> str:
    """ "Stop 12 executions", "Answer 1 callback"."""
    verb, _, things = TITLES[bulk.kind].split()
    return f"{verb} {count(bulk.total, things.removesuffix('s'))}"


def _failed() -> Q:
    return Q(record__outcome=ActionRecord.Outcome.REFUSED) | Q(record=None, done_at__isnull=False)


def _state(bulk: Bulk, left: int) -> str:
    if bulk.stopped_at:
        return f"stopped by {bulk.stopped_by}; {left:,} were not sent"
    return "done" if not left else "under way"


def _milestone(bulk: Bulk, done: int, left: int) -> str:
    """ "50 % done" from the half on; how it ended."""
    quarter = 4 * done // bulk.total if bulk.total else 4
    return _state(bulk, left) if bulk.stopped_at or not left else f"{25 * quarter} % done"


def _left_words(bulk: Bulk) -> str:
    """What is said of rows that are still to be done."""
    return "not sent yet" if bulk.stopped_at else "waiting"


def _counts(counted: dict[str | None, int], left: int, left_words: str) -> list[tuple[str, str, str, int]]:
    """(tone, icon, words, how many) of each outcome."""
    found = [
        (*LOOKS[outcome], str(outcome.label), counted[outcome])
        for outcome in ActionRecord.Outcome
        if outcome in counted
    ]
    if None in counted:
        found.append(("warn", "warning", "not sent", counted[None]))
    if left:
        found.append(("grey", "pending", left_words, left))
    return found


def _line(row: BulkRow, left_words: str) -> Line:
    name = row.execution.name if row.execution else row.execution_arn.rsplit("/", 2)[-2]
    url = reverse("execution", args=[row.execution_id]) if row.execution_id else ""
    if row.record:
        outcome = ActionRecord.Outcome(row.record.outcome)
        tone, icon = LOOKS[outcome]
        words = row.record.answer if outcome != ActionRecord.Outcome.ACCEPTED else ""
        return Line(row.pk, name, url, tone, icon, str(outcome.label), words)
    if row.done_at:
        return Line(row.pk, name, url, "warn", "warning", "not sent", row.words)
    return Line(row.pk, name, url, "grey", "pending", left_words, row.words)


def in_words(chosen: str) -> str:
    """ "function=refund&state=half: approval of refund" -> "function refund, state half: approval of refund"."""
    query, colon, about = chosen.partition(": ")
    filters = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in parse_qsl(query))
    return (filters or query) + colon + about


def latest(user: Any) -> list[tuple[Bulk, str, str, str]]:
    """The latest bulks that this person may look at, with their addresses, what they do, and to which."""
    found = queries.bulks(user)[:50]
    return [(one, reverse("bulk", args=[one.pk]), what(one), in_words(one.chosen)) for one in found]
