"""`manage.py sync --once`: bring the mirror up to date in the foreground, within the call budget."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from executions.models import Function
from executions.sync import schedule


class Command(BaseCommand):
    help = "Reads from AWS until nothing is due any more, and says per function what was new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", required=True, help="stop when nothing is due any more")
        parser.add_argument("--function", metavar="NAME", help="only this function (name or ARN)")

    def handle(self, *args: Any, **options: Any) -> None:
        only = options["function"]
        progress = self.stderr.write if options["verbosity"] > 1 else lambda _: None
        reports = schedule.run_once(clock=timezone.now, only=only, tell=progress)
        if only and not reports:
            known = ", ".join(Function.objects.filter(gone_at=None).order_by("name").values_list("name", flat=True))
            raise CommandError(f"There is no durable function {only!r}. Known: {known or 'none'}.")
        for report in reports:
            if not report.calls and report.failures:
                self.stderr.write(self.style.ERROR(f"{report.name}: {' '.join(report.failures)}"))
                continue
            calls = ", ".join(f"{count} {api}" for api, count in sorted(report.calls.items())) or "no"
            self.stdout.write(
                f"{report.name}: {report.new_executions} new executions, {report.new_events} new events, {calls} calls"
            )
            for failure in report.failures:
                self.stderr.write(self.style.ERROR(f"  {failure}"))
        if failed := sum(len(report.failures) for report in reports):
            raise CommandError(f"{failed} calls failed; the rest is up to date.")
