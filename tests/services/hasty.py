"""Runs a program of an installation (`python -m tests.services.hasty celery ...`) whose claims end after some seconds
instead of a minute and a half, so that a test need not wait for that long when it has killed a worker.
"""

import runpy
import sys

from executions.sync import pacing

SECONDS = 6.0

if __name__ == "__main__":
    pacing.CLAIM = SECONDS
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
