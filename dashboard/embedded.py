"""Worker and beat inside the web process, for an installation without Redis.

The queue is memory, so what is queued is lost with the process; nothing depends on it: the database says what is due,
and actions call AWS in the request itself.
"""

import threading
from typing import Any

import structlog
from celery.beat import Scheduler, Service
from celery.worker import WorkController
from django.conf import settings
from django.db import DatabaseError, connections

from dashboard.celery import app
from executions import tasks
from executions.sync import schedule

log = structlog.get_logger(__name__)
THREADS = 16
"""Most of them wait most of the time: for AWS, or for a place in the call budget."""
_running: dict[str, Any] = {}


def start() -> None:
    """Start both, unless Redis carries the queue or they run already."""
    if not settings.EMBEDDED or _running:
        return
    tasks.stopping.clear()
    for name, make in (("worker", _worker), ("beat", _beat)):
        _running[name] = None
        threading.Thread(target=_run, args=(name, make), name=f"durascope-{name}", daemon=True).start()


def stop() -> None:
    """Let both finish what they are doing."""
    tasks.stopping.set()
    for part in [part for part in _running.values() if part is not None]:
        part.stop()
    _running.clear()


def _worker() -> Any:
    _take_back_claims()
    return WorkController(
        app=app, pool_cls="threads", concurrency=THREADS, hostname="embedded", without_gossip=True, without_mingle=True
    )


def _take_back_claims() -> None:
    """The queue has ended with the last process, and with it what had been handed out."""
    try:
        schedule.forget_claims()
    except DatabaseError as error:
        log.warning("embedded.claims_kept", error=str(error))
    finally:
        connections.close_all()


def _beat() -> Any:
    return Service(app, scheduler_cls=Scheduler)


def _run(name: str, make: Any) -> None:
    """Make the part in its own thread: the web server's has an event loop, in which Django allows no database."""
    try:
        part = _running[name] = make()
        part.start()
    except Exception:
        log.exception("embedded.stopped", part=name)
