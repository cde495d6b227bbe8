"""`python -m demo.up [--port 8000]`: the whole demo on this machine: the emulator, the app, its accounts. Ctrl-C ends
both.

Runs the app only through its public commands; everything listens on 127.0.0.1. The mirror lives in
var/demo-PORT.sqlite3 and is made anew each time, because the emulator forgets its executions when it ends.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0
IGNORED = (
    "REDIS_URL",
    "DATABASE_URL",
    "DJANGO_SETTINGS_MODULE",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "BEHIND_HTTPS",
    "LOCAL_ACCOUNTS",
    "MFA_REQUIRED",
    "OIDC_ISSUER",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "AWS_PROFILE",
    "AWS_ENDPOINT_URL",
    "AWS_SESSION_TOKEN",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.up", description=__doc__)
    parser.add_argument("--port", type=_port, default=8000, help="the app's port on 127.0.0.1")
    parser.add_argument("--cap", type=int, default=400, help="how many executions the traffic starts in all")
    options = parser.parse_args()
    # Also SIGINT: a shell that starts us in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    _avoid_proxies()
    try:
        _check_free(options.port)
        with _demo(options.cap) as endpoint:
            database = ROOT / "var" / f"demo-{options.port}.sqlite3"
            environment = _environment(endpoint, database, options.port)
            _prepare(environment, database)
            with _app(options.port, environment) as server:
                _announce(options.port, endpoint)
                return _watch(server)
    except KeyboardInterrupt:
        print("\nThe demo has ended.")
        return 0
    except Failed as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError(f"{port} is not a port: they are from 1 to 65535")
    return port


def _avoid_proxies() -> None:
    """Whatever proxy this machine uses for the world: all of the demo is on this machine. For the children too."""
    kept = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, ["127.0.0.1,localhost", kept]))


class Failed(Exception):
    """A part did not start; the message says which and why."""


def _check_free(port: int) -> None:
    """Before anything is touched: another demo may be running there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Failed(f"port {port} cannot be used ({error.strerror}): try `make demo PORT={port + 1}`.") from error


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _demo(cap: int) -> Iterator[str]:
    """The emulator on a free port; yields its address."""
    command = [sys.executable, "-m", "demo", "--port", "0", "--cap", str(cap)]
    with _process(command, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline() if process.stdout else ""
        if "http://" not in line:
            raise Failed("the emulator did not start; its own words are above.")
        yield line.split()[-1]


@contextmanager
def _app(port: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [
        *(sys.executable, "-m", "uvicorn", "dashboard.asgi:application", "--host", "127.0.0.1", "--port", str(port)),
        *("--log-level", "warning", "--timeout-graceful-shutdown", "2"),
    ]
    with _process(command, env=environment) as process:
        _wait_until_healthy(process, port)
        yield process


@contextmanager
def _process(command: list[str], **options: object) -> Iterator[subprocess.Popen[str]]:
    """A child in a session of its own, so that Ctrl-C reaches only us and the children end in order."""
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, **options)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(endpoint: str, database: Path, port: int) -> dict[str, str]:
    """This process's environment without what would lead elsewhere: a Redis, another database, a real account."""
    kept = {name: value for name, value in os.environ.items() if name not in IGNORED}
    return {
        # Notifications may go to receivers on this machine, where all of the demo is, and lead back to it.
        "NOTIFY_NETWORKS": "127.0.0.0/8",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        **kept,
        "DATABASE_URL": f"sqlite:///{database}",
        "AWS_ENDPOINT_URL_LAMBDA": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",
        "DECISIONS_DIR": str(ROOT / "demo" / "decisions"),
    }


def _prepare(environment: dict[str, str], database: Path) -> None:
    database.parent.mkdir(exist_ok=True)
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    for command in (["migrate", "--verbosity", "0"], ["demo_users"]):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failed(f"manage.py {command[0]} failed:\n{done.stderr.strip()}")


def _wait_until_healthy(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failed(f"the app did not start on port {port}; its own words are above.")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise Failed(f"the app did not become ready within {PATIENCE:.0f} seconds.")


def _announce(port: int, endpoint: str) -> None:
    print(f"\n  Durascope is at  http://127.0.0.1:{port}/")
    print("  Accounts:        viewer, operator, approver, admin (password = name)")
    print(f"  Lambda endpoint: {endpoint} (AWS_ENDPOINT_URL_LAMBDA for boto3, aws and sam)")
    print("  Ctrl-C ends the demo.\n", flush=True)


def _watch(server: subprocess.Popen[str]) -> int:
    code = server.wait()
    raise Failed(f"the app has ended by itself with code {code}.")


if __name__ == "__main__":
    sys.exit(main())
