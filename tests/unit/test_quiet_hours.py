"""Quiet hours by the clock on the wall, also on the days on which it is put on or back."""

import datetime as dt
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from executions.domain.quiet import Quiet

ZONES = ["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"]
MINUTES = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))
MOMENTS = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2040, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
# The hours around each change of the clocks of Vienna and New York, where mistakes live.
CHANGES = ["2026-03-29T01:00Z", "2026-10-25T01:00Z", "2026-03-08T07:00Z", "2026-11-01T06:00Z"]
AROUND = st.builds(
    lambda change, seconds: dt.datetime.fromisoformat(change) + dt.timedelta(seconds=seconds),
    st.sampled_from(CHANGES),
    st.integers(-6 * 3600, 6 * 3600),
)


@st.composite
def quiets(draw: st.DrawFn) -> Quiet:
    begins, ends = draw(MINUTES), draw(MINUTES)
    assume(begins != ends)
    return Quiet(begins, ends, ZoneInfo(draw(st.sampled_from(ZONES))))


@given(quiets(), MOMENTS | AROUND)
def test_when_it_is_over_it_is_not_quiet_and_until_then_it_is(quiet: Quiet, moment: dt.datetime) -> None:
    over = quiet.over(moment)
    assert not quiet.covers(over)
    if not quiet.covers(moment):
        assert over == moment
        return
    assert moment < over <= moment + dt.timedelta(hours=26)
    at = moment
    while at < over:
        assert quiet.covers(at)
        at += dt.timedelta(minutes=1)


@given(quiets(), MOMENTS | AROUND)
def test_a_moment_is_quiet_in_the_hours_or_in_their_complement(quiet: Quiet, moment: dt.datetime) -> None:
    assert quiet.covers(moment) != Quiet(quiet.ends, quiet.begins, quiet.zone).covers(moment)


def test_a_night_in_which_the_clock_is_put_on_ends_by_the_clock() -> None:
    night = Quiet(dt.time(22), dt.time(2, 30), ZoneInfo("Europe/Vienna"))
    # At 2:00 it is 3:00: 2:30 never comes, and the night is over.
    over = night.over(dt.datetime(2026, 3, 28, 23, tzinfo=dt.UTC))
    assert over == dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC)
    assert over.astimezone(night.zone).time() == dt.time(3)


def test_a_night_in_which_the_clock_is_put_back_is_an_hour_longer() -> None:
    night = Quiet(dt.time(22), dt.time(7), ZoneInfo("Europe/Vienna"))
    begins = dt.datetime(2026, 10, 24, 20, tzinfo=dt.UTC)
    assert night.over(begins) - begins == dt.timedelta(hours=10)
