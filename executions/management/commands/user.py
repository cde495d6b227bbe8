"""`manage.py user NAME --role ROLE`: make an account, or give an existing one another role."""

import getpass
import sys
from typing import Any, TypeAlias

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from executions.actions.people import TERMINAL, By, note, set_groups
from executions.actions.permissions import ROLES
from executions.models import ActionRecord

Kind: TypeAlias = ActionRecord.Kind
BY = By(TERMINAL)


class Command(BaseCommand):
    help = "Makes an account with a role (the password is asked for, or piped in), or gives one another role."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", required=True, choices=list(ROLES))
        parser.add_argument("--sso", metavar="SUBJECT", help="tie it to this subject of the provider (OIDC_ISSUER)")
        parser.add_argument("--team", action="append", default=[], help="a group with scopes; may be given repeatedly")

    def handle(self, *args: Any, **options: Any) -> None:
        name, role = options["name"], options["role"]
        teams = [self._team(team) for team in options["team"]]
        user = User.objects.filter(username=name).first() or self._newcomer(name, by_sso=bool(options["sso"]))
        now = timezone.now()
        with transaction.atomic():
            if user._state.adding:
                user.save()
                note(BY, Kind.NEW_ACCOUNT, user, now=now)
            others = user.groups.exclude(name__in=ROLES) if not teams else []
            groups = [Group.objects.get(name=role), *teams, *others]
            set_groups(user, groups, is_superuser=role == "admin", by=BY, now=now)
            if options["sso"] and self._tie(user, options["sso"]):
                note(BY, Kind.TIE, user, f"To the subject {options['sso']}.", now=now, Subject=options["sso"])
        scoped = ", ".join(sorted(group.name for group in user.groups.exclude(name__in=ROLES)))
        self.stdout.write(f"{name} is now {role}" + (f", in {scoped}." if scoped else "."))

    def _newcomer(self, name: str, *, by_sso: bool) -> User:
        user = User(username=name)
        user.set_password(None if by_sso else self._password(user))
        return user

    @staticmethod
    def _tie(user: User, subject: str) -> bool:
        """Whether they were not tied before."""
        if settings.OIDC is None:
            raise CommandError("There is no provider: set OIDC_ISSUER.")
        tied, new = SocialAccount.objects.get_or_create(
            provider=settings.OIDC.issuer, uid=subject, defaults={"user": user}
        )
        if not new and tied.user_id != user.pk:
            raise CommandError(f"This subject belongs to {tied.user.get_username()} already.")
        return bool(new)

    @staticmethod
    def _team(name: str) -> Group:
        found = Group.objects.exclude(name__in=ROLES).filter(name=name).first()
        if found is None:
            raise CommandError(f"There is no team {name}: make it with manage.py scope {name} --functions PATTERN.")
        return found

    def _password(self, user: User) -> str:
        asked = f"Password for {user.username}: "
        password = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline().strip()
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        return password
