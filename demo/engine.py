"""The emulator's executor and invoker, with the few behaviours of the service that they lack."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from aws_durable_execution_sdk_python.execution import (
    DurableExecutionInvocationInput,
    DurableExecutionInvocationInputWithClient,
)
from aws_durable_execution_sdk_python.lambda_service import ErrorObject
from aws_durable_execution_sdk_python_testing.child_dispatcher import ChainedInvokeRequest
from aws_durable_execution_sdk_python_testing.execution import Execution
from aws_durable_execution_sdk_python_testing.executor import Executor
from aws_durable_execution_sdk_python_testing.invoker import InProcessInvoker, InvokeResponse
from aws_durable_execution_sdk_python_testing.model import LambdaContext, StartDurableExecutionInput
from aws_durable_execution_sdk_python_testing.threads import DaemonThreadPool
from aws_durable_execution_sdk_python_testing.worker.checkpoint_tasks import CallableTask

from demo.arns import LATEST, execution_arn, function_arn
from demo.catalog import Catalog
from demo.journal import JournaledExecution


def lambda_context(identifier: str, request_id: str) -> LambdaContext:
    """The context a handler gets; ``identifier`` is NAME or NAME:VERSION."""
    name, _, version = identifier.partition(":")
    return LambdaContext(
        aws_request_id=request_id,
        log_group_name=f"/aws/lambda/{name}",
        log_stream_name="demo",
        function_name=name,
        memory_limit_in_mb="256",
        function_version=version or LATEST,
        invoked_function_arn=function_arn(name, version or None),
    )


def chained_context(request: ChainedInvokeRequest) -> LambdaContext:
    """The context of a plain function that a durable one invokes."""
    return lambda_context(request.invoke_identifier(), str(uuid.uuid4()))


class DemoInvoker(InProcessInvoker):
    """Gives every invocation a RequestId of its own; the emulator uses one constant for all."""

    def invoke(
        self,
        function_name: str,
        input: DurableExecutionInvocationInput,
        endpoint_url: str | None = None,
        tenant_id: str | None = None,
        account_id: str | None = None,
        region_name: str | None = None,
    ) -> InvokeResponse:
        request_id = str(uuid.uuid4())
        event = DurableExecutionInvocationInputWithClient.from_durable_execution_invocation_input(
            input, self.service_client
        )
        handler = self._resolve_handler(function_name)
        output = handler(event, lambda_context(function_name, request_id))
        return InvokeResponse.from_output(output, request_id)


class DemoExecutor(Executor):
    """Creates executions with AWS-shaped ARNs and journals, and never lets a terminal status change."""

    def __init__(self, *args: Any, catalog: Catalog, on_created: Callable[[JournaledExecution], None], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._catalog = catalog
        self._on_created = on_created

    def use_pool(self, pool: DaemonThreadPool) -> None:
        """Run handlers on another pool than the emulator's small one; before the first invocation."""
        self._invocation_pool.shutdown()
        self._invocation_pool = pool

    def _create_execution(
        self,
        input: StartDurableExecutionInput,
        parent_execution_arn: str | None = None,
    ) -> Execution:
        spec = self._catalog.specs[input.function_name]
        version = spec.version_of(input.function_qualifier)
        # The SDK looks for the execution's input under the last segment of the ARN: it must be this id.
        execution_id = input.invocation_id or str(uuid.uuid4())
        start = replace(input, invocation_id=execution_id, function_qualifier=version)
        arn = execution_arn(input.function_name, version, input.execution_name, execution_id)
        execution = JournaledExecution(arn, start)
        execution.region = self._region
        execution.parent_execution_arn = parent_execution_arn
        execution.start(now=self._clock.now())
        self._store.save(execution)
        self._on_created(execution)
        return execution

    def on_timed_out(self, execution_arn: str, error: ErrorObject) -> None:
        """Later, when the timeout stood still during a pause."""
        execution = self._store.load(execution_arn)
        left = execution.pausing.time_left() if isinstance(execution, JournaledExecution) else 0.0
        if left > 0:
            self._scheduler.call_later(lambda: self.on_timed_out(execution_arn, error), delay=left)
        else:
            super().on_timed_out(execution_arn, error)

    def _apply_timeout(self, execution_arn: str, error: ErrorObject) -> None:
        # The timer may fire just as the execution ends by itself.
        if not self._store.load(execution_arn).is_complete:
            super()._apply_timeout(execution_arn, error)

    def wake(self, execution_arn: str) -> None:
        """Complete what is overdue, then invoke; for executions that no timer will wake any more."""
        task = CallableTask(lambda: self._fire_due_operations(execution_arn))
        self._registry.submit(execution_arn, task).result(timeout=5)
        self._invoke_execution(execution_arn)
