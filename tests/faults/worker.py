"""Workers in processes of their own that kill themselves (-9) at a named point.

Each line of the standard input is a point: MODULE:FUNCTION:before:N or MODULE:FUNCTION:after:N, as in
`executions.sync.storing:store:after:2` for the second call. A new process works until it gets there, and its exit
code is printed. The code that is killed knows nothing of it.
"""

import functools
import importlib
import os
import signal
import sys
import time
from collections import deque
from typing import Any

SECONDS = 20.0
"""Real time after which a worker that was never killed gives up."""


def install(point: str) -> None:
    module_name, name, when, count = point.split(":")
    module = importlib.import_module(module_name)
    original = getattr(module, name)
    left = int(count)

    @functools.wraps(original)
    def fatal(*args: Any, **given: Any) -> Any:
        nonlocal left
        left -= 1
        if left <= 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **given)
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, name, fatal)


def main() -> None:
    import django

    django.setup()
    import executions.tasks
    from executions.gateway import configuration, connections
    from executions.sync import storing

    storing.STORE_EVERY = 0.0  # each page by itself, as when AWS is slow

    # What each process would make for itself and takes a second. Nothing is connected yet.
    connections.reach(configuration.Configured().name)
    for line in sys.stdin:
        if not (pid := os.fork()):
            install(line.strip())
            work(executions.tasks)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)  # noqa: T201


def work(tasks: Any) -> None:
    queue: deque[tuple[Any, tuple[Any, ...]]] = deque()
    for name in handed_out(tasks):
        setattr(tasks, name, Deferred(queue, getattr(tasks, name)))
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        tasks.dispatch()
        while queue:
            task, args = queue.popleft()
            task(*args)
        time.sleep(0.02)


def handed_out(tasks: Any) -> list[str]:
    """The tasks that others are put into the queue by."""
    return [name for name, value in vars(tasks).items() if hasattr(value, "apply_async") and name != "dispatch"]


class Deferred:
    """Stands in for a task where it is handed out, and keeps it for later."""

    def __init__(self, queue: deque[tuple[Any, tuple[Any, ...]]], task: Any) -> None:
        self.queue, self.task = queue, task

    def delay(self, *args: Any) -> None:
        self.queue.append((self.task, args))

    def apply_async(self, args: tuple[Any, ...] = (), **_: Any) -> None:
        self.delay(*args)

    def __call__(self, *args: Any) -> Any:
        return self.task(*args)


if __name__ == "__main__":
    main()
