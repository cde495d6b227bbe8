"""The API held against its own description: whatever is sent, the server never fails, and it answers as it says."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dashboard.api import api
from executions.actions import tokens
from executions.gateway.connections import Connection
from tests import factories
from tests.fakes import EPOCH, REGION, FakeLambda

pytestmark = [pytest.mark.web, pytest.mark.django_db]
SCHEMA = schemathesis.openapi.from_dict(api.get_openapi_schema())
SCHEMA.app = get_wsgi_application()
OPERATIONS = {found.label: found for found in (one.ok() for one in SCHEMA.get_all_operations())}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@dataclass
class Installation:
    """One with something to find: `known` are values of parameters that name it."""

    headers: dict[str, str]
    known: dict[str, Any]


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    aws = FakeLambda()
    connection = Connection(name="default", region=REGION, client=aws)
    for module in ("executions.actions.perform", "executions.sync.history", "executions.sync.executions"):
        monkeypatch.setattr(f"{module}.reach", lambda *_: connection)
    aws.add_function("coffee")
    arn = aws.start("coffee", "order-1")
    execution = factories.execution(factories.function("coffee"), arn=arn, name="order-1")
    callback = factories.callback(execution, callback_id=aws.open_callback(arn, EPOCH))
    factories.action(execution)
    _, token = tokens.make(factories.user("admin"), name="test", scopes=tokens.SCOPES, days=1, now=timezone.now())
    # A request through the whole of Django would close the connection that this test's transaction is in.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    known = {"execution_id": execution.pk, "callback_id": callback.pk, "arn": arn, "function": "coffee"}
    yield Installation({"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}, known)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("label", OPERATIONS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_api_answers_as_its_description_says(installation: Installation, label: str, data: st.DataObject) -> None:
    case = data.draw(OPERATIONS[label].as_strategy())
    for values in (case.path_parameters, case.query):
        for name in values or {}:
            if name in installation.known and data.draw(st.booleans(), label=f"a {name} that is known"):
                values[name] = installation.known[name]
    case.call_and_validate(headers=installation.headers, checks=CHECKS)
