"""What an answer to "may they?" is, and what is asked first of all: read-only, role, scope."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from executions.actions.scopes import reach_of
from executions.models import Connection, Execution


@dataclass(frozen=True)
class Verdict:
    """`why` says in a sentence why something is not possible; `forbidden` when it is the person who may not,
    `lasting` when the backend cannot do it at all: its button stays, and says so.
    """

    allowed: bool
    why: str = ""
    forbidden: bool = False
    lasting: bool = False

    def __bool__(self) -> bool:
        return self.allowed


YES = Verdict(True)
READ_ONLY = Verdict(False, "This installation is read-only: nothing can be changed from here.", forbidden=True)
IMPORTED = Verdict(False, "This execution was imported from a file: there is nothing at AWS that could be acted on.")


def no(what: str) -> Verdict:
    return Verdict(False, f"Your role does not let you {what}.", forbidden=True)


def may_on(user: Any, permission: str, function_id: int, what: str) -> Verdict:
    """By role, and by the scopes of the person's groups."""
    if settings.READ_ONLY:
        return READ_ONLY
    if not user.has_perm(permission):
        return no(what)
    if reach_of(user).may_act(function_id):
        return YES
    return Verdict(False, f"Your groups let you see this function, but not {what} of it.", forbidden=True)


def may_here(user: Any, permission: str, execution: Execution, what: str) -> Verdict:
    return may_on(user, permission, execution.function_id, what)


def reaches(connection: Connection) -> Verdict:
    if connection.gone_at is None:
        return YES
    return Verdict(False, f"The connection {connection.name} is not configured any more: nothing can be sent.")
