"""The whole demo as one object: the emulator's parts wired together behind an HTTP server.

``with Backend() as backend: boto3.client("lambda", endpoint_url=backend.url, ...)`` is all a test needs.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import boto3
from aws_durable_execution_sdk_python_testing.checkpoint.processor import CheckpointProcessor
from aws_durable_execution_sdk_python_testing.child_dispatcher import FunctionRegistry, InProcessChildDispatcher
from aws_durable_execution_sdk_python_testing.client import InMemoryServiceClient
from aws_durable_execution_sdk_python_testing.clock import RealClock
from aws_durable_execution_sdk_python_testing.scheduler import Scheduler
from aws_durable_execution_sdk_python_testing.stores.memory import InMemoryExecutionStore
from aws_durable_execution_sdk_python_testing.threads import DaemonThreadPool
from aws_durable_execution_sdk_python_testing.worker.registry import ExecutionRegistry
from botocore.config import Config

from demo.arns import REGION
from demo.catalog import Catalog, build_catalog
from demo.engine import DemoExecutor, DemoInvoker, chained_context
from demo.heal import Healer
from demo.listing import ExecutionIndex
from demo.server import DemoServer

# A handler holds its thread while a step runs; the emulator's default (cores + 4) lets a burst queue up.
INVOCATION_THREADS = 16
INVOCATION_TIMEOUT_SECONDS = 60


class Backend:
    """Start it, use ``url``, stop it; ``port`` 0 takes a free one. Everything is kept in memory.

    ``host`` is another address than the loopback's only inside a network of containers.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1") -> None:
        self.modified = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        self.start_lock = threading.Lock()
        self.index = ExecutionIndex()
        self.catalog: Catalog = build_catalog(self.client)
        self._scheduler = Scheduler()
        store = InMemoryExecutionStore()
        self.registry = ExecutionRegistry(store, self._scheduler)
        self.executor = self._build_executor(store)
        self.healer = Healer(self)
        self._server = DemoServer((host, port), self)
        self.port: int = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def _build_executor(self, store: InMemoryExecutionStore) -> DemoExecutor:
        clock = RealClock()
        processor = CheckpointProcessor(store=store, scheduler=self._scheduler, clock=clock)
        client = InMemoryServiceClient(processor, self.registry)
        invoker = DemoInvoker(_no_such_function, client, region=REGION)
        functions = self._register(invoker)
        dispatcher = InProcessChildDispatcher(functions, chained_context, INVOCATION_TIMEOUT_SECONDS, clock)
        executor = DemoExecutor(
            store=store,
            scheduler=self._scheduler,
            invoker=invoker,
            checkpoint_processor=processor,
            invocation_timeout_seconds=INVOCATION_TIMEOUT_SECONDS,
            registry=self.registry,
            clock=clock,
            child_dispatcher=dispatcher,
            region=REGION,
            catalog=self.catalog,
            on_created=self.index.add,
        )
        executor.use_pool(DaemonThreadPool(INVOCATION_THREADS, "demo-invocation"))
        processor.add_execution_observer(executor)
        processor.set_chained_invoke_preflight(executor.preflight_chained_invoke)
        return executor

    def _register(self, invoker: DemoInvoker) -> FunctionRegistry:
        """Every function twice: for invocations of its executions, and as the target of a chained invoke."""
        functions = FunctionRegistry()
        for spec in self.catalog.specs.values():
            invoker.register(spec.name, spec.handler)
            functions.register(
                spec.name,
                spec.handler,
                is_durable=spec.durable,
                execution_timeout_seconds=spec.execution_timeout or 0,
                retention_period_days=spec.retention_days,
            )
        return functions

    def client(self) -> Any:
        """A boto3 Lambda client on this endpoint, with credentials that nobody checks."""
        return boto3.Session("demo", "demo", region_name=REGION).client(
            "lambda", endpoint_url=self.url, config=Config(retries={"total_max_attempts": 1})
        )

    def start(self) -> None:
        """Serve in threads of its own."""
        self._scheduler.start()  # type: ignore[no-untyped-call]
        self.healer.start()
        serve = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="demo-http", daemon=True)
        serve.start()

    def stop(self) -> None:
        """End within a second or so; executions under way are dropped."""
        self.healer.stop()
        self._server.shutdown()
        self._server.server_close()
        self.executor.shutdown()
        self.registry.shutdown()
        self._scheduler.stop()  # type: ignore[no-untyped-call]

    def __enter__(self) -> Backend:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


def _no_such_function(_event: Any, _context: Any) -> Any:
    raise LookupError("no such function")
