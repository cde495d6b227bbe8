"""Tokens have scopes: older ones those that let them do exactly what they could do."""

from django.db import migrations, models

READING, ACTING = ["read", "audit"], ["read", "audit", "answer", "control"]


def keep(apps, schema_editor):
    tokens = apps.get_model("executions", "ApiToken").objects
    tokens.filter(acts=False).update(scopes=READING)
    tokens.filter(acts=True).update(scopes=ACTING)


def back(apps, schema_editor):
    """Whoever may not do all of it only reads."""
    tokens = apps.get_model("executions", "ApiToken").objects
    for token in tokens.all():
        token.acts = set(ACTING) <= set(token.scopes)
        token.save(update_fields=["acts"])


class Migration(migrations.Migration):
    dependencies = [("executions", "0008_imports")]
    operations = [
        migrations.AddField(
            "apitoken",
            "scopes",
            models.JSONField(default=list, help_text="names of executions/actions/tokens.py, sorted as there"),
        ),
        migrations.RunPython(keep, back),
        migrations.RemoveField("apitoken", "acts"),
    ]
