"""How much of AWS's limits an execution has used, and how much it will at this rate."""

import datetime as dt
from dataclasses import dataclass

from dashboard.pages.tab import Subject
from executions.domain.projection import met_at
from executions.domain.statuses import is_terminal
from executions.domain.words import count, duration, size

OPERATION_LIMIT, STORED_LIMIT = 3_000, 100 * 1024 * 1024


@dataclass(frozen=True)
class Fact:
    """`at` is shown as a time, `since` as a running clock, else `value`. `share`: how much of a limit, 0..1."""

    label: str
    value: str = ""
    rest: str = ""
    note: str = ""
    at: dt.datetime | None = None
    since: dt.datetime | None = None
    share: float | None = None


def facts(subject: Subject) -> list[Fact]:
    execution, history = subject.execution, subject.history
    used, stored, ended = history.counts.limit_used, subject.digest.stored_bytes, execution.ended_at
    took = duration((ended - execution.started_at).total_seconds()) if ended else ""
    notes = [_retried(history.counts.retries), _ahead(subject, used, OPERATION_LIMIT)]
    noted = "; ".join(note for note in notes if note)
    return [
        Fact("Started", at=execution.started_at),
        Fact("Took", took, note=_replay(subject)) if ended else _running(subject),
        _gauge(subject, "Operations", f"{used:,}", f"{OPERATION_LIMIT:,}", used / OPERATION_LIMIT, noted),
        _gauge(
            subject,
            "Stored, about",
            size(stored),
            "100 MB",
            stored / STORED_LIMIT,
            _ahead(subject, stored, STORED_LIMIT),
        ),
        _timeout(subject),
        _retention(subject),
    ]


def _gauge(subject: Subject, label: str, used: str, limit: str, share: float, note: str) -> Fact:
    """How full it is, as far as the history has been read."""
    if not subject.history.events:
        return Fact(label, "not known")
    least = "≥ " if subject.history.gaps else ""
    return Fact(label, least + used, f"/ {limit}", note, share=min(1.0, share))


def _running(subject: Subject) -> Fact:
    """A running clock; of what was imported while it ran, how long it had run until the end of its file."""
    begun = subject.execution.started_at
    if subject.execution.is_imported:
        ran = duration(max(0.0, subject.seconds - begun.timestamp()))
        return Fact("Had run for", ran, note=_replay(subject))
    return Fact("Running for", since=begun, note=_replay(subject))


def _replay(subject: Subject) -> str:
    """What the code cost: each invocation runs it again from its beginning, up to what was not done yet."""
    history, execution = subject.history, subject.execution
    if not history.events or history.gaps:
        return ""
    end = execution.ended_at.timestamp() if execution.ended_at else subject.seconds
    waited = max(0.0, (end - execution.started_at.timestamp()) - history.code_seconds)
    runs = count(len(history.invocations), "invocation")
    return f"code ran {duration(history.code_seconds)} in {runs}; waited {duration(waited)}"


def _ahead(subject: Subject, used: int, limit: int) -> str:
    """When a running execution meets a limit, if it goes on as it has."""
    execution = subject.execution
    if is_terminal(execution.status) or not subject.history.events:
        return ""
    end = None
    if execution.timeout_seconds:
        end = execution.started_at.timestamp() + execution.timeout_seconds
    met = met_at(used, limit, started=execution.started_at.timestamp(), now=subject.seconds)
    if met is None or (end is not None and met > end):
        return "not met at this rate"
    return f"at this rate met in {duration(met - subject.seconds)}"


def _retried(retries: int) -> str:
    return f"{retries:,} of them retries" if retries else ""


def _timeout(subject: Subject) -> Fact:
    execution = subject.execution
    if not execution.timeout_seconds:
        return Fact("Execution timeout", "not known")
    if is_terminal(execution.status):
        return Fact("Execution timeout", duration(execution.timeout_seconds))
    begun, limit = execution.started_at, execution.timeout_seconds
    share = min(1.0, max(0.0, (subject.seconds - begun.timestamp()) / limit))
    at = begun + dt.timedelta(seconds=limit)
    return Fact("Execution timeout", at=at, note=f"of {duration(limit)}", share=share)


def _retention(subject: Subject) -> Fact:
    execution, days = subject.execution, subject.execution.function.retention_days
    if execution.is_imported:
        return Fact("AWS deletes history", "not known", note="imported: kept until somebody removes it")
    if execution.gone_at:
        return Fact("AWS deleted history", at=execution.gone_at, note="kept here")
    if days is None:
        return Fact("AWS deletes history", "not known", note="kept here")
    if execution.ended_at:
        at = execution.ended_at + dt.timedelta(days=days)
        return Fact("AWS deletes history", at=at, note=f"on {at:%Y-%m-%d}; kept here")
    return Fact("AWS deletes history", f"{days} d after the end", note="kept here")
