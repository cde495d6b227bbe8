"""The four roles as groups. Their permissions are those of executions/actions/permissions/ at the time of this migration."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

VIEW, STOP, PAUSE, HEARTBEAT, AUDIT, ANSWER = (
    "view_execution",
    "stop_executions",
    "pause_executions",
    "heartbeat_callbacks",
    "read_audit",
    "answer_callbacks",
)
SHARE = "share_executions"
START, REMOVE, BULK, PREPARE = "start_executions", "remove_executions", "act_in_bulk", "prepare_events"
REVEAL, DECISIONS = "reveal_secrets", "write_decisions"
ROLES = {
    "viewer": (VIEW,),
    "operator": (VIEW, STOP, PAUSE, HEARTBEAT, AUDIT, SHARE),
    "approver": (VIEW, STOP, PAUSE, HEARTBEAT, AUDIT, SHARE, ANSWER),
    "admin": (
        VIEW,
        STOP,
        PAUSE,
        HEARTBEAT,
        AUDIT,
        SHARE,
        ANSWER,
        START,
        REMOVE,
        BULK,
        PREPARE,
        REVEAL,
        DECISIONS,
    ),
}


def make_roles(apps, schema_editor):
    # Django makes permissions only after all migrations; the groups need them now.
    create_permissions(installed.get_app_config("executions"), apps=apps, verbosity=0)
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*Permission.objects.filter(content_type__app_label="executions", codename__in=codenames))


class Migration(migrations.Migration):
    dependencies = [("executions", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
