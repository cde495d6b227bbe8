"""Core tests: the real mirror and actions on a database, over a Lambda API in memory."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from executions import histories
from executions.gateway import budget
from executions.gateway.connections import Connection
from executions.models import Execution
from tests.fakes import EPOCH, REGION, FakeLambda


@pytest.fixture
def now() -> dt.datetime:
    return dt.datetime.fromtimestamp(EPOCH + 1000, tz=dt.UTC)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    """The truth at AWS; every module that asks for the ambient connection gets one to it. The call budget is out of
    the way.
    """
    fake = FakeLambda()
    connection = Connection(name="default", region=REGION, client=fake)
    for module in (
        "executions.sync.functions",
        "executions.sync.executions",
        "executions.sync.history",
        "executions.actions.perform",
    ):
        monkeypatch.setattr(f"{module}.ambient", lambda: connection)
    monkeypatch.setattr(budget, "acquire", lambda *_, **__: None)
    monkeypatch.setattr(budget, "pause", lambda *_, **__: None)
    return fake


@pytest.fixture
def stored(db: None) -> Callable[[str], list[dict[str, Any]]]:
    """The events that the mirror holds of an execution, as AWS wrote them."""
    return lambda arn: histories.wire_events(Execution.objects.get(arn=arn), with_payloads=True)
