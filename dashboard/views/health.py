"""For load balancers: is the process up, can it serve. For Prometheus: how it is doing."""

from functools import lru_cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from executions import gauges
from executions.metrics import CONTENT_TYPE


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """503 while the database cannot be asked, or is not migrated to what this code needs. Pages need nothing else."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM django_migrations WHERE app = 'executions' AND name = %s", [_newest_migration()]
            )
            migrated = cursor.fetchone() is not None
    except DatabaseError:
        migrated = False
    if not migrated:
        return HttpResponse("the database cannot be asked, or is not migrated\n", status=503, content_type="text/plain")
    return HttpResponse("ready\n", content_type="text/plain")


@lru_cache(maxsize=1)
def _newest_migration() -> str:
    [(_, name)] = MigrationLoader(None).graph.leaf_nodes("executions")
    return str(name)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(gauges.exposition(now=timezone.now()), content_type=CONTENT_TYPE)
