"""When a limit is met at the present rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain.projection import met_at


def test_half_of_a_limit_used_takes_as_long_again() -> None:
    assert met_at(1500, 3000, started=100.0, now=1100.0) == 2100.0


@pytest.mark.parametrize(("used", "now"), [(0, 1100.0), (10, 105.0), (10, 50.0)])
def test_nothing_is_said_too_early_or_of_what_does_not_grow(used: int, now: float) -> None:
    assert met_at(used, 3000, started=100.0, now=now) is None


@given(used=st.integers(0, 10**9), elapsed=st.floats(-1e9, 1e9))
def test_a_limit_is_never_met_in_the_past(used: int, elapsed: float) -> None:
    met = met_at(used, 3000, started=0.0, now=elapsed)
    assert met is None or met >= elapsed
