import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain.statuses import (
    EVENT_TYPES,
    OUTCOMES,
    TERMINAL_EVENTS,
    ExecutionStatus,
    is_terminal,
    merge,
)

statuses = st.sampled_from([*ExecutionStatus, "ARCHIVED", "THAWING", ""])


def test_the_event_types_and_statuses_are_botocores() -> None:
    session = pytest.importorskip("botocore.session").get_session()
    model = session.get_service_model("lambda")
    assert frozenset(model.shape_for("EventType").enum) == EVENT_TYPES
    assert set(model.shape_for("ExecutionStatus").enum) == set(ExecutionStatus)


def test_there_are_26_event_types_and_four_of_them_end_an_execution() -> None:
    assert len(EVENT_TYPES) == 26
    assert set(TERMINAL_EVENTS) < EVENT_TYPES
    assert set(TERMINAL_EVENTS.values()) == OUTCOMES


def test_only_ended_executions_are_terminal() -> None:
    assert [status for status in ExecutionStatus if is_terminal(status)] == [
        "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED", "DELETING",
    ]  # fmt: skip
    assert not is_terminal("ARCHIVED")


def test_an_outcome_outlives_its_deletion_and_late_answers() -> None:
    assert merge("FAILED", "DELETING") == "FAILED"
    assert merge("DELETING", "FAILED") == "FAILED"
    assert merge("SUCCEEDED", "RUNNING") == "SUCCEEDED"
    assert merge("SUCCEEDED", "ARCHIVED") == "SUCCEEDED"


def test_open_statuses_follow_the_latest_answer() -> None:
    assert merge("PAUSED", "RUNNING") == "RUNNING"
    assert merge("RUNNING", "ARCHIVED") == "ARCHIVED"
    assert merge(None, "PAUSING") == "PAUSING"


@given(statuses)
def test_reading_the_same_status_again_changes_nothing(status: str) -> None:
    assert merge(status, status) == status


@given(statuses, statuses)
def test_what_is_terminal_stays_terminal(old: str, new: str) -> None:
    if is_terminal(old):
        assert is_terminal(merge(old, new))
    if old in OUTCOMES:
        assert merge(old, new) == old


@given(statuses, statuses, statuses)
def test_answers_may_be_combined_in_any_grouping(a: str, b: str, c: str) -> None:
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
