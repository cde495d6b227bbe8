"""Finding what a URL names, among what this person may see."""

import ipaddress

from django.http import Http404, HttpRequest
from django.urls import reverse

from executions import queries
from executions.models import Callback, Execution


def execution_or_404(request: HttpRequest, execution_id: int) -> Execution:
    found = queries.visible(request.user).select_related("function__connection").filter(pk=_sane(execution_id)).first()
    if found is None:
        raise Http404("There is no such execution in the mirror, or it is not one of yours.")
    if not hasattr(request, "is_among"):  # the menu marks what the breadcrumbs of the first one lead to
        request.is_among = reverse("imports") if found.is_imported else request.path  # type: ignore[attr-defined]
    return found


def callback_or_404(execution: Execution, callback_id: int) -> Callback:
    found = execution.callbacks.select_related("execution__function").filter(pk=_sane(callback_id)).first()
    if found is None:
        raise Http404("This execution has no such callback.")
    return found


def inbox_callback_or_404(request: HttpRequest, callback_id: int) -> Callback:
    """A callback of any execution, open or not, with what the inbox says of it."""
    found = queries.open_callback(request.user, callback_id)
    if found is None:
        raise Http404("There is no such callback in the mirror, or it is not one of yours.")
    return found


def address_of(request: HttpRequest) -> str | None:
    """Whence it comes; None when that is no IP address: a proxy may write anything there, with a port or without."""
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "").partition("%")[0]))
    except ValueError:
        return None


def _sane(number: int) -> int:
    """A number too large for the database is nobody's."""
    return number if number < 2**63 else 0
