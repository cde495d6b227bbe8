"""How soon the page of an execution with 3,000 operations is painted in Chromium, beside a blank page and Restate's UI.

All pages take turns, each first with an empty cache and then once more. "Painted": the first row of content (an
operation, an event, a step) is in the page and a frame was drawn after it, in milliseconds since the navigation began,
as the page's own clock has it. Long tasks are those over 50 ms of processor time of the browser's main thread until
two seconds after that: its duration on the clock is also that of whatever else the machine did.
"""

import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench import report, restate
from bench.pages import serve_big
from bench.scroll import FLAGS

ROUNDS = int(os.environ.get("BENCH_PAINTED_ROUNDS", "7"))
STEPS = 3000
LONG = 50_000  # microseconds
PAINTED = """async (selector) => {
  const frame = () => new Promise(requestAnimationFrame);
  while (!document.querySelector(selector)) await frame();
  await frame(); await frame();
  const at = performance.now();
  const first = performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? at;
  const before = performance.getEntriesByType("resource").filter((one) => one.startTime < first);
  const blocking = before.filter((one) => one.renderBlockingStatus === "blocking");
  return { at, before: before.length + 1, blocking: blocking.length + 1 };
}"""


@dataclass
class Seen:
    """What was seen of one page: milliseconds, requests until the first paint, tasks in microseconds, bytes."""

    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    blocking: list[int] = field(default_factory=list)
    tasks: list[float] = field(default_factory=list)
    bytes_warm: list[int] = field(default_factory=list)
    document: int = 0


def main() -> int:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        print("Chromium is needed: install it, or set CHROMIUM to its path")
        return 1
    print(f"machine: {report.machine()}")
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as peer,
        serve_big(Path(folder)) as (port, session, big),
        restate.with_steps(STEPS, Path(peer)) as theirs,
        sync_playwright() as playwright,
    ):
        base = f"http://127.0.0.1:{port}"
        pages = {
            "blank page (floor)": (f"{base}/bench/hello/", "body"),
            "timeline, 3,000 operations": (f"{base}/executions/{big}/", ".tl-rows [data-operation-id]"),
            "history, 9,000 events": (f"{base}/executions/{big}/history/", "[data-event-id]"),
        }
        if theirs:
            # Its page is there long before its rows, and says "Loading": a row is an entry that names its step.
            pages["Restate 1.7.12, 3,000 steps"] = (theirs, "#command-1 [data-entry] button")
        else:
            print("Restate could not be installed from npm: left out")
        seen = {name: Seen() for name in pages}
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for _ in range(ROUNDS):
            for name, (url, selector) in pages.items():
                _look(browser, base, session, url, selector, seen[name])
        browser.close()
    _tell(seen)
    return 0


def _look(browser: Browser, base: str, session: str, url: str, selector: str, seen: Seen) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.add_cookies([{"name": "sessionid", "value": session, "url": base}])
    page = context.new_page()
    page.goto("about:blank")
    got = _open(page, url, selector)
    seen.cold.append(got["at"])
    seen.before.append(got["before"])
    seen.blocking.append(got["blocking"])
    page.wait_for_timeout(1500)  # so that everything is in the cache
    page.goto("about:blank")
    sizes = _count_bytes(page)
    browser.start_tracing(page=page, categories=["toplevel"])
    seen.warm.append(_open(page, url, selector)["at"])
    page.wait_for_timeout(2000)
    seen.tasks += _main_tasks(json.loads(browser.stop_tracing())["traceEvents"])
    seen.bytes_warm.append(sum(sizes.values()))
    seen.document = max(seen.document, sizes.get(url, 0))
    context.close()


def _open(page: Page, url: str, selector: str) -> dict[str, Any]:
    page.goto(url, wait_until="commit")
    got: dict[str, Any] = page.evaluate(PAINTED, selector)
    return got


def _count_bytes(page: Page) -> dict[str, int]:
    """Bytes as they came over the wire, by URL; filled while the page loads. Answers from the cache are none."""
    client = page.context.new_cdp_session(page)
    client.send("Network.enable")
    urls: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def answered(event: dict[str, Any]) -> None:
        if not event["response"].get("fromDiskCache"):
            urls[event["requestId"]] = event["response"]["url"]

    def finished(event: dict[str, Any]) -> None:
        if url := urls.get(event["requestId"]):
            sizes[url] = sizes.get(url, 0) + int(event["encodedDataLength"])

    client.on("Network.responseReceived", answered)
    client.on("Network.loadingFinished", finished)
    return sizes


def _main_tasks(events: list[dict[str, Any]]) -> list[float]:
    """The processor time of every task of the page's main thread, in microseconds."""
    main = {
        (one["pid"], one["tid"])
        for one in events
        if one.get("name") == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    return [
        one["tdur"]
        for one in events
        if one.get("name", "").endswith("RunTask") and "tdur" in one and (one["pid"], one["tid"]) in main
    ]


def _tell(seen: dict[str, Seen]) -> None:
    floor, timeline = next(iter(seen)), "timeline, 3,000 operations"
    for title, kind in (("Painted, empty cache", "cold"), ("Painted, filled cache", "warm")):
        timings = {name: [one / 1e3 for one in getattr(page, kind)] for name, page in seen.items()}
        blank = report.rows(f"{title}, {ROUNDS} rounds in turn", timings, floor)
        print("x blank: " + " | ".join(f"{name} {ratio:.1f}" for name, ratio in blank.items()))
        others = [name for name in blank if name not in (floor, timeline)]
        print("x the timeline: " + " | ".join(f"{name} {blank[name] / blank[timeline]:.1f}" for name in others))
    heads = ("requests*", "blocking", "KB sent", "KB of HTML", "tasks > 50 ms", "longest ms")
    print(
        "\n*before the first paint; KB: compressed, with a filled cache\n"
        + " " * 30
        + "".join(f"{head:>14}" for head in heads)
    )
    for name, page in seen.items():
        long = sum(one > LONG for one in page.tasks)
        figures = (
            *(max(page.before), max(page.blocking)),
            *(
                f"{max(page.bytes_warm) / 1024:.1f}",
                f"{page.document / 1024:.1f}",
                long,
                f"{max(page.tasks) / 1000:.0f}",
            ),
        )
        print(f"{name:30}" + "".join(f"{one:>14}" for one in figures))


if __name__ == "__main__":
    sys.exit(main())
