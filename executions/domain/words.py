"""Numbers as people read them: durations, sizes and counts."""

import math
from datetime import UTC, datetime

_LAST = 253_402_300_799.0  # the end of the calendar
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3_600, 86_400, 365 * 86_400
_PAIRS = ((_YEAR, "y", _DAY, "d"), (_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "m"), (_MINUTE, "m", 1, "s"))


def duration(seconds: float) -> str:
    """A length of time in its two largest units: "210 ms", "7.4 s", "3 m 12 s", "2 h", "1 y 12 d".

    Clocks of different machines disagree by milliseconds, so a negative length reads as none at all.
    """
    if not math.isfinite(seconds):
        return "unknown"
    if seconds < 0.9995:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    for (big, big_name, small, small_name), unit in zip(_PAIRS, (_DAY, _HOUR, _MINUTE, 1), strict=True):
        # Rounding to the smaller unit shown may carry into the larger one: 23 h 59 m 50 s is a day.
        rounded = (whole + unit // 2) // unit * unit if unit > 1 else whole
        if rounded >= big:
            large, rest = divmod(rounded, big)
            return f"{large} {big_name} {rest // small} {small_name}" if rest >= small else f"{large} {big_name}"
    return f"{whole} s"


def moment(at: float, now: float) -> str:
    """A time in UTC, with its day when that is not today's: "14:05:09 UTC", "2026-11-23 14:05:09 UTC"."""
    then, today = (datetime.fromtimestamp(min(max(one, 0.0), _LAST), UTC) for one in (at, now))
    return f"{then:%H:%M:%S} UTC" if then.date() == today.date() else f"{then:%Y-%m-%d %H:%M:%S} UTC"


def size(byte_count: int) -> str:
    """A number of bytes, in units of 1,024 as AWS counts its limits: "512 B", "38 KB", "1.4 MB"."""
    amount = float(max(0, byte_count))
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 999.5 or unit == "GB":
            break
        amount /= 1024
    if unit == "B" or amount >= 9.95:
        return f"{amount:,.0f} {unit}"
    return f"{amount:.1f}".removesuffix(".0") + f" {unit}"


def count(n: int, singular: str, plural: str | None = None) -> str:
    """A counted noun: "1 step", "3 branches" (plural given), "1,204 events"."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"
