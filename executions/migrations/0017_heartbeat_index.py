"""The heartbeats that people sent lately are found without reading what else they did."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("executions", "0016_exports_with_secrets")]

    operations = [
        migrations.AddIndex(
            "actionrecord",
            models.Index(
                fields=["created_at", "callback"],
                name="action_heartbeats",
                condition=Q(kind="heartbeat", outcome="accepted"),
            ),
        ),
    ]
