"""Mirroring one history of about 9,000 events, against the floor and against what one would write first.

floor    sign the requests, fetch the pages over plain HTTP one after another, read them with orjson, write all events
         as one JSON, compressed at zstd's usual level, in one row
least    the same, but what was read is of no use: compressed, at our quicker level, is what came as it came
ours     executions.sync.history.pull: through boto3, with storing, the columns of the lists, the rows of callbacks
naively  boto3's own parser and one database row an event, in one bulk_create

A server in another process plays AWS. It answers at once, so that nothing but our own work is measured; then all is
measured again with each of DELAYS before every answer, which all four wait for ten times.
The budget is out of the way (a history of ten pages is two thirds of a second's quota).
"""

import gc
import http.client
import multiprocessing
import os
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import zstandard

from bench import report

ROUNDS = int(os.environ.get("BENCH_HISTORY_ROUNDS", "7"))
PAGE = 1000
DELAYS = (0.002, 0.010)
"""Seconds after which an answer comes: two milliseconds are less than a network takes; ten are still less than the 16
that requests with tiny answers take at least within a Region (bench/README.md has the source).
"""
Way = Callable[[Any], None]
"""Mirrors the history of the execution that it is given."""
FLOOR, LEAST = "raw signed fetch + orjson + one write (floor)", "the same, written as it came (least)"
OURS, NAIVE = "ours", "boto3 + bulk_create"


def main() -> int:
    pages = _pages()
    port, wait = multiprocessing.Value("i", 0), multiprocessing.Value("d", 0.0)
    server = multiprocessing.get_context("fork").Process(target=_serve, args=(pages, port, wait), daemon=True)
    server.start()
    while not port.value:
        time.sleep(0.01)
    try:
        with tempfile.TemporaryDirectory() as folder:
            _measure(Path(folder), port.value, wait, pages)
    finally:
        server.terminate()
    return 0


def _pages() -> dict[str, bytes]:
    """By marker, oldest first; and the newest page under "newest"."""
    from tests.histories import big_history

    events = big_history(operations=3250)
    starts = range(0, len(events), PAGE)
    pages = {
        str(at): orjson.dumps(
            {"Events": events[at : at + PAGE], **({"NextMarker": str(at + PAGE)} if at + PAGE < len(events) else {})}
        )
        for at in starts
    }
    return pages | {"newest": orjson.dumps({"Events": events[: -PAGE - 1 : -1], "NextMarker": "older"})}


def _serve(pages: dict[str, bytes], port: Any, wait: Any) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One segment for the headers and one for the body would wait for each other.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            newest = query.get("ReverseOrder") == ["true"]
            body = pages["newest" if newest else query.get("Marker", ["0"])[0]]
            if wait.value:
                time.sleep(wait.value)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    port.value = httpd.server_address[1]
    httpd.serve_forever()


def _measure(folder: Path, port: int, wait: Any, pages: dict[str, bytes]) -> None:
    os.environ |= {
        "DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "dashboard.settings",
        "REDIS_URL": "",
        "AWS_ENDPOINT_URL_LAMBDA": f"http://127.0.0.1:{port}",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
    }
    import django

    django.setup()
    from django.core.management import call_command

    from executions.gateway import budget

    call_command("migrate", verbosity=0)
    budget.acquire = lambda *_, **__: None
    least, floor = _floor(port, as_it_came=True), _floor(port, as_it_came=False)
    ways: dict[str, Way] = {LEAST: least, FLOOR: floor, OURS: _ours(), NAIVE: _naive()}
    make = _fresh()
    for way in ways.values():
        way(make())
    print(f"machine: {report.machine()}")
    title = f"One history of {len(pages) - 1} pages, {ROUNDS} rounds in turn"
    timings, processor = _in_turn(ways, make)
    report.rows(title, timings, FLOOR)
    report.rows("Processor time of the same rounds", processor, FLOOR)
    for delay in DELAYS:
        wait.value = delay
        timings, _ = _in_turn(ways, make)
        report.rows(f"{title}, each answered after {delay * 1000:.0f} ms", timings, FLOOR)
    _measure_parsing(list(pages.values()))


def _in_turn(ways: dict[str, Way], make: Callable[[], Any]) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds of each way's rounds, and seconds of processor time."""
    timings: dict[str, list[float]] = {name: [] for name in ways}
    processor: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            took, worked = _timed(way, make(), by_the_clock=name != NAIVE)
            timings[name].append(took)
            processor[name].append(worked)
    return timings, processor


def _timed(way: Way, execution: Any, *, by_the_clock: bool) -> tuple[float, float]:
    """Seconds, and seconds of processor time. `by_the_clock`: garbage is not collected meanwhile, as in our processes
    (dashboard/memory.py); else when Python does so by itself, as in a program that says nothing about it.
    """
    gc.collect()
    if by_the_clock:
        gc.disable()
    try:
        began, worked = time.perf_counter(), time.process_time()
        way(execution)
        return time.perf_counter() - began, time.process_time() - worked
    finally:
        gc.enable()


def _floor(port: int, *, as_it_came: bool) -> Way:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    from executions import history_pages
    from executions.models import HistoryPage

    signer = SigV4Auth(Credentials("bench", "bench"), "lambda", "us-east-1")

    def run(execution: Any) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        marker, bodies, events = "0", [], []
        while marker:
            path = f"/x/history?Marker={marker}&MaxItems={PAGE}"
            request = AWSRequest("GET", f"http://127.0.0.1:{port}{path}")
            signer.add_auth(request)
            connection.request("GET", path, headers=dict(request.headers))
            bodies.append(connection.getresponse().read())
            page = orjson.loads(bodies[-1])
            events += page["Events"]
            marker = page.get("NextMarker")
        if as_it_came:
            blob = zstandard.ZstdCompressor(history_pages.LEVEL).compress(b"\n".join(bodies))
        else:
            blob = zstandard.ZstdCompressor().compress(orjson.dumps(events))
        HistoryPage.objects.create(execution=execution, number=0, event_count=len(events), events=blob, payloads=b"")

    return run


def _ours() -> Way:
    from django.utils import timezone

    from executions.sync import history

    def run(execution: Any) -> None:
        history.pull(execution, now=timezone.now())

    return run


def _naive() -> Way:
    import boto3
    from django.db import connection, models

    class EventRow(models.Model):  # noqa: DJ008 - never shown
        execution_id = models.BigIntegerField()
        event_id = models.PositiveIntegerField()
        kind = models.CharField(max_length=60)
        at = models.DateTimeField()
        operation_id = models.CharField(max_length=200)
        name = models.CharField(max_length=300)
        details = models.JSONField()

        class Meta:
            app_label = "executions"

    with connection.schema_editor() as editor:
        editor.create_model(EventRow)
    client = boto3.client("lambda", region_name="us-east-1")

    def run(execution: Any) -> None:
        marker, events = None, []
        while True:
            given: dict[str, Any] = {"Marker": marker} if marker else {}
            page = client.get_durable_execution_history(DurableExecutionArn=execution.arn, MaxItems=PAGE, **given)
            events += page["Events"]
            if not (marker := page.get("NextMarker")):
                break
        EventRow._default_manager.bulk_create(_row(EventRow, execution.pk, event) for event in events)

    return run


def _row(model: Any, execution_id: int, event: Mapping[str, Any]) -> Any:
    details: Any = next((value for name, value in event.items() if name.endswith("Details")), {})
    return model(
        execution_id=execution_id,
        event_id=event["EventId"],
        kind=event["EventType"],
        at=event["EventTimestamp"],
        operation_id=event.get("Id", ""),
        name=event.get("Name", ""),
        details=orjson.loads(orjson.dumps(details, default=str)),
    )


def _measure_parsing(bodies: list[bytes]) -> None:
    """CPU time only: what the gateway makes of the bodies before botocore looks at them, and botocore itself."""
    from botocore.parsers import create_parser

    from executions.gateway.connections import reach

    client = reach("default").client
    model = client.meta.service_model.operation_model("GetDurableExecutionHistory")
    parser = create_parser(client.meta.service_model.resolved_protocol)

    def parse(body: bytes, *, quickly: bool) -> None:
        answer: dict[str, Any] = {"status_code": 200, "headers": {}, "body": body, "context": {}}
        if quickly:
            customised: dict[str, Any] = {}
            client.meta.events.emit(
                "before-parse.lambda.GetDurableExecutionHistory",
                operation_model=model,
                response_dict=answer,
                customized_response_dict=customised,
            )
        parser.parse(answer, model.output_shape)

    ways: dict[str, Callable[[bytes], object]] = {
        "orjson alone (floor)": orjson.loads,
        "ours, with botocore's parser after it": lambda body: parse(body, quickly=True),
        "botocore's parser": lambda body: parse(body, quickly=False),
    }
    timings: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            began = time.process_time()
            for body in bodies:
                way(body)
            timings[name].append(time.process_time() - began)
    report.rows("CPU time of parsing its pages", timings, "orjson alone (floor)")


def _fresh() -> Callable[[], Any]:
    """A new execution each time, so that every round stores everything. Making it is the listing's work, and taking it
    up, many at a time, the schedule's: not timed.
    """
    from executions.models import Execution
    from tests import factories

    function = factories.function()

    def make() -> Execution:
        made = factories.execution(function, history_due_at=None)
        return Execution.objects.select_related("function__connection").get(pk=made.pk)

    return make


if __name__ == "__main__":
    sys.exit(main())
