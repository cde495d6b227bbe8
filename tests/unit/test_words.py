import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain.words import count, duration, size


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"), (-3, "0 ms"), (0.21, "210 ms"), (0.9994, "999 ms"), (0.9996, "1 s"), (7.4, "7.4 s"), (7, "7 s"),
        (59.94, "59.9 s"), (59.96, "1 m"), (60, "1 m"), (192, "3 m 12 s"), (3599.7, "1 h"), (7200, "2 h"),
        (15_300, "4 h 15 m"), (15_329, "4 h 15 m"), (86_370, "1 d"), (266_400, "3 d 2 h"), (86_400 * 377, "1 y 12 d"),
        (31_622_400, "1 y 1 d"), (math.inf, "unknown"), (math.nan, "unknown"),
    ],
)  # fmt: skip
def test_a_duration_reads_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@given(st.floats(min_value=0, max_value=1e10))
def test_no_duration_shows_a_unit_that_should_have_been_carried(seconds: float) -> None:
    words = duration(seconds)
    for wrong in ("60 s", "60 m", "24 h", "365 d", "1000 ms"):
        assert not f" {words}".endswith(f" {wrong}")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 B"), (512, "512 B"), (1024, "1 KB"), (38 * 1024, "38 KB"), (1500 * 1024, "1.5 MB"), (1_048_575, "1 MB"),
        (100 * 1024**2, "100 MB"), (5 * 1024**4, "5,120 GB"), (-1, "0 B"),
    ],
)  # fmt: skip
def test_a_size_reads_in_units_of_1024(number: int, words: str) -> None:
    assert size(number) == words


def test_counted_nouns_agree_with_their_number() -> None:
    assert count(1, "step") == "1 step"
    assert count(0, "step") == "0 steps"
    assert count(3, "branch", "branches") == "3 branches"
    assert count(1204, "event") == "1,204 events"
