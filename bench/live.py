"""From an event at AWS to its row on an open page, in Chromium, on the demo: emulator, mirror, stream and page as
`make demo` starts them.

The page of an execution that works and sleeps in turn is open; an observer in it notes when each operation's row
appears. The emulator's own clock says when the operation's first event happened; both clocks are this machine's.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from playwright.sync_api import Page, sync_playwright

from bench import report

ROOT = Path(__file__).resolve().parent.parent
SECONDS = int(os.environ.get("BENCH_LIVE_SECONDS", "60"))
NAME = "bench-live"
OBSERVE = """() => {
  window.seen = {};
  const note = () => document.querySelectorAll(".tl-rows [data-operation-id]").forEach((row) => {
    window.seen[row.dataset.operationId] ??= Date.now() / 1000;
  });
  note();
  window.known = Object.keys(window.seen);
  new MutationObserver(note).observe(document.querySelector("main"), {childList: true, subtree: true, attributes:
  true}); }"""


def main() -> int:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        print("Chromium is needed: install it, or set CHROMIUM to its path")
        return 1
    with demo_up() as (endpoint, base, _):
        client = boto3.Session("demo", "demo", region_name="us-east-1").client("lambda", endpoint_url=endpoint)
        payload = json.dumps({"roundSeconds": 3}).encode()
        started = client.invoke(
            FunctionName="open-tab", InvocationType="Event", DurableExecutionName=NAME, Payload=payload
        )
        seen = _watch(chromium, base)
        _tell(client, started["DurableExecutionArn"], seen)
    return 0


@contextmanager
def demo_up() -> Iterator[tuple[str, str, Path]]:
    """The demo with its usual traffic: (the Lambda endpoint, the dashboard's address, the mirror's file)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "demo.up", "--port", str(port), "--cap", "60"]
    demo = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    mirror = ROOT / "var" / f"demo-{port}.sqlite3"
    try:
        yield _endpoint(demo), f"http://127.0.0.1:{port}", mirror
    finally:
        demo.terminate()
        demo.wait(30)
        for left in mirror.parent.glob(f"{mirror.name}*"):
            left.unlink()


def _endpoint(demo: subprocess.Popen[str]) -> str:
    for line in demo.stdout or ():
        if "Lambda endpoint:" in line:
            return line.split("Lambda endpoint:")[1].split()[0]
    raise RuntimeError("the demo did not start")


def _watch(chromium: str, base: str) -> dict[str, float]:
    """-> when each operation that began while the page was open became visible, in epoch seconds."""
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        page = browser.new_page()
        page.goto(base + "/login/")
        page.locator("[name=username]").fill("viewer")
        page.locator("[name=password]").fill("viewer")
        page.keyboard.press("Enter")
        page.wait_for_url(base + "/")
        _open(page, base)
        page.evaluate(OBSERVE)
        time.sleep(SECONDS)
        seen: dict[str, float] = page.evaluate("window.seen")
        known: list[str] = page.evaluate("window.known")
        browser.close()
    return {key: at for key, at in seen.items() if key not in known}


def _open(page: Page, base: str) -> None:
    for _ in range(100):
        page.goto(f"{base}/executions/?name={NAME}")
        if page.locator("tr[data-execution-id]").count():
            break
        time.sleep(0.3)
    page.locator("tr[data-execution-id] a").first.click()
    page.locator(".tl-rows [data-operation-id]").first.wait_for()


def _tell(client: Any, arn: str, seen: dict[str, float]) -> None:
    events = client.get_durable_execution_history(DurableExecutionArn=arn, MaxItems=1000)["Events"]
    began: dict[str, float] = {}
    for event in events:
        if event.get("Id"):
            began.setdefault(event["Id"], event["EventTimestamp"].timestamp())
    late = sorted(at - began[key] for key, at in seen.items() if key in began)
    print(f"machine: {report.machine()}")
    print(f"\nEvent to visible row, {len(late)} operations in {SECONDS} s, beside the demo's usual traffic")
    if late:
        p95 = late[min(len(late) - 1, int(len(late) * 0.95))]
        print(f"min {late[0]:.2f} s   p50 {statistics.median(late):.2f} s   p95 {p95:.2f} s   max {late[-1]:.2f} s")


if __name__ == "__main__":
    sys.exit(main())
