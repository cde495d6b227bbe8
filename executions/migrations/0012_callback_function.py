import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery

HELP = "its execution's: what is open in one function, or in some, is found without the executions"


def copy_from_executions(apps, schema_editor):
    Callback, Execution = apps.get_model("executions", "Callback"), apps.get_model("executions", "Execution")
    its_execution = Execution.objects.filter(pk=OuterRef("execution"))
    Callback.objects.update(function=Subquery(its_execution.values("function")[:1]))
    if schema_editor.connection.vendor == "postgresql":
        # The foreign keys are checked now: a table with checks that still wait cannot be altered.
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):

    dependencies = [
        ('executions', '0011_end_seen_at'),
    ]

    operations = [
        migrations.AddField(
            model_name='callback',
            name='function',
            field=models.ForeignKey(db_index=False, help_text=HELP, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='executions.function'),
        ),
        migrations.RunPython(copy_from_executions, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='callback',
            name='function',
            field=models.ForeignKey(db_index=False, help_text=HELP, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='executions.function'),
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(condition=models.Q(('status', 'STARTED')), fields=['function', 'status', 'timeout_at', 'opened_at', 'id'], name='callback_open_by_function'),
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(condition=models.Q(('heartbeat_seconds__isnull', False), ('status', 'STARTED')), fields=['status', 'heartbeat_seconds', 'opened_at', 'id'], name='callback_beating'),
        ),
    ]
