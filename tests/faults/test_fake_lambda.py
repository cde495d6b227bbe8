"""The fake service itself: what unmodified boto3 gets from it is what AWS would say."""

import datetime as dt
import email.utils
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as some

from executions.gateway.connections import Connection
from tests.faults.clock import Clock
from tests.faults.conftest import Scene
from tests.faults.faults import Truthful
from tests.faults.server import MARKER_LIVES, Api, Request
from tests.faults.world import World
from tests.histories import Wire

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]


class Sizes(Truthful):
    """Pages of the given sizes, over and over."""

    def __init__(self, sizes: list[int]) -> None:
        self.sizes, self.at = sizes, 0

    def page_size(self, request: Request, size: int) -> int:
        self.at += 1
        return self.sizes[self.at % len(self.sizes)]

    def marks_the_end(self, request: Request) -> bool:
        return self.at % 2 == 0


@given(sizes=some.lists(some.integers(0, 5), min_size=1, max_size=6).filter(any), reverse=some.booleans())
def test_however_long_the_pages_are_every_event_is_told_once_and_in_order(sizes: list[int], reverse: bool) -> None:
    api = Api(World(Clock()), quotas={"history": 10_000})
    api.calls_left = 10_000
    run = api.world.start()
    for _ in range(6):
        api.world.step(run)
    api.faults = [Sizes(sizes)]
    told: list[Wire] = []
    query = {"ReverseOrder": [str(reverse).lower()], "MaxItems": ["1000"]}
    while True:
        answer = api.history(Request("GetDurableExecutionHistory", "history", run.arn, query))
        told += answer["Events"]
        if "NextMarker" not in answer:
            break
        query["Marker"] = [answer["NextMarker"]]
    assert told == (run.events[::-1] if reverse else run.events)


def refusal(call: Any, **request: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        call(**request)
    return raised.value.response  # type: ignore[return-value]


def test_stopping_and_answering_change_the_truth(scene: Scene, client: Connection) -> None:
    world, aws = scene().api.world, client.client
    first, second = world.start(), world.start()
    callback = world.open_callback(first)
    aws.send_durable_execution_callback_heartbeat(CallbackId=callback)
    aws.send_durable_execution_callback_success(CallbackId=callback, Result=b"1")
    again = refusal(aws.send_durable_execution_callback_failure, CallbackId=callback, Error={"ErrorType": "E"})
    assert again["Error"]["Code"] == "CallbackTimeoutException"
    answer = aws.stop_durable_execution(DurableExecutionArn=second.arn, Error={"ErrorType": "E"})
    assert answer["StopTimestamp"].timestamp() == second.ended_at
    assert aws.get_durable_execution(DurableExecutionArn=second.arn)["Status"] == "STOPPED"
    assert [event["EventType"] for event in first.events][1:] == ["CallbackStarted", "CallbackSucceeded"]


def test_the_list_is_newest_first_and_filtered_as_asked(scene: Scene, client: Connection) -> None:
    world, aws = scene().api.world, client.client
    runs = []
    for _ in range(4):
        runs.append(world.start())
        world.clock.move(10)
    world.end(runs[1])

    def listed(**filters: Any) -> list[str]:
        answer = aws.list_durable_executions_by_function(FunctionName="function-0", **filters)
        return [row["DurableExecutionName"] for row in answer["DurableExecutions"]]

    assert listed() == ["run-4", "run-3", "run-2", "run-1"]
    assert listed(ReverseOrder=True, Statuses=["RUNNING", "PAUSED"]) == ["run-1", "run-3", "run-4"]
    assert listed(StartedAfter=dt.datetime.fromtimestamp(runs[2].started_at, tz=dt.UTC)) == ["run-4"]
    assert listed(DurableExecutionName="run-2") == ["run-2"]


def test_a_marker_belongs_to_its_listing_and_lives_for_a_day(scene: Scene, client: Connection) -> None:
    mirror, aws = scene(page_items=1), client.client
    for _ in range(3):
        mirror.api.world.start()
    marker = aws.list_durable_executions_by_function(FunctionName="function-0")["NextMarker"]
    mirror.clock.move(MARKER_LIVES + 1)
    for function in ("function-0", "function-1"):
        said = refusal(aws.list_durable_executions_by_function, FunctionName=function, Marker=marker)
        assert said["Error"]["Code"] == "InvalidParameterValueException"


def test_beyond_the_quota_it_says_when_to_come_back(scene: Scene, client: Connection) -> None:
    mirror, aws = scene(), client.client
    mirror.api.quotas = {"control": 3}
    dates = [aws.list_functions()["ResponseMetadata"]["HTTPHeaders"]["date"] for _ in range(3)]
    said = refusal(aws.list_functions)
    assert said["Error"]["Code"] == "TooManyRequestsException" and said["retryAfterSeconds"] == "1"
    assert len(mirror.api.violations) == 1
    mirror.clock.move(600)
    later = aws.list_functions()["ResponseMetadata"]["HTTPHeaders"]["date"]
    apart = email.utils.parsedate_to_datetime(later) - email.utils.parsedate_to_datetime(dates[0])
    assert apart.total_seconds() >= 600, "its Date tells the time of its own clock"
