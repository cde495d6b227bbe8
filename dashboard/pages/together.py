"""Deciding several callbacks at once: those that are alike in a group, each group with a form of its own."""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import Count, Min, QuerySet
from django.http import QueryDict
from django.urls import reverse

from dashboard.pages.inbox_filters import Filters
from dashboard.pages.inbox_rows import joined
from dashboard.together_form import TogetherForm
from executions import queries
from executions.actions import permissions
from executions.decision_forms import everything
from executions.domain.decisions import Form, choose
from executions.domain.words import duration
from executions.models import Callback

SAMPLE, GROUPS, MOST = 5, 20, 10_000


@dataclass(frozen=True)
class Chosen:
    """Which callbacks are asked for: `words` name them for the record, `query` is the address's."""

    rows: QuerySet[Callback]
    words: str
    query: str
    back: str

    @classmethod
    def read(cls, user: Any, params: QueryDict, *, now: dt.datetime) -> Self | None:
        """None when the address asks for nothing that there is."""
        filters = Filters.read(params, user=user)
        if filters.wrong:
            return None  # a filter that is not in force would make it all callbacks
        kept = params.copy()
        kept.pop("group", None)
        if params.get("which") == "filter":
            rows, words = queries.inbox_matching(user, filters.chosen, now=now), filters.query() or "all callbacks"
        else:
            ids = [int(text) for text in params.getlist("id")[:1000] if text.isascii() and text.isdigit()]
            rows = queries.open_callbacks(user).filter(pk__in=[number for number in ids if number < 2**63])
            words = "selection"
        return cls(rows.filter(opened_at__lte=now), words[:2000], kept.urlencode(), filters.url())


@dataclass(frozen=True)
class Group:
    """Callbacks of one name in one function. `skipped`: those that cannot be answered now. `why_not`: why none can."""

    key: str
    name: str
    function: str
    policy: Form | None
    rows: QuerySet[Callback]
    total: int
    skipped: int
    sample: list[Callback]
    form: TogetherForm
    why_not: str
    takes: str
    action: str

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
    def of(
        cls, user: Any, chosen: Chosen, *, sent: QueryDict | None, group: str, at: dt.datetime, per_second: int
    ) -> Self:
        """`sent`: what was posted for the group with the key `group`; `at`: the moment of the dry run."""
        forms = everything()
        counted = (
            chosen.rows.order_by()
            .values("execution__function", "execution__function__name", "name")
            .annotate(n=Count("pk"), due=Min("timeout_at"))
            .order_by("-n", "name")
        )
        found = list(counted)
        groups = []
        for one in found[:GROUPS]:
            function, name = str(one["execution__function__name"]), str(one["name"])
            key = hashlib.sha256(f"{one['execution__function']} {name}".encode()).hexdigest()[:12]
            rows = chosen.rows.filter(execution__function=one["execution__function"], name=name)
            policy = choose(forms, function, name)
            data = sent if key == group else None
            groups.append(_group(user, chosen, key, function, name, rows, policy, one["n"], data, at, per_second))
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
    sent: QueryDict | None,
    at: dt.datetime,
    per_second: int,
) -> Group:
    able = rows.filter(permissions.answerable(user))
    total = able.order_by().count()
    return Group(
        key=key,
        name=name,
        function=function,
        policy=policy,
        rows=able,
        total=total,
        skipped=count - total,
        sample=queries.inbox_page(able.order_by(), None, most=SAMPLE)[0],
        form=TogetherForm(sent, prefix=key, total=total, policy=policy, at=at),
        why_not=_why_not(user, policy, total),
        takes=duration(max(1, total // max(1, per_second))),
        action=joined(reverse("inbox-together"), chosen.query, f"group={key}"),
    )


def _why_not(user: Any, policy: Form | None, total: int) -> str:
    if policy and (why := permissions.outside(user, policy)):
        return why
    if not total:
        return "None of these can be answered by you now."
    return f"At most {MOST:,} can be answered at once: narrow the filter." if total > MOST else ""
