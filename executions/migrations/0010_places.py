from collections import Counter
from typing import Any

from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

TERMINAL = ["SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED", "DELETING"]


def close(apps: Any, schema_editor: Any) -> None:
    """Callbacks that nobody can answer any more; see sync/closing.py."""
    over = Q(execution__status__in=TERMINAL) | Q(execution__gone_at__isnull=False)
    unreachable = Q(execution__function__connection__gone_at__isnull=False)
    callbacks = apps.get_model("executions", "Callback").objects.filter(over | unreachable, status="STARTED")
    callbacks.update(status="NEVER_FINISHED", closed_at=timezone.now())


def count_apart(apps: Any, schema_editor: Any) -> None:
    """What AWS has no longer is not counted as running; see domain/statuses.py's GONE. Imports are not counted."""
    counts = apps.get_model("executions", "StatusCount").objects
    gone = apps.get_model("executions", "Execution").objects.filter(gone_at__isnull=False)
    gone = gone.exclude(status__in=TERMINAL).exclude(arn__startswith="imported:")
    for (function, status), number in Counter(gone.values_list("function", "status")).items():
        counts.filter(function=function, status=status).update(executions=models.F("executions") - number)
        count, _ = counts.get_or_create(function_id=function, status="GONE")
        counts.filter(pk=count.pk).update(executions=models.F("executions") + number)


class Migration(migrations.Migration):
    dependencies = [("executions", "0009_token_scopes")]

    operations = [
        migrations.AddField(
            model_name="execution",
            name="history_place",
            field=models.JSONField(help_text="where a broken off reading goes on: sync/places.py's Block or Retelling", null=True),
        ),
        migrations.AddField(
            model_name="function",
            name="list_place",
            field=models.JSONField(help_text="where a broken off listing goes on: sync/places.py's Listing", null=True),
        ),
        migrations.RunPython(close, migrations.RunPython.noop),
        migrations.RunPython(count_apart, migrations.RunPython.noop),
    ]
