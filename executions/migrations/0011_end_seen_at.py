from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("executions", "0010_places")]

    operations = [
        migrations.AddField(
            model_name="execution",
            name="end_seen_at",
            field=models.DateTimeField(help_text="when the reading began that told of its end", null=True),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(fields=["status", "end_seen_at"], name="execution_end_seen"),
        ),
    ]
