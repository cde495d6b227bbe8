"""The decision forms: admins write them here; those that are files are only shown."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.asked_for import whole
from dashboard.forms.actions import ActionForm
from dashboard.forms.decisions import Editor, with_another_row
from dashboard.pages.decisions import EditPage, ListPage, tried_with
from dashboard.views.actions import actor_of
from executions import queries
from executions.actions import decision_writing, perform
from executions.actions.results import BadValue
from executions.decision_forms import as_file, everything, from_files, values_of
from executions.domain.decisions import Form
from executions.models import Callback, DecisionForm


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "decisions/index.html", {"page": ListPage.build(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """`like`: the name of a form to begin with."""
    like = next((form for form in everything() if form.name == request.GET.get("like")), None)
    had = values_of(like) if like else None
    if request.method == "POST":
        return _posted(request, "", had, None)
    editor = Editor(had)
    return render(request, "decisions/edit.html", {"page": EditPage.of(request.user, "", editor)})


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, name: str) -> HttpResponse:
    if form := _file(name):
        return render(request, "decisions/edit.html", {"page": EditPage.of(request.user, name, None, shown=form)})
    if request.method == "POST":
        row = DecisionForm.objects.filter(name=name).first()
        return _posted(request, name, row.values if row else None, row)
    row = _row_or_404(name)
    editor = Editor(row.values, name=name, seen=decision_writing.version_of(row), is_new=False)
    return render(request, "decisions/edit.html", {"page": EditPage.of(request.user, name, editor)})


@require_safe
def export(request: HttpRequest, name: str) -> HttpResponse:
    """As a file for DECISIONS_DIR."""
    form = _file(name)
    values = values_of(form) if form else _row_or_404(name).values
    response = HttpResponse(as_file(values), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.toml"'
    return response


@require_POST
def remove(request: HttpRequest, name: str) -> HttpResponse:
    form = ActionForm(request.POST)
    if not form.is_valid():
        messages.error(request, "It was not removed: the reason is too long, or the form was not complete.")
        return redirect("decision", name=name)
    try:
        gone = decision_writing.remove(actor_of(request, form), name, now=timezone.now())
    except perform.NotAllowed as error:
        messages.error(request, f"It was not removed. {error}")
    else:
        said = f"Removed: “{name}”. Open callbacks are asked about without it." if gone else "It was removed already."
        messages.success(request, said)
    return redirect("decisions")


def _posted(request: HttpRequest, name: str, had: dict[str, object] | None, row: DecisionForm | None) -> HttpResponse:
    do, _, what = request.POST.get("do", "try").partition(" ")
    data = with_another_row(request.POST, what) if do == "more" else request.POST.copy()
    data.setdefault("name", name)  # of one that was removed meanwhile
    editor = Editor(had, data, name=name, is_new=row is None)
    if do == "save" and (made := editor.read()) and _saved(request, editor, *made):
        messages.success(request, f"Saved: “{made[0]}” is in force.")
        return redirect("decision", name=made[0])
    callback = _callback(request, request.POST.get("try_callback", ""))
    decision = editor.decision() if do in ("try", "add", "remove") else None
    tried = tried_with(decision, callback, request.POST, do, what) if decision else None
    page = EditPage.of(request.user, name, editor, tried=tried, chosen=callback.pk if callback else 0)
    return render(request, "decisions/edit.html", {"page": page})


def _saved(request: HttpRequest, editor: Editor, name: str, values: dict[str, object]) -> bool:
    seen = editor.form.cleaned_data["seen"]
    try:
        decision_writing.save(actor_of(request, editor.form), name, values, seen=seen, now=timezone.now())
    except BadValue as error:
        editor.form.add_error(None if error.field == "seen" else error.field, str(error))
        if error.field == "seen":
            editor.renew(decision_writing.version_of(DecisionForm.objects.filter(name=name).first()))
    except perform.NotAllowed as error:
        editor.form.add_error(None, f"Nothing was saved. {error}")
    else:
        return True
    return False


def _callback(request: HttpRequest, number: str) -> Callback | None:
    found = queries.open_callbacks(request.user).filter(pk=whole(number) or 0)
    return found.select_related("execution__function").first()


def _file(name: str) -> Form | None:
    return next((form for form in from_files() if form.name == name), None)


def _row_or_404(name: str) -> DecisionForm:
    row = DecisionForm.objects.filter(name=name).first()
    if row is None:
        raise Http404("There is no decision form of that name.")
    return row
