"""Who somebody is here and what is done to their account: on record, whoever did it, from wherever."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import structlog
from django.contrib.auth.models import Group, User
from django.db import transaction

from executions.actions.permissions import ROLES
from executions.models import ActionRecord
from executions.sync.columns import text

log = structlog.get_logger(__name__)
Kind: TypeAlias = ActionRecord.Kind
SINGLE_SIGN_ON = "single sign-on"
TERMINAL = "manage.py"


@dataclass(frozen=True)
class By:
    """Who or what does it, and from where; without a `user` it is no person: single sign-on, or manage.py."""

    name: str
    user: User | None = None
    address: str | None = None
    user_agent: str = ""


class NotLetIn(Exception):
    """Somebody cannot be let in; the message is a sentence for them that says why and what now."""


def note(by: By, kind: Kind, of: User | Group, words: str = "", *, now: dt.datetime, **more: Any) -> None:
    """Write down what was done to an account or a team: in words, and exactly (`more`, no secrets). Called in the
    transaction that does it.
    """
    person, group = (of, None) if isinstance(of, User) else (None, of)
    what, name = ("Account", of.get_username()) if isinstance(of, User) else ("Team", of.name)
    ActionRecord.objects.create(
        token=uuid.uuid4(),
        kind=kind,
        outcome=ActionRecord.Outcome.DONE,
        user=by.user,
        username=by.name,
        address=by.address,
        user_agent=text(by.user_agent, 300),
        person=person,
        group=group,
        request={what: name, **more},
        answer=text(f"{what} {name}. {words}".strip(), 1000),
        created_at=now,
        finished_at=now,
    )
    log.info("people", by=by.name, address=by.address, kind=kind, of=name)


def give_groups(user: User, wanted: frozenset[str], managed: frozenset[str], *, by: By, now: dt.datetime) -> None:
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
        set_groups(user, [*stays, *found.values()], is_superuser="admin" in wanted, by=by, now=now)


def set_groups(user: User, groups: Iterable[Group], *, is_superuser: bool, by: By, now: dt.datetime) -> None:
    """Make these the groups of somebody; on record when that changes anything."""
    with transaction.atomic():
        before, was_superuser = set(user.groups.values_list("name", flat=True)), user.is_superuser
        user.groups.set(groups)
        user.is_superuser = is_superuser
        user.save(update_fields=["is_superuser"])
        after = set(user.groups.values_list("name", flat=True))
        given, taken = sorted(after - before), sorted(before - after)
        if given or taken or is_superuser != was_superuser:
            words = [f"Given: {', '.join(given)}." if given else "", f"Taken: {', '.join(taken)}." if taken else ""]
            if is_superuser != was_superuser:
                words.append("A superuser from now on." if is_superuser else "No superuser any more.")
            said = " ".join(filter(None, words))
            note(by, Kind.GROUPS, user, said, now=now, Given=given, Taken=taken, Superuser=is_superuser)
