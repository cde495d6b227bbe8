"""`manage.py scope TEAM --functions PATTERN`: what a team sees and acts on; without options it lists all scopes."""

from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from executions.actions.people import TERMINAL, By, note
from executions.actions.permissions import ROLES
from executions.models import ActionRecord, Scope


class Command(BaseCommand):
    help = "Gives a team (a group) a scope, takes one away, or lists them all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("team", nargs="?", default="")
        parser.add_argument("--functions", default="", help="a pattern of function names: checkout-*")
        parser.add_argument("--connections", default="*", help="a pattern of connection names: prod-*")
        parser.add_argument("--see-only", action="store_true", help="its people may look, but not act")
        parser.add_argument("--remove", action="store_true", help="take the scope with these patterns away")

    def handle(self, *args: Any, **options: Any) -> None:
        team = options["team"]
        if team in ROLES:
            raise CommandError(f"{team} is a role; a team needs another name.")
        if team and options["functions"]:
            self._change(team, options)
        elif team:
            raise CommandError("Say which functions: --functions PATTERN.")
        for scope in Scope.objects.select_related("group").order_by("group__name", "functions", "connections"):
            self.stdout.write(f"{scope}{'' if scope.acts else ' (see only)'}")

    def _change(self, team: str, options: dict[str, Any]) -> None:
        patterns = {"functions": options["functions"], "connections": options["connections"]}
        with transaction.atomic():
            if options["remove"]:
                found = Scope.objects.filter(group__name=team, **patterns).select_related("group").first()
                if not found:
                    raise CommandError(f"{team} has no scope with these patterns.")
                found.delete()
                words = f"No longer {found.functions} in {found.connections}."
            else:
                group, _ = Group.objects.get_or_create(name=team)
                found, _ = Scope.objects.update_or_create(
                    group=group, **patterns, defaults={"acts": not options["see_only"]}
                )
                words = f"{found.functions} in {found.connections}, {'to see and act on' if found.acts else 'to see'}."
            note(By(TERMINAL), ActionRecord.Kind.SCOPE, found.group, words, now=timezone.now(), **patterns)
