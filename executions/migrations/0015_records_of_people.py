"""Records tell whom they concern also when what they are about is gone: functions by name, a group, an account.

Older ones are filled in as far as that can still be known; nothing else of them changes.
"""

import importlib

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

KINDS = [
    ("start", "started the execution"),
    ("stop", "stopped the execution"),
    ("pause", "paused the execution"),
    ("resume", "resumed the execution"),
    ("delete", "deleted the execution"),
    ("succeed", "answered the callback with success"),
    ("fail", "answered the callback with failure"),
    ("heartbeat", "sent a heartbeat"),
    ("approve", "approved the callback"),
    ("refuse", "refused the callback"),
    ("claim", "claimed the callback"),
    ("release", "released the callback"),
    ("keep_alive", "had the callback kept alive"),
    ("let_lapse", "no longer had the callback kept alive"),
    ("reveal", "looked at the secrets of a payload"),
    ("share", "made a share link"),
    ("unshare", "revoked a share link"),
    ("write_form", "wrote a decision form"),
    ("remove_form", "removed a decision form"),
    ("notify", "wrote a notification rule"),
    ("unnotify", "removed a notification rule"),
    ("notify_test", "tested a notification rule"),
    ("notify_again", "had a notification sent again"),
    ("notify_secret", "made a new secret for a notification rule"),
    ("import", "imported a history"),
    ("forget", "removed an imported history"),
    ("prepare", "kept a prepared event"),
    ("unprepare", "removed a prepared event"),
    ("describe", "changed the schema of an input"),
    ("new_account", "made an account"),
    ("groups", "changed the role or teams of an account"),
    ("switch_off", "switched an account off"),
    ("switch_on", "switched an account on"),
    ("end_sessions", "ended sessions of an account"),
    ("password", "changed the password of an account"),
    ("add_factor", "added a second factor to an account"),
    ("remove_factor", "removed a second factor of an account"),
    ("tie", "tied single sign-on to an account"),
    ("make_token", "made an API token"),
    ("revoke_token", "revoked an API token"),
    ("scope", "changed what a team sees"),
]
append_only = importlib.import_module("executions.migrations.0003_append_only")


def open_up(apps, schema_editor):
    append_only.remove(schema_editor.connection)


def close(apps, schema_editor):
    append_only.forwards(apps, schema_editor)


def fill_in(apps, schema_editor):
    Record, Function = (apps.get_model("executions", name) for name in ("ActionRecord", "Function"))
    functions = {one.arn: one for one in Function.objects.select_related("connection")}
    by_pk = {one.pk: one for one in functions.values()}
    imported = {}
    rows = Record.objects.select_related("execution").order_by("pk").defer("answer", "reason")
    for record in rows.iterator(500):
        function = by_pk.get(record.function_id or (record.execution.function_id if record.execution else None))
        function = function or functions.get(":".join(record.execution_arn.split(":")[:7]))
        function = function or functions.get(record.request.get("FunctionName"))
        if function:
            record.function_id, record.covers = function.pk, f"{function.connection.name}/{function.name}"
        elif record.kind == "import":
            record.covers = imported[record.execution_arn] = f"imported/{record.request.get('Function')}"
        elif record.kind == "forget":
            record.covers = imported.get(record.execution_arn, "")
        elif record.kind in ("write_form", "remove_form"):
            versions = [values for values in (record.request.get("Before"), record.request.get("Values")) if values]
            record.covers = "\n".join(sorted({f"*/{values.get('functions', '*')}" for values in versions}))
        elif record.kind.startswith(("notify", "unnotify")):
            record.group_id = group_of(apps, record.request)
        else:
            continue
        record.save(update_fields=["function", "covers", "group"])
    # PostgreSQL makes no trigger while constraints are still to be checked.
    schema_editor.connection.check_constraints([append_only.TABLE])


def group_of(apps, request):
    rule = apps.get_model("executions", "NoticeRule").objects.filter(pk=request.get("rule")).first()
    named = apps.get_model("auth", "Group").objects.filter(name=request.get("group")).first()
    return rule.group_id if rule else named.pk if named else None


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("executions", "0014_kept_events"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RunPython(open_up, close),
        migrations.AddField(
            "actionrecord",
            "covers",
            models.TextField(
                blank=True,
                default="",
                help_text="lines CONNECTION/FUNCTION, or */PATTERN: who is limited to scopes sees it by them",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "actionrecord",
            "group",
            models.ForeignKey(
                help_text="whose rule or scope it was",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="auth.group",
            ),
        ),
        migrations.AddField(
            "actionrecord",
            "person",
            models.ForeignKey(
                help_text="whose account",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            "actionrecord",
            "function",
            models.ForeignKey(
                help_text="that of its execution, too",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="executions.function",
            ),
        ),
        migrations.AlterField("actionrecord", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.AlterField("bulk", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.AddIndex(
            "actionrecord",
            models.Index(
                condition=Q(("function", None), Q(("covers", ""), _negated=True)),
                fields=["covers"],
                name="action_covers",
            ),
        ),
        migrations.RunPython(fill_in, migrations.RunPython.noop),
        migrations.RunPython(close, open_up),
    ]
