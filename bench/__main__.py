"""`python -m bench [PART]`: everything but the long soak `memory`, or one part of it."""

import argparse
import os
import subprocess
import sys

PARTS = ("pages", "history", "live", "painted", "scroll", "polling", "quota", "push", "scale", "diff", "inbox")
ALONE = ("memory",)

# Playwright's own loop runs while the database is filled for it.
ENVIRONMENT = {**os.environ, "LOG_LEVEL": "ERROR", "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS + ALONE)
    chosen = parser.parse_args().part
    for part in [chosen] if chosen else PARTS:
        # Each in a process of its own: they set up Django differently and must not warm each other's caches.
        code = subprocess.call([sys.executable, "-m", f"bench.{part}"], env=ENVIRONMENT)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
