"""Worker and beat inside the web process, for an installation without Redis.

The queue is memory, so what is queued is lost with the process; nothing depends on it: the database says what is due, and actions
call AWS in the request itself.
"""

import threading
from typing import Any

import structlog
from celery.beat import Service
from celery.worker import WorkController
from django.conf import settings

from dashboard.celery import app

log = structlog.get_logger(__name__)
THREADS = 4
_running: list[Any] = []


def start() -> None:
    """Start both, unless Redis carries the queue or they run already."""
    if not settings.EMBEDDED or _running:
        return
    worker = WorkController(app=app, pool_cls="threads", concurrency=THREADS, without_gossip=True, without_mingle=True)
    beat = Service(app, scheduler_cls="celery.beat:Scheduler")
    _running.extend([worker, beat])
    for name, run in (("worker", worker.start), ("beat", lambda: beat.start(embedded_process=True))):
        threading.Thread(target=_run, args=(name, run), name=f"durascope-{name}", daemon=True).start()


def stop() -> None:
    """Let both finish what they are doing."""
    while _running:
        part = _running.pop()
        part.stop()


def _run(name: str, run: Any) -> None:
    try:
        run()
    except Exception:
        log.exception("embedded.stopped", part=name)
