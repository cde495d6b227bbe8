"""Restate's server and a service with many steps, for comparison: installed from npm, started on 127.0.0.1."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


@contextmanager
def with_steps(count: int, folder: Path) -> Iterator[str | None]:
    """The address of the page of an invocation with so many steps in Restate's own UI; None where it cannot be had."""
    if not _install(folder):
        yield None
        return
    service, node, admin, ingress = (_free_port() for _ in range(4))
    settings = {
        "RESTATE_BASE_DIR": str(folder / "data"),
        "RESTATE_LISTEN_MODE": "tcp",
        "RESTATE_BIND_IP": "127.0.0.1",
        "RESTATE_BIND_PORT": str(node),
        "RESTATE_ADMIN__BIND_PORT": str(admin),
        "RESTATE_INGRESS__BIND_PORT": str(ingress),
        "RESTATE_DISABLE_TELEMETRY": "true",
    }
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
    started = [
        subprocess.Popen([shutil.which("node") or "node", "service.mjs", str(service)], **quiet),
        subprocess.Popen(
            [str(folder / "node_modules/.bin/restate-server"), "--no-logo"],
            env={**os.environ, **settings},
            **quiet,
        ),
    ]
    try:
        _post(f"http://127.0.0.1:{admin}/deployments", {"uri": f"http://127.0.0.1:{service}"}, tries=60)
        _post(f"http://127.0.0.1:{ingress}/Steps/run", count, tries=60)
        found = _post(f"http://127.0.0.1:{admin}/query", {"query": "SELECT id FROM sys_invocation"}, tries=1)
        yield f"http://127.0.0.1:{admin}/ui/invocations/{found['rows'][0]['id']}"
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def _install(folder: Path) -> bool:
    if not shutil.which("npm"):
        return False
    for name in ("package.json", "service.mjs"):
        shutil.copy(HERE / name, folder / name)
    command = [
        shutil.which("npm") or "npm",
        "install",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--no-package-lock",
        "--silent",
    ]
    try:
        return subprocess.run(command, cwd=folder, timeout=300, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _post(url: str, body: object, *, tries: int) -> dict[str, list[dict[str, str]]]:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    for left in range(tries, 0, -1):
        try:
            request = urllib.request.Request(url, json.dumps(body).encode(), headers)
            with urllib.request.urlopen(request, timeout=120) as answer:
                found = json.load(answer)
                return found if isinstance(found, dict) else {}
        except OSError:
            if left == 1:
                raise
            time.sleep(0.5)
    raise AssertionError("unreachable")
