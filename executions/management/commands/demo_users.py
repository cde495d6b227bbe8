"""`manage.py demo_users`: one account a role, password = name. For the demo on this machine only."""

import os
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand, CommandError

from executions.actions.permissions import ROLES


class Command(BaseCommand):
    help = "Makes the accounts viewer, operator, approver and admin, for the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL_LAMBDA", ""))
        if endpoint.hostname not in ("127.0.0.1", "localhost", "::1", "demo"):
            raise CommandError("Accounts whose password is their name are only made for the demo's own endpoint.")
        for role in ROLES:
            user, new = User.objects.get_or_create(username=role, defaults={"is_superuser": role == "admin"})
            if new:
                user.set_password(role)
                user.save()
            user.groups.set([Group.objects.get(name=role)])
        self.stdout.write("accounts (password = name): " + ", ".join(ROLES))
