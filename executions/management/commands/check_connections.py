"""`manage.py check_connections`: may we read what we need to? Tries each reading API once; changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from executions.domain.policy import ACT, resource_words
from executions.gateway.errors import GatewayError
from executions.sync import preflight


class Command(BaseCommand):
    help = "Tries every reading API once and says per IAM action whether it is allowed. Fails when one is not."

    def handle(self, *args: Any, **options: Any) -> None:
        bad = sum(self._connection(name) for name in preflight.names())
        for _, actions, _ in ACT:
            for action in actions:
                self.stdout.write(f"{preflight.NOT_TRIED:9}  {action}: it would change something")
        if bad:
            raise CommandError(f"{bad} of what is needed cannot be used.")

    def _connection(self, name: str) -> int:
        """Check one connection; -> how much of it cannot be used."""
        self.stdout.write(f"Connection {name}")
        try:
            checks = preflight.check(name)
        except GatewayError as error:
            self.stdout.write(self.style.ERROR(f"{preflight.FAILED:9}  {error}"))
            return 1
        preflight.keep(name, checks, now=timezone.now())
        for check in checks:
            self._tell(check)
        return sum(check.is_bad for check in checks)

    def _tell(self, check: preflight.Check) -> None:
        words = f": {check.words}" if check.words else ""
        style = self.style.ERROR if check.is_bad else self.style.SUCCESS if not words else str
        self.stdout.write(style(f"{check.outcome:9}  {check.action}{words}"))
        if check.outcome == preflight.DENIED:
            self.stdout.write(f"           A policy must name the resource as {resource_words(check.forms)}.")
