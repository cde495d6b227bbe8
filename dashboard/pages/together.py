"""Deciding several callbacks at once: those that are alike in a group, each group with a form of its own."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from django.db.models import Count, Min, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.safestring import SafeString

from dashboard.asked_for import whole
from dashboard.forms.answering import Draft, Outgoing
from dashboard.forms.together import TogetherForm
from dashboard.pages.answer import instructions_of
from dashboard.pages.inbox_filters import Filters, joined
from executions import queries
from executions.actions import permissions
from executions.decision_forms import everything
from executions.domain.decisions import Form, choose
from executions.domain.words import duration
from executions.models import Callback

SAMPLE, GROUPS, MOST = 5, 20, 10_000
CHANGES, SENDS = ("add", "remove", "mode"), ("approve", "ready", "fail")


@dataclass(frozen=True)
class Chosen:
    """Which callbacks are asked for: `words` name them for the record, `query` is the address's."""

    rows: QuerySet[Callback]
    words: str
    query: str
    back: str

    @property
    def url(self) -> str:
        return joined(reverse("inbox-together"), self.query)

    @classmethod
    def read(cls, user: Any, params: QueryDict, *, now: dt.datetime) -> Self | None:
        """None when the address asks for nothing that there is."""
        filters = Filters.read(params, user=user)
        if filters.wrong:
            return None  # a filter that is not in force would make it all callbacks
        kept = params.copy()
        for name in ("group", "preview"):
            kept.pop(name, None)
        if params.get("which") == "filter":
            rows, words = queries.inbox_matching(user, filters.chosen, now=now), filters.query() or "all callbacks"
        else:
            ids = [number for text in params.getlist("id")[:1000] if (number := whole(text)) is not None]
            rows = queries.open_callbacks(user).filter(pk__in=ids)
            words = "selection"
        return cls(rows.filter(opened_at__lte=now), words[:2000], kept.urlencode(), filters.url())


@dataclass(frozen=True)
class Sent:
    """What came of the form of the group with this key: the button `do`, and about `what`."""

    group: str
    data: QueryDict
    do: str
    what: str


@dataclass(frozen=True)
class Group:
    """Callbacks of one name in one function. `skipped`: those that cannot be answered now. `why_not`: why none can.

    `preview`: what AWS would get for each as the form stands, or None.
    """

    key: str
    name: str
    function: str
    policy: Form | None
    instructions: SafeString
    rows: QuerySet[Callback]
    total: int
    skipped: int
    sample: list[queries.Waiting]
    draft: Draft
    preview: Outgoing | None
    rejecting: bool
    why_not: str
    takes: str
    action: str
    preview_url: str
    back: str

    @property
    def more(self) -> int:
        return max(0, self.total - len(self.sample))


@dataclass(frozen=True)
class Page:
    groups: list[Group]
    left_out: int
    total: int
    back: str

    @classmethod
    def of(cls, user: Any, chosen: Chosen, *, sent: Sent | None, only: str, at: dt.datetime, per_second: int) -> Self:
        """`only`: the key of the one group that is wanted, "" for all; `at`: the moment of the dry run."""
        forms = everything()
        counted = (
            chosen.rows.order_by()
            .values("function", "function__name", "name")
            .annotate(n=Count("pk"), due=Min("timeout_at"))
            .order_by("-n", "name")
        )
        found = list(counted)
        groups = []
        for one in found[:GROUPS]:
            function, name = str(one["function__name"]), str(one["name"])
            key = hashlib.sha256(f"{one['function']} {name}".encode()).hexdigest()[:12]
            if only and only != key:
                continue
            rows = chosen.rows.filter(function=one["function"], name=name)
            mine = sent if sent and sent.group == key else None
            policy = choose(forms, function, name)
            groups.append(_group(user, chosen, key, function, name, rows, policy, one["n"], mine, at, per_second))
        total = sum(one["n"] for one in found)
        return cls(groups, max(0, len(found) - GROUPS), total, chosen.back)

    def group(self, key: str) -> Group | None:
        return next((one for one in self.groups if one.key == key), None)


def _group(
    user: Any,
    chosen: Chosen,
    key: str,
    function: str,
    name: str,
    rows: QuerySet[Callback],
    policy: Form | None,
    count: int,
    sent: Sent | None,
    at: dt.datetime,
    per_second: int,
) -> Group:
    able = rows.filter(permissions.answerable(user))
    total = able.order_by().count()
    draft, preview = _draft(key, policy, sent, total, at)
    action = joined(reverse("inbox-together"), chosen.query, f"group={key}")
    why_not = _why_not(user, policy, total)
    return Group(
        key=key,
        name=name,
        function=function,
        policy=policy,
        instructions=instructions_of(policy, why_not),
        rows=able,
        total=total,
        skipped=count - total,
        sample=queries.inbox_page(able.order_by(), None, most=SAMPLE)[0],
        draft=draft,
        preview=preview,
        rejecting=sent is not None and sent.do == "fail",
        why_not=why_not,
        takes=duration(max(1, total // max(1, per_second))),
        action=action,
        preview_url=f"{action}&preview=1",
        back=chosen.back,
    )


def _draft(
    key: str, policy: Form | None, sent: Sent | None, total: int, at: dt.datetime
) -> tuple[Draft, Outgoing | None]:
    """The form of a group as it stands, and what AWS would get."""
    reason_needed = policy is not None and policy.reason_required
    made = partial(
        Draft,
        policy,
        sent.data if sent else None,
        form_class=partial(TogetherForm, total=total, reason_needed=reason_needed, at=at),
        auto_id=f"id_{key}_%s",
    )
    if sent is None:
        return made(), None
    if sent.do in CHANGES:
        draft = made()
        draft.change(sent.do, sent.what)
        return draft, None
    checked = made(is_bound=True)
    preview = checked.outgoing() if checked.may_type else None
    return checked if sent.do in SENDS else made(), preview


def _why_not(user: Any, policy: Form | None, total: int) -> str:
    if policy and (why := permissions.outside(user, policy)):
        return why
    if not total:
        return "None of these can be answered by you now."
    return f"At most {MOST:,} can be answered at once: narrow the filter." if total > MOST else ""
