"""A kind of record more: the audit trail was exported with its secrets. Nothing changes in the database."""

import importlib

from django.db import migrations, models

BEFORE = importlib.import_module("executions.migrations.0015_records_of_people").KINDS
AT = [kind for kind, _ in BEFORE].index("reveal") + 1
KINDS = [*BEFORE[:AT], ("export", "exported the audit trail with its secrets"), *BEFORE[AT:]]


class Migration(migrations.Migration):
    dependencies = [("executions", "0015_records_of_people")]

    operations = [
        migrations.AlterField("actionrecord", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.AlterField("bulk", "kind", models.CharField(choices=KINDS, max_length=20)),
    ]
