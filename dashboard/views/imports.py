"""Histories from files: the list of those that were imported, the form, and removing one."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from dashboard.forms.actions import ImportForm, RemoveImportForm
from dashboard.pages.confirm import Confirm
from dashboard.pages.imports import ImportsPage
from dashboard.uploads import TOO_LARGE
from dashboard.views.actions import actor_of
from dashboard.views.lookup import execution_or_404
from executions.actions import imports, permissions
from executions.actions.perform import NotAllowed
from executions.actions.results import BadValue


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "imports.html", {"page": ImportsPage.of(request.user, ImportForm(), request.GET)})


@require_http_methods(["GET", "HEAD", "POST"])
def bring_in(request: HttpRequest) -> HttpResponse:
    """The same page; POST imports and opens what came of it."""
    verdict = permissions.can_import(request.user)
    if not verdict:
        raise PermissionDenied(verdict.why)
    form = ImportForm(request.POST or None, request.FILES or None) if request.method == "POST" else ImportForm()
    if getattr(request, TOO_LARGE, False):
        form.too_large()
    elif request.method == "POST" and form.is_valid() and (url := _imported(request, form)):
        return redirect(url)
    return render(request, "imports.html", {"page": ImportsPage.of(request.user, form, request.GET)})


def _imported(request: HttpRequest, form: ImportForm) -> str:
    """Where it opens; "" when it could not be imported, and the form says why."""
    files = [(str(one.name), one.read()) for one in form.cleaned_data["history"]]
    try:
        done = imports.bring_in(actor_of(request, form), files, form.cleaned_data["function"], now=timezone.now())
    except BadValue as error:
        form.add_error(error.field, str(error))
        return ""
    except NotAllowed as error:
        form.add_error("function", str(error))
        return ""
    if not done.is_new:
        messages.info(request, "This very history has been imported before: here it is.")
    for note in done.notes:
        messages.warning(request, note)
    return reverse("execution", args=[done.execution.pk])


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, execution_id: int) -> HttpResponse:
    """GET asks, POST removes it."""
    execution = execution_or_404(request, execution_id)
    if not execution.is_imported:
        raise Http404("This execution was not imported.")
    verdict = permissions.can_import(request.user, execution.function.name)
    if verdict.forbidden:
        raise PermissionDenied(verdict.why)
    form: Any = RemoveImportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        imports.remove(actor_of(request, form), execution, now=timezone.now())
        messages.success(request, f"The imported history of {execution.name} was removed.")
        return _gone(request)
    page = Confirm.of(form, execution, None, verdict, asked=request.get_full_path())
    template = "partials/confirm.html" if request.headers.get("HX-Request") else "confirm.html"
    return render(request, template, {"page": page})


def _gone(request: HttpRequest) -> HttpResponse:
    url = reverse("imports")
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=200)
        response["HX-Redirect"] = url
        return response
    return redirect(url)
