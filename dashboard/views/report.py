"""One execution as a file."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from dashboard.pages.report import Report
from dashboard.views.execution import subject_or_404


@require_safe
def as_html(request: HttpRequest, execution_id: int) -> HttpResponse:
    """A download that no browser runs in our name: it is no page of ours, and its own policy lets it do nothing."""
    subject = subject_or_404(request, execution_id, "timeline")
    body = render_to_string("report.html", {"report": Report.of(subject)})
    return HttpResponse(
        body,
        "text/html; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="execution-{execution_id}.html"',
            "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
