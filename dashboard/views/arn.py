"""`/arn/<execution ARN>`: the address that others can build without knowing our ids."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.views.lookup import execution_or_404
from executions.actions.scopes import may_ask_for
from executions.domain.arns import ExecutionArn, InvalidArn
from executions.sync import on_demand

UNKNOWN = "Neither AWS nor the mirror has an execution with this ARN, or it is not one of yours."


@require_safe
def open_execution(request: HttpRequest, text: str) -> HttpResponse:
    try:
        arn = ExecutionArn.parse(text)
        if not may_ask_for(request.user, arn.function_name):
            raise Http404(UNKNOWN)
        found = on_demand.find(arn, now=timezone.now())
    except InvalidArn as error:
        raise Http404(str(error)) from error
    except on_demand.NotFound as error:
        raise Http404(UNKNOWN) from error
    except on_demand.GatewayError as error:
        page = render(request, "unavailable.html", {"error": error}, status=503)
        page["Retry-After"] = "10"
        return page
    return redirect("execution", execution_id=execution_or_404(request, found.pk).pk)
