"""The ground truth at AWS: functions, their executions and every event, growing by a seeded random script."""

import itertools
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes import execution_arn, function_arn
from tests.faults.clock import Clock
from tests.histories import Script, Wire, operation_id

OUTCOME_OF = {"Succeeded": "SUCCEEDED", "Failed": "FAILED", "TimedOut": "TIMED_OUT", "Stopped": "STOPPED"}


@dataclass
class Run:
    """One execution as it truly is. `callbacks` has every callback ever opened, `open_callbacks` the unanswered ones;
    both by operation id.
    """

    arn: str
    name: str
    function: str
    started_at: float
    script: Script
    status: str = "RUNNING"
    ended_at: float | None = None
    callbacks: dict[str, str] = field(default_factory=dict)
    open_callbacks: dict[str, str] = field(default_factory=dict)
    waits: list[str] = field(default_factory=list)
    invokes: list[str] = field(default_factory=list)
    made: int = 0
    retold: int = 0
    """How often its history has become another one."""

    @property
    def events(self) -> list[Wire]:
        return self.script.events

    @property
    def ended(self) -> bool:
        return self.status in OUTCOME_OF.values()

    def next_path(self, kind: str) -> str:
        self.made += 1
        return f"{self.name}/{kind}-{self.made}"


class World:
    """One account and Region. The same seed and the same calls make the same history, moments apart."""

    def __init__(self, clock: Clock, *, seed: int = 0, functions: int = 2, most_runs: int = 16) -> None:
        self.clock = clock
        self.random = random.Random(seed)
        self.most_runs = most_runs
        self.lock = threading.RLock()
        self.functions: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, Run] = {}
        self._numbers = itertools.count(1)
        for number in range(functions):
            self.add_function(f"function-{number}")

    # --- what happens on purpose ---

    def add_function(self, name: str) -> None:
        self.functions[name] = {
            "FunctionName": name,
            "FunctionArn": function_arn(name),
            "Runtime": "python3.13",
            "Timeout": 60,
            "MemorySize": 256,
            "LastModified": "2026-11-01T00:00:00.000+0000",
            "DurableConfig": {"ExecutionTimeout": 3600, "RetentionPeriodInDays": 7},
        }

    def start(self, function: str = "function-0") -> Run:
        with self.lock:
            number = next(self._numbers)
            name, at = f"run-{number}", self._moment()
            run = Run(execution_arn(function, name, number), name, function, at, Script(at))
            run.script.started(name, timeout=3600)
            self.runs[run.arn] = run
            return run

    def step(self, run: Run, *, result: str = "1") -> None:
        with self._at_now(run):
            run.script.step(run.next_path("step"), result=result, seconds=0)

    def open_callback(self, run: Run) -> str:
        with self._at_now(run):
            path = run.next_path("callback")
            run.script.callback_started(path, timeout=self.random.choice([None, 600]))
            callback_id = f"cb-{path}"
            run.callbacks[operation_id(path)] = run.open_callbacks[operation_id(path)] = callback_id
            return callback_id

    def close_callback(self, callback_id: str, verb: str = "Succeeded") -> bool:
        """-> False when nobody waits for this callback any more."""
        with self.lock:
            for run in self.runs.values():
                if callback_id in run.open_callbacks.values() and not run.ended:
                    path = callback_id.removeprefix("cb-")
                    with self._at_now(run):
                        run.script.callback_ended(path, verb=verb)
                    del run.open_callbacks[operation_id(path)]
                    return True
        return False

    def end(self, run: Run, verb: str = "Succeeded", *, code: str = "returned") -> None:
        """`code`: "returned" before the end as usual, "returns" right after it, or "lost": nothing is heard of it."""
        with self._at_now(run):
            if code == "returned":
                run.script.invocation()
            run.script.ended(verb, **({} if verb == "Succeeded" else {"ErrorType": "E", "ErrorMessage": "no milk"}))
            run.status, run.ended_at = OUTCOME_OF[verb], run.script.at
            run.open_callbacks.clear()
            if code == "returns":
                self.invocation(run)

    def invocation(self, run: Run) -> None:
        """It is noticed that the function's code has returned."""
        with self._at_now(run):
            run.script.invocation()

    def retell(self, run: Run, *, left: int) -> None:
        """Its history becomes another one with so many events, each unlike what it was."""
        with self._at_now(run):
            run.retold += 1
            del run.events[left:]
            for event in run.events:
                event["Name"] = f"told anew {run.retold}"
            opened = {event.get("Id") for event in run.events if event["EventType"] == "CallbackStarted"}
            for kept in (run.open_callbacks, run.callbacks):
                for key in kept.keys() - opened:
                    del kept[key]
            run.waits, run.invokes = [], []

    # --- what happens by chance ---

    def grow(self, happenings: int = 1) -> None:
        for _ in range(happenings):
            with self.lock:
                self._happen()

    def _happen(self) -> None:
        going = [run for run in self.runs.values() if not run.ended]
        if not going or (len(self.runs) < self.most_runs and self.random.random() < 0.2):
            if len(self.runs) < self.most_runs:
                self.start(self.random.choice(list(self.functions)))
            return
        run = self.random.choice(going)
        self.random.choices([what for what, _ in _CHANCES], [weight for _, weight in _CHANCES])[0](self, run)

    def _retried_step(self, run: Run) -> None:
        with self._at_now(run):
            path = run.next_path("retried")
            run.script.step_started(path)
            run.script.step_failed(path, delay=2)
            run.script.invocation()

    def _wait(self, run: Run) -> None:
        with self._at_now(run):
            if run.waits:
                run.script.wait_succeeded(run.waits.pop(), 5)
            else:
                run.waits.append(run.next_path("wait"))
                run.script.wait_started(run.waits[-1], 5)

    def _invoke(self, run: Run) -> None:
        """The child's ARN appears only later, inside an event that was readable before."""
        with self._at_now(run):
            if run.invokes:
                wanted = operation_id(run.invokes.pop())
                event = next(event for event in run.events if event.get("Id") == wanted)
                event["ChainedInvokeStartedDetails"]["DurableExecutionArn"] = f"{run.arn}-child"
            else:
                run.invokes.append(run.next_path("invoke"))
                run.script.chained_started(run.invokes[-1], "child")

    def _callback(self, run: Run) -> None:
        if run.open_callbacks and self.random.random() < 0.6:
            chosen = self.random.choice(list(run.open_callbacks.values()))
            self.close_callback(chosen, self.random.choice(["Succeeded", "Failed", "TimedOut"]))
        else:
            self.open_callback(run)

    def _pause(self, run: Run) -> None:
        with self._at_now(run):
            paused = run.status == "PAUSED"
            run.script.event("ExecutionResumed" if paused else "ExecutionPaused", details={})
            run.status = "RUNNING" if paused else "PAUSED"

    def _end(self, run: Run) -> None:
        code = self.random.choices(["returned", "returns", "lost"], [12, 7, 1])[0]
        self.end(run, self.random.choice(list(OUTCOME_OF)), code=code)

    def _something_new(self, run: Run) -> None:
        """An event of a type that no model knows yet."""
        with self._at_now(run):
            run.script.event("QuantumEntangled", run.next_path("spin"), details={"Spin": ["up", None, 2**60]})

    def _moment(self) -> float:
        return round(self.clock.time(), 3)

    def _at_now(self, run: Run) -> threading.RLock:
        """The lock, with the run's script at the present; events never go back in time."""
        run.script.at = max(run.script.at, self._moment())
        return self.lock


_CHANCES: list[tuple[Callable[[World, Run], None], int]] = [
    (World.step, 8),
    (World._retried_step, 2),
    (World._wait, 2),
    (World._invoke, 2),
    (World._callback, 4),
    (World._pause, 1),
    (World._end, 2),
    (World._something_new, 1),
]
