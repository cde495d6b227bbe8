"""One action on many executions, or one answer to many callbacks: planned by somebody, carried out by a worker row by
row, each through the same care as a single one.

Each row has a token of its own, made before anything is sent. A worker that is killed leaves a record with that token,
and whoever comes after finds it instead of sending again.
"""

import datetime as dt
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from executions.actions import decisions, lifecycle, perform, permissions
from executions.actions.perform import Kind, Outcome
from executions.actions.records import Actor, check_storable
from executions.actions.results import BadValue
from executions.gateway.errors import GatewayError
from executions.models import ActionRecord, Bulk, BulkRow, Callback, Execution
from executions.sync.columns import text

log = structlog.get_logger(__name__)
MOST = 10_000
"""Executions or callbacks of one bulk."""
SAMPLE = 10
AT_ONCE = 20
"""Rows read together."""
SECONDS = 20.0
"""How long a worker is at it before others get its thread."""
CLAIM = dt.timedelta(seconds=90)
"""Longer than a row takes. A worker renews it before each."""
WAIT, LONGEST_WAIT = dt.timedelta(seconds=5), dt.timedelta(minutes=5)
"""Before the next try when AWS has no room or cannot be reached: at first, and doubled each time until at last."""

WITH = ("execution__function__connection", "callback__execution__function__connection")

Act = Callable[[Actor, Execution, dict[str, Any], dt.datetime], ActionRecord]
ACTS: dict[str, Act] = {
    Kind.STOP: lambda actor, execution, options, now: perform.stop(
        actor,
        execution,
        error_type=options.get("error_type", ""),
        error_message=options.get("error_message", ""),
        now=now,
    ),
    Kind.PAUSE: lambda actor, execution, options, now: lifecycle.pause(
        actor, execution, timeout_too=options.get("timeout_too", True), now=now
    ),
    Kind.RESUME: lambda actor, execution, options, now: lifecycle.resume(actor, execution, now=now),
    Kind.DELETE: lambda actor, execution, options, now: lifecycle.delete(
        actor, execution, purge=options.get("purge", False), now=now
    ),
}

Answer = Callable[[Actor, Callback, dict[str, Any], dt.datetime], ActionRecord]
ANSWERS: dict[str, Answer] = {
    Kind.SUCCEED: lambda actor, callback, options, now: decisions.succeed(
        actor,
        callback,
        result=options["result"],
        is_json=options["is_json"],
        twice=options.get("twice", False),
        now=now,
    ),
    Kind.FAIL: lambda actor, callback, options, now: decisions.fail(
        actor,
        callback,
        error_type=options.get("error_type", ""),
        error_message=options.get("error_message", ""),
        now=now,
    ),
}


def begin(
    actor: Actor, kind: str, rows: QuerySet[Execution], *, options: dict[str, Any], chosen: str, now: dt.datetime
) -> Bulk:
    """Write down what is to be done to which; a worker takes it up. The same form sent again is the same bulk."""
    found = rows.order_by("-started_at", "-pk").values_list("pk", "arn")
    made = [BulkRow(execution_id=pk, execution_arn=arn, token=uuid.uuid4()) for pk, arn in found[:MOST]]
    return _begin(actor, kind, made, options=options, chosen=chosen, now=now)


def begin_answers(
    actor: Actor, kind: str, rows: QuerySet[Callback], *, options: dict[str, Any], chosen: str, now: dt.datetime
) -> Bulk:
    """The same for callbacks, the nearest deadline first. `options`: the answer, as `decisions` takes it."""
    found = rows.order_by(F("timeout_at").asc(nulls_last=True), "opened_at", "pk")
    made = [
        BulkRow(callback_id=pk, execution_id=execution, execution_arn=arn, token=uuid.uuid4())
        for pk, execution, arn in found.values_list("pk", "execution", "execution__arn")[:MOST]
    ]
    return _begin(actor, kind, made, options=options, chosen=chosen, now=now)


def _begin(
    actor: Actor, kind: str, rows: list[BulkRow], *, options: dict[str, Any], chosen: str, now: dt.datetime
) -> Bulk:
    if sent := sent_before(actor, kind, options=options, chosen=chosen):
        return sent
    if not (allowed := permissions.can_act_in_bulk(actor.user, kind)):
        raise perform.NotAllowed(allowed)
    check_storable(actor.reason, options)
    try:
        with transaction.atomic():
            bulk = Bulk.objects.create(
                token=actor.token,
                kind=kind,
                user=actor.user,
                username=actor.user.get_username(),
                address=actor.address,
                user_agent=text(actor.user_agent, 300),
                reason=actor.reason,
                options=options,
                chosen=chosen,
                total=len(rows),
                created_at=now,
            )
            for row in rows:
                row.bulk = bulk
            BulkRow.objects.bulk_create(rows, batch_size=500)
    except IntegrityError:
        if sent := sent_before(actor, kind, options=options, chosen=chosen):
            return sent
        raise
    log.info("bulk.begun", kind=kind, total=bulk.total, bulk_id=bulk.pk)
    return bulk


def sent_before(actor: Actor, kind: str, *, options: dict[str, Any], chosen: str) -> Bulk | None:
    """What this very form has begun. Raises BadValue when its token was used for something else."""
    sent = Bulk.objects.filter(token=actor.token).first()
    if sent and (sent.user_id, sent.kind, sent.options, sent.chosen) != (actor.user.pk, kind, options, chosen):
        raise BadValue("token", "This form was already sent for something else: open it again.")
    return sent


def due(*, now: dt.datetime) -> list[int]:
    """The bulks that no worker is at."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    return list(Bulk.objects.filter(free, finished_at=None, stopped_at=None).values_list("pk", flat=True))


def step(bulk_id: int, *, clock: Callable[[], dt.datetime] = timezone.now, seconds: float = SECONDS) -> None:
    """Do a part of what is left; nothing when somebody else is at it."""
    me = uuid.uuid4()
    free = _unfinished(bulk_id).filter(Q(claimed_until=None) | Q(claimed_until__lt=clock()))
    if not free.update(claimed_until=clock() + CLAIM, claimed_by=me):
        return
    mine = _unfinished(bulk_id).filter(claimed_by=me)
    bulk = Bulk.objects.select_related("user").get(pk=bulk_id)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        waiting = bulk.rows.filter(done_at=None).order_by("pk")
        rows = list(waiting.select_related(*WITH)[:AT_ONCE])
        if not rows:
            mine.update(finished_at=clock(), claimed_until=None)
            return
        for row in rows:
            if not mine.update(claimed_until=clock() + CLAIM):
                return  # stopped meanwhile, or somebody else has taken it on
            if not _do(bulk, row, now=clock()):
                _wait(bulk, mine, clock())
                return
    mine.update(claimed_until=None)


def _wait(bulk: Bulk, mine: QuerySet[Bulk], now: dt.datetime) -> None:
    """Each try leaves a record, so that they become rarer while AWS is away."""
    pause = min(WAIT * 2 ** min(bulk.refusals, 10), LONGEST_WAIT)
    mine.update(claimed_until=now + pause, refusals=F("refusals") + 1)


def stop(bulk: Bulk, user: Any, *, now: dt.datetime) -> None:
    """What has not been sent yet is not sent; what has been sent stays."""
    _unfinished(bulk.pk).update(stopped_at=now, stopped_by=user.get_username(), claimed_until=None, claimed_by=None)


def again(bulk: Bulk, *, now: dt.datetime) -> int:
    """Go on with what is left, and try again what AWS refused or could not be sent; -> how many rows that are. What is
    unconfirmed is never sent again.
    """
    with transaction.atomic():
        Bulk.objects.select_for_update().get(pk=bulk.pk)
        failed = bulk.rows.filter(failed_rows(), execution__isnull=False)
        if bulk.kind in ANSWERS:
            failed = failed.filter(callback__isnull=False)
        rows = list(failed.only("pk"))
        for row in rows:
            row.token, row.record, row.words, row.done_at = uuid.uuid4(), None, "", None
        BulkRow.objects.bulk_update(rows, ["token", "record", "words", "done_at"], batch_size=200)
        left = bulk.rows.filter(done_at=None).count()
        if left:
            fresh = {"finished_at": None, "stopped_at": None, "stopped_by": ""}
            Bulk.objects.filter(pk=bulk.pk).update(**fresh, claimed_until=None, claimed_by=None, refusals=0)
    return left


def failed_rows() -> Q:
    """Of a bulk: what AWS refused, and what was not sent at all."""
    return Q(record__outcome=Outcome.REFUSED) | Q(record=None, done_at__isnull=False)


def able(user: Any, kind: str, rows: QuerySet[Execution]) -> QuerySet[Execution]:
    """Those of them to which this can be done now: the verdicts of permissions, asked of the database."""
    return rows.filter(permissions.able(user, kind))


def _unfinished(bulk_id: int) -> QuerySet[Bulk]:
    return Bulk.objects.filter(pk=bulk_id, finished_at=None, stopped_at=None)


def _do(bulk: Bulk, row: BulkRow, *, now: dt.datetime) -> bool:
    """One row; False when it has to be tried later, because AWS has no room or cannot be reached."""
    record, words, undone = None, "", BulkRow.objects.filter(pk=row.pk, token=row.token, done_at=None)
    refusals: list[GatewayError] = []
    try:
        record = _act(bulk, row, now, refusals.append)
    except (perform.NotAllowed, perform.AlreadyDone, BadValue) as error:
        words = text(str(error), 500)
    if any(error.retry and not error.maybe_done for error in refusals):
        # The refused record keeps its token; the next try is another one.
        undone.update(token=uuid.uuid4(), words=text(str(refusals[-1]), 500))
        return False
    undone.update(record=record, words=words, done_at=now)
    if bulk.refusals:
        bulk.refusals = 0
        Bulk.objects.filter(pk=bulk.pk).update(refusals=0)
    return True


def _act(bulk: Bulk, row: BulkRow, now: dt.datetime, refused: Callable[[GatewayError], None]) -> ActionRecord:
    if row.execution is None:
        raise perform.NotAllowed(permissions.Verdict(False, "It is no longer in the mirror."))
    if bulk.user is None:
        raise perform.NotAllowed(permissions.Verdict(False, "Whoever asked for this is no longer here."))
    if not (allowed := permissions.can_act_in_bulk(bulk.user, bulk.kind)):
        raise perform.NotAllowed(allowed)
    actor = Actor(
        user=bulk.user,
        address=bulk.address,
        token=row.token,
        reason=bulk.reason,
        user_agent=bulk.user_agent,
        one_of_many=True,
        refused=refused,
    )
    if bulk.kind not in ANSWERS:
        return ACTS[bulk.kind](actor, row.execution, bulk.options, now)
    if row.callback is None:
        raise perform.NotAllowed(permissions.Verdict(False, "It is no longer in the mirror."))
    return ANSWERS[bulk.kind](actor, row.callback, bulk.options, now)
