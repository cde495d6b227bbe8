"""The inbox with 10,000 open callbacks against a "hello" view, in one interleaved run; then, on the demo, how long a
callback takes from being opened at AWS to an inbox that somebody looks at.
"""

import datetime as dt
import gzip
import http.client
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench import report
from bench.pages import prepare, serve, session_of

CALLBACKS = int(os.environ.get("BENCH_CALLBACKS", "10000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "150"))
SECONDS = int(os.environ.get("BENCH_LIVE_SECONDS", "60"))
OBSERVE = """() => {
  window.seen = {};
  const note = () => document.querySelectorAll("tr[data-callback-id]").forEach((row) => {
    window.seen[row.dataset.callbackId] ??= Date.now() / 1000;
  });
  note();
  window.since = Date.now() / 1000;
  window.known = Object.keys(window.seen);
  new MutationObserver(note).observe(document.querySelector("main"), {childList: true, subtree: true}); }"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        _fill()
        with serve() as port:
            _measure(port, session_of("approver"))
    return _live()


def _fill() -> None:
    """Every tenth without a timeout, every fifth with heartbeats, every twentieth claimed."""
    from executions.models import Callback, Claim
    from tests import factories

    functions = [factories.function(f"function-{number}") for number in range(20)]
    by = factories.user("approver", "ada")
    made: list[Callback] = []
    for function in functions:
        for execution in factories.executions(function, CALLBACKS // len(functions), "RUNNING"):
            n = len(made)
            made.append(
                Callback(
                    execution=execution,
                    function=function,
                    operation_id=f"op-{n}",
                    callback_id=f"callback-{n}",
                    name=f"approval {n % 7}",
                    status="STARTED",
                    opened_at=factories.ago(n),
                    timeout_at=None if n % 10 == 0 else factories.ago(-10 * n - 60),
                    heartbeat_seconds=900 if n % 5 == 0 else None,
                    about=f"orderId order-{n} · amount {n}.80 · customer name Ana · reason arrived cold",
                )
            )
    rows = Callback.objects.bulk_create(made, batch_size=2_000)
    Claim.objects.bulk_create(
        [Claim(callback=one, user=by, username="ada", since=factories.ago()) for one in rows[::20]]
    )


def _measure(port: int, session: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Cookie": f"sessionid={session}", "Accept-Encoding": "gzip"}
    micro = dt.timedelta(microseconds=1)
    deep = (dt.datetime.now(tz=dt.UTC) + dt.timedelta(hours=14) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // micro

    def get(path: str) -> tuple[float, bytes]:
        began = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status)
        return time.perf_counter() - began, body

    paths = {
        "hello (floor)": "/bench/hello/",
        f"inbox, {CALLBACKS:,} open callbacks": "/inbox/",
        "inbox, a page from the middle": f"/inbox/?after={deep}-0-1",
        "inbox, overdue soon": "/inbox/?state=soon",
        "inbox, no timeout": "/inbox/?state=endless",
        "inbox, heartbeat about to lapse": "/inbox/?state=lapsing",
        "inbox, claimed by nobody, one function": "/inbox/?who=free&function=function-3",
        "one callback beside the rows": "/inbox/100/?",
    }
    timings: dict[str, list[float]] = {name: [] for name in paths}
    for number in range(ROUNDS + 5):
        for name, path in paths.items():
            seconds, body = get(path) if "beside" not in name else _fragment(connection, path, headers)
            assert name == "hello (floor)" or b"callback" in gzip.decompress(body)
            if number >= 5:
                timings[name].append(seconds)
    print(f"machine: {report.machine()}")
    report.rows(f"Server time, {ROUNDS} rounds in turn", timings, "hello (floor)")


def _fragment(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> tuple[float, bytes]:
    began = time.perf_counter()
    connection.request("GET", path, headers={**headers, "HX-Request": "true"})
    body = connection.getresponse().read()
    return time.perf_counter() - began, body


def _live() -> int:
    from bench.live import demo_up

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        print("Chromium is needed: install it, or set CHROMIUM to its path")
        return 1
    with demo_up() as (_, base, database):
        _tell(database, *_watch(chromium, base))
    return 0


def _watch(chromium: str, base: str) -> tuple[dict[str, float], float]:
    """-> when each callback that came while the inbox was open became visible, in epoch seconds, by its id here; and
    since when it was open.
    """
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        page = browser.new_page()
        page.goto(base + "/login/")
        page.locator("[name=username]").fill("viewer")
        page.locator("[name=password]").fill("viewer")
        page.keyboard.press("Enter")
        page.wait_for_url(base + "/")
        page.goto(base + "/inbox/")
        page.locator("main h1").wait_for()
        page.evaluate(OBSERVE)
        time.sleep(SECONDS)
        seen: dict[str, float] = page.evaluate("window.seen")
        known: list[str] = page.evaluate("window.known")
        since: float = page.evaluate("window.since")
        browser.close()
    return {key: at for key, at in seen.items() if key not in known}, since


def _tell(database: Path, seen: dict[str, float], since: float) -> None:
    """The mirror's own rows have AWS's times: when each callback was opened there. What was opened before anybody
    looked, while the demo still started, says nothing.
    """
    import sqlite3

    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as mirror:
        rows = mirror.execute("SELECT id, opened_at FROM executions_callback").fetchall()
    opened = {str(pk): dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC).timestamp() for pk, at in rows}
    late = sorted(at - opened[key] for key, at in seen.items() if opened.get(key, 0) > since)
    print(f"\nCallback opened at AWS to visible in the inbox, {len(late)} in {SECONDS} s of the demo's usual traffic")
    if late:
        p95 = late[min(len(late) - 1, int(len(late) * 0.95))]
        print(f"min {late[0]:.2f} s   p50 {statistics.median(late):.2f} s   p95 {p95:.2f} s   max {late[-1]:.2f} s")


if __name__ == "__main__":
    sys.exit(main())
