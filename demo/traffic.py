"""Customers and baristas: starts executions at a human pace, and answers some of their callbacks.

A few callbacks always stay open, so that a person has something to answer.
"""

from __future__ import annotations

import json
import logging
import math
import random
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_durable_execution_sdk_python.lambda_service import ErrorObject, OperationStatus, OperationType

from demo.arns import FunctionRef
from demo.invoking import start_execution
from demo.journal import JournaledExecution
from demo.orders import FORGOTTEN_SECONDS, Start, Till

if TYPE_CHECKING:
    from demo.backend import Backend

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.25
# Seconds between two starts.
PACE = (2.5, 6.0)
# How many callbacks are left for people; above the higher number the oldest is answered at once.
LEAVE_OPEN, AT_MOST_OPEN = 4, 6
# Seconds until a barista looks at an order.
LOOKS_AFTER = (4.0, 25.0)
HEARTBEAT_SECONDS = 120.0
OPEN_TABS = 2
SERVED = 6  # operations of a tab before it may be closed, about three rounds: one that served nothing shows nothing
# A chained child counts too: an order may become two executions.
WEIGHT = {"coffee-order": 2}
BARISTAS = ("Ana", "Bjørn", "千夏", "Tariq")
REFUSALS = ("out of oat milk", "the machine is being cleaned", "we close in <b>2</b> minutes")


@dataclass
class Ticket:
    """One open callback, and when a barista will look at it (monotonic seconds)."""

    callback_id: str
    look_at: float
    beat_at: float


class Traffic(threading.Thread):
    """Runs until stopped; starts nothing more once ``cap`` executions exist. What others started it leaves alone."""

    def __init__(self, backend: Backend, *, cap: int, seed: int | None = None) -> None:
        super().__init__(name="demo-traffic", daemon=True)
        self._backend = backend
        self._cap = cap
        self._till = Till(seed)
        self._random = random.Random(seed)
        self._tickets: dict[str, Ticket] = {}
        self._client: Any = None
        self._spent = 0
        self._own: set[str] = set()
        self._stop_event = threading.Event()

    def run(self) -> None:
        self._client = self._backend.client()
        for start in self._till.opening():
            self._start(start)
            time.sleep(0.1)
        opened = time.monotonic()
        next_start = opened + 3.0
        while not self._stop_event.wait(TICK_SECONDS):
            now = time.monotonic()
            try:
                if now >= next_start:
                    next_start = now + self._random.uniform(*PACE)
                    self._start(self._till.next(long_wait=self._cap - self._spent <= 2 * LEAVE_OPEN))
                self._serve_bar(now)
                if now - opened > 4.0:
                    self._close_tabs()
            except Exception:
                logger.exception("traffic stumbled")

    def stop(self) -> None:
        """Start and answer nothing more."""
        self._stop_event.set()
        self.join(5)

    def open_callbacks(self) -> list[str]:
        """The ids of all callbacks that nobody has answered."""
        return [i for execution in self._backend.index.running() for i in open_callbacks(execution)]

    def _start(self, start: Start) -> None:
        weight = WEIGHT.get(start.function, 1)
        if self._spent + weight > self._cap:
            return
        self._spent += weight
        self._own.add(start.name)
        spec, version = self._backend.catalog.find(FunctionRef(start.function, start.qualifier))
        payload = json.dumps(start.payload, ensure_ascii=False)
        start_execution(self._backend, spec, payload, name=start.name, version=version)

    def _serve_bar(self, now: float) -> None:
        """Answer what a barista has looked at, unless too few would stay open; keep the others alive."""
        self._refresh_tickets(now)
        waiting = sorted(self._tickets.values(), key=lambda ticket: ticket.look_at)
        spare = len(waiting) - LEAVE_OPEN
        for ticket in waiting:
            if spare > 0 and (now >= ticket.look_at or spare > AT_MOST_OPEN - LEAVE_OPEN):
                spare -= 1
                self._tickets[ticket.callback_id].look_at = now + 60
                self._call_barista(ticket.callback_id, self._decision())
            elif now >= ticket.beat_at:
                ticket.beat_at = now + HEARTBEAT_SECONDS
                self._call_barista(ticket.callback_id, {"decision": "heartbeat"})

    def _refresh_tickets(self, now: float) -> None:
        found = {}
        for execution in filter(self._is_order, self._backend.index.running()):
            for callback_id in open_callbacks(execution):
                found[callback_id] = self._tickets.get(callback_id) or self._new_ticket(execution, callback_id, now)
        self._tickets = found

    def _new_ticket(self, execution: JournaledExecution, callback_id: str, now: float) -> Ticket:
        # An order that waits for a minute only is meant to be forgotten, so that one sees what happens then.
        order = json.loads(execution.start_input.input or "{}")
        forgotten = isinstance(order, dict) and order.get("callbackTimeout") == FORGOTTEN_SECONDS
        look_at = math.inf if forgotten else now + self._random.uniform(*LOOKS_AFTER)
        return Ticket(callback_id, look_at, now + HEARTBEAT_SECONDS)

    def _is_order(self, execution: JournaledExecution) -> bool:
        """What a barista may answer: the managers' approvals are left to people."""
        return self._is_own(execution) and execution.start_input.function_name == "coffee-order"

    def _is_own(self, execution: JournaledExecution) -> bool:
        return execution.start_input.execution_name in self._own

    def _decision(self) -> dict[str, Any]:
        barista = self._random.choice(BARISTAS)
        if self._random.random() < 0.15:
            return {"decision": "decline", "barista": barista, "reason": self._random.choice(REFUSALS)}
        return {"decision": "accept", "barista": barista}

    def _call_barista(self, callback_id: str, decision: dict[str, Any]) -> None:
        payload = json.dumps({"callbackId": callback_id, **decision}).encode()
        self._client.invoke(FunctionName="barista-callback", InvocationType="Event", Payload=payload)

    def _close_tabs(self) -> None:
        """Stop the tabs beyond the few that stay open, newest first: the oldest shows a long history."""
        own = [execution for execution in self._backend.index.of_function("open-tab") if self._is_own(execution)]
        tabs = [execution for execution in own if not execution.finished.is_set()]
        closed_one = len(tabs) < len(own)
        keep = OPEN_TABS if closed_one else 1
        for tab in tabs[keep:]:
            if len(tab.get_assertable_operations()) < SERVED:
                continue
            error = ErrorObject("Last orders were at ten", "ShiftOver", json.dumps({"by": "night shift"}), None)
            self._backend.executor.stop_execution(tab.durable_execution_arn, error)


def open_callbacks(execution: JournaledExecution) -> list[str]:
    """The ids of an execution's callbacks that nobody has answered."""
    return [
        operation.callback_details.callback_id
        for operation in execution.get_navigable_operations()
        if operation.operation_type is OperationType.CALLBACK
        and operation.status is OperationStatus.STARTED
        and operation.callback_details
    ]
