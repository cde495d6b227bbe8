"""To an execution's own trace in X-Ray. Only AWS knows which one that is; it is asked when somebody goes there."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from dashboard.views.lookup import execution_or_404
from executions.domain import links
from executions.domain.arns import ExecutionArn, InvalidArn
from executions.sync import on_demand

NOT_TRACED = "AWS names no trace of this execution: X-Ray's active tracing was off for its function when it started."
GONE = "AWS no longer has this execution, and with it went which trace is its own."


@require_safe
def trace(request: HttpRequest, execution_id: int) -> HttpResponse:
    """Back to the page, with a sentence, when there is none."""
    execution = execution_or_404(request, execution_id)
    try:
        arn = ExecutionArn.parse(execution.arn)
    except InvalidArn as error:
        raise Http404(str(error)) from error
    try:
        found = links.trace_of(on_demand.trace_header(execution))
        if found:
            return redirect(links.trace_url(arn, found))
        why = NOT_TRACED
    except on_demand.NotFound:
        why = GONE
    except on_demand.GatewayError as error:
        why = str(error)
    messages.info(request, f"{why} X-Ray's traces of the function meanwhile may still be there.")
    return redirect("execution", execution_id=execution.pk)
