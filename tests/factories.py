"""Rows for tests, by plain functions: each has a sensible value for what the test does not name.

Executions are made through `execution`, which keeps the counts by status as sync does.
"""

import datetime as dt
import itertools
import uuid
from collections import Counter
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.utils import timezone

from executions import sharing
from executions.actions import records
from executions.actions.permissions import ROLES
from executions.domain.statuses import is_terminal
from executions.models import (
    ActionRecord,
    Callback,
    Connection,
    Execution,
    Function,
    NoticeRule,
    Scope,
    ShareLink,
    Trouble,
)
from executions.notices import sealing
from executions.sync.executions import count_statuses

ACCOUNT = "arn:aws:lambda:eu-west-1:123456789012:function:"
_number = itertools.count(1)


def ago(seconds: float = 0, **units: float) -> dt.datetime:
    """A moment before now: `ago(30)`, `ago(hours=2)`."""
    return timezone.now() - dt.timedelta(seconds=seconds, **units)


def user(role: str = "viewer", name: str = "", **values: Any) -> User:
    """Somebody with this role; "" has none. An admin is a superuser too, as the demo's is."""
    made = User.objects.create_user(
        name or f"{role or 'nobody'}-{next(_number)}", password="a password", is_superuser=role == "admin", **values
    )
    if role:
        made.groups.add(group(role))
    return made


def group(role: str) -> Group:
    """The role's group; made again where a test with real transactions has emptied the database."""
    found, new = Group.objects.get_or_create(name=role)
    if new:
        codenames = [permission.removeprefix("executions.") for permission in ROLES[role]]
        found.permissions.set(Permission.objects.filter(content_type__app_label="executions", codename__in=codenames))
    return found


def connection(**values: Any) -> Connection:
    """The ambient connection, found or made; another one when a name is given."""
    name = values.pop("name", "default")
    made, _ = Connection.objects.update_or_create(
        name=name, defaults={"region": "eu-west-1", "swept_at": timezone.now(), **values}
    )
    return made


def function(name: str = "", **values: Any) -> Function:
    name = name or f"function-{next(_number)}"
    defaults: dict[str, Any] = {
        "arn": ACCOUNT + name,
        "runtime": "python3.13",
        "memory_mb": 256,
        "timeout_seconds": 60,
        "execution_timeout_seconds": 86_400,
        "retention_days": 14,
        "listed_at": timezone.now(),
    }
    if "connection" not in values:
        values["connection"] = connection()
    return Function.objects.create(name=name, **{**defaults, **values})


def execution(of: Function | None = None, status: str = "RUNNING", **values: Any) -> Execution:
    """An execution started a minute ago; one that has ended took 30 seconds."""
    made = unsaved_execution(of or function(), status, **values)
    made.save()
    count_statuses(made.function_id, Counter({made.status: 1}))
    return made


def executions(of: Function, count: int, status: str = "SUCCEEDED", **values: Any) -> list[Execution]:
    """Many at once, a second apart, the newest first."""
    newest = values.pop("started_at", None) or ago(60)
    rows = [unsaved_execution(of, status, started_at=newest - dt.timedelta(seconds=n), **values) for n in range(count)]
    made = Execution.objects.bulk_create(rows, batch_size=2_000)
    count_statuses(of.pk, Counter({status: count}))
    return made


def unsaved_execution(of: Function, status: str, **values: Any) -> Execution:
    name = values.pop("name", f"order-{next(_number)}")
    version = values.pop("version", "$LATEST")
    started_at = values.pop("started_at", None) or ago(60)
    defaults: dict[str, Any] = {
        "arn": f"{of.arn}:{version}/durable-execution/{name[:300]}/{uuid.uuid4()}",
        "ended_at": started_at + dt.timedelta(seconds=30) if is_terminal(status) else None,
        "end_seen_at": timezone.now() if is_terminal(status) else None,
        "timeout_seconds": of.execution_timeout_seconds,
    }
    return Execution(
        function=of, name=name, version=version, status=status, started_at=started_at, **{**defaults, **values}
    )


def callback(of: Execution | None = None, status: str = "STARTED", **values: Any) -> Callback:
    """An open callback, asked half a minute ago, that times out in an hour."""
    number = next(_number)
    defaults: dict[str, Any] = {
        "operation_id": f"op-{number}",
        "callback_id": f"callback-id-{number}",
        "name": "barista accepts",
        "opened_at": ago(30),
        "closed_at": None if status == "STARTED" else timezone.now(),
        "timeout_at": ago(-3600),
    }
    of = of or execution()
    return Callback.objects.create(execution=of, function_id=of.function_id, status=status, **{**defaults, **values})


def action(of: Execution | None = None, by: User | None = None, kind: str = "stop", **values: Any) -> ActionRecord:
    """Something somebody did, accepted by AWS."""
    of = of or execution()
    by = by or user("operator")
    now = timezone.now()
    defaults: dict[str, Any] = {
        "token": uuid.uuid4(),
        "outcome": ActionRecord.Outcome.ACCEPTED,
        "username": by.get_username(),
        "execution_arn": of.arn,
        **records.about_function(of.function),
        "request": {"DurableExecutionArn": of.arn},
        "answer": "AWS accepted it.",
        "aws_request_id": str(uuid.uuid4()),
        "created_at": now,
        "finished_at": now,
    }
    return ActionRecord.objects.create(kind=kind, user=by, execution=of, **{**defaults, **values})


def trouble(**values: Any) -> Trouble:
    defaults: dict[str, Any] = {
        "scope": "list functions",
        "kind": "access_denied",
        "words": "AWS refused the call.",
        "remedy": "Allow lambda:ListFunctions.",
        "since": ago(120),
    }
    return Trouble.objects.create(connection=values.pop("connection", None) or connection(), **{**defaults, **values})


def share_link(of: Execution | None = None, *, token: str = "a-token", **values: Any) -> ShareLink:  # noqa: S107
    """A link that an operator made an hour ago for a week, opening the timeline."""
    by = values.pop("made_by", None) if "made_by" in values else user("operator")
    defaults: dict[str, Any] = {
        "token_hash": sharing.hash_of(token),
        "made_by": by,
        "made_by_name": by.get_username() if by else "somebody",
        "tab": "timeline",
        "created_at": ago(hours=1),
        "expires_at": ago(days=-7),
    }
    return ShareLink.objects.create(execution=of or execution(), **{**defaults, **values})


def team(name: str = "", *scopes: str) -> Group:
    """A group with these patterns of functions as its scopes."""
    made, _ = Group.objects.get_or_create(name=name or f"team-{next(_number)}")
    for pattern in scopes:
        Scope.objects.get_or_create(group=made, functions=pattern)
    return made


def notice_rule(target: str = "https://receiver.example/in", **values: Any) -> NoticeRule:
    """A rule that an hour ago began to tell a team everything by signed webhook, at once."""
    now = timezone.now()
    defaults: dict[str, Any] = {
        "name": f"rule {next(_number)}",
        "channel": "webhook",
        "target": sealing.seal(target),
        "shown": target,
        "secret": sealing.seal(sealing.new_secret()),
        "events": ["opened", "half", "nearly", "claimed", "failed", "silent"],
        "gather_seconds": 0,
        "since": now - dt.timedelta(hours=1),
        "username": "admin",
        "changed_at": now,
    }
    group = values.pop("group", None) or team("on call")
    return NoticeRule.objects.create(group=group, **{**defaults, **values})
