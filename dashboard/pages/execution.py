"""The upper part of every page about one execution: what it is, what is going on, what can be done, what people did."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from django.urls import reverse

from dashboard.pages.gauges import Fact, facts
from dashboard.pages.share import ShareRow, share_rows
from dashboard.pages.story import Story
from dashboard.pages.tab import NAMES, SharedView, Subject, TabLink
from executions import queries
from executions.actions import permissions
from executions.domain import links
from executions.domain.arns import ExecutionArn, InvalidArn
from executions.domain.history import BAD
from executions.domain.statuses import LEFT, counted_as, is_terminal
from executions.models import ActionRecord, Callback, Execution

MOST_CALLBACKS = 3


@dataclass(frozen=True)
class Crumb:
    label: str
    url: str


@dataclass(frozen=True)
class Notice:
    tone: str
    headline: str
    what_to_do: str = ""
    since: dt.datetime | None = None


@dataclass(frozen=True)
class OpenCallback:
    """A callback that can be answered. `why_not` is said in the buttons' place when nobody here can answer it now."""

    callback: Callback
    operation_url: str
    answer_url: str
    heartbeat_url: str
    why_not: str


@dataclass(frozen=True)
class Button:
    """Something that can be done to the execution. `why_not`: it is shown, but cannot be pressed, for this reason."""

    label: str
    icon: str
    url: str
    danger: bool = False
    why_not: str = ""


@dataclass(frozen=True)
class Outside:
    """The same execution elsewhere."""

    console_url: str
    logs_url: str
    logs_query: str
    traces_url: str
    commands: tuple[links.Command, ...]


@dataclass(frozen=True)
class Origin:
    """Where an imported execution comes from. `arn` is what its file says; `mirrored_url` leads to the execution that
    AWS has told of under the same ARN, if this person sees it.
    """

    file_names: str
    who: str
    at: dt.datetime
    arn: str
    open_until: float | None
    mirrored_url: str
    compare_url: str
    remove_url: str

    @classmethod
    def of(cls, subject: Subject) -> "Self | None":
        """None through a share link, which tells nothing of who and whence."""
        record = queries.import_of(subject.execution) if subject.share is None else None
        if record is None:
            return None
        twin = queries.by_arn(subject.user, [record.source_arn]).get(record.source_arn)
        execution = subject.execution
        may = permissions.can_import(subject.user, execution.function.name)
        return cls(
            file_names=record.file_names,
            who=record.username,
            at=record.created_at,
            arn=record.source_arn,
            open_until=None if subject.history.is_over else subject.seconds,
            mirrored_url=reverse("execution", args=[twin.pk]) if twin else "",
            compare_url=reverse("execution-compare", args=[twin.pk, execution.pk]) if twin else "",
            remove_url=reverse("import-remove", args=[execution.pk]) if may else "",
        )


@dataclass(frozen=True)
class Head:
    execution: Execution
    badge: str
    crumbs: list[Crumb]
    region: str
    story: Story
    about: str
    facts: list[Fact]
    notices: list[Notice]
    buttons: list[Button]
    again_url: str
    compare_failed: bool
    callbacks: list[OpenCallback]
    name_callbacks: bool
    more_callbacks: int
    outside: Outside | None
    actions: list[ActionRecord]
    tabs: list[TabLink]
    tab_label: str
    tab_name: str
    operations_url: str
    events_url: str
    is_live: bool
    is_whole: bool
    refresh_url: str
    read_url: str
    live_url: str
    page_url: str
    share_url: str
    share_links: list[ShareRow]
    share: SharedView | None
    imported: Origin | None
    is_imported: bool
    arn: str

    @classmethod
    def of(cls, subject: Subject) -> Self:
        execution = subject.execution
        found = queries.open_callbacks_of(execution)
        actions = subject.actions
        page = subject.url("execution")
        imported = Origin.of(subject) if execution.is_imported else None
        parsed = _parsed(imported.arn if imported else execution.arn)
        return cls(
            execution=execution,
            badge="WAITING_FOR_CALLBACK" if found and execution.status == "RUNNING" else _badge(execution),
            crumbs=_crumbs(execution),
            region=execution.function.connection.region or (parsed.region if parsed else ""),
            story=Story.of(subject, actions),
            about=subject.digest.about,
            facts=facts(subject),
            notices=_notices(subject, waiting=bool(found)),
            buttons=list(_buttons(subject)),
            again_url=_again_url(subject),
            compare_failed=execution.status in BAD,
            callbacks=[open_callback(subject.user, one, page) for one in found[:MOST_CALLBACKS]],
            name_callbacks=len(found) > 1,
            more_callbacks=max(0, len(found) - MOST_CALLBACKS),
            outside=_outside(parsed, execution, subject) if parsed else None,
            actions=actions,
            tabs=subject.tabs,
            tab_label=NAMES[subject.tab][0],
            tab_name=subject.tab,
            operations_url=subject.url("execution-timeline").removesuffix("timeline/") + "operations/",
            events_url=subject.url("execution-timeline").removesuffix("timeline/") + "events/",
            is_live=subject.is_live,
            is_whole=_is_whole(subject),
            refresh_url=f"{subject.url('execution-head')}?tab={subject.tab}",
            read_url=_read_url(subject),
            live_url=subject.url("execution-live"),
            page_url=page,
            share_url=subject.url("share") if permissions.can_share(subject.user, execution) else "",
            share_links=share_rows(subject.user, execution, now=subject.now),
            share=subject.share,
            imported=imported,
            is_imported=execution.is_imported,
            arn=execution.arn if imported is None else imported.arn,
        )


def _is_whole(subject: Subject) -> bool:
    """Whether nothing of the history is missing; what came from a file may have ended before the execution did."""
    history = subject.history
    return subject.execution.history_complete and history.is_over and not history.gaps


def _read_url(subject: Subject) -> str:
    """Where the history is asked for at once, while some of it is known to be missing; "" when nothing can come."""
    execution, history = subject.execution, subject.history
    if subject.share or execution.is_imported or execution.gone_at or execution.history_complete:
        return ""
    if execution.function.connection.gone_at:  # nobody is there to be asked
        return ""
    missing = not history.events or history.gaps or execution.history_failures
    return reverse("execution-read", args=[execution.pk]) if missing else ""


def _again_url(subject: Subject) -> str:
    """Where the same is started as new, with its input to be edited; "" for who may not."""
    function = subject.execution.function
    if not permissions.can_start(subject.user, function):
        return ""
    return f"{reverse('start', args=[function.pk])}?from={subject.execution.pk}"


def _buttons(subject: Subject) -> Iterator[Button]:
    """What this person may do now; what only the backend cannot do is shown with the reason."""
    user, execution = subject.user, subject.execution
    for name, label, icon, danger, verdict in (
        ("pause", "Pause…", "paused", False, permissions.can_pause(user, execution)),
        ("resume", "Resume…", "running", False, permissions.can_resume(user, execution)),
        ("stop", "Stop…", "stopped", True, permissions.can_stop(user, execution)),
        ("delete", "Delete…", "x", True, permissions.can_delete(user, execution)),
    ):
        if (verdict or verdict.lasting) and not (name == "delete" and _deletion(subject)):
            yield Button(label, icon, subject.url(name), danger, verdict.why)


def _deletion(subject: Subject) -> ActionRecord | None:
    """By which AWS is deleting the execution, until it has been seen to be gone."""
    if subject.execution.gone_at:
        return None
    kind, accepted = ActionRecord.Kind.DELETE, ActionRecord.Outcome.ACCEPTED
    return next((one for one in subject.actions if (one.kind, one.outcome) == (kind, accepted)), None)


def open_callback(user: Any, callback: Callback, page: str) -> OpenCallback:
    """Its buttons, as far as they may be pressed."""
    answer, beat = permissions.can_answer(user, callback), permissions.can_heartbeat(user, callback)
    arguments = [callback.execution_id, callback.pk]
    return OpenCallback(
        callback=callback,
        operation_url=f"{page}?op={quote(callback.operation_id)}",
        answer_url=reverse("callback-answer", args=arguments) if answer else "",
        heartbeat_url=reverse("callback-heartbeat", args=arguments) if beat and callback.heartbeat_seconds else "",
        why_not="" if answer or answer.forbidden else answer.why,
    )


def _parsed(arn: str) -> ExecutionArn | None:
    try:
        return ExecutionArn.parse(arn)
    except InvalidArn:
        return None


def _crumbs(execution: Execution) -> list[Crumb]:
    return [*crumbs_above(execution), Crumb(execution.name, "")]


def crumbs_above(execution: Execution) -> list[Crumb]:
    """What an execution is among: those of its function, or what was imported."""
    if execution.is_imported:
        return [Crumb("Imported", reverse("imports"))]
    function = Crumb(execution.function.name, reverse("function", args=[execution.function_id]))
    return [Crumb("Executions", reverse("executions")), function]


def _outside(arn: ExecutionArn, execution: Execution, subject: Subject) -> Outside:
    ended = execution.ended_at.timestamp() if execution.ended_at else None
    started = execution.started_at.timestamp()
    return Outside(
        console_url=links.console_url(arn),
        logs_url=links.logs_url(arn, started, ended, subject.seconds),
        logs_query=links.logs_query(arn),
        traces_url=links.traces_url(arn, started, ended, subject.seconds),
        commands=(
            *links.cli_commands(arn),
            *(() if is_terminal(execution.status) else links.callback_commands(arn)),
            *links.log_commands(arn, started, ended, subject.seconds),
        ),
    )


def _badge(execution: Execution) -> str:
    """Of what AWS is not asked about any more nobody knows whether it still runs."""
    left = execution.function.connection.gone_at is not None and not execution.is_imported
    return counted_as(execution.status, left=left)


def _notices(subject: Subject, *, waiting: bool) -> list[Notice]:
    """`waiting`: a callback seems to wait for an answer."""
    execution, history = subject.execution, subject.history
    found = []
    if execution.gone_at and not execution.is_imported:
        kept = "What was read of it stays here."
        found.append(Notice("info", "AWS no longer has this execution.", kept, execution.gone_at))
    if deletion := _deletion(subject):
        kept = "It takes AWS a moment. What was read of it stays here."
        found.append(Notice("info", f"{deletion.username} has had AWS delete it.", kept, deletion.created_at))
    if _badge(execution) == LEFT:
        name, at = execution.function.connection.name, execution.function.connection.gone_at
        kept = "What was read of it stays here; how it went on is read when the connection is configured again."
        found.append(Notice("info", f"The connection {name} is not configured any more.", kept, at))
    if execution.history_failures and (trouble := queries.trouble_reading(subject.user, execution)):
        found.append(Notice("bad", f"Its history cannot be read: {trouble.words}", trouble.remedy, trouble.since))
    if history.gaps:
        ranges = ", ".join(f"{first:,}" if first == last else f"{first:,}-{last:,}" for first, last in history.gaps[:5])
        more = f" and {len(history.gaps) - 5} more stretches" if len(history.gaps) > 5 else ""
        one = len(history.gaps) == 1 and history.gaps[0][0] == history.gaps[0][1]
        what = "They cannot be read any more." if execution.gone_at else "They are read as soon as AWS lets us."
        what = "They are not in the file that it was imported from." if execution.is_imported else what
        if waiting and not execution.gone_at:
            what += " Until then an open callback may be one that has been answered: AWS takes no second answer."
        found.append(Notice("warn", f"History incomplete: event{'' if one else 's'} {ranges}{more} missing.", what))
    elif history.events and is_terminal(execution.status) and not history.is_over:
        where = "is not in the file" if execution.is_imported else "has not been read yet"
        found.append(Notice("info", f"History incomplete: the event that ends it {where}."))
    return found
