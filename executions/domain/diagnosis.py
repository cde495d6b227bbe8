"""What an execution is doing, or why it ended, in plain words: the root cause first."""

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
from executions.domain.statuses import OUTCOMES
from executions.domain.words import count, duration, moment

__all__ = [
    "Pause",
    "Sentence",
    "activity",
    "error_words",
    "open_callbacks",
    "root_cause",
    "waiting_on",
    "whats_going_on",
]


@dataclass(frozen=True, slots=True)
class Sentence:
    """`tone`: info, waiting, bad, good or idle. `deadline`: when what is described ends by itself (epoch seconds)."""

    headline: str
    detail: str
    tone: str
    operation_id: str | None = None
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Who paused the execution, and the reason that they gave: AWS keeps a reason, but no name."""

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


def whats_going_on(history: History, status: str, now: float, pause: Pause | None = None) -> Sentence:
    """The sentence at the top of an execution's page. `status`: as AWS last gave it, maybe ahead of the events."""
    if status == "PAUSED":
        return _paused(history, now, pause)
    describe = _BY_STATUS.get(status)
    if describe is not None:
        return describe(history, now)
    if status == "RUNNING" or status == "PAUSING":
        sentence = _running(history, now)
        if status == "PAUSING":
            by = f" by {pause.who}" if pause else ""
            return Sentence(f"Being paused{by}.", sentence.headline, "idle", sentence.operation_id, sentence.deadline)
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
        return Sentence(f"{around.label}: {done_of(history, around)} {unit} done.", detail, "info", around.id)
    sentence = _waiting_for(history, first, now)
    if len(waiting) > 1:
        more = f"{count(len(waiting) - 1, 'other operation')} in progress."
        detail = f"{sentence.detail} {more}".strip()
        return Sentence(sentence.headline, detail, sentence.tone, sentence.operation_id, sentence.deadline)
    return sentence


def _waiting_for(history: History, operation: Operation, now: float) -> Sentence:
    since = duration(now - operation.first_at)
    label, key = operation.label, operation.id
    if operation.callback is not None:
        return _waiting_for_callback(history, operation, now, since)
    if operation.status == "PENDING":
        due, error = operation.retry_at, error_words(operation.last_error)
        attempt = operation.attempts[-1].number
        when = f"in {duration(due - now)}" if due is not None and due > now else "any moment"
        if error:
            return Sentence(
                f"{label} failed and will be tried again {when}.", f"Attempt {attempt}: {error}", "bad", key, due
            )
        return Sentence(
            f"{label} is not met yet; checked again {when}.", f"{count(attempt, 'poll')} so far.", "waiting", key, due
        )
    if operation.wait is not None:
        end = operation.wait.scheduled_end
        if not end:
            return Sentence(f"Sleeping in {label} for {since}.", "", "idle", key)
        left = f"it wakes in {duration(end - now)}" if end > now else "it should have woken by now"
        return Sentence(f"Sleeping until {moment(end, now)}.", f"In {label} for {since}; {left}.", "idle", key, end)
    if operation.invoke is not None:
        function = operation.invoke.function_name or label
        return Sentence(f"Waiting for {function} for {since}.", f"Chained invoke {label}.", "waiting", key)
    attempt = len(operation.attempts)
    return Sentence(f"Running {label} for {since}.", f"Attempt {attempt}." if attempt > 1 else "", "info", key)


def _waiting_for_callback(history: History, operation: Operation, now: float, since: str) -> Sentence:
    facts = operation.callback
    deadline = facts.deadline if facts else None
    if deadline is None:
        detail = "It has no timeout and waits for ever."
    elif deadline > now:
        detail = f"Times out in {duration(deadline - now)}."
    else:
        detail = "Its timeout has passed."
    if facts and facts.heartbeat_seconds:
        detail += f" A heartbeat is due every {duration(facts.heartbeat_seconds)}."
    return Sentence(f"Waiting for {history.called(operation)} for {since}.", detail, "waiting", operation.id, deadline)


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
    attempts = len(cause.attempts)
    tries = f" after {count(attempts, 'attempt')}" if attempts > 1 else ""
    headline = f"Failed because {history.called(cause)} failed" + (f": {error}" if error else ".")
    return Sentence(headline, f"The {_kind_word(cause)} failed{tries}.", "bad", cause.id)


def _kind_word(operation: Operation) -> str:
    return {"ChainedInvoke": "chained invoke"}.get(operation.kind, operation.kind.lower())


def _timed_out(history: History, now: float) -> Sentence:
    facts = history.execution
    limit = f" after {duration(facts.timeout_seconds)}" if facts.timeout_seconds else ""
    during = unfinished(history)
    detail = f"{history.called(during)} was still in progress." if during else error_words(facts.error)
    return Sentence(f"Timed out{limit}.", detail, "bad", during.id if during else None)


def _stopped(history: History, now: float) -> Sentence:
    error = error_words(history.execution.error)
    unfinished = sum(operation.status == "NEVER_FINISHED" for operation in history.operations.values())
    detail = f"{count(unfinished, 'operation')} never finished." if unfinished else ""
    return Sentence(f"Stopped: {error}" if error else "Stopped.", detail, "idle")


def _paused(history: History, now: float, pause: Pause | None) -> Sentence:
    facts = history.execution
    by = f" by {pause.who}" if pause else ""
    since = f" for {duration(now - facts.paused_at)}" if facts.paused_at else ""
    waiting = waiting_on(history)
    why = (pause.why if pause else "") or facts.pause_reason or ""
    because = f" because “{why}”" if why else ""
    detail = "Waits and callbacks complete meanwhile, but no code runs until it is resumed."
    first = waiting[0] if waiting else None
    return Sentence(f"Paused{by}{since}{because}.", detail, "idle", first.id if first else None)


def _deleting(history: History, now: float) -> Sentence:
    return Sentence("AWS is deleting this execution.", "What has been read of it stays here.", "idle")


_BY_STATUS: dict[str, Callable[[History, float], Sentence]] = {
    "SUCCEEDED": _succeeded,
    "FAILED": _failed,
    "TIMED_OUT": _timed_out,
    "STOPPED": _stopped,
    "DELETING": _deleting,
}
