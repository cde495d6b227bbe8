"""What takes many pages goes on where it was broken off."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from executions import histories
from executions.gateway.errors import GatewayError
from executions.models import Execution, Function
from executions.sync import functions, history, listing, places
from tests.fakes import EPOCH, FakeLambda, client_error, default_connection

pytestmark = [pytest.mark.core, pytest.mark.django_db(transaction=True)]
LIST, HISTORY = "list_durable_executions_by_function", "get_durable_execution_history"
BUSY = client_error("ServiceException", 500)


class Killed(BaseException):
    """The worker's process ends here."""


def the_function() -> Function:
    return Function.objects.select_related("connection").get()


def the_execution() -> Execution:
    return Execution.objects.select_related("function__connection").get()


def markers(aws: FakeLambda, operation: str) -> list[str | None]:
    """Of the calls that AWS has answered until now; they are forgotten."""
    asked = [request.get("Marker") for name, request in aws.requests if name == operation]
    aws.requests.clear()
    return asked


@contextmanager
def broken_off(aws: FakeLambda, operation: str, after: int, error: BaseException) -> Iterator[None]:
    """After so many calls of it an operation fails."""
    answer, calls = getattr(aws, operation), iter(range(1000))

    def answers(**request: Any) -> Any:
        if next(calls) >= after:
            raise error
        return answer(**request)

    with pytest.MonkeyPatch.context() as patched, pytest.raises((GatewayError, Killed)):
        patched.setattr(aws, operation, answers)
        yield


@pytest.fixture
def long_list(aws: FakeLambda, now: dt.datetime) -> None:
    """Ten executions on five pages."""
    aws.page_items = 2
    aws.add_function("a")
    for number in range(10):
        aws.start("a", f"n-{number}", at=EPOCH + number)
    functions.discover(default_connection(), now=now)


@pytest.fixture
def long_history(aws: FakeLambda, now: dt.datetime, monkeypatch: pytest.MonkeyPatch) -> str:
    """Thirty events on fifteen pages, none of them read; each page is stored by itself."""
    monkeypatch.setattr("executions.sync.storing.STORE_EVERY", 0.0)
    aws.add_function("a")
    arn = aws.start("a", "n")
    for number in range(2, 31):
        aws.add(arn, "StepStarted", EPOCH + number, operation=f"op-{number}")
    functions.discover(default_connection(), now=now)
    listing.list_function(the_function(), now=now)
    aws.page_items = 2
    return arn


def numbers_stored() -> list[int]:
    return [event["EventId"] for event in histories.wire_events(the_execution(), with_payloads=False)]


@pytest.mark.parametrize("error", [BUSY, Killed()])
def test_a_list_goes_on_at_the_page_before_which_it_was_broken_off(
    aws: FakeLambda, now: dt.datetime, long_list: None, error: BaseException
) -> None:
    with broken_off(aws, LIST, 3, error):
        listing.list_function(the_function(), now=now)
    assert the_function().listed_through is None and Execution.objects.count() == 6
    markers(aws, LIST)
    listing.list_function(the_function(), now=now)
    assert markers(aws, LIST)[:2] == ["6", "8"]
    assert Execution.objects.count() == 10 and the_function().list_place is None
    assert the_function().listed_through == dt.datetime.fromtimestamp(EPOCH + 9, tz=dt.UTC)


def test_a_list_whose_marker_has_expired_begins_anew(aws: FakeLambda, now: dt.datetime, long_list: None) -> None:
    with broken_off(aws, LIST, 3, BUSY):
        listing.list_function(the_function(), now=now)
    with broken_off(aws, LIST, 0, client_error("InvalidParameterValueException")):
        listing.list_function(the_function(), now=now)
    markers(aws, LIST)
    listing.list_function(the_function(), now=now)
    assert markers(aws, LIST)[0] is None and Execution.objects.count() == 10


def test_a_list_that_was_read_to_its_end_is_kept_when_comparing_fails(
    aws: FakeLambda, now: dt.datetime, long_list: None
) -> None:
    listing.list_function(the_function(), now=now)
    aws.start("a", "new", at=EPOCH + 900)
    later = now + dt.timedelta(hours=2)
    Execution.objects.filter(name="n-0").update(started_at=later - dt.timedelta(days=1))
    aws.executions.pop(next(arn for arn in aws.executions if "/n-0/" in arn))
    aws.fail_next("get_durable_execution", BUSY)
    with pytest.raises(GatewayError):
        listing.list_function(the_function(), now=later)
    assert the_function().listed_through == dt.datetime.fromtimestamp(EPOCH + 900, tz=dt.UTC)
    assert the_function().list_place is None


@pytest.mark.parametrize("error", [BUSY, Killed()])
def test_a_known_history_goes_on_below_what_was_read_before_it_was_broken_off(
    aws: FakeLambda, now: dt.datetime, long_history: str, error: BaseException
) -> None:
    with broken_off(aws, HISTORY, 3, error):
        history.pull(the_execution(), now=now)
    assert numbers_stored() == [1, 2, 3, 4, 29, 30]
    with broken_off(aws, HISTORY, 4, error):
        history.pull(the_execution(), now=now)
    # The newest page is asked for again, for what is new; then below the one that is known.
    assert numbers_stored() == [1, 2, 3, 4, *range(23, 31)]
    aws.add(long_history, "StepStarted", EPOCH + 31, operation="op-31")
    aws.page_items = 4
    markers(aws, HISTORY)
    history.pull(the_execution(), now=now)
    asked = markers(aws, HISTORY)
    assert numbers_stored() == list(range(1, 32))
    assert len(asked) == 6 and asked[0] is None, "one for what is new, and five for what is missing"
    assert the_execution().history_place is None


@pytest.mark.parametrize("told_anew", [False, True])
def test_a_history_whose_marker_has_expired_begins_anew(
    aws: FakeLambda, now: dt.datetime, long_history: str, told_anew: bool
) -> None:
    if told_anew:
        history.pull(the_execution(), now=now)
        aws.events[long_history] = [{**event, "Name": "another"} for event in aws.events[long_history]]
    with broken_off(aws, HISTORY, 6 if told_anew else 3, BUSY):
        history.pull(the_execution(), now=now)
    place = places.of_history(the_execution())
    assert place and place.marker
    answer = aws.get_durable_execution_history

    def expired(**request: Any) -> Any:
        if request.get("Marker") == place.marker:
            raise client_error("InvalidParameterValueException")
        return answer(**request)

    aws.get_durable_execution_history = expired  # type: ignore[method-assign]
    with pytest.raises(GatewayError):
        history.pull(the_execution(), now=now)
    aws.page_items = 7  # other markers than before
    history.pull(the_execution(), now=now)
    assert numbers_stored() == list(range(1, 31)) and the_execution().history_place is None


def test_a_history_that_is_told_anew_goes_on_at_the_page_before_which_that_was_broken_off(
    aws: FakeLambda, now: dt.datetime, long_history: str
) -> None:
    history.pull(the_execution(), now=now)
    aws.events[long_history] = [{**event, "Name": "another"} for event in aws.events[long_history]]
    with broken_off(aws, HISTORY, 6, BUSY):
        history.pull(the_execution(), now=now)
    assert places.is_told_anew(the_execution())
    markers(aws, HISTORY)
    history.pull(the_execution(), now=now)
    asked = markers(aws, HISTORY)
    assert asked[0] is not None and len(asked) < 15
    assert {event["Name"] for event in histories.wire_events(the_execution(), with_payloads=False)} == {"another"}
    assert the_execution().history_place is None


def test_that_a_history_is_told_anew_outlives_a_worker_that_has_not_heard_of_it(
    now: dt.datetime, long_history: str
) -> None:
    mine, other = the_execution(), the_execution()
    places.keep_history(other, places.Retelling())
    for place in (places.Block("marker", 5, 9), None):
        places.keep_history(mine, place)
        assert places.is_told_anew(the_execution())


def test_a_later_page_is_asked_for_again_when_aws_is_too_busy_and_a_first_one_at_its_next_turn(
    aws: FakeLambda, now: dt.datetime, long_list: None
) -> None:
    busy = [client_error("TooManyRequestsException", 429) for _ in range(4)]
    aws.fail_next(LIST, busy[0])
    with pytest.raises(GatewayError):
        listing.list_function(the_function(), now=now)
    assert aws.calls[LIST] == 1
    answer = aws.list_durable_executions_by_function

    def busy_on_page_two(**request: Any) -> Any:
        if request.get("Marker") == "2" and busy:
            raise busy.pop()
        return answer(**request)

    aws.list_durable_executions_by_function = busy_on_page_two  # type: ignore[method-assign]
    listing.list_function(the_function(), now=now)
    assert Execution.objects.count() == 10 and not busy
