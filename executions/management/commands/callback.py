"""`manage.py callback list|succeed|fail|heartbeat`: the callbacks that wait for an answer, from a terminal."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from executions import queries
from executions.actions import decisions, perform
from executions.management import terminal
from executions.models import ActionRecord, Callback

LIST = ("CALLBACK", "NAME", "FUNCTION", "EXECUTION", "OPENED", "TIMES OUT", "CALLBACK ID")


class Command(BaseCommand):
    help = "Lists the open callbacks, all of them, or answers one under the same policies as the pages."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|succeed|fail|heartbeat")
        listing = verbs.add_parser("list", help="all that are open, the nearest deadline first")
        listing.add_argument("--function", default="", help="only of the function with this name")
        listing.add_argument("--name", default="", help="only callbacks with this name")
        terminal.add_reader(listing)
        for verb, help_text in (
            ("succeed", "answer with success"),
            ("fail", "answer with failure"),
            ("heartbeat", "tell AWS that somebody is still at it"),
        ):
            one = verbs.add_parser(verb, help=help_text)
            one.add_argument("callback", metavar="CALLBACK", help="AWS's callback id, or the number that list shows")
            terminal.add_actor(one)
            if verb == "succeed":
                result = one.add_mutually_exclusive_group(required=True)
                result.add_argument("--result", help="what the function gets, byte for byte")
                result.add_argument("--result-file", metavar="FILE", help="the same from a file; - for standard input")
                one.add_argument("--text", action="store_true", help="the result is plain text, not JSON")
                one.add_argument(
                    "--quoted-twice", action="store_true", help="a text that itself holds JSON is meant so"
                )
            if verb == "fail":
                one.add_argument("--error-type", default="")
                one.add_argument("--error-message", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        user = terminal.person(options)
        if options["verb"] == "list":
            self._list(user, options)
            return
        callback = terminal.callback_of(user, options["callback"])
        record = terminal.carry_out(lambda: _act(callback, options))
        self.stdout.write(terminal.record_lines(record, options["output"]))
        terminal.check_outcome(record)

    def _list(self, user: Any, options: dict[str, Any]) -> None:
        rows = queries.open_callbacks(user).select_related("execution__function")
        if options["function"]:
            rows = rows.filter(execution__function__name=options["function"])
        if options["name"]:
            rows = rows.filter(name=options["name"])
        found = [
            {
                "id": one.pk,
                "name": one.name,
                "function": one.execution.function.name,
                "execution": one.execution.name,
                "opened_at": one.opened_at,
                "timeout_at": one.timeout_at,
                "callback_id": one.callback_id,
                "execution_arn": one.execution.arn,
            }
            for one in rows.iterator(chunk_size=1000)
        ]
        if options["output"] == "json":
            self.stdout.write(terminal.as_json(found))
        elif found:
            self.stdout.write(terminal.table(LIST, [list(one.values())[:-1] for one in found]))
        else:
            self.stdout.write("No callback is open.")


def _act(callback: Callback, options: dict[str, Any]) -> ActionRecord:
    actor, now = terminal.actor(options), timezone.now()
    if options["verb"] == "heartbeat":
        return perform.heartbeat(actor, callback, now=now)
    if options["verb"] == "fail":
        said = {"error_type": options["error_type"], "error_message": options["error_message"]}
        return decisions.fail(actor, callback, **said, now=now)
    is_json, twice = not options["text"], options["quoted_twice"]
    return decisions.succeed(actor, callback, result=_result(options), is_json=is_json, now=now, twice=twice)


def _result(options: dict[str, Any]) -> str:
    if (path := options["result_file"]) is None:
        return str(options["result"])
    try:
        body = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return body.decode()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        odd = f"byte {error.start} is {error.object[error.start]:#x}"
        raise CommandError(f"Nothing was sent. The result is not UTF-8: {odd}.") from error
