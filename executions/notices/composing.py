"""What a message tells: what of it is still so, and the words for it."""

import datetime as dt

from executions.domain.messages import MOST_LINES, Item, Message
from executions.domain.notices import OF_CALLBACKS, Event, Terms
from executions.models import Claim, Delivery, Notice, Trouble
from executions.notices import excerpts, links
from executions.notices.finding import PUSH_SCOPE
from executions.notices.terms import subject_of

_ORDER = [Event.SILENT, Event.NEARLY, Event.CLAIMED, Event.HALF, Event.OPENED, Event.FAILED]
"""What is most urgent comes first."""


def message(delivery: Delivery, terms: Terms, *, now: dt.datetime) -> Message | None:
    """None when nothing is left to be told. What is not told after all is marked with why."""
    rows = delivery.notices.filter(moot="").select_related("execution__function__connection", "callback", "connection")
    told = _still(delivery, list(rows), terms, now)
    if not told:
        return None
    told.sort(key=lambda one: (_ORDER.index(Event(one.event)), one.happened_at, one.pk))
    with_payload = delivery.rule.with_payload
    items = [_item(notice, with_payload=with_payload) for notice in told[:MOST_LINES]]
    return _message(delivery, items, len(told), now)


def test_message(delivery: Delivery, *, now: dt.datetime) -> Message:
    return _message(delivery, [], 0, now, test=True)


def _message(delivery: Delivery, items: list[Item], total: int, now: dt.datetime, *, test: bool = False) -> Message:
    rule = delivery.rule
    url = links.to("notice-rule", rule.pk)
    return Message(str(delivery.key), rule.name, rule.group.name, url, items, total, now, test)


def _still(delivery: Delivery, rows: list[Notice], terms: Terms, now: dt.datetime) -> list[Notice]:
    claims = set(Claim.objects.filter(callback__in=[one.callback_id for one in rows]).values_list("pk", flat=True))
    silent = {f"push {pk} {since.isoformat()}" for pk, since in _silences(rows)}
    over = {one.pk: _over(one, terms, now, claims=claims, silent=silent) for one in rows}
    latest = {one.callback_id: one.pk for one in sorted(rows, key=_in_time) if not over[one.pk]}
    left = []
    for one in rows:
        why = over[one.pk]
        if not why and one.event in (Event.OPENED, Event.HALF) and latest[one.callback_id] != one.pk:
            why = "something later about the same callback was told"
        if why:
            Notice.objects.filter(pk=one.pk).update(moot=why)
        else:
            left.append(one)
    return left


def _in_time(one: Notice) -> tuple[dt.datetime, int]:
    return one.happened_at, one.pk


def _silences(rows: list[Notice]) -> list[tuple[int, dt.datetime]]:
    if not any(one.event == Event.SILENT for one in rows):
        return []
    return list(Trouble.objects.filter(scope=PUSH_SCOPE).values_list("connection", "since"))


def _over(one: Notice, terms: Terms, now: dt.datetime, *, claims: set[int], silent: set[str]) -> str:
    """Why it is not told any more; "" when it is."""
    if not terms.cover(subject_of(one)):
        return "the rule has changed"
    if one.event in OF_CALLBACKS and one.callback is not None:
        if not one.callback.is_open:
            return "the callback has been answered, or has ended"
        if one.callback.timeout_at is not None and one.callback.timeout_at <= now:
            return "the callback's time has run out"
    if one.event == Event.CLAIMED and int(one.thing.removeprefix("claim ")) not in claims:
        return "the claim has been given back"
    if one.event == Event.SILENT and one.thing not in silent:
        return "push tells again"
    return ""


def _item(notice: Notice, *, with_payload: bool) -> Item:
    execution, callback = notice.execution, notice.callback
    if execution is None:
        name = notice.connection.name if notice.connection else ""
        return Item(Event(notice.event), notice.happened_at, name, links.of(notice), more=notice.more)
    failed = notice.event == Event.FAILED
    return Item(
        Event(notice.event),
        notice.happened_at,
        execution.function.connection.name,
        links.of(notice),
        function=execution.function.name,
        execution=execution.name,
        execution_arn=execution.arn,
        callback=(callback.name or callback.operation_id) if callback else "",
        opened_at=callback.opened_at if callback else None,
        timeout_at=callback.timeout_at if callback else None,
        more=notice.more,
        payloads=excerpts.of(execution, callback, error=failed) if with_payload else (),
    )
