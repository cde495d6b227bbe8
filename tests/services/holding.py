"""Tasks for a worker whose hands are to be full (`celery -A dashboard worker -I tests.services.holding`)."""

import time
from pathlib import Path

from dashboard.celery import app


@app.task(name="tests.hold")
def hold(until: str, begun: str) -> None:
    """Go on until there is such a file."""
    Path(begun).touch()
    while not Path(until).exists():
        time.sleep(0.02)


@app.task(name="tests.touch")
def touch(path: str) -> None:
    Path(path).touch()
