"""Who somebody is here, as an identity provider tells it: made at the first login, brought up to date at each."""

import structlog
from django.contrib.auth.models import Group, User
from django.db import transaction

from executions.actions.permissions import ROLES

log = structlog.get_logger(__name__)


class NotLetIn(Exception):
    """Somebody cannot be let in; the message is a sentence for them that says why and what now."""


def give_groups(user: User, wanted: frozenset[str], managed: frozenset[str]) -> None:
    """Make `wanted` the groups of somebody, as far as they are roles or `managed`; other groups stay as they are.

    Raises NotLetIn when a group does not exist: without it somebody might see more than was meant.
    """
    with transaction.atomic():
        found = {group.name: group for group in Group.objects.filter(name__in=wanted)}
        if missing := sorted(wanted - set(found)):
            raise NotLetIn(
                f"Your provider puts you into the team {missing[0]}, which is not there: an admin has to make it."
            )
        stays = user.groups.exclude(name__in=managed | set(ROLES))
        before = set(user.groups.values_list("name", flat=True))
        user.groups.set([*stays, *found.values()])
        user.is_superuser = "admin" in wanted
        user.save(update_fields=["is_superuser"])
    after = set(user.groups.values_list("name", flat=True))
    if before != after:
        log.info("groups", username=user.get_username(), given=sorted(after - before), taken=sorted(before - after))
