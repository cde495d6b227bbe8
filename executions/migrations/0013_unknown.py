"""What nobody will ever know is an outcome of its own, and as final as the others; a bulk knows which worker is at it."""

from importlib import import_module

from django.db import migrations, models

append_only = import_module("executions.migrations.0003_append_only")
OUTCOMES = [
    ("sending", "being sent"),
    ("accepted", "accepted by AWS"),
    ("refused", "refused"),
    ("unconfirmed", "sent, but not confirmed"),
    ("unknown", "sent, and nobody will know"),
    ("done", "done"),
]


def install(apps, schema_editor):
    """Anew, because the list of what is decided has grown."""
    append_only.remove(schema_editor.connection)
    append_only.forwards(apps, schema_editor)


class Migration(migrations.Migration):
    dependencies = [("executions", "0012_callback_function")]
    operations = [
        migrations.AlterField(
            "actionrecord", "outcome", models.CharField(choices=OUTCOMES, default="sending", max_length=20)
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
        migrations.AddField("bulk", "claimed_by", models.UUIDField(help_text="which worker that is", null=True)),
        migrations.AddField(
            "bulk",
            "refusals",
            models.PositiveSmallIntegerField(default=0, help_text="how often in a row it had to wait"),
        ),
    ]
