"""How fresh polling alone keeps 1,000 functions within half of AWS's quota: simulated time, the real pacing and budget.

Functions start 100 executions a second together, the k-th busiest 1/k as many as the busiest (Zipf). Nothing but the
API is made up: it lists what has started, a page of 1,000 at a time, and takes a tenth of a second for each. The rates
are not given to the pacing, it learns them. An execution's age is the time from its start until it was listed.
"""

import heapq
import itertools
import math
import os
import random
import statistics
from collections import deque

from bench import report

FUNCTIONS = int(os.environ.get("BENCH_FUNCTIONS", "1000"))
STARTS = 100.0
WARMING, SECONDS = 1200.0, 1200.0
LATENCY, PAGE, BEAT, RELEARN = 0.1, 1000, 0.5, 30.0


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    django.setup()
    run()


class Function:
    """`rate` is the truth, `learnt` what the mirror thinks of it."""

    def __init__(self, rate: float) -> None:
        self.rate, self.learnt = rate, 0.0
        self.due = self.listed_at = self.through = self.looked_back_at = 0.0
        self.started: deque[float] = deque()
        self.next_start = 0.0
        self.began_at = 0.0
        self.calls = 0
        self.asked_at: float | None = None
        self.listed_once = False

    def go_on_until(self, now: float, chance: random.Random) -> None:
        while self.next_start <= now:
            self.started.append(self.next_start)
            self.next_start += chance.expovariate(self.rate)


def run() -> None:
    from executions.domain import quotas
    from executions.domain.lanes import Lane
    from executions.gateway.bucket import ARRIVES, Bucket
    from executions.sync import pacing

    per_second, chance = quotas.calls_per_second("list", 0.5), random.Random(7)
    weights = [1 / rank for rank in range(1, FUNCTIONS + 1)]
    functions = [Function(STARTS * weight / sum(weights)) for weight in weights]
    for function in functions:
        function.next_start = chance.expovariate(function.rate)
    chance.shuffle(functions)
    bucket, pace = Bucket(), pacing.list_pace([0.0] * FUNCTIONS, per_second=per_second)
    ages: list[float] = []
    calls: list[float] = []
    gaps: list[float] = []
    under_way = 0
    numbers = itertools.count()
    due = [(0.0, next(numbers), function) for function in functions]
    # (when, number, what, function, pages to come, lane)
    agenda: list[tuple[float, int, str, Function | None, int, Lane]] = []
    heapq.heappush(agenda, (0.0, next(numbers), "beat", None, 0, Lane.WARM))
    heapq.heappush(agenda, (0.0, next(numbers), "learn", None, 0, Lane.WARM))
    room = math.ceil(per_second * pacing.AHEAD)
    while agenda:
        now, _, what, whose, pages, lane = heapq.heappop(agenda)
        if now > WARMING + SECONDS:
            break
        if what == "beat":
            while under_way < room and due and due[0][0] <= now:
                function = heapq.heappop(due)[2]
                under_way += 1
                function.began_at = now
                back = function.listed_once and now - function.looked_back_at >= pacing.LOOK_BACK_EVERY
                reach = pacing.LOOK_BACK if back else pacing.OVERLAP
                if back:
                    function.looked_back_at = now
                rows = function.rate * min(now, now - function.through + reach)
                pages = max(1, math.ceil(rows / PAGE))
                lane = Lane.RECONCILE if back else Lane.WARM
                heapq.heappush(agenda, (now, next(numbers), "ask", function, pages, lane))
            heapq.heappush(agenda, (now + BEAT, next(numbers), "beat", None, 0, Lane.WARM))
        elif what == "learn":
            pace = pacing.list_pace([one.learnt for one in functions], per_second=per_second)
            heapq.heappush(agenda, (now + RELEARN, next(numbers), "learn", None, 0, Lane.WARM))
        elif what == "ask" and whose:
            function = whose
            wait = bucket.ask(now, per_second, lane, f"{id(function)} {function.calls}")
            if wait:
                heapq.heappush(agenda, (now + wait, next(numbers), "ask", function, pages, lane))
            else:
                calls.append(now)
                bucket.arrives(now, f"{id(function)} {function.calls}", min(ARRIVES, LATENCY))
                function.calls += 1
                function.asked_at = now if function.asked_at is None else function.asked_at
                heapq.heappush(agenda, (now + LATENCY, next(numbers), "answer", function, pages - 1, lane))
        elif what == "answer" and whose:
            function = whose
            if pages:
                heapq.heappush(agenda, (now, next(numbers), "ask", function, pages, lane))
                continue
            asked_at, function.asked_at, began_at = function.asked_at or now, None, function.began_at
            function.go_on_until(asked_at, chance)
            new = len(function.started)
            while function.started:
                at = function.started.popleft()
                if now > WARMING and function.listed_once:
                    ages.append(now - at)
            if function.listed_once:
                function.learnt = pacing.rate_after(function.learnt, new=new, seconds=began_at - function.listed_at)
                if now > WARMING:
                    gaps.append(began_at - function.listed_at)
            else:
                function.learnt = new / 3600
                function.looked_back_at = began_at
            function.listed_once, function.listed_at, function.through = True, began_at, asked_at
            function.due = began_at + pace.interval(function.learnt)
            under_way -= 1
            heapq.heappush(due, (function.due, next(numbers), function))
    tell(ages, gaps, calls, per_second)


def tell(ages: list[float], gaps: list[float], calls: list[float], per_second: int) -> None:
    ages.sort()
    sweep = FUNCTIONS / per_second
    measured = [at for at in calls if at > WARMING]
    most = max(sum(at < first + 1 for at in calls[i : i + 50]) for i, first in enumerate(calls))
    used = len(measured) / SECONDS / per_second
    p50, p95 = statistics.median(ages), ages[int(len(ages) * 0.95)]
    print(report.machine())
    print(
        f"{FUNCTIONS} functions, {len(ages):,} executions in {SECONDS:.0f} s; {per_second} calls, sweep {sweep:.0f} s"
    )
    print(f"age p50 {p50:.1f} s (goal 12), p95 {p95:.0f} s, mean {statistics.fmean(ages):.0f} s")
    print(f"oldest {max(ages):.0f} s = {max(ages) / sweep:.2f} sweeps (goal 2); longest gap {max(gaps):.0f} s")
    print(f"used {used:.1%} of the budget, at most {most} calls in any second (goal {per_second})")


if __name__ == "__main__":
    main()
