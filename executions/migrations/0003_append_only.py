"""What people did is kept as it was: the database itself refuses to change or remove a decided action record.

Until it is decided (accepted, refused, done or unknown for ever), its outcome may be written; what was asked, by whom and when never changes.
References to rows that are removed become NULL. SQLite forgets triggers when a table is made anew, as Django does to
alter a column: such a migration has to call `install` again.
"""

from django.db import migrations

TABLE = "executions_actionrecord"
OUTCOME = ("outcome", "answer", "aws_request_id", "finished_at")
REFERENCES = ("user_id", "function_id", "execution_id", "callback_id", "group_id", "person_id")
DECIDED = "('accepted', 'refused', 'done', 'unknown')"
REFUSAL = "action records are append-only"


def install(connection, columns):
    """`columns`: all of the table's."""
    kept = [name for name in columns if name not in (*OUTCOME, *REFERENCES, "execution_arn")]
    changed = _changed(kept, [name for name in REFERENCES if name in columns], connection.vendor)
    statements = _postgresql(changed) if connection.vendor == "postgresql" else _sqlite(changed)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def remove(connection):
    on = f" ON {TABLE}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in ("no_change", "no_removal", "no_truncation")[: 3 if on else 2]:
            cursor.execute(f"DROP TRIGGER IF EXISTS action_records_{name}{on}")


def _changed(kept, references, vendor):
    """SQL that is true when an update does what it must not."""
    differs = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    decided = " OR ".join(f"NEW.{name} {differs} OLD.{name}" for name in (*OUTCOME, "execution_arn"))
    return " OR ".join(
        [
            *(f"NEW.{name} {differs} OLD.{name}" for name in kept),
            *(f"(NEW.{name} IS NOT NULL AND NEW.{name} {differs} OLD.{name})" for name in references),
            f"(OLD.execution_arn <> '' AND NEW.execution_arn <> OLD.execution_arn)",
            f"(OLD.outcome IN {DECIDED} AND ({decided}))",
        ]
    )


def _sqlite(changed):
    fail = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    return [
        f"CREATE TRIGGER action_records_no_change BEFORE UPDATE ON {TABLE} WHEN {changed} {fail}",
        f"CREATE TRIGGER action_records_no_removal BEFORE DELETE ON {TABLE} {fail}",
    ]


def _postgresql(changed):
    when = f"WHEN ({changed})"
    does = "EXECUTE FUNCTION refuse_change_of_action_records()"
    return [
        "CREATE OR REPLACE FUNCTION refuse_change_of_action_records() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
        f"CREATE TRIGGER action_records_no_change BEFORE UPDATE ON {TABLE} FOR EACH ROW {when} {does}",
        f"CREATE TRIGGER action_records_no_removal BEFORE DELETE ON {TABLE} FOR EACH ROW {does}",
        f"CREATE TRIGGER action_records_no_truncation BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT {does}",
    ]


def forwards(apps, schema_editor):
    fields = apps.get_model("executions", "ActionRecord")._meta.concrete_fields
    install(schema_editor.connection, [field.column for field in fields])


def backwards(apps, schema_editor):
    remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("executions", "0002_roles")]
    operations = [migrations.RunPython(forwards, backwards)]
