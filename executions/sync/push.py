"""What the push queue tells, written into the mirror: status changes at once, callback hints as a reason to look.

Delivery is at least once and in any order; the status lattice makes both harmless. A message is deleted only after what
it says is committed, so that a worker that is killed in between gets it once more and changes nothing.
"""

import datetime as dt
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from django.core.cache import cache
from django.db import InterfaceError, OperationalError, connections, transaction
from django.db.models import Q

from executions.domain import pushes
from executions.domain.pushes import CallbackHint, Malformed, StatusChange
from executions.domain.statuses import is_terminal, merge
from executions.gateway import queue
from executions.gateway.answers import ExecutionSummary
from executions.gateway.errors import GatewayError
from executions.gateway.queue import Message, Queue
from executions.models import Connection, Execution, Function
from executions.sync import executions, functions, hasten, pacing, push_health, trouble

log = structlog.get_logger(__name__)
LONG_POLL = 5
"""Seconds. SQS allows 20, but a worker that is to stop waits for the end of it."""
RUN, COUNT_EVERY = 300.0, 30.0
MOST_AT_ONCE = 100
IDLE = 0.2
CLAIM = 60
"""Seconds after which the queue is read by another worker when this one was killed; several polls long."""
_CLAIM_KEY = "durascope:push:consumer"
Told = StatusChange | CallbackHint


@dataclass
class Applied:
    """What a batch brought, counted in messages; `new` and `changed` in executions.

    `unknown`: of functions that are not mirrored, left to discovery. `failed`: could not be stored and stay in the
    queue, which gives them to its dead-letter queue in the end.
    """

    messages: int = 0
    new: int = 0
    changed: int = 0
    hints: int = 0
    unknown: int = 0
    malformed: int = 0
    failed: int = 0


def rows_with_queues(*, now: dt.datetime) -> list[Connection]:
    """The connections that have a push queue."""
    return [row for row in functions.connection_rows(now=now) if push_health.queue_url(row)]


def opened(row: Connection, *, clock: Callable[[], dt.datetime]) -> Queue:
    """The push queue of this connection. Raises GatewayError after noting it."""
    try:
        return queue.reach(row.name, push_health.queue_url(row))
    except GatewayError as error:
        trouble.note(row, push_health.READING, error, now=clock())
        raise


def apply(row: Connection, messages: list[Message], *, now: dt.datetime) -> tuple[Applied, list[Message]]:
    """Store what the messages say; -> the counts, and the messages that may be deleted because it is committed."""
    applied, done = Applied(messages=len(messages)), []
    by_function: dict[str, list[tuple[Message, Told]]] = defaultdict(list)
    for message in messages:
        said = pushes.parse(message.body)
        if isinstance(said, Malformed):
            # Read again it would be no better.
            log.warning("push.malformed", message_id=message.id, reason=said.reason)
            applied.malformed += 1
            done.append(message)
        else:
            by_function[str(said.arn.function_arn)].append((message, said))
    # Durable: it refuses to run inside another transaction, whose end would come after the messages are deleted.
    with transaction.atomic(durable=True):
        theirs = Function.objects.filter(connection=row, arn__in=by_function).select_related("connection")
        known = {item.arn: item for item in theirs.order_by("pk")}
        for arn in by_function.keys() - known.keys():
            log.info("push.unknown_function", function=arn, messages=len(by_function[arn]))
            applied.unknown += len(by_function[arn])
            done += [message for message, _ in by_function[arn]]
        for arn, function in known.items():
            if _store(function, [said for _, said in by_function[arn]], applied, now=now):
                done += [message for message, _ in by_function[arn]]
        _note(row, [said for pairs in by_function.values() for _, said in pairs], now=now)
    return applied, done


def consume(row: Connection, source: Queue, *, clock: Callable[[], dt.datetime], wait: int = LONG_POLL) -> Applied:
    """Wait for messages once, store what they say, then delete them. Raises GatewayError after noting it."""
    try:
        messages = _gather(source, wait)
        push_health.listens(row, now=clock())
        if not messages:
            trouble.clear(row, push_health.READING)
            return Applied()
        applied, done = apply(row, messages, now=clock())
        if kept := queue.delete(source, done):
            log.warning("push.not_deleted", messages=kept)
    except GatewayError as error:
        trouble.note(row, push_health.READING, error, now=clock())
        raise
    trouble.clear(row, push_health.READING)
    return applied


def _gather(source: Queue, wait: int) -> list[Message]:
    """What waits in the queue, as soon as there is anything: stored together, many messages take little more time than
    a few.
    """
    messages = more = queue.receive(source, wait=wait)
    while len(more) == queue.MOST_MESSAGES and len(messages) < MOST_AT_ONCE:
        more = queue.receive(source, wait=0)
        messages = messages + more
    return messages


def listen(*, clock: Callable[[], dt.datetime], going: Callable[[], bool]) -> None:
    """Consume every queue for some minutes, each in a thread of its own, unless another worker does.

    The claim is a key in the cache, which ends by itself: losing it, or two that consume at once for a moment, does no
    harm, because applying is idempotent. So it needs no row that survives a restart.
    """
    token = str(uuid.uuid4())
    if not cache.add(_CLAIM_KEY, token, CLAIM):
        return
    until = time.monotonic() + RUN

    def ours() -> bool:
        return going() and time.monotonic() < until and cache.get(_CLAIM_KEY) == token

    if rows := rows_with_queues(now=clock()):
        with ThreadPoolExecutor(len(rows), "push") as pool:
            for done in [pool.submit(_consume_while, ours, row, clock) for row in rows]:
                done.result()
    if cache.get(_CLAIM_KEY) == token:
        cache.delete(_CLAIM_KEY)


def _consume_while(ours: Callable[[], bool], row: Connection, clock: Callable[[], dt.datetime]) -> None:
    """What goes wrong with one queue rests this queue only, and for a moment."""
    resting, counted = 0.0, 0.0
    while ours():
        if time.monotonic() < resting:
            time.sleep(IDLE)
            continue
        try:
            cache.touch(_CLAIM_KEY, CLAIM)
            source = opened(row, clock=clock)
            if time.monotonic() >= counted:
                push_health.measure(row, source, now=clock())
                counted = time.monotonic() + COUNT_EVERY
            if not consume(row, source, clock=clock).messages:
                connections.close_all()  # a long poll needs none
        except Exception as error:
            if not isinstance(error, GatewayError):  # those are on the banners already
                log.exception("push.not_consumed", connection=row.name)
            resting = time.monotonic() + pacing.REFUSED_FLOOR
            connections.close_all()
    connections.close_all()


def _store(function: Function, told: list[Told], applied: Applied, *, now: dt.datetime) -> bool:
    """One function's part of a batch; -> whether it is stored. What cannot be stored keeps nothing else from it."""
    try:
        with transaction.atomic():
            _update(function, told, applied, now=now)
    except (OperationalError, InterfaceError):
        raise  # the database is at fault, not the messages: the whole batch comes again
    except Exception:
        log.exception("push.not_stored", function=function.arn, messages=len(told))
        applied.failed += len(told)
        return False
    return True


def _update(function: Function, told: list[Told], applied: Applied, *, now: dt.datetime) -> None:
    arns = {str(said.arn) for said in told}
    known = dict(Execution.objects.filter(arn__in=arns).values_list("arn", "pk"))
    changes: dict[str, list[StatusChange]] = defaultdict(list)
    for said in told:
        if isinstance(said, StatusChange):
            changes[str(said.arn)].append(said)
    summaries = [_summary(function, parts) for parts in changes.values()]
    listed = executions.upsert(function, [made for made in summaries if made.started_at or made.arn in known], now=now)
    hinted = {str(said.arn) for said in told if isinstance(said, CallbackHint)}
    for arn in hinted & known.keys():
        hasten.history(known[arn], now=now)
    # One listing finds all that we know too little of, within the call budget and however many they are; what it
    # inserts has its history read at once.
    started = {made.arn for made in summaries if made.started_at}
    if arns - known.keys() - started:
        later = Q(list_due_at=None) | Q(list_due_at__gt=now)
        Function.objects.filter(later, pk=function.pk).update(list_due_at=now)
    applied.new += listed.new
    applied.changed += listed.changed
    applied.hints += sum(isinstance(said, CallbackHint) for said in told)


def _summary(function: Function, parts: list[StatusChange]) -> ExecutionSummary:
    """All that a batch says of one execution, whatever came first."""
    status = parts[0].status
    for part in parts[1:]:
        status = merge(status, part.status)
    ends = [part.ended_at for part in parts if part.ended_at and is_terminal(part.status)]
    starts = [part.started_at for part in parts if part.started_at]
    return ExecutionSummary(
        arn=str(parts[0].arn),
        name=parts[0].arn.execution_name,
        function_arn=function.arn,
        status=status,
        started_at=starts[0] if starts else None,
        ended_at=ends[0] if ends else None,
    )


def _note(row: Connection, told: list[Told], *, now: dt.datetime) -> None:
    """Only AWS's own events show that its rule works; hints come by another way."""
    changes = [said for said in told if isinstance(said, StatusChange)]
    if changes:
        push_health.told(row, [at for said in changes for at in (said.started_at, said.ended_at)], now=now)
