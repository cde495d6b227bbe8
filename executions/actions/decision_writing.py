"""Decision forms written in the web: by few, each change on record with what was there before. Nothing goes to AWS."""

import datetime as dt
from typing import Any

from django.db import transaction

from executions import decision_forms
from executions.actions import permissions, records
from executions.actions.perform import NotAllowed
from executions.actions.records import Actor
from executions.actions.results import BadValue
from executions.models import ActionRecord, DecisionForm

Kind = ActionRecord.Kind
SAME = ("Form", "Values")
"""What makes a form that is sent again the same: what was there before it is not."""


def save(actor: Actor, name: str, values: dict[str, Any], *, seen: str, now: dt.datetime) -> None:
    """Write a form, new or over an earlier one. `seen`: the version that was changed (see `version_of`), "" for a new
    one. Raises NotAllowed, BadValue when somebody else was there meanwhile, decision_forms.BadForm.
    """
    _check(actor)
    decision_forms.read(name, values)
    if name in {form.name for form in decision_forms.from_files()}:
        raise BadValue("name", "A file of that name is in force: it is changed where it stands.")
    with transaction.atomic():
        had = DecisionForm.objects.select_for_update().filter(name=name).first()
        about = _about(name, had, values)
        if records.sent_before(actor, Kind.WRITE_FORM, **about):
            return
        if had and not seen:
            raise BadValue("name", "There is a decision form of that name already: take another, or open that one.")
        if version_of(had) != seen:
            who = f"{had.username} has written it meanwhile" if had else "It was removed meanwhile"
            raise BadValue(
                "seen", f"{who}. Nothing was saved, and what you typed is here: save again to replace theirs."
            )
        DecisionForm.objects.update_or_create(
            name=name, defaults={"values": values, "username": actor.user.get_username(), "changed_at": now}
        )
        records.note(actor, Kind.WRITE_FORM, now=now, **about)


def remove(actor: Actor, name: str, *, now: dt.datetime) -> bool:
    """False when there is none of that name. Raises NotAllowed."""
    _check(actor)
    with transaction.atomic():
        had = DecisionForm.objects.select_for_update().filter(name=name).first()
        if had is None:
            return False
        records.note(actor, Kind.REMOVE_FORM, now=now, **_about(name, had, None))
        had.delete()
    return True


def version_of(row: DecisionForm | None) -> str:
    """Changes with each saving."""
    return row.changed_at.isoformat() if row else ""


def _check(actor: Actor) -> None:
    if not (allowed := permissions.can_write_decisions(actor.user)):
        raise NotAllowed(allowed)


def _about(name: str, had: DecisionForm | None, values: dict[str, Any] | None) -> dict[str, Any]:
    before = had.values if had else None
    request = {"Form": name, "Before": before, "Values": values}
    return {"request": request, "same": SAME, "covers": _covers(before, values)}


def _covers(*versions: dict[str, Any] | None) -> str:
    """The functions of a form, before and after: it is told to who sees some of both."""
    return "\n".join(sorted({f"*/{values.get('functions', '*')}" for values in versions if values is not None}))
