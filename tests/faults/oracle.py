"""Compares the mirror with the truth: what must hold at every moment, and what must hold in the end."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from executions import histories
from executions.domain.statuses import OUTCOMES
from executions.models import Callback, Execution, Function, HistoryPage, StatusCount
from executions.sync import closing, pacing
from tests.faults.server import Api
from tests.faults.world import Run


@dataclass(frozen=True)
class Seen:
    """What the mirror showed of one execution."""

    status: str
    ended_at: dt.datetime | None
    last_event_id: int
    contiguous_through: int
    events: int
    complete: bool


class Oracle:
    """`wrong` collects sentences about what must never be; it is empty while all is well."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.wrong: list[str] = []
        self.listed_late = 0.0  # seconds after its start in which nobody expects an execution behind the watermark
        self._before: dict[str, Seen] = {}

    # --- at every moment ---

    def observe(self) -> None:
        # The mirror first: the truth may go on while we look.
        through = dict(Function.objects.values_list("name", "listed_through"))
        seen = _seen()
        with self.api.world.lock:
            for arn in self._before.keys() - seen.keys():
                self.wrong.append(f"{arn} has vanished")
            for arn, now in seen.items():
                if arn not in self.api.world.runs:
                    self.wrong.append(f"{arn} was never there")
                    continue
                self._compare(self.api.world.runs[arn], self._before.get(arn), now)
            for run in self.api.world.runs.values():
                mark = through.get(run.function)
                expected = run.started_at + self.listed_late <= self.api.world.clock.time()
                if mark and expected and run.arn not in seen and run.started_at < mark.timestamp() - pacing.OVERLAP:
                    self.wrong.append(f"{run.name} is behind the watermark of {run.function} and not mirrored")
        self._before = seen

    def _compare(self, run: Run, before: Seen | None, now: Seen) -> None:
        if before is not None:
            if before.status in OUTCOMES and now.status != before.status:
                self.wrong.append(f"{run.name} went from {before.status} to {now.status}")
            if before.ended_at is not None and now.ended_at != before.ended_at:
                self.wrong.append(f"the end of {run.name} went from {before.ended_at} to {now.ended_at}")
            for name in ("last_event_id", "contiguous_through", "events"):
                if not run.retold and getattr(now, name) < getattr(before, name):
                    self.wrong.append(f"{name} of {run.name} shrank to {getattr(now, name)}")
        if now.status in OUTCOMES and now.status != run.status:
            self.wrong.append(f"{run.name} is said to be {now.status} and is {run.status}")
        if now.complete and (now.contiguous_through, now.events) != (len(run.events), len(run.events)):
            self.wrong.append(f"{run.name} is said to be complete with {now.events} of {len(run.events)} events")

    def over_budget(self, limits: dict[str, int], *, window: float = 1.0) -> list[str]:
        """Where more calls arrived within a window than the limit. Where time flows by itself the window must be a
        little shorter than a second, because a call takes a while from when it is counted until it arrives.
        """
        found = []
        for api, limit in limits.items():
            times = [at for name, at in self.api.calls if name == api]
            for first, last in zip(times, times[limit:], strict=False):
                if last - first < window:
                    found.append(f"{limit + 1} calls of {api} within {last - first:.3f} s")
        return found + [f"{api} went beyond the quota of the service" for api, _ in self.api.violations]

    # --- in the end ---

    def differences(self) -> list[str]:
        """How the mirror differs from the truth; [] when it does not."""
        with self.api.world.lock:
            runs = self.api.world.runs
            rows = {row.arn: row for row in Execution.objects.select_related("function")}
            found = [f"{runs[arn].name} is missing" for arn in runs.keys() - rows.keys()]
            found += [f"{arn} was never there" for arn in rows.keys() - runs.keys()]
            for arn in runs.keys() & rows.keys():
                found += _about_one(runs[arn], rows[arn])
            found += _about_functions(set(self.api.world.functions))
            return found + _about_counts() + _about_callbacks(list(runs.values()))


def _seen() -> dict[str, Seen]:
    # One statement for both would count by a join; the pages first, as what is stored of them only grows.
    rows = Execution.objects.values_list(
        *("pk", "arn", "status", "ended_at", "last_event_id", "contiguous_through", "history_complete")
    )
    known = list(rows)
    events = dict(HistoryPage.objects.values_list("execution").annotate(Sum("event_count")))
    return {
        arn: Seen(status, ended_at, last, contiguous, events.get(pk, 0), complete)
        for pk, arn, status, ended_at, last, contiguous, complete in known
    }


def _about_one(run: Run, row: Execution) -> list[str]:
    found = []
    stored = histories.wire_events(row, with_payloads=True)
    if stored != run.events:
        ids = {event["EventId"] for event in stored}
        missing = [event["EventId"] for event in run.events if event["EventId"] not in ids]
        found.append(f"{run.name}: {len(stored)} of {len(run.events)} events are alike or not; missing {missing[:10]}")
    expected: dict[str, Any] = {
        "status": run.status,
        "started_at": _moment(run.started_at),
        "ended_at": _moment(run.ended_at),
        "contiguous_through": len(run.events),
        "last_event_id": len(run.events),
        "untold": False,
        "gone_at": None,
    }
    if run.ended:
        expected |= {"history_complete": True, "history_due_at": None, "history_place": None}
    for name, value in expected.items():
        if getattr(row, name) != value:
            found.append(f"{run.name}: {name} is {getattr(row, name)} and should be {value}")
    return found


def _about_functions(names: set[str]) -> list[str]:
    known = set(Function.objects.filter(gone_at=None).values_list("name", flat=True))
    return [f"functions differ: {sorted(known ^ names)}"] if known != names else []


def _about_counts() -> list[str]:
    kept = {(pk, status): count for pk, status, count in _counts() if count}
    counted = Counter(Execution.objects.values_list("function_id", "status"))
    return [] if kept == counted else [f"counts by status are {kept} and should be {dict(counted)}"]


def _counts() -> list[tuple[int, str, int]]:
    return list(StatusCount.objects.values_list("function_id", "status", "executions"))


def _about_callbacks(runs: list[Run]) -> list[str]:
    rows = Callback.objects.select_related("execution")
    retold = {run.arn for run in runs if run.retold}  # of these what was told before stays, as waiting no more
    ever = {
        (row.execution.arn, row.operation_id, row.callback_id)
        for row in rows
        if row.execution.arn not in retold or row.status != closing.NEVER_FINISHED
    }
    still = {(row.execution.arn, row.operation_id, row.callback_id) for row in rows if row.is_open}
    true_ever = {(run.arn, key, value) for run in runs for key, value in run.callbacks.items()}
    true_still = {(run.arn, key, value) for run in runs for key, value in run.open_callbacks.items()}
    return [
        f"{what} callbacks differ: {sorted(ours ^ theirs)[:5]}"
        for what, ours, theirs in [("all", ever, true_ever), ("open", still, true_still)]
        if ours != theirs
    ]


def _moment(epoch: float | None) -> dt.datetime | None:
    return None if epoch is None else dt.datetime.fromtimestamp(epoch, tz=dt.UTC)
