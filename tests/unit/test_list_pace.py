"""How the list budget is shared out among functions: by how busy they are, with a floor and a ceiling."""

from hypothesis import given
from hypothesis import strategies as st

from executions.sync import pacing

rates = st.lists(st.floats(0, 1000), min_size=1, max_size=300)
per_second = st.integers(1, 15)


@given(rates=rates, per_second=per_second)
def test_all_functions_together_stay_within_their_share_of_the_budget(rates: list[float], per_second: int) -> None:
    pace = pacing.list_pace(rates, per_second=per_second)
    assert sum(1 / pace.interval(rate) for rate in rates) <= pacing.LIST_SHARE * per_second * 1.001


@given(rates=rates, per_second=per_second)
def test_the_share_is_used_unless_everything_is_as_fresh_as_makes_sense(rates: list[float], per_second: int) -> None:
    pace = pacing.list_pace(rates, per_second=per_second)
    used = sum(1 / pace.interval(rate) for rate in rates)
    assert used >= 0.99 * pacing.LIST_SHARE * per_second or all(
        pace.interval(rate) <= 1.001 * pace.floor for rate in rates
    )


@given(rates=rates, per_second=per_second)
def test_nothing_is_listed_more_rarely_than_the_ceiling_nor_a_busier_function_than_a_quiet_one(
    rates: list[float], per_second: int
) -> None:
    pace = pacing.list_pace(rates, per_second=per_second)
    intervals = [pace.interval(rate) for rate in sorted(rates)]
    assert intervals == sorted(intervals, reverse=True)
    assert all(pacing.LIST_FLOOR <= one <= max(pacing.LIST_FLOOR, 2 * len(rates) / per_second) for one in intervals)


@given(rate=st.floats(0, 100))
def test_while_somebody_looks_the_interval_is_halved(rate: float) -> None:
    pace = pacing.list_pace([rate] * 100, per_second=7)
    assert pace.interval(rate, looked_at=True) == max(pacing.LIST_FLOOR, pace.interval(rate) / 2)


@given(rate=st.floats(0.01, 50), every=st.floats(1, 250))
def test_a_rate_is_learnt_and_forgotten(rate: float, every: float) -> None:
    known = 0.0
    for _ in range(int(3000 / every) + 1):
        known = pacing.rate_after(known, new=round(rate * every), seconds=every)
    assert abs(known - round(rate * every) / every) <= 0.01 * rate + 1e-9
    for _ in range(int(3000 / every) + 1):
        known = pacing.rate_after(known, new=0, seconds=every)
    assert known <= 0.01 * rate


def test_however_often_it_was_in_vain_it_is_tried_again_within_ten_minutes() -> None:
    shares = {"running": 1, "per_second": 15}
    for number in (0, 1, 5, 50, 1000):
        ended = pacing.history_interval(status="FAILED", complete=False, misses=number, **shares)
        assert ended and ended <= 600 and pacing.refused_interval(number + 1) <= 600


def test_looked_at_the_busiest_function_is_still_listed_no_more_often_than_makes_sense() -> None:
    assert pacing.ListPace(1.0, 1.0, 10.0).interval(1000.0, looked_at=True) == pacing.LIST_FLOOR
