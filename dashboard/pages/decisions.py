"""The decision forms: the list of them, and one to be read or written."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any, Self

from django.http import QueryDict
from django.urls import reverse

from dashboard import markdown
from dashboard.forms.answering import Draft, Outgoing
from dashboard.forms.decisions import Editor
from dashboard.pages.asked import Fact, facts_of
from executions import queries
from executions.actions import permissions
from executions.decision_forms import as_file, everything, from_files, values_of
from executions.domain.decisions import Form, choose
from executions.models import ActionRecord, Callback, DecisionForm

MOST_OPEN = 500


@dataclass(frozen=True)
class Row:
    """`open_now`: how many open callbacks are asked about with it; `broken` says why it cannot be used."""

    form: Form
    url: str
    policy: str
    open_now: int
    changed_by: str
    changed_at: dt.datetime | None
    broken: str


@dataclass(frozen=True)
class ListPage:
    """`shadowed`: names of forms from the web that a file of the same name keeps out of force."""

    rows: list[Row]
    shadowed: list[str]
    may_write: bool
    without: int

    @classmethod
    def build(cls, user: Any) -> Self:
        forms = everything()
        stored = {row.name: row for row in DecisionForm.objects.all()}
        used = [choose(forms, one.execution.function.name, one.name) for one in _open(user)]
        files = {form.name for form in from_files()}
        return cls(
            rows=[_row(form, stored.get(form.name), sum(one is form for one in used)) for form in forms],
            shadowed=sorted(files & set(stored)),
            may_write=bool(permissions.can_write_decisions(user)),
            without=sum(one is None for one in used),
        )


def _open(user: Any) -> list[Callback]:
    return queries.nearest_callbacks(user, MOST_OPEN)


def _row(form: Form, stored: DecisionForm | None, open_now: int) -> Row:
    mine = None if form.is_file else stored
    return Row(
        form=form,
        url=reverse("decision", args=[form.name]),
        policy=policy_words(form),
        open_now=open_now,
        changed_by=mine.username if mine else "",
        changed_at=mine.changed_at if mine else None,
        broken=form.instructions if form.groups == ("",) else "",
    )


def policy_words(form: Form) -> str:
    """Who decides, in a few words."""
    said = [f"{form.approvals} approvals" if form.approvals > 1 else "one approval"]
    if form.groups:
        said.append("by " + " or ".join(name or "nobody" for name in form.groups))
    if form.not_by_starter:
        said.append("not by the starter")
    if form.reason_required:
        said.append("with a reason")
    return ", ".join(said)


@dataclass(frozen=True)
class Change:
    """What one person changed. `keys`: (key, before, after), as texts."""

    record: ActionRecord
    keys: list[tuple[str, str, str]]


@dataclass(frozen=True)
class Try:
    """The form as people would see it, for one open callback or for none."""

    title: str
    instructions: str
    facts: list[Fact]
    draft: Draft
    outgoing: Outgoing | None


@dataclass(frozen=True)
class EditPage:
    """`text`: the file, for one that is a file; else there is an editor. `open`: callbacks to try it with."""

    name: str
    is_new: bool
    is_file: bool
    text: str
    editor: Editor | None
    changes: list[Change]
    open: list[Callback]
    chosen: int
    tried: Try | None
    may_write: bool
    url: str
    remove_token: uuid.UUID = field(default_factory=uuid.uuid4)

    @classmethod
    def of(
        cls,
        user: Any,
        name: str,
        editor: Editor | None,
        *,
        shown: Form | None = None,
        tried: Try | None = None,
        chosen: int = 0,
    ) -> Self:
        """`shown`: the form of a file, which is not edited here."""
        is_new = editor is not None and editor.is_new
        return cls(
            name=name,
            is_new=is_new,
            is_file=shown is not None,
            text=as_file(values_of(shown)) if shown else "",
            editor=editor,
            changes=[_change(record) for record in queries.form_changes(name)] if name else [],
            open=_open(user)[:100],
            chosen=chosen,
            tried=tried,
            may_write=bool(permissions.can_write_decisions(user)),
            url=reverse("decision-new") if is_new else reverse("decision", args=[name]),
        )


def tried_with(decision: Form, callback: Callback | None, data: QueryDict, do: str, where: str) -> Try:
    """`data`: what was typed into its fields, if they have been shown already. `do`: try, add or remove (a row)."""
    shown = any(name == "answer" or name.startswith(("answer/", "answer#")) for name in data)
    draft = Draft(decision, data if shown else None, is_bound=shown and do == "try")
    if shown and do != "try":
        draft.change(do, where)
    return Try(
        title=decision.title,
        instructions=markdown.as_html(decision.instructions),
        facts=facts_of(callback, decision) if callback else [],
        draft=draft,
        outgoing=draft.outgoing() if shown and do == "try" and draft.fields else None,
    )


def _change(record: ActionRecord) -> Change:
    before, after = record.request.get("Before") or {}, record.request.get("Values") or {}
    keys = [key for key in dict.fromkeys([*before, *after]) if before.get(key) != after.get(key)]
    return Change(record, [(key, _said(before.get(key)), _said(after.get(key))) for key in keys])


def _said(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else as_file({"": value}).removeprefix('"" = ').strip()
