"""Starting and deleting have scopes of their own: older tokens go on doing exactly what they could do."""

from django.db import migrations

APART = ["start", "delete"]


def keep(apps, schema_editor):
    for token in apps.get_model("executions", "ApiToken").objects.all():
        if "control" in token.scopes:
            token.scopes = [*token.scopes, *APART]
            token.save(update_fields=["scopes"])


def back(apps, schema_editor):
    """Whoever may not start and delete may no longer stop either: `control` would let them do all of it."""
    for token in apps.get_model("executions", "ApiToken").objects.all():
        whole = {"control", *APART} <= set(token.scopes)
        token.scopes = [one for one in token.scopes if one not in APART and (one != "control" or whole)]
        token.save(update_fields=["scopes"])


class Migration(migrations.Migration):
    dependencies = [("executions", "0017_heartbeat_index")]
    operations = [migrations.RunPython(keep, back)]
