"""One callback beside the inbox's rows: its decision form, and what only the inbox says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlencode

from django.urls import reverse

from dashboard.forms.answering import Draft
from dashboard.pages import answer
from dashboard.pages.inbox_filters import Filters
from dashboard.pages.inbox_rows import Beat, beat_of
from executions import queries
from executions.decision_forms import form_of
from executions.models import Callback


@dataclass(frozen=True)
class Pane:
    callback: Callback
    beat: Beat | None
    operation_url: str
    list_url: str
    answer: answer.Page

    @classmethod
    def of(cls, user: Any, callback: Callback, filters: Filters, *, now: datetime) -> Self:
        page = reverse("execution", args=[callback.execution_id])
        here = filters.url(callback=str(callback.pk))
        return cls(
            callback=callback,
            beat=_beat(callback, now) if callback.is_open else None,
            operation_url=f"{page}?{urlencode({'op': callback.operation_id})}",
            list_url=filters.url(),
            answer=answer.Page.of(user, callback, Draft(form_of(callback)), where="pane", back=here),
        )


def _beat(callback: Callback, now: datetime) -> Beat | None:
    """Of a callback as `queries.open_callback` gives it."""
    claim = getattr(callback, "claim", None)
    told = callback.told  # type: ignore[attr-defined]
    last = queries.last_beat(callback.opened_at, claim and claim.beat_at, told)
    return beat_of(callback.heartbeat_seconds, last, is_kept=bool(claim and claim.alive_since), now=now)
