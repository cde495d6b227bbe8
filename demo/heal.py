"""Wakes executions that the emulator has left lying.

Under concurrent retries the emulator can deliver a retry that has come due to a handler that is just suspending: the
step is READY, no invocation is under way, and no timer will ever fire again. The service invokes the function in such
a case, so this does too. The other rules cover timers lost in the same manner.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING

from aws_durable_execution_sdk_python.lambda_service import Operation, OperationStatus, OperationType
from aws_durable_execution_sdk_python_testing.clock import real_now
from aws_durable_execution_sdk_python_testing.worker.status import InvocationState

from demo.journal import JournaledExecution

if TYPE_CHECKING:
    from demo.backend import Backend

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
# How long an execution must have looked stuck; a healthy one passes through such states in milliseconds.
PATIENCE_SECONDS = 2.0


class Healer(threading.Thread):
    """Looks at all running executions once a second."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(name="demo-heal", daemon=True)
        self._backend = backend
        self._suspects: dict[str, float] = {}
        self._stop_event = threading.Event()
        self.healed = 0

    def run(self) -> None:
        while not self._stop_event.wait(INTERVAL_SECONDS):
            try:
                self.look()
            except Exception:
                logger.exception("looking for stuck executions failed")

    def stop(self) -> None:
        """End the thread at its next wake-up."""
        self._stop_event.set()

    def look(self) -> None:
        """Re-invoke what has been stuck for as long as patience lasts."""
        now, stuck = time.monotonic(), set()
        for execution in self._backend.index.running():
            arn = execution.durable_execution_arn
            if not self._is_stuck(execution):
                continue
            stuck.add(arn)
            since = self._suspects.setdefault(arn, now)
            if now - since >= PATIENCE_SECONDS:
                self._suspects[arn] = now
                self._wake(execution)
        self._suspects = {arn: since for arn, since in self._suspects.items() if arn in stuck}

    def _is_stuck(self, execution: JournaledExecution) -> bool:
        if execution.pausing.status != "RUNNING":
            return False
        worker = self._backend.registry.get(execution.durable_execution_arn)
        if worker is not None and worker.status is InvocationState.INVOKING:
            return False
        operations, now = execution.get_navigable_operations()[1:], real_now()
        if any(operation.status is OperationStatus.READY for operation in operations):
            return True
        if any(_overdue(operation, now) for operation in operations):
            return True
        return bool(execution.invocation_completions) and not any(_pending(operation) for operation in operations)

    def _wake(self, execution: JournaledExecution) -> None:
        arn = execution.durable_execution_arn
        self.healed += 1
        logger.info("waking %s", arn)
        # Completes what is overdue, if anything, and arms the next timer; the invocation delivers the rest.
        self._backend.executor.wake(arn)


def _overdue(operation: Operation, now: datetime) -> bool:
    due = None
    if operation.operation_type is OperationType.WAIT and operation.status is OperationStatus.STARTED:
        due = operation.wait_details.scheduled_end_timestamp if operation.wait_details else None
    elif operation.operation_type is OperationType.STEP and operation.status is OperationStatus.PENDING:
        due = operation.step_details.next_attempt_timestamp if operation.step_details else None
    return due is not None and due < now


def _pending(operation: Operation) -> bool:
    """Whether the execution rightly waits for this operation."""
    if operation.operation_type is OperationType.STEP:
        return operation.status is OperationStatus.PENDING
    waits = (OperationType.WAIT, OperationType.CALLBACK, OperationType.CHAINED_INVOKE)
    return operation.operation_type in waits and operation.status is OperationStatus.STARTED
