"""A push queue that is never what a benchmark waits for: what the mirror uses of SQS's JSON protocol, in memory.

moto's server, which the tests use, takes longer for a call than the mirror does for the messages in it.
"""

import itertools
import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HIDDEN = 30.0
"""Seconds after which a message that was received and not deleted is handed out again."""


class Queue:
    """`received` has when each message was first handed out, by its body."""

    def __init__(self) -> None:
        self.url, self.received = "", dict[str, float]()
        self._bodies: dict[str, str] = {}
        self._waiting: deque[str] = deque()
        self._hidden: dict[str, float] = {}
        self._numbers = itertools.count(1)
        self._some = threading.Condition()

    def send(self, bodies: list[str]) -> None:
        with self._some:
            for body in bodies:
                key = str(next(self._numbers))
                self._bodies[key] = body
                self._waiting.append(key)
            self._some.notify_all()

    def left(self) -> int:
        with self._some:
            return len(self._bodies)

    def answer(self, action: str, asked: dict[str, Any]) -> dict[str, Any]:
        if action == "ReceiveMessage":
            keys = self._take(asked.get("MaxNumberOfMessages", 1), asked.get("WaitTimeSeconds", 0))
            return {"Messages": [{"MessageId": key, "ReceiptHandle": key, "Body": self._bodies[key]} for key in keys]}
        if action == "DeleteMessageBatch":
            with self._some:
                for entry in asked["Entries"]:
                    self._bodies.pop(entry["ReceiptHandle"], None)
                    self._hidden.pop(entry["ReceiptHandle"], None)
            return {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]], "Failed": []}
        return {"Attributes": {"ApproximateNumberOfMessages": str(self.left())}}

    def _take(self, most: int, seconds: float) -> list[str]:
        with self._some:
            now = time.monotonic()
            back = [key for key, until in self._hidden.items() if until <= now]
            self._waiting.extend(back)
            self._some.wait_for(lambda: bool(self._waiting), seconds)
            now = time.monotonic()
            keys = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            for key in keys:
                self._hidden[key] = now + HIDDEN
                self.received.setdefault(self._bodies[key], time.time())
            return keys


@contextmanager
def serving() -> Iterator[Queue]:
    queue = Queue()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            action = self.headers["X-Amz-Target"].rpartition(".")[2]
            body = json.dumps(queue.answer(action, asked)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    queue.url = f"http://127.0.0.1:{httpd.server_address[1]}/123456789012/push"
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    try:
        yield queue
    finally:
        httpd.shutdown()
