"""Listing: which executions a function has now. Everything here is measured by AWS's own clock, as its answers tell
it: this machine's may be wrong.
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Min
from django.utils import timezone

from executions import live
from executions.domain.arns import ExecutionArn
from executions.domain.lanes import Lane
from executions.domain.statuses import ExecutionStatus
from executions.gateway import answers, budget, lambda_api
from executions.gateway.answers import ExecutionSummary
from executions.gateway.connections import Connection as Reached
from executions.gateway.connections import reach
from executions.gateway.errors import GatewayError, NotFound
from executions.models import TERMINAL, Connection, Execution, Function
from executions.sync import pacing, places, push_health, trouble
from executions.sync.executions import Listed, mark_gone, upsert
from executions.sync.pacing import ListPace

UNFINISHED = [ExecutionStatus.RUNNING.value, ExecutionStatus.PAUSING.value, ExecutionStatus.PAUSED.value]
GETS_AT_ONCE = 20


@dataclass
class Question:
    """What one listing asks for: what has started after `since` (None: everything), `back` when that is the wide look
    back. `unfinished`: what we take for unfinished, by ARN; `covers`: AWS, too, would list it in answer. `place`: where
    it goes on after it was broken off.
    """

    since: dt.datetime | None
    back: bool
    covers: bool
    unfinished: dict[str, int]
    place: places.Listing | None = None


def list_function(function: Function, *, now: dt.datetime, listed: Listed | None = None) -> Listed:
    """Bring one function's executions up to date. Raises GatewayError after noting it; the watermark then stays.

    `listed` counts what was stored, also when this fails half way.
    """
    scope, looked_at = trouble.listing(function), _looked_at(function)
    listed = Listed() if listed is None else listed
    try:
        with trouble.understood(f"The list of executions of {function.name}"):
            connection = reach(function.connection.name)
            question = _question(function, now)
            with budget.lane(_lane(question, looked_at=looked_at)):
                through = _list_new(connection, function, question, listed, now=now)
            Function.objects.filter(pk=function.pk).update(listed_through=through, list_place=None)
            reconciled = _due_for_reconciling(function, question, now)
            if reconciled:
                with budget.lane(Lane.RECONCILE):
                    _reconcile(connection, function, question, listed, now=now)
    except GatewayError as error:
        trouble.note(function.connection, scope, error, now=now, function=function)
        if not error.retry:
            places.keep_listing(function, None)  # its marker may have expired
        _schedule(function, now=now, looked_at=looked_at)
        raise
    push_health.found_by_polling(function.connection, listed.moments, now=now)
    function.start_rate = _rate(function, listed, through, now)
    _schedule(
        function,
        now=now,
        looked_at=looked_at,
        listed_at=now,
        start_rate=function.start_rate,
        **({"reconciled_at": now} if reconciled else {}),
        **({"looked_back_at": now} if question.back or function.looked_back_at is None else {}),
    )
    trouble.clear(function.connection, scope)
    return listed


def learn_pace(row: Connection) -> None:
    """Share the list budget out anew among a connection's functions, by how busy each of them is."""
    rates = list(Function.objects.filter(connection=row, gone_at=None).values_list("start_rate", flat=True))
    if rates:
        pace = pacing.list_pace(rates, per_second=budget.calls_per_second(row.name, "list"))
        Connection.objects.filter(pk=row.pk).update(list_pace=[pace.portion, pace.floor, pace.ceiling])


def _rate(function: Function, listed: Listed, through: dt.datetime | None, now: dt.datetime) -> float:
    """New executions a second, smoothed; by the last hour's when it was never listed before."""
    if function.listed_at is not None:
        seconds = (now - function.listed_at).total_seconds()
        return pacing.rate_after(function.start_rate, new=listed.new, seconds=seconds)
    return sum(1 for at in listed.moments if through and (through - at).total_seconds() < 3600) / 3600


def _looked_at(function: Function) -> bool:
    """Whether somebody looks at its executions, or at one of them, now."""
    if function.pk in live.watched_functions():
        return True
    ids = live.watched()
    return bool(ids) and Execution.objects.filter(pk__in=ids, function=function).exists()


def _lane(question: Question, *, looked_at: bool) -> Lane:
    if looked_at:
        return Lane.HOT
    return Lane.RECONCILE if question.back else Lane.WARM


def _question(function: Function, now: dt.datetime) -> Question:
    """What has started since the last listing, with an overlap, and in the same question what had not ended then,
    unless that would be too much.
    """
    back = _due_for_looking_back(function, now)
    rows = Execution.objects.filter(function=function, gone_at=None)
    unfinished = dict(rows.exclude(status__in=TERMINAL).values_list("arn", "pk"))
    if place := places.of_listing(function):
        return Question(place.since, place.back, covers=False, unfinished=unfinished, place=place)
    through = function.listed_through
    if through is None:
        return Question(None, back, covers=True, unfinished=unfinished)
    since = through - dt.timedelta(seconds=pacing.LOOK_BACK if back else pacing.OVERLAP)
    oldest = rows.exclude(status__in=TERMINAL).aggregate(at=Min("started_at"))["at"]
    if oldest is None or oldest > since:
        return Question(since, back, covers=True, unfinished=unfinished)
    before_it = oldest - dt.timedelta(seconds=1)
    reaches = before_it >= through - dt.timedelta(seconds=pacing.LOOK_BACK)
    if reaches and rows.filter(started_at__gte=oldest)[: pacing.ONE_QUESTION].count() < pacing.ONE_QUESTION:
        return Question(before_it, back, covers=True, unfinished=unfinished)
    return Question(since, back, covers=False, unfinished=unfinished)


def _list_new(
    connection: Reached, function: Function, question: Question, listed: Listed, *, now: dt.datetime
) -> dt.datetime | None:
    """-> the new watermark; every page is committed, and where the next one is, before that is asked for."""
    place, markers = question.place, answers.Markers()
    asked_at, newest = (place.asked_at, place.newest) if place else (None, function.listed_through)
    marker = place.marker if place else None
    while True:
        page = lambda_api.list_executions(connection, function.arn, started_after=question.since, marker=marker)
        asked_at = asked_at or page.at
        listed.add(upsert(function, page.items, now=now))
        newest = max(
            [newest, *(item.started_at for item in page.items if item.started_at)],
            key=lambda at: at.timestamp() if at else 0,
        )
        if question.covers:
            for item in page.items:
                question.unfinished.pop(item.arn, None)
        marker = markers.follow(page.next_marker)
        if not marker:
            return _watermark(function.listed_through, asked_at, newest)
        places.keep_listing(function, places.Listing(marker, question.since, asked_at, newest, question.back))
        _keep_claim(function)


def _watermark(
    before: dt.datetime | None, asked_at: dt.datetime | None, newest: dt.datetime | None
) -> dt.datetime | None:
    """Up to when everything has been listed: until AWS was asked, by its own clock; until the newest start where it
    does not tell the time.
    """
    if asked_at is None:
        return newest
    if before is not None and asked_at < before - dt.timedelta(seconds=pacing.OVERLAP):
        # What told the time then was wrong, and may have hidden what has started since.
        return asked_at - dt.timedelta(seconds=pacing.LOOK_BACK)
    return max(asked_at, before) if before else asked_at


def _due_for_looking_back(function: Function, now: dt.datetime) -> bool:
    """A function that was never listed is not yet due: its first listing goes back to the beginning anyway."""
    at = function.looked_back_at or function.listed_at
    return at is not None and (now - at).total_seconds() >= pacing.LOOK_BACK_EVERY


def _due_for_reconciling(function: Function, question: Question, now: dt.datetime) -> bool:
    if function.reconciled_at is None:
        return True
    every = pacing.RECONCILE
    if not question.covers:
        every = max(every, pacing.RECONCILE_TURNS * _pace(function).interval(function.start_rate))
    return (now - function.reconciled_at).total_seconds() >= every


def _reconcile(
    connection: Reached, function: Function, question: Question, listed: Listed, *, now: dt.datetime
) -> None:
    """Executions that we take for unfinished although AWS does not list them as such have ended meanwhile."""
    missing = question.unfinished
    if missing and not question.covers:
        marker, markers = None, answers.Markers()
        while True:
            page = lambda_api.list_executions(connection, function.arn, statuses=UNFINISHED, marker=marker)
            listed.add(upsert(function, page.items, now=now))
            for item in page.items:
                missing.pop(item.arn, None)
            marker = markers.follow(page.next_marker)
            if not marker:
                break
    refused: GatewayError | None = None
    for arn, pk in _some_of(missing, now):
        try:
            listed.add(upsert(function, [_ask_about(connection, function, arn)], now=now))
        except NotFound:
            for gone in Execution.objects.filter(pk=pk):
                mark_gone(gone, now=now)
        except GatewayError as error:
            if error.retry:
                raise
            refused = error  # it concerns this one only
    if refused:
        trouble.note(function.connection, trouble.comparing(function), refused, now=now, function=function)
    elif len(missing) <= GETS_AT_ONCE:
        trouble.clear(function.connection, trouble.comparing(function))


def _ask_about(connection: Reached, function: Function, arn: str) -> ExecutionSummary:
    """One execution as Get describes it; as List does where Get is refused, because a broken key stops only Get."""
    try:
        return lambda_api.get_execution(connection, arn)
    except GatewayError as refused:
        if refused.retry or isinstance(refused, NotFound):
            raise
        name = ExecutionArn.parse(arn).execution_name
        for summary in lambda_api.list_executions(connection, function.arn, name=name).items:
            if summary.arn == arn:
                return summary
        raise


def _some_of(candidates: dict[str, int], now: dt.datetime) -> list[tuple[str, int]]:
    """As many as are asked for at once, others each time: one that never settles does not keep others from it."""
    pairs = sorted(candidates.items())
    first = int(now.timestamp() // pacing.RECONCILE) * GETS_AT_ONCE % max(1, len(pairs))
    return (pairs[first:] + pairs[:first])[:GETS_AT_ONCE]


def _keep_claim(function: Function) -> None:
    """A long list takes longer than a claim lasts: it is not to be handed out again while it is being read."""
    until = timezone.now() + dt.timedelta(seconds=pacing.CLAIM)
    Function.objects.filter(pk=function.pk, list_claimed_until__isnull=False).update(list_claimed_until=until)


def _schedule(function: Function, *, now: dt.datetime, looked_at: bool, **values: object) -> None:
    """Free the claim and say when the function is due again."""
    interval = _pace(function).interval(function.start_rate, looked_at=looked_at)
    interval = pacing.pushed_list_interval(interval, healthy=push_health.healthy(function.connection, now=now))
    Function.objects.filter(pk=function.pk).update(
        list_due_at=now + dt.timedelta(seconds=interval), list_claimed_until=None, **values
    )


def _pace(function: Function) -> ListPace:
    if function.connection.list_pace is None:
        learn_pace(function.connection)
        function.connection.refresh_from_db(fields=["list_pace"])
    return ListPace(*function.connection.list_pace or (0.0, pacing.LIST_FLOOR, pacing.LIST_FLOOR))
