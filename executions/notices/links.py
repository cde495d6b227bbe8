"""Where messages lead: to the decision form of a callback, to an execution, to the connections."""

from django.conf import settings
from django.urls import reverse

from executions.models import Notice


def to(name: str, *args: object) -> str:
    """ "" when it is not known where people reach the dashboard (PUBLIC_URL)."""
    return settings.PUBLIC_URL + reverse(name, args=args) if settings.PUBLIC_URL else ""


def of(notice: Notice) -> str:
    if notice.callback_id is not None:
        return to("callback-answer", notice.execution_id, notice.callback_id)
    if notice.execution_id is not None:
        return to("execution", notice.execution_id)
    return to("connections")
