"""What AWS says, made to fit its column: databases refuse longer text, NUL characters, halves of a surrogate pair and
larger numbers, and one odd answer must not keep the rest from being stored. The history itself is kept as it came.
"""

import datetime as dt
from typing import Any

from django.db import connection, models

LARGEST = 2**31 - 1


def text(value: object, most: int) -> str:
    """At most that many characters that can be stored; "" for None."""
    said = "" if value is None else str(value)
    if not said.isascii() or "\x00" in said:
        said = said.encode(errors="replace").decode().replace("\x00", "")
    return said[:most]


def number(value: float | None) -> int | None:
    """A number of seconds, megabytes or days."""
    return None if value is None else max(0, min(int(value), LARGEST))


def fits(value: str, most: int) -> bool:
    """Whether an identifier, which says nothing when it is cut, can be stored as it is."""
    return value == text(value, most)


def insert(model: type[models.Model], rows: list[dict[str, Any]]) -> None:
    """New rows, each with the same fields by name. bulk_create takes four times as long, most of it for every single
    value, and a history may open thousands of callbacks.
    """
    if not rows:
        return
    columns = {field.name: field.column or "" for field in model._meta.concrete_fields}
    names = ", ".join(connection.ops.quote_name(columns[name]) for name in rows[0])
    table, marks = connection.ops.quote_name(model._meta.db_table), ", ".join(["%s"] * len(rows[0]))
    values = [list(row.values()) for row in rows]
    if connection.vendor == "sqlite":
        values = [
            [_as_sqlite_has_it(value) if type(value) is dt.datetime else value for value in row] for row in values
        ]
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)  # noqa: S608 - names of ours


def _as_sqlite_has_it(moment: dt.datetime) -> str:
    """Django's own way there, which also knows other time zones than UTC, takes six times as long."""
    return str(moment.replace(tzinfo=None))
