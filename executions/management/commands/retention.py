"""`manage.py retention`: remove now what is not to be kept any longer, or say what that would be."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from executions.domain import imports
from executions.domain.words import count
from executions.gateway.configuration import keep_days, keep_mb
from executions.models import Connection
from executions.sync import retention


class Command(BaseCommand):
    help = "Removes ended executions that KEEP_DAYS, KEEP_MB or their connection's own do not keep; the oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = list(Connection.objects.exclude(name=imports.CONNECTION).order_by("name"))
        if not any(keep_days(row.name) or keep_mb(row.name) for row in rows):
            self.stdout.write("Everything is kept: neither KEEP_DAYS nor KEEP_MB is set.")
        elif options["dry_run"]:
            for row in rows:
                self._tell(row)
        else:
            self.stdout.write(f"Removed {_words(self._remove_all())}.")

    def _tell(self, row: Connection) -> None:
        by_age, by_size = retention.plan(row, now=timezone.now())
        if days := keep_days(row.name):
            self.stdout.write(f"{row.name}: older than {days:g} days: {_words(by_age)}.")
        if most := keep_mb(row.name):
            self.stdout.write(f"{row.name}: more than {most:g} MB: {_words(by_size)}.")

    def _remove_all(self) -> retention.Removed:
        total = retention.Removed()
        while (removed := retention.retain(now=timezone.now())).executions:
            total.executions += removed.executions
            total.size += removed.size
        return total


def _words(what: retention.Removed) -> str:
    return f"{count(what.executions, 'execution')} with {what.size / retention.MB:,.1f} MB of history"
