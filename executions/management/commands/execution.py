"""`manage.py execution get|history|stop|pause|resume`: one execution, from a terminal."""

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from executions import histories, sharing
from executions.actions import lifecycle, perform
from executions.domain.events import timestamp
from executions.domain.words import moment
from executions.management import terminal
from executions.models import ActionRecord, Execution

HISTORY = ("EVENT", "TIME", "TYPE", "OPERATION", "ID")


class Command(BaseCommand):
    help = "Shows one durable execution or its whole history, stops, pauses or resumes it."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="get|history|stop|pause|resume")
        for verb, help_text in (("get", "what is known of it"), ("history", "all of its events, every page")):
            one = verbs.add_parser(verb, help=help_text)
            one.add_argument("execution", metavar="ARN", help="its ARN, its number, or its name when that is unique")
            terminal.add_reader(one)
        for verb in ("stop", "pause", "resume"):
            one = verbs.add_parser(verb, help=f"{verb} it")
            one.add_argument("execution", metavar="ARN", help="its ARN, its number, or its name when that is unique")
            terminal.add_actor(one)
            if verb == "stop":
                one.add_argument("--error-type", default="")
                one.add_argument("--error-message", default="")
            if verb == "pause":
                one.add_argument("--timeout-runs-on", action="store_true", help="the execution timeout is not paused")

    def handle(self, *args: Any, **options: Any) -> None:
        verb, output = options["verb"], options["output"]
        execution = terminal.execution_of(terminal.person(options), options["execution"])
        if verb == "get":
            self.stdout.write(_shown(execution, output))
        elif verb == "history":
            self._history(execution, terminal.person(options), output)
        else:
            record = terminal.carry_out(lambda: _act(verb, execution, options))
            self.stdout.write(terminal.record_lines(record, output))
            terminal.check_outcome(record)

    def _history(self, execution: Execution, person: Any, output: str) -> None:
        """What is missing is said on stderr and by the exit status, so that a pipe never takes a part for the whole."""
        execution, missing = terminal.complete(execution)
        lacking = histories.lacking(execution)
        events = histories.wire_events(execution, with_payloads=output == "json")
        if output == "json":
            self.stdout.write(orjson.dumps(sharing.exported(person, events, lacking=lacking)).decode())
        else:
            now = timezone.now().timestamp()
            self.stdout.write(terminal.table(HISTORY, [_event(event, now) for event in events]))
        if missing or lacking:
            raise CommandError(missing or lacking)


def _event(event: dict[str, Any], now: float) -> list[Any]:
    at = timestamp(event.get("EventTimestamp"))
    said = (event.get(key) for key in ("EventType", "Name", "Id"))
    return [event.get("EventId"), moment(at, now) if at else "-", *said]


def _shown(execution: Execution, output: str) -> str:
    names = ("id", "arn", "name", "version", "status", "started_at", "ended_at", "error_type", "activity")
    counted = ("operation_count", "last_event_id", "history_complete", "history_read_at", "gone_at")
    values = {"function": execution.function.name, "connection": execution.function.connection.name}
    values |= {name: getattr(execution, name) for name in (*names, *counted)}
    waiting = [
        {"id": one.pk, "name": one.name, "callback_id": one.callback_id, "timeout_at": one.timeout_at}
        for one in execution.callbacks.filter(status="STARTED").order_by("opened_at")
    ]
    if output == "json":
        return terminal.as_json({**values, "open_callbacks": waiting})
    lines = [terminal.facts(values)]
    if waiting:
        rows = [list(one.values()) for one in waiting]
        lines.append(terminal.table(("CALLBACK", "NAME", "CALLBACK ID", "TIMES OUT"), rows))
    return "\n\n".join(lines)


def _act(verb: str, execution: Execution, options: dict[str, Any]) -> ActionRecord:
    actor, now = terminal.actor(options), timezone.now()
    if verb == "pause":
        return lifecycle.pause(actor, execution, timeout_too=not options["timeout_runs_on"], now=now)
    if verb == "resume":
        return lifecycle.resume(actor, execution, now=now)
    said = {"error_type": options["error_type"], "error_message": options["error_message"]}
    return perform.stop(actor, execution, **said, now=now)
