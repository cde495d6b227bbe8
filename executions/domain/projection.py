"""When something that grows meets its limit, if it goes on growing as it has."""

LEAST_SECONDS = 10.0
"""In the first seconds an execution does much at once: nothing follows from that."""


def met_at(used: float, limit: float, *, started: float, now: float) -> float | None:
    """Epoch seconds; `now` when it is met already, None when nothing can be said or it does not grow."""
    if used >= limit:
        return now
    elapsed = now - started
    if used <= 0 or elapsed < LEAST_SECONDS:
        return None
    return now + (limit - used) * elapsed / used
