"""What somebody may see: every other query goes through these, so that the rest does not exist for them."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from executions.actions.permissions import can_view
from executions.actions.scopes import reach_of
from executions.domain import imports
from executions.models import (
    Connection,
    Execution,
    Function,
    HistoryImport,
    Trouble,
)

PAGE_ROWS = 50
_IMPORTED, _CONNECTIONS, _LEFT = "_durascope_imported", "_durascope_connections", "_durascope_left"


def visible(user: Any) -> QuerySet[Execution]:
    """The executions that this person may see."""
    if not can_view(user):
        return Execution.objects.none()
    sees = reach_of(user).sees
    return Execution.objects.all() if sees is None else Execution.objects.filter(function__in=sees)


def mirrored(user: Any) -> QuerySet[Execution]:
    """Those of them that AWS has told of; the others were imported from files, and are in no list and no count."""
    return visible(user).exclude(arn__startswith=imports.PREFIX)


def counted(user: Any) -> QuerySet[Execution]:
    """The same for counts, which an index without ARNs answers: as long as nothing is imported, nothing changes."""
    kept: list[int] | None = getattr(user, _IMPORTED, None)
    if kept is None:  # once a request, as the user object is
        kept = list(Function.objects.filter(connection__name=imports.CONNECTION).values_list("pk", flat=True))
        setattr(user, _IMPORTED, kept)
    return visible(user).exclude(function__in=kept) if kept else visible(user)


def import_of(execution: Execution) -> HistoryImport | None:
    return HistoryImport.objects.filter(execution=execution.pk).first()


def visible_functions(user: Any) -> QuerySet[Function]:
    """The functions that this person may see, without those that only imported executions name."""
    if not can_view(user):
        return Function.objects.none()
    sees, rows = reach_of(user).sees, Function.objects.exclude(arn__startswith=imports.PREFIX)
    return rows if sees is None else rows.filter(pk__in=sees)


def imported(user: Any) -> QuerySet[HistoryImport]:
    """The imported histories that this person may see, the newest first."""
    rows = HistoryImport.objects.filter(execution__in=visible(user)).order_by("-created_at", "-pk")
    return rows.select_related("execution__function__connection")


def by_arn(user: Any, arns: Sequence[str]) -> dict[str, Execution]:
    """Those of these executions that are mirrored and that this person may see, by ARN."""
    rows = visible(user).filter(arn__in=arns).select_related("function__connection") if arns else ()
    return {one.arn: one for one in rows}


def connections(user: Any) -> QuerySet[Connection]:
    """The connections of which this person sees anything; all of them for whoever is not limited."""
    if not can_view(user):
        return Connection.objects.none()
    sees, rows = reach_of(user).sees, Connection.objects.exclude(name=imports.CONNECTION)
    return rows if sees is None else rows.filter(functions__in=sees).distinct()


def connection_names(user: Any) -> dict[int, str]:
    """The names of those connections by id, in order; empty while there is but one, which nobody needs to be told."""
    names = {pk: name for pk, name, _ in _connections(user)}
    return names if len(names) > 1 else {}


def left_functions(user: Any) -> frozenset[int]:
    """Those of the functions whose connection is not configured any more: nobody hears how their executions go on."""
    kept: frozenset[int] | None = getattr(user, _LEFT, None)
    if kept is None:
        left = [pk for pk, _, gone_at in _connections(user) if gone_at is not None]
        rows = visible_functions(user).filter(connection__in=left).values_list("pk", flat=True) if left else ()
        kept = frozenset(rows)
        setattr(user, _LEFT, kept)
    return kept


def _connections(user: Any) -> list[tuple[int, str, dt.datetime | None]]:
    found: list[tuple[int, str, dt.datetime | None]] | None = getattr(user, _CONNECTIONS, None)
    if found is None:  # once a request, as the user object is
        found = list(connections(user).order_by("name").values_list("pk", "name", "gone_at"))
        setattr(user, _CONNECTIONS, found)
    return found


def troubles(user: Any) -> list[Trouble]:
    """Those of the functions that this person sees and of those functions' connections, the oldest first.
    What AWS is not asked about any more is none.
    """
    if not can_view(user):
        return []
    rows, sees = Trouble.objects.select_related("connection").order_by("since"), reach_of(user).sees
    rows = rows.filter(connection__gone_at=None)
    if sees is not None:
        rows = rows.filter(Q(function=None) | Q(function__in=sees), connection__in=connections(user))
    return list(rows)


def trouble_reading(user: Any, execution: Execution) -> Trouble | None:
    """Why AWS does not let us read histories of an execution's function, its customer-managed key for one."""
    if not can_view(user):
        return None
    return Trouble.objects.filter(function=execution.function_id, scope__startswith="read histories").first()
