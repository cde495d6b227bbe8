"""The call budget: never above the rate in any second, every lane gets its share, AWS's throttling slows it down."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executions.domain.lanes import WEIGHTS, Lane, Turns
from executions.gateway import budget
from executions.gateway.bucket import ARRIVES, FLOOR, LONGEST_PAUSE, RECOVERY, UNSENT, Bucket

lanes = st.sampled_from(Lane)
# (seconds since the last request, lane, whether AWS throttles it)
requests = st.lists(st.tuples(st.sampled_from([0.0, 0.001, 0.05, 0.3, 1.2, 40.0]), lanes, st.booleans()), max_size=200)


def most_within(times: list[float], window: float) -> int:
    return max((sum(1 for at in times if start <= at < start + window) for start in times), default=0)


@given(full=st.sampled_from([0.4, 1.0, 3.0, 7.0, 15.0]), asked=requests)
def test_no_second_ever_has_more_calls_than_the_rate(full: float, asked: list[tuple[float, Lane, bool]]) -> None:
    bucket, now, made = Bucket(), 0.0, []
    for number, (later, lane, throttled) in enumerate(asked):
        now += later
        if not bucket.ask(now, full, lane, str(number)):
            made.append(now)
            bucket.arrives(now, str(number), 0.0)
            if throttled:
                bucket.throttled(now, None, 0.0)
    assert most_within(made, max(1.0, 1 / full)) <= max(1, int(full))


delays = st.sampled_from([0.0, 0.001, 0.03, 0.3, 2.0])
# (seconds until the next one asks, until it is sent, from then to AWS, from there to the answer)
journeys = st.lists(
    st.tuples(st.sampled_from([0.0, 0.01, 0.1, 0.9]), delays, st.floats(0, ARRIVES), delays), max_size=80
)


@given(full=st.sampled_from([0.4, 1.0, 3.0, 7.0]), made=journeys, lane=st.sampled_from([Lane.INTERACTIVE, Lane.WARM]))
def test_no_second_at_aws_ever_has_more_calls_than_the_rate_whatever_delays_them(
    full: float, made: list[tuple[float, float, float, float]], lane: Lane
) -> None:
    bucket, now, arrived = Bucket(), 0.0, []
    told: list[tuple[float, str, float]] = []
    for number, (later, to_send, to_aws, back) in enumerate(made):
        now += later
        while True:
            for at, waiter, within in sorted(one for one in told if one[0] <= now):
                bucket.arrives(at, waiter, within)
            told = [one for one in told if one[0] > now]
            if not (wait := bucket.ask(now, full, lane, str(number))):
                break
            now += min(wait, 0.25)
        sent, waiter = now + to_send, str(number)
        arrived.append(sent + to_aws)
        told += [(sent, waiter, ARRIVES), (sent + to_aws + back, waiter, 0.0)]
    assert most_within(arrived, max(1.0, 1 / full)) <= max(1, int(full))


def test_a_place_whose_process_died_comes_back() -> None:
    bucket = Bucket()
    assert bucket.ask(10.0, 1.0, Lane.WARM, "dead") == 0.0
    assert bucket.ask(12.0, 1.0, Lane.INTERACTIVE, "alive") > 0
    assert bucket.ask(10.0 + UNSENT + 1.1, 1.0, Lane.INTERACTIVE, "alive") == 0.0


@given(asked=requests)
def test_who_asks_again_when_told_always_gets_a_place(asked: list[tuple[float, Lane, bool]]) -> None:
    bucket, now = Bucket(), 0.0
    for number, (later, lane, throttled) in enumerate(asked):
        now += later
        for _ in range(100):
            if not (wait := bucket.ask(now, 7.0, lane, str(number))):
                break
            now += wait
        else:
            raise AssertionError("no place after a hundred waits")
        bucket.arrives(now, str(number), 0.0)
        if throttled:
            bucket.throttled(now, None, 0.5)


def saturated(bucket: Bucket, waiting: list[Lane], seconds: float, full: float = 7.0) -> list[Lane]:
    """Who got a place while all of them always want one, each asking again when it was told to."""
    now, got = 1000.0, []
    asking: dict[int, str] = {}
    again = dict.fromkeys(range(len(waiting)), now)
    while now < 1000.0 + seconds:
        number = min(again, key=lambda one: (again[one], one))
        now = max(now, again[number])
        wait = bucket.ask(now, full, waiting[number], asking.setdefault(number, f"{number} {len(got)}"))
        again[number] = now + wait
        if not wait:
            bucket.arrives(now, asking.pop(number), 0.0)
            got.append(waiting[number])
    return got


@given(waiting=st.lists(lanes, min_size=1, max_size=12))
def test_no_lane_starves_and_each_gets_its_weight(waiting: list[Lane]) -> None:
    got = saturated(Bucket(), waiting, 60.0)
    there = set(waiting)
    total = sum(WEIGHTS[lane] for lane in there)
    for lane in there:
        fair = len(got) * WEIGHTS[lane] / total
        assert abs(got.count(lane) - fair) <= max(3.0, 0.1 * fair), (lane, got.count(lane), fair)
    assert len(got) >= 0.95 * 60 * 7, "the budget is used while there is work"


def test_each_lane_has_twice_the_turns_of_the_next_also_in_redis() -> None:
    assert all(WEIGHTS[one] == 2 * WEIGHTS[after] for one, after in pairwise(Lane))
    weights = ", ".join(str(WEIGHTS[lane]) for lane in Lane)
    assert f"{{[0] = {weights}}}" in budget._SCRIPT.read_text()


@given(order=st.lists(lanes, min_size=1, max_size=100))
def test_a_lane_saves_nothing_up_while_it_wants_nothing(order: list[Lane]) -> None:
    turns = Turns()
    for lane in order:
        turns.took(lane)
    first = [turns.whose([Lane.INTERACTIVE, Lane.RECONCILE])]
    turns.took(first[0])
    assert Lane.INTERACTIVE in (first[0], turns.whose([Lane.INTERACTIVE, Lane.RECONCILE]))


def test_somebody_who_waits_for_a_page_goes_before_a_backlog() -> None:
    bucket = Bucket()
    for number in range(7):
        assert bucket.ask(float(number), 7.0, Lane.RECONCILE, f"old {number}") == 0.0
        bucket.arrives(float(number), f"old {number}", 0.0)
    for number in range(20):
        bucket.ask(6.0, 7.0, Lane.RECONCILE, f"backlog {number}")
    assert bucket.ask(6.0, 7.0, Lane.INTERACTIVE, "a person") == 0.0


def test_a_waiter_that_died_holds_the_others_up_only_for_a_moment() -> None:
    bucket = Bucket()
    assert bucket.ask(10.0, 1.0, Lane.WARM, "first") == 0.0
    bucket.arrives(10.0, "first", 0.0)
    dead = bucket.ask(10.0, 1.0, Lane.INTERACTIVE, "dead")
    assert bucket.ask(10.0 + dead, 1.0, Lane.RECONCILE, "alive") > 0
    assert bucket.ask(10.0 + dead + 0.2, 1.0, Lane.RECONCILE, "alive") == 0.0


def test_throttling_halves_the_rate_once_for_all_calls_that_were_under_way() -> None:
    bucket = Bucket()
    for _ in range(7):
        bucket.throttled(100.0, None, 0.0)
    assert bucket.part(100.0) == 0.5
    bucket.throttled(101.0, None, 0.0)
    assert bucket.part(101.0) == pytest.approx(0.25, abs=0.01)


def test_the_rate_never_ends_and_comes_back_slowly() -> None:
    bucket = Bucket()
    for second in range(20):
        bucket.throttled(float(second), None, 0.0)
    assert bucket.part(19.0) == FLOOR
    assert bucket.part(19.0 + RECOVERY / 2) == pytest.approx(0.5 + FLOOR)
    assert bucket.part(19.0 + RECOVERY) == 1.0


@given(chance=st.floats(0, 1), after=st.integers(0, 300))
def test_when_to_come_back_is_kept_to_and_spread(chance: float, after: int) -> None:
    bucket = Bucket()
    bucket.throttled(50.0, float(after), chance)
    assert bucket.state(50.0, 7.0).paused == pytest.approx(after + chance)
    if after > 1:
        assert bucket.ask(50.0 + after - 1, 7.0, Lane.INTERACTIVE, "w") > 0


@given(chance=st.floats(0, 1), times=st.integers(1, 20))
def test_without_a_word_of_when_the_pause_grows_and_is_any_part_of_that(chance: float, times: int) -> None:
    bucket = Bucket()
    for second in range(times):
        bucket.paused_until = 0.0
        bucket.throttled(float(second), None, chance)
    assert 0 <= bucket.state(times - 1.0, 7.0).paused <= chance * LONGEST_PAUSE + 1e-6
