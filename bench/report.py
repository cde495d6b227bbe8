"""How figures are printed: the machine, then rows of milliseconds and ratios."""

import datetime as dt
import os
import platform
import statistics


def machine() -> str:
    model = "unknown processor"
    try:
        with open("/proc/cpuinfo") as file:  # noqa: PTH123
            model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), model)
    except OSError:
        pass
    today = dt.datetime.now(tz=dt.UTC).date()
    return f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}, {today}"


def rows(title: str, timings: dict[str, list[float]], floor: str) -> dict[str, float]:
    """`timings`: seconds by name, taken in turn; prints min, median, p95 and the median's ratio to the floor's.

    -> the ratios by name
    """
    base = statistics.median(timings[floor])
    print(f"\n{title}\n{'':44}{'min ms':>9}{'p50 ms':>9}{'p95 ms':>9}{'x floor':>9}")
    ratios = {}
    for name, seconds in timings.items():
        ordered = sorted(seconds)
        p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        median = statistics.median(ordered)
        ratios[name] = median / base
        print(f"{name:44}{ordered[0] * 1e3:9.2f}{median * 1e3:9.2f}{p95 * 1e3:9.2f}{median / base:9.2f}")
    return ratios
