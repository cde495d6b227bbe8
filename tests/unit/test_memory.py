"""Web and worker decide themselves when garbage is collected, once a process."""

import subprocess
import sys

PROGRAM = """
import gc, threading
from dashboard import memory
memory.start()
memory.start()
names = [thread.name for thread in threading.enumerate()]
print(gc.isenabled(), gc.get_freeze_count() > 0, names.count("collector"))
"""


def test_the_collector_runs_at_times_of_its_own_and_only_once() -> None:
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == ["False", "True", "1"]
