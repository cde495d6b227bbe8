"""Import a history from files, and remove it again: each on record, none of AWS's business."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from executions.actions import permissions, records
from executions.actions.perform import NotAllowed
from executions.actions.records import Actor
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
    arn = storing.arn_of(found, name)
    known = Execution.objects.filter(arn=arn).first()
    if known is not None:
        return Imported(known, False, found.notes)
    try:
        with transaction.atomic():
            row = storing.store(found, name, file_names=names, user=actor.user, now=now)
            answer = (
                f"{count(len(found.events), 'event')}, {size(sum(len(body) for _, body in files))}. AWS was not asked."
            )
            request = {"Files": text(names, 500), "Function": name, "DurableExecutionArn": found.details.arn}
            records.note(actor, ActionRecord.Kind.IMPORT, request=request, now=now, answer=answer, execution=row)
    except IntegrityError:
        known = Execution.objects.filter(arn=arn).first()
        if known is None:
            raise
        return Imported(known, False, found.notes)  # somebody else has imported it at the same time
    except BadValue:
        raise
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
        records.note(actor, ActionRecord.Kind.FORGET, request=request, now=now, answer=answer, execution=execution)
        storing.remove(execution)
