"""Import a history from files, and remove it again: each on record, none of AWS's business."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from executions.actions import permissions
from executions.actions.perform import Actor, NotAllowed
from executions.actions.results import BadValue
from executions.domain import imports
from executions.domain.words import count, size
from executions.models import ActionRecord, Execution
from executions.sync import imports as storing
from executions.sync.columns import text

UNNAMED = "unknown-function"
_LONGEST_NAME = 140


@dataclass(frozen=True)
class Imported:
    """`is_new`: False when the same history was here already. `notes` are sentences about the file."""

    execution: Execution
    is_new: bool
    notes: tuple[str, ...]


def bring_in(actor: Actor, files: Sequence[tuple[str, bytes]], function: str, *, now: dt.datetime) -> Imported:
    """`files`: (name, bytes); `function`: its name where the files do not tell. Raises NotAllowed, BadValue."""
    try:
        found = imports.read(files)
    except imports.BadFile as error:
        raise BadValue("history", str(error)) from error
    name = text(found.details.function or function.strip() or UNNAMED, _LONGEST_NAME)
    if not (allowed := permissions.can_import(actor.user, name)):
        raise NotAllowed(allowed)
    names = ", ".join(given for given, _ in files)
    known = Execution.objects.filter(arn=storing.arn_of(found, name)).first()
    if known is not None:
        return Imported(known, False, found.notes)
    try:
        with transaction.atomic():
            row = storing.store(found, name, file_names=names, user=actor.user, now=now)
            answer = (
                f"{count(len(found.events), 'event')}, {size(sum(len(body) for _, body in files))}. AWS was not asked."
            )
            request = {"Files": names[:500], "Function": name, "DurableExecutionArn": found.details.arn}
            _write_down(actor, ActionRecord.Kind.IMPORT, row, request, answer, now)
    except (ValueError, OverflowError) as error:
        raise BadValue("history", "A time in this history is outside of what a calendar holds.") from error
    return Imported(row, True, found.notes)


def remove(actor: Actor, execution: Execution, *, now: dt.datetime) -> None:
    """Raises NotAllowed."""
    if not (allowed := permissions.can_import(actor.user, execution.function.name)):
        raise NotAllowed(allowed)
    with transaction.atomic():
        request = {"Files": execution.import_record.file_names, "Execution": execution.name}
        answer = f"{execution.import_record.username} had imported it. AWS was not asked."
        _write_down(actor, ActionRecord.Kind.FORGET, execution, request, answer, now)
        storing.remove(execution)


def _write_down(
    actor: Actor, kind: ActionRecord.Kind, execution: Execution, request: dict[str, str], answer: str, now: dt.datetime
) -> None:
    """A form that is sent twice leaves one record."""
    try:
        with transaction.atomic():
            ActionRecord.objects.create(
                token=actor.token,
                kind=kind,
                outcome=ActionRecord.Outcome.DONE,
                user=actor.user,
                username=actor.user.get_username(),
                address=actor.address,
                user_agent=text(actor.user_agent, 300),
                execution=execution,
                execution_arn=execution.arn,
                request=request,
                reason=actor.reason,
                answer=answer,
                created_at=now,
                finished_at=now,
            )
    except IntegrityError:
        if not ActionRecord.objects.filter(token=actor.token).exists():
            raise
