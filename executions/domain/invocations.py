"""The lane of the running code: when it ran, what of that was replay, and when nothing ran."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace

from executions.domain.bars import LEAST_WIDTH, Bar, bar, clusters, merged
from executions.domain.history import History, Invocation
from executions.domain.scale import Scale
from executions.domain.words import duration

Replay = tuple[Invocation, float]
_MANY = 300  # invocations; of more, neither replays nor pauses could be told apart
_REACH = 2.0  # percent: as far as very many of them are drawn as one where they touch
_BY_CODE = frozenset(
    {"StepStarted", "StepSucceeded", "StepFailed", "WaitStarted", "CallbackStarted", "ChainedInvokeStarted"}
    | {"ContextStarted", "ContextSucceeded", "ContextFailed", "ExecutionSucceeded", "ExecutionFailed"}
)
"""Events that only running code brings about; a wait or a callback that ends does so while nothing runs."""


def lane_bars(history: History, again: Sequence[Replay], scale: Scale, end: float) -> tuple[Bar, ...]:
    """Pauses first, then the code, then the replays over it: in this order they are drawn."""
    code = _code_bars(history, scale, end)
    if len(history.invocations) > _MANY:
        return code
    return (*_pauses(history, scale, end), *code, *_replay_bars(again, scale))


def replays(history: History) -> list[Replay]:
    """Each invocation but the first, and until when at most it only ran again what had been done already.

    Until the first event that its code brought about, as far as there is one. None of very many.
    """
    if len(history.invocations) > _MANY:
        return []
    ran = sorted(history.invocations, key=lambda one: one.started_at)[1:]
    if not ran:
        return []
    times = sorted(event.at for event in history.events if event.type in _BY_CODE)
    found = []
    for invocation in ran:
        at = bisect_left(times, invocation.started_at)
        if at < len(times) and times[at] <= invocation.ended_at:
            found.append((invocation, times[at]))
    return found


def running_since(history: History) -> float | None:
    """Since when code has been running without its InvocationCompleted being there yet; None when none seems to be."""
    if history.is_over:
        return None
    last = max((invocation.ended_at for invocation in history.invocations), default=0.0)
    starts = [
        attempt.started_at
        for operation in history.operations.values()
        if operation.status == "STARTED" and operation.attempts
        for attempt in operation.attempts[-1:]
        if attempt.started_at is not None and attempt.started_at >= last
    ]
    return min(starts, default=None)


def _code_bars(history: History, scale: Scale, end: float) -> tuple[Bar, ...]:
    """When code ran. A running invocation is not in a history, but an attempt begun after the last one betrays it."""
    made: list[tuple[Bar, Invocation | None]] = []
    for invocation in history.invocations:
        kind = "failed" if invocation.error else "code"
        one = bar(scale, invocation.started_at, invocation.ended_at, kind, "")
        if one is not None:
            made.append((one, invocation))
    since = running_since(history)
    if since is not None:
        one = bar(scale, since, max(since, end), "open", "running")
        if one is not None:
            made.append((one, None))
    made.sort(key=lambda pair: pair[0].x)
    # There may be thousands, most drawn as one with their neighbours: only those that stay get words of their own.
    reach = _REACH if len(made) > _MANY else LEAST_WIDTH
    return tuple(
        _labelled(*made[first]) if number == 1 else merged(made[first][0], number, width, kind, "invocations")
        for first, number, width, kind in clusters([one for one, _ in made], reach)
    )


def _labelled(one: Bar, invocation: Invocation | None) -> Bar:
    if invocation is None:
        return one
    length = duration(invocation.ended_at - invocation.started_at)
    return replace(one, label=f"invocation {invocation.number}, {length}")


def _replay_bars(again: Sequence[Replay], scale: Scale) -> Iterator[Bar]:
    for invocation, until in again:
        words = f"replay, {duration(until - invocation.started_at)} at most: done already, run through again"
        one = bar(scale, invocation.started_at, until, "replay", words)
        if one is not None and scale.x(until) - scale.x(invocation.started_at) > 0.1:
            yield one


def _pauses(history: History, scale: Scale, end: float) -> Iterator[Bar]:
    reached: float | None = None
    for invocation in sorted(history.invocations, key=lambda one: one.started_at):
        if reached is not None and invocation.started_at > reached:
            yield from _pause(scale, reached, invocation.started_at)
        reached = max(reached or 0.0, invocation.ended_at)
    since = running_since(history)
    until = end if since is None else since
    if reached is not None and until > reached and not history.is_over:
        yield from _pause(scale, reached, until)


def _pause(scale: Scale, start: float, end: float) -> Iterator[Bar]:
    one = bar(scale, start, end, "asleep", f"no code ran for {duration(end - start)}")
    if one is not None:
        yield one
