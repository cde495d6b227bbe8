"""The demo backend as a subprocess, and clients on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
READY = "demo: Lambda endpoint "


@pytest.fixture(scope="session")
def demo_server() -> Iterator[str]:
    """The endpoint's address, of a demo without traffic that lasts as long as the test session."""
    command = [sys.executable, "-m", "demo", "--port", "0", "--no-traffic"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=_environment())
    try:
        url = _read_address(process)
        _wait_until_healthy(url)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def lambda_client(demo_server: str) -> Any:
    """Plain boto3 on the demo, with botocore's own retries off so that an error is seen at once."""
    session = boto3.Session("demo", "demo", region_name="us-east-1")
    return session.client("lambda", endpoint_url=demo_server, config=Config(retries={"total_max_attempts": 1}))


def _environment() -> dict[str, str]:
    """No AWS settings of the machine must reach the demo."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def _read_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith(READY):
        pytest.fail(f"the demo did not start: {line!r}")
    return line.removeprefix(READY).strip()


def _wait_until_healthy(url: str, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:  # noqa: S310 - our own address
                if json.load(answer)["status"] == "ok":
                    return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.05)
    pytest.fail("the demo never became healthy")
