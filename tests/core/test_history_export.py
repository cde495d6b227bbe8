"""history.json is what AWS answered, page for page and value for value."""

import json
from typing import Any

import orjson
import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from executions.history_pages import CUT_ABOVE
from executions.models import Execution
from tests import factories
from tests.fakes import FakeLambda, default_connection
from tests.unit.wires import json_values, wire_events

pytestmark = [pytest.mark.core, pytest.mark.django_db]

odd_payloads = st.one_of(
    st.text(min_size=CUT_ABOVE - 1, max_size=CUT_ABOVE + 2),
    st.text(max_size=30).map(lambda text: text.ljust(CUT_ABOVE + 1, "é")),
    st.fixed_dictionaries({"$cut": json_values}),
    st.fixed_dictionaries({"ErrorType": st.text(max_size=5), "ErrorData": st.just("x" * (CUT_ABOVE + 1))}),
    json_values,
)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """The bytes of a whole answer; some payloads are those that are stored apart, or look as if they were."""
    events: list[dict[str, Any]] = draw(wire_events())
    for event in events:
        if draw(st.booleans()):
            event["StepSucceededDetails"] = {"Result": {"Payload": draw(odd_payloads), "Truncated": False}}
    return json.dumps({"Events": events}).encode()


@examples(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=answers(), page_items=st.integers(1, 7))
def test_the_exported_history_equals_the_bytes_of_aws_after_parsing(
    admin: Any, aws: FakeLambda, body: bytes, page_items: int
) -> None:
    told = orjson.loads(body)
    execution = factories.execution(factories.function(connection=default_connection()))
    aws.page_items = page_items
    aws.executions[execution.arn] = {"Status": "RUNNING"}
    aws.events[execution.arn] = told["Events"]
    client = Client()
    client.force_login(admin)
    answer = client.get(f"/executions/{execution.pk}/history.json")
    assert answer.status_code == 200
    assert orjson.loads(answer.content) == orjson.loads(body)
    assert Execution.objects.get(pk=execution.pk).history_pages.count() == (1 if told["Events"] else 0)
