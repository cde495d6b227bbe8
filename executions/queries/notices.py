"""Notification rules, and the messages that they sent."""

import datetime as dt
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from executions.actions.permissions import can_view
from executions.actions.scopes import reach_of
from executions.models import Delivery, Notice, NoticeRule, Scope
from executions.queries.visibility import PAGE_ROWS, connections, visible

MOST_THINGS = 5
"""Of what a message told, as many are listed."""


def notice_rules(user: Any) -> QuerySet[NoticeRule]:
    """All rules; for whoever is limited to scopes, those of their own groups."""
    if not can_view(user):
        return NoticeRule.objects.none()
    rows = NoticeRule.objects.select_related("group").order_by("name", "pk")
    return rows.filter(group__in=user.groups.all()) if reach_of(user).is_limited else rows


def notice_groups(user: Any) -> QuerySet[Group]:
    """The groups for which they may write rules. Whoever is limited: their own that have scopes, because a group
    without one may see more than they do.
    """
    if not reach_of(user).is_limited:
        return Group.objects.order_by("name")
    return user.groups.filter(Exists(Scope.objects.filter(group=OuterRef("pk")))).order_by("name")  # type: ignore[no-any-return]


def last_deliveries(rules: list[NoticeRule]) -> dict[int, Delivery]:
    """The newest message of each rule that has sent or tried one, by the rule's primary key."""
    newest = Delivery.objects.filter(rule=OuterRef("pk")).order_by("-created_at", "-pk").values("pk")[:1]
    latest = NoticeRule.objects.filter(pk__in=[rule.pk for rule in rules]).values(newest=Subquery(newest))
    return {one.rule_id: one for one in Delivery.objects.filter(pk__in=latest).select_related("rule")}


def deliveries(
    user: Any,
    rule: NoticeRule | None = None,
    *,
    trouble_only: bool = False,
    older_than: tuple[dt.datetime, int] | None = None,
) -> tuple[list[Delivery], bool]:
    """A page of messages, the newest first, and whether there is more. Each has `things`, those of what it told that
    this person may see, and `number`, how many it told at all.
    """
    rows = Delivery.objects.filter(rule__in=notice_rules(user)) if rule is None else rule.deliveries.all()
    if trouble_only:
        rows = rows.filter(state__in=[Delivery.State.FAILED, Delivery.State.UNSURE])
    if older_than:
        at, pk = older_than
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk), created_at__lte=at)
    rows = rows.select_related("rule__group").annotate(number=Count("notices", filter=Q(notices__moot="")))
    found: list[Any] = list(rows.order_by("-created_at", "-pk")[: PAGE_ROWS + 1])
    things = _things(user, found[:PAGE_ROWS])
    for one in found:
        one.things = things.get(one.pk, [])
    return found[:PAGE_ROWS], len(found) > PAGE_ROWS


def _things(user: Any, found: list[Delivery]) -> dict[int, list[Notice]]:
    if not found:
        return {}
    seen = Q(Exists(visible(user).filter(pk=OuterRef("execution")))) | Q(connection__in=connections(user))
    rows = Notice.objects.filter(seen, delivery__in=found).select_related(
        "execution__function", "callback", "connection"
    )
    things: dict[int, list[Notice]] = {}
    for row in rows.order_by("moot", "happened_at", "pk")[: 40 * PAGE_ROWS]:
        if row.delivery_id is not None and len(kept := things.setdefault(row.delivery_id, [])) < MOST_THINGS:
            kept.append(row)
    return things
