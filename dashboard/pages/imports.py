"""The histories that people have imported from files, and the form that imports one."""

from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.core.paginator import Paginator
from django.http import QueryDict
from django.urls import reverse

from dashboard.forms.actions import ImportForm
from dashboard.pages.executions import shortened
from executions import queries
from executions.actions.permissions import can_import
from executions.domain.words import size
from executions.models import Execution, HistoryImport

ROWS = 50


@dataclass(frozen=True)
class Row:
    record: HistoryImport
    url: str
    short: str
    remove_url: str


@dataclass(frozen=True)
class ImportsPage:
    """`form` is None for who may not import, and `why_not` says so. URLs are "" where there is no further page."""

    rows: list[Row]
    total: int
    form: ImportForm | None
    why_not: str
    limit: str
    post_url: str
    newer_url: str
    older_url: str

    @classmethod
    def of(cls, user: Any, form: ImportForm, query: QueryDict) -> Self:
        verdict = can_import(user)
        shown = Paginator(queries.imported(user), ROWS).get_page(query.get("page"))
        return cls(
            rows=[_row(user, record) for record in shown],
            total=shown.paginator.count,
            form=form if verdict else None,
            why_not=verdict.why,
            limit=size(int(settings.IMPORT_MB * 1024 * 1024)),
            post_url=reverse("import"),
            newer_url=f"?page={shown.previous_page_number()}" if shown.has_previous() else "",
            older_url=f"?page={shown.next_page_number()}" if shown.has_next() else "",
        )


def _row(user: Any, record: HistoryImport) -> Row:
    execution = record.execution
    may = can_import(user, execution.function.name)
    return Row(
        record=record,
        url=reverse("execution", args=[execution.pk]),
        short=shortened(execution.name),
        remove_url=reverse("import-remove", args=[execution.pk]) if may else "",
    )


def details_of(execution: Execution) -> dict[str, Any]:
    """What an import reads of an execution besides its history, under the names of GetDurableExecution."""
    record = queries.import_of(execution) if execution.is_imported else None
    arn = execution.arn if record is None else record.source_arn
    if not arn:
        return {}
    ended = {"EndTimestamp": execution.ended_at.timestamp()} if execution.ended_at else {}
    return {
        "DurableExecutionArn": arn,
        "DurableExecutionName": execution.name,
        "Version": execution.version,
        "Status": execution.status,
        "StartTimestamp": execution.started_at.timestamp(),
        **ended,
    }
