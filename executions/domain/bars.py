"""Bars of the timeline: what one operation, or the running code, looks like on a scale."""

from collections.abc import Iterator
from dataclasses import dataclass

from executions.domain.history import Attempt, Operation
from executions.domain.records import quick
from executions.domain.scale import Scale
from executions.domain.words import count, duration

LEAST_WIDTH = 0.35  # percent; below this a bar cannot be seen or pointed at
_MANY_BARS = 120
# When bars are too close to tell apart, the one that matters most gives its kind.
_WEIGHT = {"failed": 9, "never": 8, "open": 7, "callback": 6, "ok": 5, "code": 4, "context": 3, "wait": 2, "backoff": 1}
_KIND_OF_STATUS = {
    "SUCCEEDED": "ok",
    "POLLED": "code",
    "FAILED": "failed",
    "TIMED_OUT": "failed",
    "STOPPED": "failed",
    "STARTED": "open",
    "PENDING": "open",
    "NEVER_FINISHED": "never",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """`x` and `width` in percent of the axis, 3 decimals, inside 0..100; `width` at least 0.35.

    `kind`: ok, failed, backoff, wait, callback, open, never, context, code, replay, asleep, deadline or unknown.
    `label` is a tooltip.
    """

    x: float
    width: float
    kind: str
    label: str


_bar = quick(Bar)


def bar(scale: Scale, start: float, end: float, kind: str, label: str) -> Bar | None:
    """None when all of it lies off the axis (it is zoomed)."""
    if end < start:
        end = start
    if end < scale.start or start > scale.end:
        return None
    x0, x1 = scale.x(start), scale.x(end)
    width = max(LEAST_WIDTH, round(x1 - x0, 3))
    return _bar(round(min(x0, 100.0 - width), 3), width, kind, label)


def operation_bars(operation: Operation, scale: Scale, end: float) -> tuple[Bar, ...]:
    """`end`: where open things stop, that is now or the end of the execution (epoch seconds)."""
    bars = [made for made in _bars(operation, scale, end) if made is not None]
    return tuple(thinned(bars) if len(bars) > _MANY_BARS else bars)


def _bars(operation: Operation, scale: Scale, end: float) -> Iterator[Bar | None]:
    if operation.kind == "Step" and operation.attempts:
        yield from _attempt_bars(operation, scale, end)
        return
    start = operation.first_at if operation.started_at is None else operation.started_at
    if operation.kind == "Unknown":
        yield bar(scale, operation.first_at, operation.last_at, "unknown", operation.label)
        return
    stop = end if operation.ended_at is None else operation.ended_at
    kind = _KIND_OF_STATUS.get(operation.status, "unknown")
    words = operation.status.lower().replace("_", " ")
    if operation.kind == "Wait" and kind not in ("never", "failed"):
        kind = "wait"
    elif operation.kind == "Context" and kind in ("ok", "open"):
        kind = "context"
    elif operation.kind == "Callback" and kind == "ok":
        kind = "callback"
    yield bar(scale, start, stop, kind, f"{words}, {duration(stop - start)}")
    if operation.is_open:
        yield _deadline(operation, scale, end)


def _deadline(operation: Operation, scale: Scale, end: float) -> Bar | None:
    until = deadline_of(operation)
    if until is None or until <= end or scale.end <= end:
        return None
    what = "wakes" if operation.kind == "Wait" else "times out"
    return bar(scale, end, until, "deadline", f"{what} in {duration(until - end)}")


def deadline_of(operation: Operation) -> float | None:
    """When an open wait or callback ends by itself (epoch seconds)."""
    if not operation.is_open:
        return None
    if operation.callback is not None:
        return operation.callback.deadline
    return operation.wait.scheduled_end if operation.wait is not None else None


def _attempt_bars(operation: Operation, scale: Scale, end: float) -> Iterator[Bar | None]:
    free_since: float | None = None
    for attempt in operation.attempts:
        ended = attempt.ended_at
        start = (
            attempt.started_at if attempt.started_at is not None else (operation.first_at if ended is None else ended)
        )
        if free_since is not None and start > free_since:
            yield _backoff(scale, free_since, start, start - free_since)
        stop = end if ended is None else ended
        yield bar(scale, start, stop, _KIND_OF_STATUS.get(attempt.status, "unknown"), _attempt_words(attempt))
        free_since = stop
    retry_at = operation.retry_at
    if retry_at is not None and free_since is not None and end > free_since:
        stop = min(end, max(retry_at, free_since))
        yield _backoff(scale, free_since, stop, retry_at - free_since)


def _backoff(scale: Scale, start: float, end: float, length: float) -> Bar | None:
    """Begins beside the failed attempt, which may be too short for its least width; None when there is no room left."""
    made = bar(scale, start, end, "backoff", f"{duration(length)} before the next attempt")
    if made is None or made.width <= 2 * LEAST_WIDTH:
        return None
    return Bar(round(made.x + LEAST_WIDTH, 3), round(made.width - LEAST_WIDTH, 3), made.kind, made.label)


def _attempt_words(attempt: Attempt) -> str:
    words = f"attempt {attempt.number} {attempt.status.lower().replace('_', ' ')}"
    if attempt.status == "POLLED":
        words = f"poll {attempt.number}: not yet"
    if attempt.error is not None and attempt.error.error_type:
        words += f": {attempt.error.error_type}"
    return words


def thinned(bars: list[Bar]) -> list[Bar]:
    """Bars in order of x, those too close to tell apart drawn as one."""
    return [
        bars[first] if number == 1 else merged(bars[first], number, width, kind, "parts")
        for first, number, width, kind in clusters(bars)
    ]


def merged(first: Bar, number: int, width: float, kind: str, what: str) -> Bar:
    return _bar(first.x, width, kind, count(number, what[:-1], what))


def clusters(bars: list[Bar], reach: float = LEAST_WIDTH) -> list[tuple[int, int, float, str]]:
    """Runs of bars too close to tell apart: (index of the first, how many, their width together, their kind).

    Those that touch and are of one kind are a run as far as `reach` percent.
    """
    runs: list[tuple[int, int, float, str]] = []
    first, left, right, number, kind = -1, 0.0, 0.0, 0, ""
    for index, one in enumerate(bars):
        x, end = one.x, one.x + one.width
        if number and x < round(right, 3) and x <= left + (reach if one.kind == kind else LEAST_WIDTH):
            number += 1
            right = max(right, end)
            if _WEIGHT.get(one.kind, 0) > _WEIGHT.get(kind, 0):
                kind = one.kind
            continue
        if number:
            runs.append((first, number, round(right - left, 3), kind))
        first, left, right, number, kind = index, x, end, 1, one.kind
    if number:
        runs.append((first, number, round(right - left, 3), kind))
    return runs
