"""Celery's entry points: each finds its rows and calls the part that does the work."""

import contextlib

from celery import shared_task
from celery.signals import worker_shutting_down
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from executions import work
from executions.actions import bulk, claims, decisions, settle, starting
from executions.domain.lanes import Lane
from executions.gateway import budget
from executions.gateway.errors import GatewayError
from executions.models import Connection, Execution, Function
from executions.notices import delivering, finding, terms
from executions.sync import (
    functions,
    hasten,
    history,
    lease,
    listing,
    pacing,
    preflight,
    push,
    push_health,
    retention,
    schedule,
)

stopping = budget.stopping
DISCOVER_LEASE, RETAIN_LEASE = 25.0, 550.0
"""Seconds in which a second beat's call is not heard: a little less than between two calls of one beat."""


@worker_shutting_down.connect
def _stop(**_: object) -> None:
    stopping.set()


@shared_task(name="executions.discover")
def discover() -> None:
    """Bring every connection's list of functions up to date. What goes wrong is noted for the banners, not raised."""
    if not lease.take("discover", every=DISCOVER_LEASE, now=timezone.now()):
        return
    settle.settle_left(now=timezone.now())
    settle.settle_deletions(now=timezone.now())
    starting.settle_starts(now=timezone.now())
    decisions.send_left(clock=timezone.now)
    push_health.check(now=timezone.now())
    for row in functions.connection_rows(now=timezone.now()):
        discover_one.delay(row.pk)


@shared_task(name="executions.discover_one")
def discover_one(connection_id: int) -> None:
    row = Connection.objects.get(pk=connection_id)
    hasten.expiring(row, now=timezone.now())
    with contextlib.suppress(GatewayError):
        functions.discover(row, now=timezone.now())
        listing.learn_pace(row)
    row.refresh_from_db()
    if preflight.is_due(row, now=timezone.now()):
        preflight.check_and_keep(row, now=timezone.now())


@shared_task(name="executions.dispatch")
def dispatch() -> None:
    """Hand out what is due. Claims in the database keep two beats from doing so twice; what was not begun while its
    claim lasted is handed out again, so that it must not stay in the queue.
    """
    now = timezone.now()
    if schedule.never_swept():
        discover.delay()
    _list(schedule.claim_functions(now=now))
    for bulk_id in bulk.due(now=now):
        bulk_step.apply_async((bulk_id,), expires=pacing.CLAIM)
    _read(schedule.claim_histories(now=now))
    work.handed_out(now=now)


@shared_task(name="executions.dispatch_hot")
def dispatch_hot() -> None:
    """Between two dispatches: what somebody waits for does not wait for the next one as well."""
    if schedule.somebody_looks():
        now = timezone.now()
        _list(schedule.claim_functions(now=now))
        _read(schedule.claim_histories(now=now, hot_alone=True))


def _list(claimed: list[int]) -> None:
    for function_id in claimed:
        list_function.apply_async((function_id,), expires=pacing.CLAIM)


def _read(claimed: dict[int, Lane]) -> None:
    for execution_id, lane in claimed.items():
        pull_history.apply_async((execution_id, int(lane)), expires=pacing.CLAIM)


@shared_task(name="executions.bulk_step")
def bulk_step(bulk_id: int) -> None:
    """Some seconds' worth of a bulk; a claim keeps it to one worker at a time."""
    bulk.step(bulk_id)


@shared_task(name="executions.list_function")
def list_function(function_id: int) -> None:
    function = Function.objects.select_related("connection").get(pk=function_id)
    claimed = Function.objects.filter(pk=function_id)
    with contextlib.suppress(GatewayError), schedule.given_back(claimed, "list_claimed_until"):
        listing.list_function(function, now=timezone.now())


@shared_task(name="executions.pull_history")
def pull_history(execution_id: int, lane: int = Lane.WARM) -> None:
    execution = Execution.objects.select_related("function__connection").filter(pk=execution_id).first()
    if execution is None:
        return  # removed by our own retention since it was handed out
    claimed = Execution.objects.filter(pk=execution_id)
    try:
        with budget.lane(Lane(lane)), schedule.given_back(claimed, "history_claimed_until"):
            history.pull(execution, now=timezone.now())
    except GatewayError:
        return
    settle.settle(execution_id, now=timezone.now())


@shared_task(name="executions.retain")
def retain() -> None:
    """Remove what is kept no longer, and the logins that have run out."""
    if not lease.take("retain", every=RETAIN_LEASE, now=timezone.now()):
        return
    retention.retain(now=timezone.now())
    delivering.forget(now=timezone.now())
    SessionStore.clear_expired()


@shared_task(name="executions.consume_push")
def consume_push() -> None:
    """Read the push queues for some minutes; beat starts it again and again, a claim keeps it to one at a time."""
    push.listen(clock=timezone.now, going=lambda: not stopping.is_set())


@shared_task(name="executions.keep_alive")
def keep_alive() -> None:
    """Send the heartbeats of claimed callbacks that are due."""
    claims.send_heartbeats(now=timezone.now())


@shared_task(name="executions.notify")
def notify() -> None:
    """Look for what people want to be told, and hand out the messages that are due. Nothing while there is no rule."""
    now = timezone.now()
    if rules := terms.active():
        finding.look(rules, now=now)
        delivering.gather(rules, now=now)
        for pk in delivering.due(now=now):
            deliver.delay(pk)


@shared_task(name="executions.deliver")
def deliver(delivery_id: int) -> None:
    delivering.deliver(delivery_id, clock=timezone.now)
