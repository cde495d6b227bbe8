"""What an execution is doing, or why it ended, in plain words: the root cause first."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from executions.domain.causes import (
    done_of,
    error_words,
    open_callbacks,
    progress_around,
    root_cause,
    unfinished,
    waiting_on,
)
from executions.domain.history import History, Operation
from executions.domain.sentences import Part, Words, name, parts_of, since, until
from executions.domain.statuses import OUTCOMES
from executions.domain.words import count, duration, moment

__all__ = [
    "By",
    "Sentence",
    "activity",
    "error_words",
    "open_callbacks",
    "root_cause",
    "waiting_on",
    "whats_going_on",
]


STOPPED_HERE = "StoppedByOperator"
"""The type of the error that a stop from here has where none is given."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """`tone`: info, waiting, bad, good or idle. `deadline`: when what is described ends by itself (epoch seconds).

    The texts may be `Words`, which know their names and clocks.
    """

    headline: str
    detail: str
    tone: str
    operation_id: str | None = None
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class By:
    """Who paused or stopped the execution, and the reason that they gave: AWS keeps no name."""

    who: str
    why: str = ""


def activity(history: History) -> str:
    """One short fragment for a list's last column: what it waits for, how far it is, or why it ended.

    It is stored, so it says nothing that the clock alone would make untrue: no "in 5 s".
    """
    facts = history.execution
    if facts.status in OUTCOMES:
        return _ending(history)
    if facts.status == "PAUSED":
        return f"paused: {facts.pause_reason}" if facts.pause_reason else "paused"
    waiting = waiting_on(history)
    if not waiting:
        return "running" if history.operations or history.invocations else "starting"
    first = waiting[0]
    others = f" (+{len(waiting) - 1:,} more)" if len(waiting) > 1 else ""
    if first.kind == "Callback":
        deadline = first.callback.deadline if first.callback else None
        return f"{history.called(first)}{'' if deadline else ' · no timeout'}{others}"
    around = progress_around(history, first)
    if around is not None:
        return f"{around.label} {done_of(history, around)}"
    return _doing(first) + others


def _doing(operation: Operation) -> str:
    if operation.status == "PENDING":
        error = error_words(operation.last_error)
        return f"{operation.label}: {error} · will be retried" if error else f"{operation.label} · polling"
    if operation.wait is not None:
        return f"{operation.label} · sleeping"
    if operation.invoke is not None:
        return f"waiting for {operation.invoke.function_name or operation.label}"
    return f"running {operation.label}"


def _ending(history: History) -> str:
    facts = history.execution
    took = _took(history)
    if facts.status == "SUCCEEDED":
        return f"succeeded in {took}" if took else "succeeded"
    if facts.status == "FAILED":
        cause = root_cause(history)
        error = error_words(cause.last_error if cause and cause.last_error else facts.error)
        where = history.called(cause) if cause else ""
        return ": ".join(part for part in (where, error) if part) or "failed"
    if facts.status == "TIMED_OUT":
        during = unfinished(history)
        return f"timed out during {history.called(during)}" if during else "timed out"
    error = error_words(facts.error)
    return f"stopped: {error}" if error else "stopped"


def _took(history: History) -> str | None:
    facts = history.execution
    if facts.started_at is None or facts.ended_at is None:
        return None
    return duration(facts.ended_at - facts.started_at)


def whats_going_on(history: History, status: str, now: float, by: By | None = None) -> Sentence:
    """The sentence at the top of an execution's page. `status`: as AWS last gave it, maybe ahead of the events."""
    if status == "PAUSED":
        return _paused(history, now, by)
    if status == "STOPPED":
        return _stopped(history, by)
    describe = _BY_STATUS.get(status)
    if describe is not None:
        return describe(history, now)
    if status == "RUNNING" or status == "PAUSING":
        sentence = _running(history, now)
        if status == "PAUSING":
            whom = f" by {by.who}" if by else ""
            return Sentence(f"Being paused{whom}.", sentence.headline, "idle", sentence.operation_id, sentence.deadline)
        return sentence
    return Sentence(f"The status is {status}.", "This status is not known here.", "info")


def _running(history: History, now: float) -> Sentence:
    waiting = waiting_on(history)
    if not waiting:
        if history.is_over:
            return Sentence("It has just ended.", "Its status is being read again.", "info")
        detail = "Nothing is waited for." if history.operations else "No operation has been recorded yet."
        return Sentence("Code is running." if history.operations else "Starting.", detail, "info")
    first = waiting[0]
    around = progress_around(history, first) if first.kind != "Callback" else None
    if around is not None:
        unit = "branches" if around.subtype == "Parallel" else "items"
        detail = f"{count(len(waiting), 'operation')} in progress inside; first: {_doing(first)}."
        done = Words.of(name(around.label), f": {done_of(history, around)} {unit} done.")
        return Sentence(done, detail, "info", around.id)
    sentence = _waiting_for(history, first, now)
    if len(waiting) > 1:
        more = f"{count(len(waiting) - 1, 'other operation')} in progress."
        detail = Words.of(*parts_of(sentence.detail), " " if sentence.detail else "", more)
        return Sentence(sentence.headline, detail, sentence.tone, sentence.operation_id, sentence.deadline)
    return sentence


def _waiting_for(history: History, operation: Operation, now: float) -> Sentence:
    how_long = since(operation.first_at, now)
    label, key = operation.label, operation.id
    if operation.callback is not None:
        return _waiting_for_callback(history, operation, now)
    if operation.status == "PENDING":
        return _retrying(operation, now)
    if operation.wait is not None:
        return _sleeping(operation, now)
    if operation.invoke is not None:
        function = operation.invoke.function_name or label
        words = Words.of("Waiting for ", name(function), " for ", how_long, ".")
        return Sentence(words, f"Chained invoke {label}.", "waiting", key)
    attempt = len(operation.attempts)
    words = Words.of("Running ", name(label), " for ", how_long, ".")
    return Sentence(words, f"Attempt {attempt}." if attempt > 1 else "", "info", key)


def _retrying(operation: Operation, now: float) -> Sentence:
    due, error = operation.retry_at, error_words(operation.last_error)
    label, attempt = name(operation.label), operation.attempts[-1].number
    when: tuple[Part | str, ...] = ("in ", until(due, now)) if due is not None and due > now else ("any moment",)
    if error:
        words = Words.of(label, " failed and will be tried again ", *when, ".")
        return Sentence(words, f"Attempt {attempt}: {error}", "bad", operation.id, due)
    words = Words.of(label, " is not met yet; checked again ", *when, ".")
    return Sentence(words, f"{count(attempt, 'poll')} so far.", "waiting", operation.id, due)


def _sleeping(operation: Operation, now: float) -> Sentence:
    end = operation.wait.scheduled_end if operation.wait is not None else None
    label, how_long = name(operation.label), since(operation.first_at, now)
    if not end:
        return Sentence(Words.of("Sleeping in ", label, " for ", how_long, "."), "", "idle", operation.id)
    left: tuple[Part | str, ...] = ("it wakes in ", until(end, now)) if end > now else ("it should have woken by now",)
    detail = Words.of("In ", label, " for ", how_long, "; ", *left, ".")
    return Sentence(f"Sleeping until {moment(end, now)}.", detail, "idle", operation.id, end)


def _waiting_for_callback(history: History, operation: Operation, now: float) -> Sentence:
    facts = operation.callback
    deadline = facts.deadline if facts else None
    ends: tuple[Part | str, ...]
    if deadline is None:
        ends, detail = (".",), "It has no timeout and waits for ever."
    elif deadline > now:
        ends, detail = ("; times out in ", until(deadline, now), "."), f"The timeout is at {moment(deadline, now)}."
    else:
        ends, detail = (".",), "Its timeout has passed."
    if facts and facts.heartbeat_seconds:
        detail += f" A heartbeat is due every {duration(facts.heartbeat_seconds)}."
    about, how_long = name(history.called(operation)), since(operation.first_at, now)
    words = Words.of("Waiting for ", about, " (callback) for ", how_long, *ends)
    return Sentence(words, detail, "waiting", operation.id, deadline)


def _succeeded(history: History, now: float) -> Sentence:
    took = _took(history)
    counts = history.counts
    caught = f", {count(counts.failed, 'failure')} handled" if counts.failed else ""
    retried = f", {count(counts.retries, 'retry', 'retries')}" if counts.retries else ""
    detail = f"{count(counts.total, 'operation')}{retried}{caught}; code ran {duration(history.code_seconds)}."
    return Sentence(f"Succeeded in {took}." if took else "Succeeded.", detail, "good")


def _failed(history: History, now: float) -> Sentence:
    cause = root_cause(history)
    facts = history.execution
    error = error_words(cause.last_error if cause and cause.last_error else facts.error)
    if cause is None:
        detail = "No operation failed with this error: the function's own code raised it." if history.is_over else ""
        return Sentence(f"Failed: {error}" if error else "Failed.", detail, "bad")
    tries = f", attempt {cause.attempts[-1].number} of {cause.attempts[-1].number}" if len(cause.attempts) > 1 else ""
    words = Words.of("Failed in ", name(history.called(cause)), tries, f": {error}" if error else ".")
    return Sentence(words, f"The {_kind_word(cause)} failed, and with it the execution.", "bad", cause.id)


def _kind_word(operation: Operation) -> str:
    return {"ChainedInvoke": "chained invoke"}.get(operation.kind, operation.kind.lower())


def _timed_out(history: History, now: float) -> Sentence:
    facts = history.execution
    limit = f" after {duration(facts.timeout_seconds)}" if facts.timeout_seconds else ""
    during = unfinished(history)
    detail: str = error_words(facts.error)
    if during:
        detail = Words.of(name(history.called(during)), " was still in progress: it never finished.")
    return Sentence(f"Timed out{limit}.", detail, "bad", during.id if during else None)


def _stopped(history: History, by: By | None) -> Sentence:
    error = error_words(history.execution.error)
    if by and error in (f"{STOPPED_HERE}: {by.why} (by {by.who})", f"{STOPPED_HERE}: by {by.who}"):
        error = ""  # what was sent from here where nothing else was typed: it is said already
    words = f"Stopped{_by_whom(by)}{_because(by.why if by else '')}" + (f": {error}" if error else ".")
    left, total = unfinished(history), sum(one.status == "NEVER_FINISHED" for one in history.operations.values())
    if left is None:
        return Sentence(words, "", "idle")
    others = f" and {count(total - 1, 'operation')} around or beside it" if total > 1 else ""
    detail = Words.of(name(history.called(left)), f"{others} never finished.")
    return Sentence(words, detail, "idle", left.id)


def _by_whom(by: By | None) -> str:
    return f" by {by.who}" if by else ""


def _because(why: str) -> str:
    return f" because “{why}”" if why else ""


def _in_aws_words(reason: str) -> str:
    """The reason that AWS keeps of a pause; from here without one it is only who it was."""
    return f" {reason}" if re.fullmatch(r"by \S+", reason) else _because(reason)


def _paused(history: History, now: float, by: By | None) -> Sentence:
    facts = history.execution
    how_long: tuple[Part | str, ...] = (" for ", since(facts.paused_at, now)) if facts.paused_at else ()
    waiting = waiting_on(history)
    because = _because(by.why) if by else _in_aws_words(facts.pause_reason or "")
    detail = "Waits and callbacks complete meanwhile, but no code runs until it is resumed."
    first = waiting[0] if waiting else None
    words = Words.of("Paused", _by_whom(by), *how_long, because, ".")
    return Sentence(words, detail, "idle", first.id if first else None)


def _deleting(history: History, now: float) -> Sentence:
    return Sentence("AWS is deleting this execution.", "What has been read of it stays here.", "idle")


_BY_STATUS: dict[str, Callable[[History, float], Sentence]] = {
    "SUCCEEDED": _succeeded,
    "FAILED": _failed,
    "TIMED_OUT": _timed_out,
    "DELETING": _deleting,
}
