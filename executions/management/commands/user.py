"""`manage.py user NAME --role ROLE`: make an account, or give an existing one another role."""

import getpass
import sys
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from executions.actions.permissions import ROLES


class Command(BaseCommand):
    help = "Makes an account with a role (the password is asked for, or piped in), or gives one another role."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", required=True, choices=list(ROLES))

    def handle(self, *args: Any, **options: Any) -> None:
        name, role = options["name"], options["role"]
        user = User.objects.filter(username=name).first()
        if user is None:
            user = User(username=name)
            user.set_password(self._password(user))
        user.is_superuser = role == "admin"
        user.save()
        user.groups.set([Group.objects.get(name=role)])
        self.stdout.write(f"{name} is now {role}.")

    def _password(self, user: User) -> str:
        asked = f"Password for {user.username}: "
        password = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline().strip()
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        return password
