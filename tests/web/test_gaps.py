"""A history of which only the two ends are here: every tab shows what is missing, and where."""

import pytest
from django.test import Client
from django.urls import reverse

from executions.models import Execution
from tests import factories, histories
from tests.web import stored

pytestmark = [pytest.mark.web, pytest.mark.django_db]
WORDS = "Events 41 to 120 are still being read"


@pytest.fixture
def ends() -> Execution:
    events = [event for event in histories.big_history(60) if not 41 <= event["EventId"] <= 120]
    return stored.execution(events, history_complete=False)


def text(client: Client, name: str, execution: Execution, query: str = "") -> str:
    answer = client.get(reverse(name, args=[execution.pk]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_history_shows_the_gap_between_the_events_around_it(as_viewer: Client, ends: Execution) -> None:
    html = text(as_viewer, "execution-history", ends)
    assert html.index('id="event-40"') < html.index('data-gap="41-120"') < html.index('id="event-121"')
    assert WORDS in html and html.count("data-gap=") == 1


def test_a_filtered_history_shows_the_gap_too(as_viewer: Client, ends: Execution) -> None:
    html = text(as_viewer, "execution-history", ends, "?type=StepSucceeded")
    assert html.count("data-gap=") == 1


def test_the_timeline_has_a_row_with_a_bar_where_events_are_missing(as_viewer: Client, ends: Execution) -> None:
    html = text(as_viewer, "execution", ends)
    assert WORDS in html and html.count("bar-gap") == 1


def test_the_checkpoints_say_what_they_do_not_know(as_viewer: Client, ends: Execution) -> None:
    html = text(as_viewer, "execution-checkpoints", ends, "?a=40&b=121")
    assert WORDS in html and html.count("rail-gap") == 1


def test_a_whole_history_has_no_gap_anywhere(as_viewer: Client) -> None:
    whole = stored.execution(histories.big_history(60))
    for name in ("execution", "execution-history", "execution-checkpoints"):
        html = text(as_viewer, name, whole)
        assert "still being read" not in html
        assert not any(mark in html for mark in ("data-gap=", "bar-gap", "tl-missing", "rail-gap"))


def test_what_aws_has_deleted_in_between_is_not_said_to_come(as_viewer: Client, ends: Execution) -> None:
    Execution.objects.filter(pk=ends.pk).update(gone_at=factories.ago(60))
    html = text(as_viewer, "execution-history", ends)
    assert "Events 41 to 120 were gone at AWS before they were read" in html and "still being read" not in html


def test_a_history_that_nobody_has_any_more_says_so_and_shows_what_is_known(as_viewer: Client) -> None:
    execution = factories.execution(status="FAILED", gone_at=factories.ago(60), name="order-77")
    for name in ("execution", "execution-history", "execution-checkpoints"):
        html = text(as_viewer, name, execution)
        assert "Its history is gone." in html and "order-77" in html and "Failed" in html


def test_only_a_history_of_which_nothing_is_missing_is_called_complete(as_viewer: Client, ends: Execution) -> None:
    whole = stored.execution(histories.big_history(60))
    assert "· complete" in text(as_viewer, "execution", whole)
    assert "· complete" not in text(as_viewer, "execution", ends)
    Execution.objects.filter(pk=ends.pk).update(gone_at=factories.ago(60))
    assert "· complete" not in text(as_viewer, "execution", ends), "nothing more will come, and yet it is not whole"
    Execution.objects.filter(pk=ends.pk).update(history_complete=True)
    assert "· complete" not in text(as_viewer, "execution", ends), "as of a file with gaps"
