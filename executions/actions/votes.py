"""Who has said what about a callback, and whether it counts."""

from typing import Any

from django.contrib.auth import get_user_model

from executions.actions import permissions
from executions.domain import decisions
from executions.domain.decisions import Form, Standing, Vote
from executions.models import ActionRecord, Callback

Kind = ActionRecord.Kind
VOTES = (Kind.APPROVE, Kind.REFUSE)


def standing_of(callback: Callback, form: Form | None, known: dict[int, Any] | None = None) -> Standing:
    """Who has said what, and whether it counts. `known`: people by id, filled on the way."""
    people = {} if known is None else known
    records = [record for record in callback.actions.all() if record.kind in VOTES]
    missing = {record.user_id for record in records if record.user_id} - set(people)
    if missing:
        people.update(get_user_model().objects.prefetch_related("groups").in_bulk(missing))
    votes = []
    for record in sorted(records, key=lambda one: (one.created_at, one.pk)):
        person = people.get(record.user_id) if record.user_id else None
        votes.append(vote_of(record, permissions.may_still_decide(person, callback, form)))
    return decisions.standing(votes, form)


def vote_of(record: ActionRecord, why_not: str = "") -> Vote:
    is_success = record.kind == Kind.APPROVE
    error = record.request.get("Error", {})
    what = record.request["Result"] if is_success else f"{error.get('ErrorType')}: {error.get('ErrorMessage')}"
    return Vote(record.user_id, record.username, is_success, what, record.reason, record.created_at, why_not)
