"""The Celery application: `celery -A dashboard worker -P threads` and `celery -A dashboard beat`.

Without REDIS_URL the broker is the process's own memory and embedded.py runs worker and beat beside the web server.
Tasks carry no state worth keeping: what is due is written in the database, so that a lost queue loses nothing.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from celery.signals import worker_init
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "dashboard.queue:Transport"))
app = Celery("durascope")
app.conf.update(
    broker_url=settings.REDIS_URL or "memory://localhost/",
    broker_transport_options={} if settings.REDIS_URL else {"polling_interval": 0.05},
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # however long Redis is away
    task_ignore_result=True,
    # What a killed worker had begun is handed out again when its claim ends; a task that is kept in the queue until it
    # is done would, when it takes long, be begun a second time beside itself.
    task_acks_late=False,
    task_time_limit=None,
    worker_prefetch_multiplier=1 if settings.REDIS_URL else 8,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    beat_scheduler="celery.beat:Scheduler",
    beat_max_loop_interval=1,
    timezone="UTC",
    beat_schedule={
        "dispatch": {"task": "executions.dispatch", "schedule": 0.5, "options": {"expires": 5}},
        "dispatch-hot": {"task": "executions.dispatch_hot", "schedule": 0.2, "options": {"expires": 1}},
        "discover": {"task": "executions.discover", "schedule": 30.0, "options": {"expires": 30}},
        "keep-alive": {"task": "executions.keep_alive", "schedule": 1.0, "options": {"expires": 5}},
        "notify": {"task": "executions.notify", "schedule": 5.0, "options": {"expires": 10}},
        "retain": {"task": "executions.retain", "schedule": 600.0, "options": {"expires": 600}},
        **(
            {"push": {"task": "executions.consume_push", "schedule": 1.0, "options": {"expires": 2}}}
            if settings.PUSH_QUEUE_URL or settings.CONNECTIONS_FILE
            else {}
        ),
    },
)
app.autodiscover_tasks(["executions"])


@worker_init.connect
def _keep_memory(**_: object) -> None:
    from dashboard import memory

    memory.start()


@worker_init.connect
def _serve_metrics(**_: object) -> None:
    """A worker of its own counts its own calls; the one inside the web process counts with that process."""
    if settings.METRICS_PORT:
        from executions import metrics

        metrics.serve(settings.METRICS_PORT, settings.METRICS_HOST)
