"""`/arn/<execution ARN>`: the address that others can build without knowing our ids."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboard.views.lookup import execution_or_404
from executions.domain.arns import ExecutionArn, InvalidArn
from executions.sync import on_demand


@require_safe
def open_execution(request: HttpRequest, text: str) -> HttpResponse:
    try:
        arn = ExecutionArn.parse(text)
        found = on_demand.find(arn, now=timezone.now())
    except InvalidArn as error:
        raise Http404(str(error)) from error
    except on_demand.NotFound as error:
        raise Http404("Neither AWS nor the mirror has an execution with this ARN.") from error
    except on_demand.GatewayError as error:
        page = render(request, "unavailable.html", {"error": error}, status=503)
        page["Retry-After"] = "10"
        return page
    return redirect("execution", execution_id=execution_or_404(request, found.pk).pk)
