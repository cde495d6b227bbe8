"""`manage.py retention`: remove now what KEEP_DAYS and KEEP_MB do not keep, or say what that would be."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from executions.domain.words import count
from executions.sync import retention


class Command(BaseCommand):
    help = "Removes ended executions that KEEP_DAYS and KEEP_MB do not keep; the oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.KEEP_DAYS and not settings.KEEP_MB:
            self.stdout.write("Everything is kept: neither KEEP_DAYS nor KEEP_MB is set.")
        elif options["dry_run"]:
            by_age, by_size = retention.plan(now=timezone.now())
            if settings.KEEP_DAYS:
                self.stdout.write(f"Older than {settings.KEEP_DAYS:g} days: {_words(by_age)}.")
            if settings.KEEP_MB:
                self.stdout.write(f"More than {settings.KEEP_MB:g} MB: {_words(by_size)}.")
        else:
            self.stdout.write(f"Removed {_words(self._remove_all())}.")

    def _remove_all(self) -> retention.Removed:
        total = retention.Removed()
        while (removed := retention.retain(now=timezone.now())).executions:
            total.executions += removed.executions
            total.size += removed.size
        return total


def _words(what: retention.Removed) -> str:
    return f"{count(what.executions, 'execution')} with {what.size / retention.MB:,.1f} MB of history"
