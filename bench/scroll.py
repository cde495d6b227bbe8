"""Scrolling through 3,000 operations and their 9,000 events in Chromium: long tasks, and looks that found no rows yet.

The two tabs and a plain page of as many lines take turns, so that the machine's moods hit all alike. A task is told by
the processor time that the browser's main thread spent on it: its duration on the clock is also that of whatever else
the machine did meanwhile.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bench import report
from bench.pages import serve_big

ROUNDS = int(os.environ.get("BENCH_SCROLL_ROUNDS", "3"))
LONG = 50_000  # microseconds
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
# "instant": a stylesheet that scrolls smoothly would make another distance of it on every page and machine.
SCROLL = """async (gap) => {
  const frame = () => new Promise(requestAnimationFrame);
  const height = document.documentElement.scrollHeight;
  let blank = 0, looks = 0;
  for (let y = 0; y < height; y += 700) {
    scrollTo({ top: y, behavior: "instant" });
    await frame(); await frame(); await frame();
    looks += 1;
    const middle = document.elementFromPoint(500, innerHeight / 2);
    if (gap && middle?.closest(gap)) blank += 1;
  }
  return { looks, blank };
}"""
PAGES = {
    "plain page (floor)": ("/bench/plain/", ""),
    "timeline, 3,000 operations": ("/executions/{}/", ".tl-gap"),
    "history, 9,000 events": ("/executions/{}/history/", ".gap-rows"),
}


def main() -> int:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        print("Chromium is needed: install it, or set CHROMIUM to its path")
        return 1
    print(f"machine: {report.machine()}")
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in PAGES}
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_big(Path(folder)) as (port, session, big),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        base = f"http://127.0.0.1:{port}"
        context.add_cookies([{"name": "sessionid", "value": session, "url": base}])
        for _ in range(ROUNDS):
            for name, (path, gap) in PAGES.items():
                found[name].append(_scroll(browser, context, base + path.format(big), gap))
        browser.close()
    print(f"\nScrolling to the end by 700 px every third frame, {ROUNDS} rounds in turn")
    for name, rounds in found.items():
        spent = sorted(task["tdur"] for one in rounds for task in one["tasks"])
        waited = sum(task["dur"] > LONG for one in rounds for task in one["tasks"])
        blank, looks = sum(one["blank"] for one in rounds), sum(one["looks"] for one in rounds)
        print(
            f"{name:28}{sum(one > LONG for one in spent):4} tasks over 50 ms of processor time, longest"
            f" {spent[-1] / 1000:.0f} ms; {waited} over 50 ms on the clock; {blank} of {looks} looks without rows"
        )
    return 0


def _scroll(browser: Browser, context: BrowserContext, url: str, gap: str) -> dict[str, Any]:
    page = context.new_page()
    page.goto(url)
    page.wait_for_timeout(700)
    browser.start_tracing(page=page, categories=["toplevel"])
    seen: dict[str, Any] = page.evaluate(SCROLL, gap)
    page.wait_for_timeout(1300)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    main = {
        (one["pid"], one["tid"])
        for one in events
        if one.get("name") == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    seen["tasks"] = [
        one
        for one in events
        if one.get("name", "").endswith("RunTask") and "tdur" in one and (one["pid"], one["tid"]) in main
    ]
    page.close()
    return seen


if __name__ == "__main__":
    sys.exit(main())
