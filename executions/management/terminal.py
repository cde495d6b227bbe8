"""What the commands for a terminal share: who acts, what is meant, and how it is printed.

Names, errors and payloads are written by strangers, and a terminal obeys control characters: none is ever printed in a
table. JSON escapes them by itself.
"""

import datetime as dt
import time
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from django.contrib.auth.models import User
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from executions import queries
from executions.actions import perform
from executions.actions.permissions import can_view
from executions.actions.records import Actor
from executions.actions.results import BadValue
from executions.actions.scopes import may_ask_for
from executions.domain.arns import ExecutionArn, InvalidArn
from executions.models import ActionRecord, Callback, Execution
from executions.sync import on_demand

PATIENCE = 120.0
"""Seconds after which a history that AWS does not give is given up."""
_INSTEAD = dict.fromkeys("\t\n\r", " ")
ACCEPTED = (ActionRecord.Outcome.ACCEPTED, ActionRecord.Outcome.DONE)


def add_reader(parser: CommandParser) -> None:
    parser.add_argument("--as", dest="person", required=True, metavar="USER", help="who reads or acts: as on the pages")
    parser.add_argument("--output", choices=["table", "json"], default="table")


def add_actor(parser: CommandParser) -> None:
    add_reader(parser)
    parser.add_argument("--reason", default="", help="goes on record, and to AWS where it has a field for it")
    parser.add_argument(
        "--token", type=uuid.UUID, default=None, help="a UUID: the same one again is the same action, carried out once"
    )


def person(options: dict[str, Any]) -> User:
    found = User.objects.filter(username=options["person"], is_active=True).first()
    if found is None:
        raise CommandError(f"There is no account {options['person']}: manage.py user makes one.")
    return found


def actor(options: dict[str, Any]) -> Actor:
    token = options["token"] or uuid.uuid4()
    return Actor(person(options), None, token, options["reason"], user_agent="manage.py")


def execution_of(user: User, text: str) -> Execution:
    """By ARN, read from AWS first when it is not mirrored; by this installation's number; or by a name that is unique
    among what this person sees.
    """
    rows = queries.visible(user).select_related("function__connection")
    if text.isdecimal() and int(text) < 2**63 and (found := rows.filter(pk=int(text)).first()):
        return found
    if text.startswith("arn:"):
        return _by_arn(user, text)
    named = list(rows.filter(name=text).order_by("-started_at")[:2])
    if not named:
        raise CommandError(
            f"The mirror has no execution {text!r}, or it is not one of yours. An ARN is looked up at AWS."
        )
    if len(named) > 1:
        raise CommandError(f"Several executions are called {text!r}: give the ARN or the number of one.")
    return named[0]


def _by_arn(user: User, text: str) -> Execution:
    unknown = "Neither AWS nor the mirror has an execution with this ARN, or it is not one of yours."
    try:
        arn = ExecutionArn.parse(text)
        if not (can_view(user) and may_ask_for(user, arn.function_name)):
            raise CommandError(unknown)
        found = on_demand.find(arn, now=timezone.now())
    except InvalidArn as error:
        raise CommandError(str(error)) from error
    except on_demand.NotFound as error:
        raise CommandError(unknown) from error
    except on_demand.GatewayError as error:
        raise CommandError(str(error)) from error
    seen = queries.visible(user).select_related("function__connection").filter(pk=found.pk).first()
    if seen is None:
        raise CommandError(unknown)
    return seen


def callback_of(user: User, text: str) -> Callback:
    """By AWS's callback id or by the number that `callback list` shows."""
    rows = Callback.objects.select_related("execution__function__connection")
    rows = rows.filter(execution__in=queries.visible(user))
    number = int(text) if text.isdecimal() and int(text) < 2**63 else None
    found = (rows.filter(pk=number).first() if number else None) or rows.filter(callback_id=text).first()
    if found is None:
        raise CommandError(
            "The mirror has no such callback, or it is not one of yours. One that has just opened is found by reading "
            "its execution's history: manage.py execution history ARN."
        )
    return found


def complete(execution: Execution) -> tuple[Execution, str]:
    """-> the execution with its history brought up to date, and a sentence about what is missing, "" for nothing."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return on_demand.complete_history(execution, now=timezone.now()), ""
        except on_demand.NotFound:
            execution.refresh_from_db()
            return execution, "AWS has deleted this history: this is what was mirrored before."
        except on_demand.GatewayError as error:
            before = execution.last_event_id, execution.contiguous_through
            execution.refresh_from_db()
            # What was read meanwhile is kept, so that another try goes on from there.
            if (execution.last_event_id, execution.contiguous_through) == before or time.monotonic() > until:
                return execution, f"The history is not complete. {error}"


def carry_out(act: Any) -> ActionRecord:
    """Run an action; what speaks against it becomes one sentence."""
    try:
        record: ActionRecord = act()
    except perform.NotAllowed as error:
        raise CommandError(f"Nothing was sent. {error}") from error
    except perform.AlreadyDone as error:
        raise CommandError(f"Nothing was sent. {error}") from error
    except BadValue as error:
        raise CommandError(f"Nothing was sent. {error.field}: {error}") from error
    return record


def record_lines(record: ActionRecord, output: str) -> str:
    values = {
        "id": record.pk,
        "kind": record.kind,
        "outcome": record.outcome,
        "username": record.username,
        "execution_arn": record.execution_arn,
        "reason": record.reason,
        "answer": record.answer,
        "aws_request_id": record.aws_request_id,
        "token": record.token,
        "created_at": record.created_at,
        "finished_at": record.finished_at,
    }
    return as_json(values) if output == "json" else facts(values)


def check_outcome(record: ActionRecord) -> None:
    """A script must not take for done what is not."""
    if record.outcome not in ACCEPTED:
        raise CommandError(f"{record.get_outcome_display().capitalize()}: {record.answer}")


def as_json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()


def facts(values: dict[str, Any]) -> str:
    """A line for each value."""
    wide = max(map(len, values))
    return "\n".join(f"{name:<{wide}}  {plain(value)}".rstrip() for name, value in values.items())


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Columns beside each other, two spaces between."""
    cells = [list(heads), *([plain(cell) for cell in row] for row in rows)]
    wide = [max(_width(row[at]) for row in cells) for at in range(len(heads))]
    lines = ("  ".join(cell + " " * (wide[at] - _width(cell)) for at, cell in enumerate(row)).rstrip() for row in cells)
    return "\n".join(lines)


def plain(value: Any) -> str:
    """A value in one line of printable characters; times in UTC."""
    if value is None:
        return "-"
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
    return "".join(one if one.isprintable() else _INSTEAD.get(one, "\N{REPLACEMENT CHARACTER}") for one in str(value))


def _width(text: str) -> int:
    """Columns on a terminal: wide characters take two, combining marks none."""
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)
