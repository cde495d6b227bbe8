"""``python -m demo``: arguments, start, signals."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading

from demo.backend import Backend
from demo.traffic import Traffic


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; others only inside containers")
    parser.add_argument("--port", type=int, default=8001, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument(
        "--traffic", action=argparse.BooleanOptionalAction, default=True, help="start executions as a coffee shop would"
    )
    parser.add_argument("--cap", type=int, default=400, help="how many executions the traffic starts in all")
    parser.add_argument("--seed", type=int, default=None, help="makes the traffic's choices repeatable")
    parser.add_argument("--verbose", action="store_true", help="log requests and what the functions raise")
    return parser.parse_args(argv)


def configure_logging(verbose: bool) -> None:
    """Quiet by default: functions that fail are part of the show, not worth a stack trace each."""
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING, format="%(name)s: %(message)s")
    if not verbose:
        for name in ("aws_durable_execution_sdk_python", "aws_durable_execution_sdk_python_testing"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    logging.getLogger("botocore").setLevel(logging.WARNING)


def main(argv: list[str] | None = None) -> int:
    """Serve until told to stop."""
    options = arguments(argv)
    configure_logging(options.verbose)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    try:
        backend = Backend(options.port, options.host)
    except OSError as error:
        print(f"demo: cannot listen on {options.host}:{options.port}: {error.strerror}", file=sys.stderr)
        return 1
    backend.start()
    if options.traffic:
        Traffic(backend, cap=options.cap, seed=options.seed).start()
    print(f"demo: Lambda endpoint {backend.url}", flush=True)
    done.wait()
    backend.stop()
    # Handlers may be in the middle of a step on threads that cannot be interrupted; nothing is worth waiting for.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
